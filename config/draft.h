/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_DRAFT_H
#define CONFIG_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "config/settings_table.h"

struct faults;

/*
 * What was written, before it means anything: the sections and values of the
 * file and the environment, each with where it was found. Lives while settings
 * are loaded; every fault is reported through it, so that each has its place.
 */
struct draft_entry {
	char *section; /* "kafka", "grafana.main", "policy.ops" */
	char *name;    /* "brokers", "property.security.protocol" */
	char *value;   /* not expanded yet */
	char *variable; /* NULL: it is in the file, on 'line' */
	size_t line;
	const struct setting *setting; /* NULL: a librdkafka property */
	bool comment_cut;		/* the line went on with a comment */
};

struct draft_section {
	char *name;
	char *variable; /* the one that brought it up; NULL: from the file */
	size_t line;
};

struct draft {
	const char *name; /* of the file, for faults */
	char *const *environment;
	struct faults *faults;
	struct draft_entry *entries;
	size_t entry_count;
	struct draft_section *sections;
	size_t section_count;
};

void draft_init(struct draft *draft, const char *name, char *const *environment,
		struct faults *faults);
void draft_clear(struct draft *draft); /* wipes the values */

/* A section begins in the file. Answers its index, or -1 if it is unknown: that
 * was then reported, and what is in it is to be left alone. */
int draft_begin_section(struct draft *draft, const char *name, size_t line);

/* A line of the file, in the section of that index. */
void draft_add_line(struct draft *draft, int section, const char *name, const char *value,
		    size_t line, bool comment_cut);

/* A variable that overrides or adds a value. */
void draft_set_variable(struct draft *draft, const char *section, const char *name,
			const char *value, const char *variable);

/* The section of the family's member of that name, made if it is new; NULL if there are
 * too many. */
const char *draft_member_section(struct draft *draft, enum setting_family family,
				 const char *name, const char *variable);

/* "grafana.main" -> "main"; NULL for a section of another family, or of none. */
const char *draft_member_name(const char *section, enum setting_family family);

const struct draft_entry *draft_find(const struct draft *draft, const char *section,
				     const char *name);

/* The value of a setting that breaks a rule: where it is, its name, the words. */
void draft_fault(const struct draft *draft, const char *section, const char *name,
		 const char *format, ...) PRINTF_LIKE(4, 5);
/* The same about a line of the file, or about all of it (line 0). */
void draft_fault_line(const struct draft *draft, size_t line, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* The same about a variable. */
void draft_fault_variable(const struct draft *draft, const char *variable, const char *format,
			  ...) PRINTF_LIKE(3, 4);

/* "grantd.ini:12", a variable's name, or "the default": where the other one of two is. */
enum { DRAFT_PLACE_CAPACITY = 400 };
void draft_place(const struct draft *draft, const char *section, const char *name,
		 char out[DRAFT_PLACE_CAPACITY]);

#endif
