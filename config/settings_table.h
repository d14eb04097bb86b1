/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_SETTINGS_TABLE_H
#define CONFIG_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One row per setting. Parsing, bounds, variables, help, the example file and
 * the redacted dump all come from it; a new setting is a member in settings.h
 * and a row here.
 */
enum setting_type {
	SETTING_TEXT,	/* char *; min and max are lengths in bytes */
	SETTING_NUMBER, /* int64_t; min and max are values */
	SETTING_CHOICE, /* int64_t; the index into 'choices' */
};

enum setting_secrecy {
	SETTING_PUBLIC,
	SETTING_URL,	/* may carry a password: never quoted, its user part is masked */
	SETTING_SECRET, /* never quoted, printed as *** */
};

/* Of some sections there are as many as are written: [grafana.NAME], [policy.NAME]. */
enum setting_family {
	SETTING_SINGLE, /* in a section that is there once */
	SETTING_INSTANCE,
	SETTING_RULE,
	SETTING_FAMILIES
};

struct setting_family_info {
	const char *section; /* "grafana" for [grafana.NAME] */
	const char *member, *members; /* "an instance", "instances" */
	const char *example; /* a NAME, for help */
	const char *help;
	bool optional; /* there need be none: the example file has it as a comment */
	size_t most;
};

extern const struct setting_family_info setting_families[SETTING_FAMILIES];

struct setting {
	const char *section; /* without the NAME */
	enum setting_family family;
	const char *name;
	enum setting_type type;
	enum setting_secrecy secrecy;
	bool required;
	const char *instead; /* a setting of the section that lifts the requirement; or NULL */
	int64_t min;
	int64_t max;
	const char *preset;  /* the default, as it would be written */
	const char *derived; /* what the default is when it is not a constant; or NULL */
	const char *example; /* for required settings: what the example file says */
	const char *const *choices; /* NULL-terminated */
	const char *zero_word; /* of a number: what is written for 0; or NULL */
	const char *(*check)(const char *value); /* NULL, or what is wrong; see settings_check.h */
	size_t offset; /* in struct settings, or in that of the family's members */
	const char *help;
};

extern const struct setting settings_table[];
extern const size_t settings_table_count;

#define SETTINGS_PROPERTY_PREFIX "property."

/* The row of this family, section (without the NAME) and name, or NULL. */
const struct setting *setting_find(enum setting_family family, const char *section,
				   const char *name);

/* Where the row's value is; 'base' is the struct that 'offset' is in. */
char **setting_text_at(const struct setting *setting, void *base);
int64_t *setting_number_at(const struct setting *setting, void *base);
const char *setting_text(const struct setting *setting, const void *base);
int64_t setting_number(const struct setting *setting, const void *base);

#endif
