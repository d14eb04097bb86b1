/* SPDX-License-Identifier: Apache-2.0 */
/*
 * environment.c - GRANTD_SECTION_KEY, GRANTD_GRAFANA_NAME_KEY, GRANTD_POLICY_NAME_KEY.
 *
 * Called by settings.c after the file, so that the instances and rules it names are
 * known: a variable cannot spell every name (upper case, '_' for all else), so it is
 * matched against them first. One that fits none is a new one with the name in lower
 * case. A name that fits nothing is a fault.
 */
#include "config/environment.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "config/draft.h"
#include "config/limits.h"
#include "config/settings_table.h"
#include "config/suggest.h"

#define PREFIX "GRANTD_"
#define PROPERTY_PREFIX "GRANTD_KAFKA_PROPERTY_"

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends_with(const char *text, const char *suffix)
{
	size_t length = strlen(text), suffix_length = strlen(suffix);

	return length >= suffix_length && strcmp(text + length - suffix_length, suffix) == 0;
}

/* Upper case; '_' for what is no letter or digit. */
static void to_variable(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - 'a' + 'A');
		else if (!((*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9')))
			*text = '_';
	}
}

void environment_name(const struct setting *setting, const char *member,
		      char out[ENVIRONMENT_NAME_CAPACITY])
{
	text_format(out, ENVIRONMENT_NAME_CAPACITY, PREFIX "%s%s%s_%s", setting->section,
		    *member != '\0' ? "_" : "", member, setting->name);
	to_variable(out);
}

static bool is_foreign(const char *name)
{
	return strcmp(name, PREFIX "CONFIG") == 0 || starts_with(name, PREFIX "DEBUG_") ||
	       ends_with(name, "_PORT") || ends_with(name, "_SERVICE_HOST") ||
	       strstr(name, "_SERVICE_PORT_") != NULL || strstr(name, "_PORT_") != NULL;
}

static const struct setting *plain_setting(const char *variable)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		char candidate[ENVIRONMENT_NAME_CAPACITY];

		if (settings_table[i].family != SETTING_SINGLE)
			continue;
		environment_name(&settings_table[i], "", candidate);
		if (strcmp(candidate, variable) == 0)
			return &settings_table[i];
	}
	return NULL;
}

/* GRANTD_GRAFANA_<NAME>_<KEY>: the row of the key, and the name. No key is the
 * end of another of its family, so at most one row fits. */
static const struct setting *member_setting(const char *variable, char *name, size_t capacity)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		char prefix[ENVIRONMENT_NAME_CAPACITY], suffix[ENVIRONMENT_NAME_CAPACITY];

		if (settings_table[i].family == SETTING_SINGLE)
			continue;
		text_format(prefix, sizeof(prefix), PREFIX "%s_", settings_table[i].section);
		text_format(suffix, sizeof(suffix), "_%s", settings_table[i].name);
		to_variable(prefix);
		to_variable(suffix);
		if (!starts_with(variable, prefix) || !ends_with(variable, suffix) ||
		    strlen(variable) <= strlen(prefix) + strlen(suffix))
			continue;
		text_copy_bytes(name, capacity, variable + strlen(prefix),
				strlen(variable) - strlen(prefix) - strlen(suffix));
		return &settings_table[i];
	}
	return NULL;
}

/* The section of the member that 'name' (of a variable) means; NULL if that was found to
 * be unclear, which is reported. */
static const char *section_of(struct draft *draft, enum setting_family family, const char *name,
			      const char *variable)
{
	const char *found = NULL;
	char fresh[LIMIT_INSTANCE_BYTES + 2];

	for (size_t i = 0; i < draft->section_count; i++) {
		const char *member = draft_member_name(draft->sections[i].name, family);
		char spelled[LIMIT_INSTANCE_BYTES + 2];

		if (member == NULL)
			continue;
		text_copy(spelled, sizeof(spelled), member);
		to_variable(spelled);
		if (strcmp(spelled, name) != 0)
			continue;
		if (found != NULL) {
			draft_fault_variable(draft, variable, "may mean [%s] or [%s]", found,
					     draft->sections[i].name);
			return NULL;
		}
		found = draft->sections[i].name;
	}
	if (found != NULL)
		return found;
	text_copy(fresh, sizeof(fresh), name);
	text_lower(fresh);
	return draft_member_section(draft, family, fresh, variable);
}

static void set_property(struct draft *draft, const char *variable, const char *value)
{
	char name[ENVIRONMENT_NAME_CAPACITY];

	text_format(name, sizeof(name), SETTINGS_PROPERTY_PREFIX "%s",
		    variable + strlen(PROPERTY_PREFIX));
	text_lower(name);
	for (char *letter = name; *letter != '\0'; letter++)
		if (*letter == '_')
			*letter = '.';
	draft_set_variable(draft, "kafka", name, value, variable);
}

static void offer_members(const struct draft *draft, const struct setting *setting,
			    struct suggest *suggest)
{
	char candidate[ENVIRONMENT_NAME_CAPACITY];

	for (size_t i = 0; i < draft->section_count; i++) {
		const char *member =
			draft_member_name(draft->sections[i].name, setting->family);

		if (member == NULL)
			continue;
		environment_name(setting, member, candidate);
		suggest_offer(suggest, candidate);
	}
}

static void refuse(const struct draft *draft, const char *variable)
{
	char candidate[ENVIRONMENT_NAME_CAPACITY];
	struct suggest suggest;

	suggest_init(&suggest, variable);
	for (size_t i = 0; i < settings_table_count; i++) {
		if (settings_table[i].family != SETTING_SINGLE) {
			offer_members(draft, &settings_table[i], &suggest);
			continue;
		}
		environment_name(&settings_table[i], "", candidate);
		suggest_offer(&suggest, candidate);
	}
	if (suggest.best[0] == '\0')
		draft_fault_variable(draft, variable, "is no setting");
	else
		draft_fault_variable(draft, variable, "is no setting; did you mean %s?",
				     suggest.best);
}

static void apply(struct draft *draft, const char *variable, const char *value)
{
	char member[LIMIT_INSTANCE_BYTES + 2]; /* one that is cut is too long anyhow */
	const struct setting *setting = plain_setting(variable);
	const char *section;

	if (setting != NULL) {
		draft_set_variable(draft, setting->section, setting->name, value, variable);
		return;
	}
	if (starts_with(variable, PROPERTY_PREFIX)) {
		set_property(draft, variable, value);
		return;
	}
	setting = member_setting(variable, member, sizeof(member));
	if (setting == NULL) {
		if (!is_foreign(variable))
			refuse(draft, variable);
		return;
	}
	section = section_of(draft, setting->family, member, variable);
	if (section != NULL)
		draft_set_variable(draft, section, setting->name, value, variable);
}

void environment_apply(struct draft *draft)
{
	char *const *entries = draft->environment;

	for (; entries != NULL && *entries != NULL; entries++) {
		const char *equals = strchr(*entries, '=');
		char variable[256];

		if (!starts_with(*entries, PREFIX) || equals == NULL || equals[1] == '\0')
			continue;
		if (text_copy_bytes(variable, sizeof(variable), *entries,
				    (size_t)(equals - *entries)))
			apply(draft, variable, equals + 1);
		else
			draft_fault_variable(draft, variable, "is no setting");
	}
}
