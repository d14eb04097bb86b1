/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_field.c - located, bounded readers for the fields of a JSON object.
 *
 * Called by request.c. The reader remembers the first fault, so that a decoder
 * is a plain list of fields instead of a ladder of ifs. Texts never quote values:
 * the caller does that where the value is known to be a short identifier.
 */
#include "codec/json_field.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { QUOTED_BYTES = 40, PATH_CAPACITY = 128 };

void json_field_fail(struct json_reader *reader, enum reason reason, const char *format, ...)
{
	char text[sizeof(reader->err->text)];
	va_list args;

	if (reader->failed)
		return;
	reader->failed = true;
	reader->reason = reason;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(reader->err, ERROR_REFUSED, "request", 0, "%s", text);
}

const struct json_t *json_field_get(const struct json_place *place, const char *name)
{
	const json_t *value = json_object_get(place->object, name);

	return value == NULL || json_is_null(value) ? NULL : value;
}

static const char *type_name(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "an integer";
	case JSON_REAL:
		return "a number with a fraction or exponent";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
	default:
		return "null";
	}
}

static bool breaks_rule(const char *text, size_t length, enum text_rule rule)
{
	if (rule != TEXT_PROSE)
		return text_has_control(text, length);
	for (size_t i = 0; i < length; i++)
		if (strchr("\n\r\t", text[i]) == NULL && text_has_control(text + i, 1))
			return true;
	return false;
}

/* What is wrong with a text, or NULL. */
static const char *text_fault(const char *text, size_t length, enum text_rule rule)
{
	if (length == 0)
		return "must not be empty";
	if (memchr(text, '\0', length) != NULL)
		return "has a NUL character";
	if (breaks_rule(text, length, rule))
		return "has a control character";
	if (rule == TEXT_NAME && (text[0] == ' ' || text[length - 1] == ' '))
		return "begins or ends with a space";
	return NULL;
}

char *json_field_text_value(struct json_reader *reader, const struct json_t *value,
			    const char *path, enum text_rule rule, size_t max_bytes)
{
	const char *text = json_string_value(value), *fault;
	size_t length = json_string_length(value);

	if (text == NULL) {
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s: must be a string, is %s", path,
				type_name(value));
		return NULL;
	}
	if (length > max_bytes) {
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"%s: is %zu bytes long, at most %zu are allowed", path, length,
				max_bytes);
		return NULL;
	}
	fault = text_fault(text, length, rule);
	if (fault != NULL) {
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s: %s", path, fault);
		return NULL;
	}
	return mem_strndup(text, length);
}

/* Paths are only put together when there is a fault to tell of; so the common
 * case is checked with the name alone, and the fault found again with the path. */
char *json_field_text(struct json_reader *reader, const struct json_place *place,
		      const char *name, enum text_rule rule, size_t max_bytes)
{
	const json_t *value = json_field_get(place, name);
	char path[PATH_CAPACITY];
	size_t length;

	if (value == NULL)
		return NULL;
	length = json_string_length(value);
	if (json_is_string(value) && length <= max_bytes &&
	    text_fault(json_string_value(value), length, rule) == NULL)
		return mem_strndup(json_string_value(value), length);
	text_format(path, sizeof(path), "%s.%s", place->path, name);
	return json_field_text_value(reader, value, path, rule, max_bytes);
}

bool json_field_integer(struct json_reader *reader, const struct json_place *place,
			const char *name, int64_t min, int64_t max, int64_t *number)
{
	const json_t *value = json_field_get(place, name);

	if (value == NULL)
		return false;
	if (!json_is_integer(value)) {
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s.%s: must be an integer, is %s",
				place->path, name, type_name(value));
		return false;
	}
	if (json_integer_value(value) < min || json_integer_value(value) > max) {
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"%s.%s: must be from %" PRId64 " to %" PRId64, place->path, name,
				min, max);
		return false;
	}
	*number = json_integer_value(value);
	return true;
}

bool json_field_flag(struct json_reader *reader, const struct json_place *place,
		     const char *name)
{
	const json_t *value = json_field_get(place, name);

	if (value != NULL && !json_is_boolean(value))
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s.%s: must be a boolean, is %s",
				place->path, name, type_name(value));
	return json_is_true(value);
}

bool json_field_time(struct json_reader *reader, const struct json_place *place,
		     const char *name, int64_t *time_ms)
{
	enum { TIME_BYTES = 64 };
	char *text = json_field_text(reader, place, name, TEXT_NAME, TIME_BYTES);
	bool valid;

	if (text == NULL)
		return false;
	valid = text_to_time_ms(text, time_ms);
	free(text);
	if (!valid)
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s.%s: not an RFC 3339 time",
				place->path, name);
	return valid;
}

bool json_field_object(struct json_reader *reader, const struct json_place *place,
		       const char *name, const char *path, struct json_place *nested)
{
	const json_t *value = json_field_get(place, name);

	if (value == NULL)
		return false;
	if (!json_is_object(value)) {
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s: must be an object, is %s", path,
				type_name(value));
		return false;
	}
	nested->object = value;
	nested->path = path;
	return true;
}

void json_field_quote(const char *text, char out[JSON_QUOTE_CAPACITY])
{
	char *end = out + JSON_QUOTE_CAPACITY;

	for (size_t i = 0; text[i] != '\0' && i < QUOTED_BYTES; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\')
			*out++ = (char)byte;
		else
			out += snprintf(out, (size_t)(end - out), "\\x%02x", byte);
	}
	*out = '\0';
}
