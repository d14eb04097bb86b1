/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_print.c - the settings table for people: help, and what is in force.
 *
 * The help is a complete INI file, the same as grantd.example.ini: what must be
 * set is set to an example, all else is a comment with its default. Called by
 * main and grantctl. Fails only as stdio does, which is left in ferror(out).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"
#include "config/environment.h"
#include "config/settings.h"
#include "config/settings_table.h"

static const char help_top[] =
	"# Settings of grantd. What must be set has an example, all else its default.\n"
	"#\n"
	"# Each can be set by the variable that stands with it, which wins over this file.\n"
	"# $__file{path} in a value is replaced by that file, $__env{NAME} by that variable.\n"
	"# ' ;' after a value begins a comment, but secrets, URLs and properties may have none:\n"
	"# a password with ' ;' in it goes into a file.\n";

static const char help_properties[] =
	"\n# Any property of librdkafka, for TLS and SASL first of all. Refused are those that\n"
	"# grantd sets itself. GRANTD_KAFKA_PROPERTY_SECURITY_PROTOCOL is such a variable.\n"
	";property.security.protocol = SASL_SSL\n"
	";property.ssl.ca.location = /etc/grantd/kafka-ca.pem\n"
	";property.sasl.mechanism = SCRAM-SHA-512\n"
	";property.sasl.username = grantd\n"
	";property.sasl.password = $__file{/etc/grantd/kafka-password}\n";

static void print_help_text(const char *help, FILE *out)
{
	fputs("\n# ", out);
	for (; *help != '\0'; help++) {
		fputc(*help, out);
		if (*help == '\n')
			fputs("# ", out);
	}
	fputc('\n', out);
}

static void print_kind(const struct setting *setting, FILE *out)
{
	switch (setting->type) {
	case SETTING_TEXT:
		fputs(setting->secrecy == SETTING_SECRET ? "secret" : "text", out);
		break;
	case SETTING_NUMBER:
		if (setting->zero_word != NULL)
			fprintf(out, "%s or ", setting->zero_word);
		fprintf(out, "%" PRId64 " to %" PRId64, setting->min, setting->max);
		break;
	case SETTING_CHOICE:
		for (size_t i = 0; setting->choices[i] != NULL; i++)
			fprintf(out, "%s%s", i > 0 ? " or " : "", setting->choices[i]);
		break;
	}
	if (setting->required)
		fputs(", required", out);
	if (setting->instead != NULL)
		fprintf(out, " unless there is a %s", setting->instead);
	if (setting->derived != NULL)
		fprintf(out, ", default: %s", setting->derived);
}

static void print_help_row(const struct setting *setting, FILE *out)
{
	const struct setting_family_info *family = &setting_families[setting->family];
	char variable[ENVIRONMENT_NAME_CAPACITY];

	environment_name(setting, family->section != NULL ? family->example : "", variable);
	print_help_text(setting->help, out);
	fputs("# ", out);
	print_kind(setting, out);
	fprintf(out, ". %s\n", variable);
	if (setting->required)
		fprintf(out, "%s%s = %s\n", family->optional ? ";" : "", setting->name,
			setting->example);
	else
		fprintf(out, ";%s =%s%s\n", setting->name, *setting->preset != '\0' ? " " : "",
			setting->preset);
}

static void print_help_section(const struct setting *setting, FILE *out)
{
	const struct setting_family_info *family = &setting_families[setting->family];

	if (family->section == NULL)
		fprintf(out, "\n[%s]\n", setting->section);
	else
		fprintf(out, "\n# %s%s[%s.%s]\n", family->help, family->optional ? ";" : "",
			family->section, family->example);
}

static bool is_same_section(const struct setting *left, const struct setting *right)
{
	return left != NULL && right->family == left->family &&
	       strcmp(left->section, right->section) == 0;
}

void settings_print_help(FILE *out)
{
	const struct setting *last = NULL;

	fputs(help_top, out);
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];

		if (!is_same_section(last, setting)) {
			if (last != NULL && strcmp(last->section, "kafka") == 0)
				fputs(help_properties, out);
			print_help_section(setting, out);
		}
		print_help_row(setting, out);
		last = setting;
	}
}

static void print_plain(const char *text, size_t length, FILE *out)
{
	for (size_t i = 0; i < length; i++)
		fputc(text_has_control(text + i, 1) ? '?' : text[i], out);
}

/* The user part and the options are masked. A '?' before the '@' may belong to
 * either, so then all but the scheme is. */
static void print_url(const char *url, FILE *out)
{
	const char *scheme_end = strstr(url, "://");
	const char *authority = scheme_end != NULL ? scheme_end + 3 : url;
	const char *user_end = strrchr(authority, '@');
	const char *rest = user_end != NULL ? user_end : authority;
	const char *query = strchr(authority, '?');

	print_plain(url, (size_t)(authority - url), out);
	if (user_end != NULL)
		fputs("***", out);
	if (query != NULL && query < rest)
		return;
	print_plain(rest, strcspn(rest, "?"), out);
	if (query != NULL)
		fputs("?***", out);
}

static void print_text(const char *text, enum setting_secrecy secrecy, FILE *out)
{
	switch (secrecy) {
	case SETTING_PUBLIC:
		print_plain(text, strlen(text), out);
		break;
	case SETTING_URL:
		print_url(text, out);
		break;
	case SETTING_SECRET:
		fputs(*text != '\0' ? "***" : "", out);
		break;
	}
}

static void print_row(const struct setting *setting, const void *base, FILE *out)
{
	fprintf(out, "%s = ", setting->name);
	switch (setting->type) {
	case SETTING_TEXT:
		print_text(setting_text(setting, base), setting->secrecy, out);
		break;
	case SETTING_NUMBER:
		if (setting->zero_word != NULL && setting_number(setting, base) == 0)
			fputs(setting->zero_word, out);
		else
			fprintf(out, "%" PRId64, setting_number(setting, base));
		break;
	case SETTING_CHOICE:
		fputs(setting->choices[setting_number(setting, base)], out);
		break;
	}
	fputc('\n', out);
}

/* librdkafka marks no property as secret, so these go by their names. */
static bool is_secret_property(const char *name)
{
	static const char *const parts[] = {"password", "secret", "token", "pem",
					    "oauthbearer.config", "jaas", "ssl_key"};

	for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
		if (strstr(name, parts[i]) != NULL)
			return true;
	return false;
}

static void print_properties(const struct settings *settings, FILE *out)
{
	for (size_t i = 0; i < settings->kafka.property_count; i++) {
		const struct property *property = &settings->kafka.properties[i];

		fprintf(out, SETTINGS_PROPERTY_PREFIX "%s = ", property->name);
		print_text(property->value,
			   is_secret_property(property->name) ? SETTING_SECRET : SETTING_URL, out);
		fputc('\n', out);
	}
}

static void print_member(enum setting_family family, const char *name, const void *base,
			 FILE *out)
{
	fprintf(out, "\n[%s.%s]\n", setting_families[family].section, name);
	for (size_t i = 0; i < settings_table_count; i++)
		if (settings_table[i].family == family)
			print_row(&settings_table[i], base, out);
}

void settings_print(const struct settings *settings, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];

		if (setting->family != SETTING_SINGLE)
			continue;
		if (strcmp(section, setting->section) != 0) {
			if (strcmp(section, "kafka") == 0)
				print_properties(settings, out);
			fprintf(out, "%s[%s]\n", *section != '\0' ? "\n" : "", setting->section);
			section = setting->section;
		}
		print_row(setting, settings, out);
	}
	for (size_t i = 0; i < settings->rule_count; i++)
		print_member(SETTING_RULE, settings->rules[i].name, &settings->rules[i], out);
	for (size_t i = 0; i < settings->instance_count; i++)
		print_member(SETTING_INSTANCE, settings->instances[i].name,
			     &settings->instances[i], out);
}
