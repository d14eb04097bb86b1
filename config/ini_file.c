/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ini_file.c - an INI file by way of inih, with a place for every fault.
 *
 * Called by settings.c. inih splits the lines; it gets them from a reader here,
 * because what it was built with would lose things without a word: section names
 * are cut at 49 bytes, lines at its buffer's end, indented lines are taken for
 * the end of the value above, and of all lines in error only the first is told.
 * So the reader takes section lines itself, refuses long lines and odd bytes,
 * removes indentation, and counts.
 *
 * Limit: the copy of a line that inih keeps on the stack is not wiped.
 */
#include "config/ini_file.h"

#include <ini.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "config/draft.h"
#include "config/limits.h"

/* Some builds of inih (Debian's) have their longest line in a variable, others
 * as a constant of 200. Weak, so that both link; NULL means the constant. */
extern int ini_max_line __attribute__((weak));

enum { LINE_BYTES = LIMIT_CONFIG_VALUE_BYTES + 256 };

struct ini_source {
	struct draft *draft;
	const char *next;
	size_t left;
	size_t line;
	int section;	   /* index in the draft; -1: unknown, its lines are skipped */
	bool in_section;   /* any section has begun */
	bool unanswered;   /* inih has a line that it said nothing about yet */
	const char *start; /* of that line, without what is around it */
	size_t length;
};

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void trim(const char **start, size_t *length)
{
	while (*length > 0 && is_blank(**start))
		(*start)++, (*length)--;
	while (*length > 0 && is_blank((*start)[*length - 1]))
		(*length)--;
}

/* Cut the next line off; false at the end. */
static bool next_line(struct ini_source *source)
{
	const char *end;

	if (source->left == 0)
		return false;
	end = memchr(source->next, '\n', source->left);
	source->start = source->next;
	source->length = end != NULL ? (size_t)(end - source->next) : source->left;
	source->next += source->length;
	source->left -= source->length;
	if (end != NULL)
		source->next++, source->left--;
	source->line++;
	trim(&source->start, &source->length);
	return true;
}

static bool has_odd_bytes(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] != '\t' && text_has_control(bytes + i, 1))
			return true;
	return !text_is_utf8(bytes, length);
}

static void begin_section(struct ini_source *source)
{
	const char *name = source->start + 1;
	const char *end = memchr(name, ']', source->length - 1);
	size_t length = end != NULL ? (size_t)(end - name) : 0;
	const char *rest = end != NULL ? end + 1 : name;
	size_t rest_length = source->length - (size_t)(rest - source->start);
	char text[256];

	source->in_section = true;
	source->section = -1;
	trim(&name, &length);
	trim(&rest, &rest_length);
	if (end == NULL || length == 0 || (rest_length > 0 && *rest != ';' && *rest != '#')) {
		draft_fault_line(source->draft, source->line, "is not a [section]");
		return;
	}
	/* A name that is cut here is far longer than any that is known. */
	text_copy_bytes(text, sizeof(text), name, length);
	source->section = draft_begin_section(source->draft, text, source->line);
}

/* Whether the line is for inih, which sees an empty one otherwise. */
static bool is_for_inih(struct ini_source *source, size_t capacity)
{
	if (source->length == 0 || *source->start == ';' || *source->start == '#')
		return false;
	if (has_odd_bytes(source->start, source->length)) {
		draft_fault_line(source->draft, source->line,
				 "contains control bytes or is not UTF-8");
		return false;
	}
	if (*source->start == '[') {
		begin_section(source);
		return false;
	}
	if (source->length + 2 > capacity) {
		draft_fault_line(source->draft, source->line,
				 "is longer than %zu bytes; $__file{path} takes the value from a file",
				 capacity - 2);
		return false;
	}
	return true;
}

static void fault_unanswered(struct ini_source *source)
{
	if (source->unanswered)
		draft_fault_line(source->draft, source->line,
				 "is neither [section] nor name = value");
	source->unanswered = false;
}

static char *read_line(char *out, int capacity, void *stream)
{
	struct ini_source *source = stream;
	size_t length = 0;

	fault_unanswered(source);
	if (!next_line(source))
		return NULL;
	if (is_for_inih(source, (size_t)capacity)) {
		source->unanswered = true;
		length = source->length;
		memcpy(out, source->start, length);
	}
	out[length] = '\n';
	out[length + 1] = '\0';
	return out;
}

/* inih ends a value where blank and ';' follow: then less of the line is left. */
static bool was_cut(const struct ini_source *source, const char *value)
{
	const char *end = source->start + source->length, *rest = source->start;

	while (rest < end && *rest != '=' && *rest != ':')
		rest++;
	if (rest < end)
		rest++;
	while (rest < end && is_blank(*rest))
		rest++;
	return (size_t)(end - rest) != strlen(value);
}

static int take_value(void *user, const char *ignored_section, const char *name,
		      const char *value)
{
	struct ini_source *source = user;

	(void)ignored_section;
	source->unanswered = false;
	if (*name == '\0')
		draft_fault_line(source->draft, source->line, "has no name before its value");
	else if (!source->in_section)
		draft_fault_line(source->draft, source->line, "%.80s: stands before any [section]",
				 name);
	else if (source->section >= 0)
		draft_add_line(source->draft, source->section, name, value, source->line,
			       was_cut(source, value));
	return 1;
}

void ini_file_read(struct draft *draft, const char *text, size_t length)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct ini_source source = {.draft = draft, .next = text, .left = length, .section = -1};

	if (length >= 3 && memcmp(text, byte_order_mark, 3) == 0) {
		source.next += 3;
		source.left -= 3;
	}
	if (&ini_max_line != NULL)
		ini_max_line = LINE_BYTES;
	/* Lines in error were reported on the way; what is left is no memory. */
	if (ini_parse_stream(read_line, &source, take_value, &source) < 0)
		draft_fault_line(draft, 0, "is not read: out of memory");
}
