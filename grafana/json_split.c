/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_split.c - a long JSON array of objects, one object at a time.
 *
 * Called by listing.c with the bytes of an answer as they arrive. It knows only as much
 * of JSON as is needed to find where an object ends: strings, and how deep braces and
 * brackets are. Whether an object is JSON inside is for whoever parses it. Owns the
 * bytes of the object that is being gathered, which are bounded.
 */
#include "grafana/json_split.h"

#include <string.h>

#include "config/limits.h"

void json_split_init(struct json_split *split,
		     bool (*take)(void *context, struct slice object), void *context)
{
	memset(split, 0, sizeof(*split));
	split->take = take;
	split->context = context;
	buffer_init(&split->object, LIMIT_LIST_OBJECT_BYTES);
}

void json_split_clear(struct json_split *split)
{
	buffer_clear(&split->object);
}

bool json_split_is_whole(const struct json_split *split)
{
	return split->ended;
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* A byte before the array. */
static bool step_before(struct json_split *split, char byte)
{
	if (byte == '[' && split->null_bytes == 0) {
		split->began = true;
		return true;
	}
	if (byte != "null"[split->null_bytes])
		return false;
	split->null_bytes++;
	split->began = split->ended = split->null_bytes == strlen("null");
	return true;
}

/* A byte outside of any object. */
static bool step_between(struct json_split *split, char byte)
{
	if (is_space(byte))
		return split->began || split->null_bytes == 0;
	if (split->ended)
		return false;
	if (!split->began)
		return step_before(split, byte);
	if (byte == ']') {
		split->ended = true;
		return true;
	}
	if (byte == ',' && split->wants_comma) {
		split->wants_comma = false;
		return true;
	}
	if (byte != '{' || split->wants_comma)
		return false;
	split->depth = 1;
	return true;
}

static void step_in_text(struct json_split *split, char byte)
{
	if (split->escaped)
		split->escaped = false;
	else if (byte == '\\')
		split->escaped = true;
	else if (byte == '"')
		split->in_text = false;
}

/* A byte inside an object: does the object go on after it? */
static bool step_within(struct json_split *split, char byte)
{
	if (split->in_text)
		step_in_text(split, byte);
	else if (byte == '"')
		split->in_text = true;
	else if (byte == '{' || byte == '[')
		split->depth++;
	else if (byte == '}' || byte == ']')
		split->depth--;
	return split->depth > 0;
}

static bool give(struct json_split *split)
{
	struct slice object = {split->object.bytes, split->object.length};
	bool goes_on = !split->object.overflowed && split->take(split->context, object);

	buffer_reset(&split->object);
	split->wants_comma = true;
	return goes_on;
}

bool json_split_feed(struct json_split *split, const char *bytes, size_t length)
{
	size_t from = 0; /* of the object's bytes that are not gathered yet */

	for (size_t i = 0; i < length; i++) {
		if (split->depth == 0) {
			if (!step_between(split, bytes[i]))
				return false;
			from = i;
		} else if (!step_within(split, bytes[i])) {
			buffer_append(&split->object, bytes + from, i + 1 - from);
			if (!give(split))
				return false;
		}
	}
	if (split->depth > 0 && !buffer_append(&split->object, bytes + from, length - from))
		return false;
	return true;
}
