/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_canonical.c - the text that a request's fingerprint is taken of.
 *
 * Called by request.c for every request. jansson can sort names as well, but takes
 * three times as long, because it looks for loops that a parsed tree cannot have.
 * Recursion is bounded by the parser's limit of nesting.
 */
#include "codec/json_canonical.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "codec/json_write.h"

enum { FEW_MEMBERS = 24 };

struct member {
	const char *name;
	const json_t *value;
};

static int compare_names(const void *left, const void *right)
{
	const struct member *one = left, *other = right;

	return strcmp(one->name, other->name);
}

/* Most objects are small: inserting beats a call per comparison. */
static void sort_members(struct member *members, size_t count)
{
	if (count > FEW_MEMBERS) {
		qsort(members, count, sizeof(*members), compare_names);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct member moving = members[i];
		size_t at = i;

		for (; at > 0 && strcmp(members[at - 1].name, moving.name) > 0; at--)
			members[at] = members[at - 1];
		members[at] = moving;
	}
}

static void append_members(const struct member *members, size_t count, struct buffer *out)
{
	for (size_t i = 0; i < count; i++) {
		const char *name = members[i].name;

		buffer_append(out, i == 0 ? "{" : ",", 1);
		json_write_quoted(out, (struct slice){name, strlen(name)});
		buffer_append(out, ":", 1);
		json_canonical_append(members[i].value, out);
	}
	if (count == 0)
		buffer_append(out, "{", 1);
	buffer_append(out, "}", 1);
}

static size_t collect_members(const json_t *object, struct member *members)
{
	/* jansson's iterators want a tree that may be changed; this one is not. */
	json_t *open = (json_t *)(uintptr_t)object;
	size_t count = 0;

	for (void *at = json_object_iter(open); at != NULL; at = json_object_iter_next(open, at)) {
		members[count].name = json_object_iter_key(at);
		members[count++].value = json_object_iter_value(at);
	}
	return count;
}

static void append_object(const json_t *object, struct buffer *out)
{
	struct member few[FEW_MEMBERS], *members = few;
	size_t count = json_object_size(object);

	if (count > FEW_MEMBERS)
		members = mem_array(count, sizeof(*members));
	count = collect_members(object, members);
	sort_members(members, count);
	append_members(members, count, out);
	if (members != few)
		free(members);
}

static void append_array(const json_t *array, struct buffer *out)
{
	size_t count = json_array_size(array);

	buffer_append(out, "[", 1);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append(out, ",", 1);
		json_canonical_append(json_array_get(array, i), out);
	}
	buffer_append(out, "]", 1);
}

/* As few digits as read back to the same number, and always a point or an exponent. */
static void append_real(double value, struct buffer *out)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		text_format(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) >= value && strtod(text, NULL) <= value)
			break;
	}
	buffer_append_text(out, text);
	if (strpbrk(text, ".e") == NULL)
		buffer_append_text(out, ".0");
}

void json_canonical_append(const json_t *value, struct buffer *out)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		append_object(value, out);
		return;
	case JSON_ARRAY:
		append_array(value, out);
		return;
	case JSON_STRING:
		json_write_quoted(out, (struct slice){json_string_value(value),
						      json_string_length(value)});
		return;
	case JSON_INTEGER:
		buffer_append_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	case JSON_REAL:
		append_real(json_real_value(value), out);
		return;
	case JSON_TRUE:
		buffer_append_text(out, "true");
		return;
	case JSON_FALSE:
		buffer_append_text(out, "false");
		return;
	case JSON_NULL:
	default:
		buffer_append_text(out, "null");
	}
}
