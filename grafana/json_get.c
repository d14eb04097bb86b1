/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_get.c - single fields of Grafana's answers, read within bounds.
 *
 * Called by reply.c and the resource files. Owns nothing. A field of another type
 * or beyond its bounds is never cut or guessed at; the caller refuses the answer.
 */
#include "grafana/json_get.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"

bool json_get_id(const json_t *object, const char *name, int64_t *id)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value) || json_integer_value(value) < 1)
		return false;
	*id = (int64_t)json_integer_value(value);
	return true;
}

bool json_get_text(const json_t *object, const char *name, char *out, size_t capacity)
{
	const json_t *value = json_object_get(object, name);
	size_t length;

	out[0] = '\0';
	if (value == NULL || json_is_null(value))
		return true;
	if (!json_is_string(value))
		return false;
	length = json_string_length(value);
	if (length >= capacity || strlen(json_string_value(value)) != length)
		return false;
	return text_copy_bytes(out, capacity, json_string_value(value), length);
}

/* Not in the middle of a character: bytes 10xxxxxx continue one. */
static size_t cut_length(const char *text, size_t length, size_t most)
{
	if (length <= most)
		return length;
	while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

void json_cut_text(const json_t *object, const char *name, char *out, size_t capacity)
{
	const json_t *value = json_object_get(object, name);
	size_t length;

	out[0] = '\0';
	if (!json_is_string(value))
		return;
	length = cut_length(json_string_value(value), json_string_length(value), capacity - 1);
	memcpy(out, json_string_value(value), length);
	out[length] = '\0';
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
			out[i] = '?';
}

bool json_get_true(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

bool json_get_time(const json_t *object, const char *name, int64_t *time_ms)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL && text_to_time_ms(text, time_ms);
}
