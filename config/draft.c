/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.c - what the file and the environment said, and where.
 *
 * Filled by ini_file.c and environment.c, read by settings.c. Owns copies of all
 * it holds and wipes the values. Names are checked here, values are not; unknown
 * and repeated names become faults and are not kept.
 */
#include "config/draft.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/faults.h"
#include "config/limits.h"
#include "config/settings.h"
#include "config/settings_check.h"
#include "config/settings_table.h"
#include "config/suggest.h"

enum { SECTION_CAPACITY = 160 };

void draft_init(struct draft *draft, const char *name, char *const *environment,
		struct faults *faults)
{
	memset(draft, 0, sizeof(*draft));
	draft->name = name;
	draft->environment = environment;
	draft->faults = faults;
}

void draft_clear(struct draft *draft)
{
	for (size_t i = 0; i < draft->entry_count; i++) {
		free(draft->entries[i].section);
		free(draft->entries[i].name);
		mem_free_wiped(draft->entries[i].value);
		free(draft->entries[i].variable);
	}
	for (size_t i = 0; i < draft->section_count; i++) {
		free(draft->sections[i].name);
		free(draft->sections[i].variable);
	}
	free(draft->entries);
	free(draft->sections);
	draft_init(draft, NULL, NULL, NULL);
}

const char *draft_member_name(const char *section, enum setting_family family)
{
	const char *prefix = setting_families[family].section;
	size_t length = strlen(prefix);

	if (strncmp(section, prefix, length) != 0 || section[length] != '.')
		return NULL;
	return section + length + 1;
}

static enum setting_family family_of(const char *section)
{
	for (int family = SETTING_SINGLE + 1; family < SETTING_FAMILIES; family++)
		if (draft_member_name(section, (enum setting_family)family) != NULL)
			return (enum setting_family)family;
	return SETTING_SINGLE;
}

/* The row's section, without a member's name. */
static const char *section_of_rows(const char *section)
{
	enum setting_family family = family_of(section);

	return family == SETTING_SINGLE ? section : setting_families[family].section;
}

static struct draft_entry *find_entry(const struct draft *draft, const char *section,
				      const char *name)
{
	for (size_t i = 0; i < draft->entry_count; i++)
		if (strcmp(draft->entries[i].name, name) == 0 &&
		    strcmp(draft->entries[i].section, section) == 0)
			return &draft->entries[i];
	return NULL;
}

const struct draft_entry *draft_find(const struct draft *draft, const char *section,
				     const char *name)
{
	return find_entry(draft, section, name);
}

static int find_section(const struct draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->section_count; i++)
		if (strcmp(draft->sections[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int add_section(struct draft *draft, const char *name, const char *variable, size_t line)
{
	struct draft_section *section;

	draft->sections = mem_grow_array(draft->sections, draft->section_count + 1,
					 sizeof(*draft->sections));
	section = &draft->sections[draft->section_count];
	section->name = mem_strdup(name);
	section->variable = mem_strdup(variable);
	section->line = line;
	return (int)draft->section_count++;
}

static bool is_plain_section(const char *name)
{
	for (size_t i = 0; i < settings_table_count; i++)
		if (settings_table[i].family == SETTING_SINGLE &&
		    strcmp(settings_table[i].section, name) == 0)
			return true;
	return false;
}

static bool is_member_name(const char *name)
{
	size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789_-");

	return length >= 1 && length <= LIMIT_INSTANCE_BYTES && name[length] == '\0';
}

static bool is_full(const struct draft *draft, enum setting_family family)
{
	size_t count = 0;

	for (size_t i = 0; i < draft->section_count; i++)
		count += draft_member_name(draft->sections[i].name, family) != NULL;
	return count >= setting_families[family].most;
}

/* What stands for a member's section where any would do: "grafana.NAME". */
static void offer_families(struct suggest *suggest)
{
	for (int family = SETTING_SINGLE + 1; family < SETTING_FAMILIES; family++) {
		const char *section = setting_families[family].section;
		char with_name[SECTION_CAPACITY];

		text_format(with_name, sizeof(with_name), "%s.NAME", section);
		suggest_offer(suggest, with_name);
		suggest_offer(suggest, section);
		if (strcmp(suggest->best, section) == 0 && !is_plain_section(section))
			text_copy(suggest->best, sizeof(suggest->best), with_name);
	}
}

static void refuse_section(struct draft *draft, const char *name, size_t line)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < settings_table_count; i++)
		if (settings_table[i].family == SETTING_SINGLE)
			suggest_offer(&suggest, settings_table[i].section);
	offer_families(&suggest);
	if (suggest.best[0] == '\0')
		draft_fault_line(draft, line, "[%.80s]: unknown section", name);
	else
		draft_fault_line(draft, line, "[%.80s]: unknown section; did you mean [%s]?", name,
				 suggest.best);
}

int draft_begin_section(struct draft *draft, const char *name, size_t line)
{
	enum setting_family family = family_of(name);
	const struct setting_family_info *info = &setting_families[family];
	int known = find_section(draft, name);

	if (known >= 0) {
		draft_fault_line(draft, line, "[%s]: began on line %zu already", name,
				 draft->sections[known].line);
		return known;
	}
	if (family == SETTING_SINGLE && !is_plain_section(name)) {
		refuse_section(draft, name, line);
		return -1;
	}
	if (family != SETTING_SINGLE && !is_member_name(draft_member_name(name, family))) {
		draft_fault_line(draft, line,
				 "[%.80s]: %s's name is 1 to %d letters, digits, '_' or '-'", name,
				 info->member, LIMIT_INSTANCE_BYTES);
		return -1;
	}
	if (family != SETTING_SINGLE && is_full(draft, family)) {
		draft_fault_line(draft, line, "[%s]: more than %zu %s", name, info->most,
				 info->members);
		return -1;
	}
	return add_section(draft, name, NULL, line);
}

const char *draft_member_section(struct draft *draft, enum setting_family family,
				 const char *name, const char *variable)
{
	const struct setting_family_info *info = &setting_families[family];
	char section[SECTION_CAPACITY];
	int found;

	if (!is_member_name(name)) {
		draft_fault_variable(draft, variable,
				     "%s's name is 1 to %d letters, digits, '_' or '-'",
				     info->member, LIMIT_INSTANCE_BYTES);
		return NULL;
	}
	text_format(section, sizeof(section), "%s.%s", info->section, name);
	found = find_section(draft, section);
	if (found < 0 && is_full(draft, family)) {
		draft_fault_variable(draft, variable, "more than %zu %s", info->most,
				     info->members);
		return NULL;
	}
	if (found < 0)
		found = add_section(draft, section, variable, 0);
	return draft->sections[found].name;
}

static const struct setting *setting_of(const char *section, const char *name)
{
	return setting_find(family_of(section), section_of_rows(section), name);
}

static const char *property_of(const char *section, const char *name)
{
	size_t length = strlen(SETTINGS_PROPERTY_PREFIX);

	if (strcmp(section, "kafka") != 0 || strncmp(name, SETTINGS_PROPERTY_PREFIX, length) != 0)
		return NULL;
	return name + length;
}

static void refuse_name(const struct draft *draft, const char *section, const char *name,
			size_t line)
{
	enum setting_family family = family_of(section);
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];

		if (setting->family == family &&
		    strcmp(setting->section, section_of_rows(section)) == 0)
			suggest_offer(&suggest, setting->name);
	}
	if (suggest.best[0] == '\0')
		draft_fault_line(draft, line, "[%s] %.80s: unknown setting", section, name);
	else
		draft_fault_line(draft, line, "[%s] %.80s: unknown setting; did you mean %s?",
				 section, name, suggest.best);
}

static size_t count_properties(const struct draft *draft)
{
	size_t count = 0;

	for (size_t i = 0; i < draft->entry_count; i++)
		if (draft->entries[i].setting == NULL)
			count++;
	return count;
}

/* NULL, or what forbids the property. */
static const char *property_refusal(const struct draft *draft, const char *property)
{
	const char *why = check_property_name(property);

	if (why == NULL && count_properties(draft) >= LIMIT_PROPERTIES)
		why = "is one property too many";
	return why;
}

static struct draft_entry *add_entry(struct draft *draft, const char *section, const char *name,
				     const char *value)
{
	struct draft_entry *entry;

	draft->entries = mem_grow_array(draft->entries, draft->entry_count + 1,
					sizeof(*draft->entries));
	entry = &draft->entries[draft->entry_count++];
	memset(entry, 0, sizeof(*entry));
	entry->section = mem_strdup(section);
	entry->name = mem_strdup(name);
	entry->value = mem_strdup(value);
	entry->setting = setting_of(section, name);
	return entry;
}

void draft_add_line(struct draft *draft, int section_index, const char *name, const char *value,
		    size_t line, bool comment_cut)
{
	const char *section = draft->sections[section_index].name;
	const char *property = property_of(section, name);
	const struct draft_entry *known = draft_find(draft, section, name);
	const char *refusal;
	struct draft_entry *entry;

	if (known != NULL) {
		draft_fault_line(draft, line, "[%s] %s: was set on line %zu already", section,
				 name, known->line);
		return;
	}
	if (property == NULL && setting_of(section, name) == NULL) {
		refuse_name(draft, section, name, line);
		return;
	}
	refusal = property != NULL ? property_refusal(draft, property) : NULL;
	if (refusal != NULL) {
		draft_fault_line(draft, line, "[%s] %.160s: %s", section, name, refusal);
		return;
	}
	entry = add_entry(draft, section, name, value);
	entry->line = line;
	entry->comment_cut = comment_cut;
}

void draft_set_variable(struct draft *draft, const char *section, const char *name,
			const char *value, const char *variable)
{
	const char *property = property_of(section, name);
	struct draft_entry *entry = find_entry(draft, section, name);
	const char *refusal;

	refusal = property != NULL && entry == NULL ? property_refusal(draft, property) : NULL;
	if (refusal != NULL) {
		draft_fault_variable(draft, variable, "[%s] %.160s: %s", section, name, refusal);
		return;
	}
	if (entry == NULL) {
		entry = add_entry(draft, section, name, value);
	} else {
		mem_free_wiped(entry->value);
		free(entry->variable);
		entry->value = mem_strdup(value);
	}
	entry->variable = mem_strdup(variable);
	entry->comment_cut = false;
}

static void place_of(const struct draft *draft, const struct draft_entry *entry, char *out,
		     size_t capacity)
{
	if (entry == NULL)
		text_copy(out, capacity, draft->name);
	else if (entry->variable != NULL)
		text_copy(out, capacity, entry->variable);
	else
		text_format(out, capacity, "%s:%zu", draft->name, entry->line);
}

void draft_place(const struct draft *draft, const char *section, const char *name,
		 char out[DRAFT_PLACE_CAPACITY])
{
	const struct draft_entry *entry = draft_find(draft, section, name);

	if (entry == NULL)
		text_copy(out, DRAFT_PLACE_CAPACITY, "the default");
	else
		place_of(draft, entry, out, DRAFT_PLACE_CAPACITY);
}

void draft_fault(const struct draft *draft, const char *section, const char *name,
		 const char *format, ...)
{
	char place[DRAFT_PLACE_CAPACITY], where[DRAFT_PLACE_CAPACITY + 256];
	va_list args;

	place_of(draft, draft_find(draft, section, name), place, sizeof(place));
	text_format(where, sizeof(where), "%s: [%s] %s", place, section, name);
	va_start(args, format);
	faults_add(draft->faults, where, format, args);
	va_end(args);
}

void draft_fault_line(const struct draft *draft, size_t line, const char *format, ...)
{
	char where[DRAFT_PLACE_CAPACITY];
	va_list args;

	if (line == 0)
		text_copy(where, sizeof(where), draft->name);
	else
		text_format(where, sizeof(where), "%s:%zu", draft->name, line);
	va_start(args, format);
	faults_add(draft->faults, where, format, args);
	va_end(args);
}

void draft_fault_variable(const struct draft *draft, const char *variable, const char *format,
			  ...)
{
	va_list args;

	va_start(args, format);
	faults_add(draft->faults, variable, format, args);
	va_end(args);
}
