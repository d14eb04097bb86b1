/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c - from a file and an environment to struct settings, or a list of
 * everything that is wrong.
 *
 * Called by main and grantctl at start. ini_file.c and environment.c fill a
 * draft; here each row of the table takes its value from it, expanded, checked
 * and converted, or its default. A value in fault leaves the default in place,
 * so that the rules between settings can be checked all the same.
 *
 * Owns every string of the result. Copies of secrets made on the way are wiped.
 */
#include "config/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/draft.h"
#include "config/environment.h"
#include "config/expand.h"
#include "config/file.h"
#include "config/ini_file.h"
#include "config/limits.h"
#include "config/settings_check.h"
#include "config/settings_table.h"

static void clear_rows(void *base, enum setting_family family)
{
	for (size_t i = 0; i < settings_table_count; i++)
		if (settings_table[i].type == SETTING_TEXT && settings_table[i].family == family)
			mem_free_wiped(*setting_text_at(&settings_table[i], base));
}

void settings_clear(struct settings *settings)
{
	clear_rows(settings, SETTING_SINGLE);
	for (size_t i = 0; i < settings->instance_count; i++) {
		clear_rows(&settings->instances[i], SETTING_INSTANCE);
		free(settings->instances[i].name);
	}
	for (size_t i = 0; i < settings->rule_count; i++) {
		clear_rows(&settings->rules[i], SETTING_RULE);
		free(settings->rules[i].name);
	}
	for (size_t i = 0; i < settings->kafka.property_count; i++) {
		free(settings->kafka.properties[i].name);
		mem_free_wiped(settings->kafka.properties[i].value);
	}
	free(settings->instances);
	free(settings->rules);
	free(settings->kafka.properties);
	memset(settings, 0, sizeof(*settings));
}

const struct instance_settings *settings_instance(const struct settings *settings,
						  const char *name)
{
	for (size_t i = 0; i < settings->instance_count; i++)
		if (strcmp(settings->instances[i].name, name) == 0)
			return &settings->instances[i];
	return NULL;
}

/* Whether text is a number at all, however large. */
static bool is_number(const char *text)
{
	text += *text == '-';
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static void take_number(const struct draft *draft, const char *section,
			const struct setting *setting, const char *value, int64_t *out)
{
	int64_t number;

	if (setting->zero_word != NULL && strcmp(value, setting->zero_word) == 0)
		*out = 0;
	else if (!is_number(value) && setting->zero_word != NULL)
		draft_fault(draft, section, setting->name,
			    "'%.64s' is neither '%s' nor a whole number", value,
			    setting->zero_word);
	else if (!is_number(value))
		draft_fault(draft, section, setting->name, "'%.64s' is not a whole number", value);
	else if (text_to_int64(value, setting->min, setting->max, &number))
		*out = number;
	else if (*value == '-' || text_to_int64(value, 0, setting->min, &number))
		draft_fault(draft, section, setting->name, "%.64s is below %" PRId64, value,
			    setting->min);
	else
		draft_fault(draft, section, setting->name, "%.64s is above %" PRId64, value,
			    setting->max);
}

static void take_choice(const struct draft *draft, const char *section,
			const struct setting *setting, const char *value, int64_t *out)
{
	char names[128] = "";

	for (int64_t i = 0; setting->choices[i] != NULL; i++) {
		size_t used = strlen(names);

		if (strcmp(value, setting->choices[i]) == 0) {
			*out = i;
			return;
		}
		text_format(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
			    setting->choices[i]);
	}
	draft_fault(draft, section, setting->name, "'%.64s' is none of: %s", value, names);
}

/* NULL, or what is wrong with a text of this length and kind. */
static const char *text_refusal(const struct setting *setting, const char *value)
{
	size_t length = strlen(value);

	if (length < (size_t)setting->min)
		return setting->required ? "is required" : "must not be empty";
	if (length > (size_t)setting->max)
		return "is too long";
	if (text_has_control(value, length) || !text_is_utf8(value, length))
		return "contains control bytes or is not UTF-8";
	return length > 0 && setting->check != NULL ? setting->check(value) : NULL;
}

static void take_text(const struct draft *draft, const char *section,
		      const struct setting *setting, const char *value, char **out)
{
	const char *refusal = text_refusal(setting, value);

	if (refusal == NULL) {
		mem_free_wiped(*out);
		*out = mem_strdup(value);
	} else if (setting->secrecy != SETTING_PUBLIC || *value == '\0') {
		draft_fault(draft, section, setting->name, "%s", refusal);
	} else {
		draft_fault(draft, section, setting->name, "'%.64s' %s", value, refusal);
	}
}

static void take_value(const struct draft *draft, const char *section,
		       const struct setting *setting, const char *value, void *base)
{
	switch (setting->type) {
	case SETTING_TEXT:
		take_text(draft, section, setting, value, setting_text_at(setting, base));
		break;
	case SETTING_NUMBER:
		take_number(draft, section, setting, value, setting_number_at(setting, base));
		break;
	case SETTING_CHOICE:
		take_choice(draft, section, setting, value, setting_number_at(setting, base));
		break;
	}
}

/* NULL, or how the entry was written in a way that means something else. */
static const char *writing_refusal(const struct draft_entry *entry)
{
	size_t length = strlen(entry->value);
	bool is_secret = entry->setting == NULL || entry->setting->secrecy != SETTING_PUBLIC;

	if (entry->variable != NULL)
		return NULL;
	if (is_secret && entry->comment_cut)
		return "is followed by a comment, or cut by ' ;'; "
		       "$__file{path} takes the value from a file";
	if (length >= 2 && entry->value[0] == '"' && entry->value[length - 1] == '"')
		return "must not be in quotes; $__file{path} takes the value from a file as it is";
	return NULL;
}

/* The entry's value, expanded, in 'out'; false if that is a fault. */
static bool expand_entry(const struct draft *draft, const struct draft_entry *entry, char *out,
			 size_t capacity)
{
	const char *refusal = writing_refusal(entry);
	struct error err = {0};

	if (refusal == NULL && expand_value(entry->value, draft->environment, out, capacity,
					    &err) < 0)
		refusal = err.text;
	if (refusal != NULL)
		draft_fault(draft, entry->section, entry->name, "%s", refusal);
	return refusal == NULL;
}

static void set_preset(const struct setting *setting, void *base)
{
	if (setting->type == SETTING_TEXT)
		*setting_text_at(setting, base) = mem_strdup(setting->preset);
	else if (setting->type == SETTING_NUMBER && setting->zero_word != NULL &&
		 strcmp(setting->preset, setting->zero_word) == 0)
		*setting_number_at(setting, base) = 0;
	else if (setting->type == SETTING_NUMBER)
		(void)text_to_int64(setting->preset, setting->min, setting->max,
				    setting_number_at(setting, base));
	else
		for (int64_t i = 0; setting->choices[i] != NULL; i++)
			if (strcmp(setting->choices[i], setting->preset) == 0)
				*setting_number_at(setting, base) = i;
}

static bool is_required(const struct draft *draft, const char *section,
			const struct setting *setting)
{
	const struct draft_entry *instead =
		setting->instead != NULL ? draft_find(draft, section, setting->instead) : NULL;

	return setting->required && (instead == NULL || instead->value[0] == '\0');
}

/* All rows of one member's section, or of all single sections (member_section NULL). */
static void take_rows(const struct draft *draft, enum setting_family family,
		      const char *member_section, void *base)
{
	char expanded[LIMIT_CONFIG_VALUE_BYTES + 1];

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		const char *section = member_section != NULL ? member_section : setting->section;
		const struct draft_entry *entry;

		if (setting->family != family)
			continue;
		set_preset(setting, base);
		entry = draft_find(draft, section, setting->name);
		if (entry == NULL && is_required(draft, section, setting))
			draft_fault(draft, section, setting->name, "is required");
		if (entry != NULL && expand_entry(draft, entry, expanded, sizeof(expanded)))
			take_value(draft, section, setting, expanded, base);
	}
	mem_wipe(expanded, sizeof(expanded));
}

static void take_instances(const struct draft *draft, struct settings *settings)
{
	settings->instances = mem_array(draft->section_count, sizeof(*settings->instances));
	for (size_t i = 0; i < draft->section_count; i++) {
		const char *name = draft_member_name(draft->sections[i].name, SETTING_INSTANCE);
		struct instance_settings *instance;
		size_t length;

		if (name == NULL)
			continue;
		instance = &settings->instances[settings->instance_count++];
		instance->name = mem_strdup(name);
		take_rows(draft, SETTING_INSTANCE, draft->sections[i].name, instance);
		length = strlen(instance->url);
		while (length > 0 && instance->url[length - 1] == '/')
			instance->url[--length] = '\0';
	}
	if (settings->instance_count == 0)
		draft_fault_line(draft, 0, "there is no [grafana.NAME]; at least one is needed");
}

static void take_rules(const struct draft *draft, struct settings *settings)
{
	settings->rules = mem_array(draft->section_count, sizeof(*settings->rules));
	for (size_t i = 0; i < draft->section_count; i++) {
		const char *name = draft_member_name(draft->sections[i].name, SETTING_RULE);
		struct rule_settings *rule;

		if (name == NULL)
			continue;
		rule = &settings->rules[settings->rule_count++];
		rule->name = mem_strdup(name);
		take_rows(draft, SETTING_RULE, draft->sections[i].name, rule);
	}
}

static void take_property(const struct draft *draft, const struct draft_entry *entry,
			  const char *value, struct settings *settings)
{
	const char *name = entry->name + strlen(SETTINGS_PROPERTY_PREFIX);
	const char *refusal = check_property_value(name, value);
	struct property *property;

	if (refusal != NULL) {
		draft_fault(draft, entry->section, entry->name, "%s", refusal);
		return;
	}
	property = &settings->kafka.properties[settings->kafka.property_count++];
	property->name = mem_strdup(name);
	property->value = mem_strdup(value);
}

static void take_properties(const struct draft *draft, struct settings *settings)
{
	char expanded[LIMIT_CONFIG_VALUE_BYTES + 1];

	settings->kafka.properties =
		mem_array(draft->entry_count, sizeof(*settings->kafka.properties));
	for (size_t i = 0; i < draft->entry_count; i++) {
		const struct draft_entry *entry = &draft->entries[i];

		if (entry->setting == NULL &&
		    expand_entry(draft, entry, expanded, sizeof(expanded)))
			take_property(draft, entry, expanded, settings);
	}
	mem_wipe(expanded, sizeof(expanded));
}

/* Defaults that are made of something else. */
static void derive(const struct draft *draft, struct settings *settings)
{
	char text[LIMIT_EVENT_SOURCE_BYTES + 1] = "";

	if (settings->worker.id[0] == '\0') {
		if (gethostname(text, sizeof(text) - 1) < 0 || text[0] == '\0' ||
		    check_worker_id(text) != NULL)
			draft_fault(draft, "worker", "id", "the host name cannot be used; set it");
		free(settings->worker.id);
		settings->worker.id = mem_strdup(text);
	}
	if (settings->publish.source[0] == '\0') {
		text_format(text, sizeof(text), "/grantd/%s", settings->kafka.group);
		free(settings->publish.source);
		settings->publish.source = mem_strdup(text);
	}
}

static int take_draft(const struct draft *draft, struct settings *settings)
{
	memset(settings, 0, sizeof(*settings));
	take_rows(draft, SETTING_SINGLE, NULL, settings);
	take_properties(draft, settings);
	take_instances(draft, settings);
	take_rules(draft, settings);
	derive(draft, settings);
	settings_check_together(settings, draft);
	if (draft->faults->count == 0)
		return 0;
	settings_clear(settings);
	return -1;
}

int settings_parse(const char *name, const char *text, size_t length, char *const *environment,
		   struct settings *settings, struct faults *faults)
{
	struct draft draft;
	int rc;

	draft_init(&draft, name, environment, faults);
	ini_file_read(&draft, text, length);
	environment_apply(&draft);
	rc = take_draft(&draft, settings);
	draft_clear(&draft);
	return rc;
}

int settings_load(const char *path, char *const *environment, struct settings *settings,
		  struct faults *faults)
{
	struct error err = {0};
	struct draft nowhere;
	size_t length = 0;
	char *text;
	int rc = -1;

	if (path == NULL)
		return settings_parse("no configuration file", "", 0, environment, settings, faults);
	memset(settings, 0, sizeof(*settings));
	draft_init(&nowhere, "configuration", environment, faults);
	text = mem_alloc(LIMIT_CONFIG_FILE_BYTES);
	if (file_read(path, text, LIMIT_CONFIG_FILE_BYTES, &length, &err) < 0)
		draft_fault_line(&nowhere, 0, "%s", err.text);
	else
		rc = settings_parse(path, text, length, environment, settings, faults);
	mem_wipe(text, LIMIT_CONFIG_FILE_BYTES);
	free(text);
	draft_clear(&nowhere);
	return rc;
}
