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

/* Of the NAME in a variable; one that is cut is too long anyhow. */
enum { MEMBER_CAPACITY = LIMIT_INSTANCE_BYTES + 2 };

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
	return strcmp(name, PREFIX "CONFIG") == 0 || text_starts_with(name, PREFIX "DEBUG_") ||
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

/* Is it GRANTD_GRAFANA_<NAME>_<KEY>, with the row's key? Then that name. */
static bool fits_member(const struct setting *setting, const char *variable,
			char name[MEMBER_CAPACITY])
{
	char prefix[ENVIRONMENT_NAME_CAPACITY], suffix[ENVIRONMENT_NAME_CAPACITY];

	if (setting->family == SETTING_SINGLE)
		return false;
	text_format(prefix, sizeof(prefix), PREFIX "%s_", setting->section);
	text_format(suffix, sizeof(suffix), "_%s", setting->name);
	to_variable(prefix);
	to_variable(suffix);
	if (!text_starts_with(variable, prefix) || !ends_with(variable, suffix) ||
	    strlen(variable) <= strlen(prefix) + strlen(suffix))
		return false;
	text_copy_bytes(name, MEMBER_CAPACITY, variable + strlen(prefix),
			strlen(variable) - strlen(prefix) - strlen(suffix));
	return true;
}

/* Does a member's section, as a variable spells it, have that name? */
static bool is_spelled(const struct draft_section *section, enum setting_family family,
		       const char *name)
{
	const char *member = draft_member_name(section->name, family);
	char spelled[MEMBER_CAPACITY];

	if (member == NULL)
		return false;
	text_copy(spelled, sizeof(spelled), member);
	to_variable(spelled);
	return strcmp(spelled, name) == 0;
}

static bool is_known(const struct draft *draft, enum setting_family family, const char *name)
{
	for (size_t i = 0; i < draft->section_count; i++)
		if (is_spelled(&draft->sections[i], family, name))
			return true;
	return false;
}

/* The row of the key, and the name. A key may be the end of another (max_concurrency): of
 * the rows that fit, one whose name is known counts, else the longest key. */
static const struct setting *member_setting(const struct draft *draft, const char *variable,
					    char name[MEMBER_CAPACITY])
{
	const struct setting *found = NULL;
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];
		char candidate[MEMBER_CAPACITY];
		size_t cost;

		if (!fits_member(setting, variable, candidate))
			continue;
		/* The longer the key, the less is left for the name. */
		cost = strlen(candidate);
		if (!is_known(draft, setting->family, candidate))
			cost += MEMBER_CAPACITY;
		if (cost >= least)
			continue;
		least = cost;
		found = setting;
		text_copy(name, MEMBER_CAPACITY, candidate);
	}
	return found;
}

/* The section of the member that 'name' (of a variable) means; NULL if that was found to
 * be unclear, which is reported. */
static const char *section_of(struct draft *draft, enum setting_family family, const char *name,
			      const char *variable)
{
	const char *found = NULL;
	char fresh[MEMBER_CAPACITY];

	for (size_t i = 0; i < draft->section_count; i++) {
		if (!is_spelled(&draft->sections[i], family, name))
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
	char member[MEMBER_CAPACITY];
	const struct setting *setting = plain_setting(variable);
	const char *section;

	if (setting != NULL) {
		draft_set_variable(draft, setting->section, setting->name, value, variable);
		return;
	}
	if (text_starts_with(variable, PROPERTY_PREFIX)) {
		set_property(draft, variable, value);
		return;
	}
	setting = member_setting(draft, variable, member);
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

		if (!text_starts_with(*entries, PREFIX) || equals == NULL || equals[1] == '\0')
			continue;
		if (text_copy_bytes(variable, sizeof(variable), *entries,
				    (size_t)(equals - *entries)))
			apply(draft, variable, equals + 1);
		else
			draft_fault_variable(draft, variable, "is no setting");
	}
}
