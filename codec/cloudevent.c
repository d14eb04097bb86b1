/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudevent.c - a Kafka record to a CloudEvents 1.0 request event.
 *
 * Called by worker/receive.c for every record; the event owns its JSON data. Follows
 * the Kafka protocol binding: structured mode when content-type begins with
 * application/cloudevents, binary mode (ce_ headers) else; header names are
 * lower case. The first fault is kept and reading goes on, because an outcome can
 * be addressed as soon as id and source are known. Fails with ERROR_POISON only.
 */
#include "codec/cloudevent.h"

#include <jansson.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "codec/json_parse.h"

enum { CE_PREFIX_BYTES = 3, TIME_BYTES = 64, TRACEPARENT_BYTES = 55 };
enum attribute { SPECVERSION, ID, SOURCE, TYPE, SUBJECT, TIME, ATTRIBUTE_COUNT };
enum { SEEN_CONTENT_TYPE = ATTRIBUTE_COUNT, SEEN_TRACEPARENT, NAME_COUNT };

struct decoder {
	const struct record_view *record;
	struct cloudevent *event;
	struct error *err;
	bool structured;
	bool seen[NAME_COUNT];
	struct slice headers[NAME_COUNT];
};

static const struct attribute_rule {
	const char *header; /* the JSON member's name is this without "ce_" */
	bool required;
	size_t max_bytes;
	size_t offset; /* in struct cloudevent, where 'kept' */
	bool kept;
} rules[ATTRIBUTE_COUNT] = {
	[SPECVERSION] = {"ce_specversion", true, LIMIT_EVENT_TYPE_BYTES, 0, false},
	[ID] = {"ce_id", true, LIMIT_EVENT_ID_BYTES, offsetof(struct cloudevent, id), true},
	[SOURCE] = {"ce_source", true, LIMIT_EVENT_SOURCE_BYTES,
		    offsetof(struct cloudevent, source), true},
	[TYPE] = {"ce_type", true, LIMIT_EVENT_TYPE_BYTES, offsetof(struct cloudevent, type), true},
	[SUBJECT] = {"ce_subject", false, LIMIT_EVENT_SUBJECT_BYTES,
		     offsetof(struct cloudevent, subject), true},
	[TIME] = {"ce_time", false, TIME_BYTES, 0, false},
};

static void fail(struct decoder *decoder, const char *error_class, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void fail(struct decoder *decoder, const char *error_class, const char *format, ...)
{
	char text[sizeof(decoder->err->text)];
	va_list args;

	if (decoder->event->error_class != NULL)
		return;
	decoder->event->error_class = error_class;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(decoder->err, ERROR_POISON, "cloudevent", 0, "%s", text);
}

/* What the attribute is called where this event has it. */
static const char *place(const struct decoder *decoder, enum attribute attribute)
{
	return rules[attribute].header + (decoder->structured ? CE_PREFIX_BYTES : 0);
}

static bool slice_equals(struct slice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.data, text, slice.length) == 0;
}

static bool slice_has_prefix(struct slice slice, const char *prefix)
{
	return slice.length >= strlen(prefix) &&
	       strncasecmp(slice.data, prefix, strlen(prefix)) == 0;
}

/* --- headers --- */

static int header_index(const char *name)
{
	if (strcmp(name, "content-type") == 0)
		return SEEN_CONTENT_TYPE;
	if (strcmp(name, "traceparent") == 0)
		return SEEN_TRACEPARENT;
	if (strncmp(name, "ce_", CE_PREFIX_BYTES) != 0)
		return -1;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (strcmp(name, rules[i].header) == 0)
			return i;
	return -1;
}

static void read_headers(struct decoder *decoder)
{
	const struct record_view *record = decoder->record;

	if (record->header_count > LIMIT_HEADERS)
		fail(decoder, "too_large", "headers: there are %zu, at most %d are allowed",
		     record->header_count, LIMIT_HEADERS);
	for (size_t i = 0; i < record->header_count && i < LIMIT_HEADERS; i++) {
		const struct header_view *header = &record->headers[i];
		int index = header_index(header->name);

		if (index < 0)
			continue;
		if (decoder->seen[index])
			fail(decoder, "contradiction", "%s: header is there twice", header->name);
		decoder->seen[index] = true;
		decoder->headers[index] = header->value;
	}
}

/* The media type without parameters and spaces. */
static struct slice media_type(struct slice value)
{
	const char *end = value.length == 0 ? NULL : memchr(value.data, ';', value.length);

	if (end != NULL)
		value.length = (size_t)(end - value.data);
	while (value.length > 0 && value.data[value.length - 1] == ' ')
		value.length--;
	return value;
}

static bool is_json_type(struct slice value)
{
	static const char suffix[] = "+json";
	struct slice type = media_type(value), tail = type;

	if (type.length == strlen("application/json") && slice_has_prefix(type, "application/json"))
		return true;
	if (type.length <= strlen(suffix))
		return false;
	tail.data += type.length - strlen(suffix);
	tail.length = strlen(suffix);
	return slice_has_prefix(tail, suffix);
}

static void read_content_type(struct decoder *decoder)
{
	struct slice value = decoder->headers[SEEN_CONTENT_TYPE], type = media_type(value);

	decoder->structured = slice_has_prefix(value, "application/cloudevents");
	if (slice_has_prefix(value, "application/cloudevents-batch"))
		fail(decoder, "bad_content_type", "content-type: batch mode is not supported");
	else if (decoder->structured && (type.length != strlen("application/cloudevents+json") ||
					 !slice_has_prefix(type, "application/cloudevents+json")))
		fail(decoder, "bad_content_type",
		     "content-type: the only format that is read is application/cloudevents+json");
	else if (decoder->seen[SEEN_CONTENT_TYPE] && !is_json_type(value))
		fail(decoder, "bad_content_type", "content-type: data must be JSON");
}

/* An invalid traceparent is dropped, as W3C Trace Context asks for. */
static void keep_traceparent(struct decoder *decoder, struct slice value)
{
	if (value.length != TRACEPARENT_BYTES)
		return;
	for (size_t i = 0; i < TRACEPARENT_BYTES; i++) {
		bool dash = i == 2 || i == 35 || i == 52;
		const char *accepted = dash ? "-" : "0123456789abcdef";

		if (value.data[i] == '\0' || strchr(accepted, value.data[i]) == NULL)
			return;
	}
	text_copy_bytes(decoder->event->traceparent, sizeof(decoder->event->traceparent),
			value.data, value.length);
}

/* --- attributes, wherever they came from --- */

static bool is_acceptable(struct decoder *decoder, enum attribute attribute, struct slice value)
{
	const struct attribute_rule *rule = &rules[attribute];
	const char *name = place(decoder, attribute);

	if (value.length == 0)
		fail(decoder, "bad_attribute", "%s: must not be empty", name);
	else if (value.length > rule->max_bytes)
		fail(decoder, "bad_attribute", "%s: is %zu bytes long, at most %zu are allowed",
		     name, value.length, rule->max_bytes);
	else if (!text_is_utf8(value.data, value.length))
		fail(decoder, "not_utf8", "%s: is not UTF-8", name);
	else if (memchr(value.data, '\0', value.length) != NULL)
		fail(decoder, "bad_attribute", "%s: has a NUL character", name);
	else if (text_has_control(value.data, value.length))
		fail(decoder, "bad_attribute", "%s: has a control character", name);
	else
		return true;
	return false;
}

static void check_meaning(struct decoder *decoder, enum attribute attribute, struct slice value)
{
	const char *name = place(decoder, attribute);
	char time[TIME_BYTES + 1];

	if (attribute == SPECVERSION && !slice_equals(value, "1.0"))
		fail(decoder, "bad_attribute", "%s: must be 1.0", name);
	if (attribute == TYPE && !slice_equals(value, CLOUDEVENT_TYPE_REQUEST)) {
		if (slice_has_prefix(value, "io.grantd.request."))
			fail(decoder, "bad_attribute",
			     "%s: another version of the contract; this one is "
			     CLOUDEVENT_TYPE_REQUEST, name);
		else
			fail(decoder, "bad_attribute", "%s: must be " CLOUDEVENT_TYPE_REQUEST, name);
	}
	if (attribute != TIME)
		return;
	text_copy_bytes(time, sizeof(time), value.data, value.length);
	decoder->event->has_time = text_to_time_ms(time, &decoder->event->time_ms);
	if (!decoder->event->has_time)
		fail(decoder, "bad_attribute", "%s: not an RFC 3339 time", name);
}

/* 'value.data' NULL: there is none. */
static void take_attribute(struct decoder *decoder, enum attribute attribute, struct slice value)
{
	const struct attribute_rule *rule = &rules[attribute];

	if (value.data == NULL) {
		if (rule->required)
			fail(decoder, "missing_attribute", "%s: missing", place(decoder, attribute));
		return;
	}
	if (!is_acceptable(decoder, attribute, value))
		return;
	if (rule->kept)
		text_copy_bytes((char *)decoder->event + rule->offset, rule->max_bytes + 1,
				value.data, value.length);
	check_meaning(decoder, attribute, value);
}

/* --- the two modes --- */

static void check_value(struct decoder *decoder)
{
	const struct slice *value = &decoder->record->value;

	if (value->data == NULL)
		fail(decoder, "null_value", "value: is null");
	else if (value->length == 0)
		fail(decoder, "empty_value", "value: is empty");
	else if (value->length > LIMIT_RECORD_VALUE_BYTES)
		fail(decoder, "too_large", "value: is %zu bytes long, at most %d are allowed",
		     value->length, LIMIT_RECORD_VALUE_BYTES);
}

/* The value as a JSON object, or NULL. */
static json_t *parse_value(struct decoder *decoder)
{
	const struct slice *value = &decoder->record->value;
	const char *error_class = NULL;
	struct error fault = {0};
	json_t *root = NULL;

	if (value->data == NULL || value->length == 0 || value->length > LIMIT_RECORD_VALUE_BYTES)
		return NULL;
	if (json_parse_object(*value, &root, &error_class, &fault) < 0)
		fail(decoder, error_class, "value: %s", fault.text);
	return root;
}

static void decode_binary(struct decoder *decoder)
{
	bool any = false;

	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		any = any || decoder->seen[i];
	if (!any)
		fail(decoder, "missing_attribute",
		     "headers: content-type is not application/cloudevents+json, and there "
		     "are no ce_ headers");
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		take_attribute(decoder, (enum attribute)i, decoder->headers[i]);
	if (decoder->event->error_class == NULL)
		decoder->event->data = parse_value(decoder);
}

static struct slice member(struct decoder *decoder, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);
	struct slice text = {json_string_value(value), json_string_length(value)};

	if (value != NULL && !json_is_null(value) && !json_is_string(value))
		fail(decoder, "bad_attribute", "%s: must be a string", name);
	return text;
}

static void check_header_agrees(struct decoder *decoder, enum attribute attribute,
				struct slice value)
{
	struct slice header = decoder->headers[attribute];

	if (!decoder->seen[attribute])
		return;
	if (header.data == NULL || value.data == NULL || header.length != value.length ||
	    memcmp(header.data, value.data, value.length) != 0)
		fail(decoder, "contradiction", "%s: header differs from %s in the value",
		     rules[attribute].header, place(decoder, attribute));
}

static void take_data(struct decoder *decoder, const json_t *root)
{
	json_t *data = json_object_get(root, "data");
	struct slice type = member(decoder, root, "datacontenttype");

	if (json_object_get(root, "data_base64") != NULL)
		fail(decoder, data != NULL ? "contradiction" : "bad_data",
		     "data_base64: is not read; data must be a JSON object");
	else if (data == NULL)
		fail(decoder, "bad_data", "data: missing");
	else if (!json_is_object(data))
		fail(decoder, "bad_data", "data: must be an object");
	if (type.data != NULL && !is_json_type(type))
		fail(decoder, "bad_content_type", "datacontenttype: data must be JSON");
	if (decoder->event->error_class == NULL)
		decoder->event->data = json_incref(data);
}

static void decode_structured(struct decoder *decoder)
{
	json_t *root = parse_value(decoder);

	if (root == NULL)
		return;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++) {
		struct slice value = member(decoder, root, rules[i].header + CE_PREFIX_BYTES);

		take_attribute(decoder, (enum attribute)i, value);
		check_header_agrees(decoder, (enum attribute)i, value);
	}
	if (decoder->event->traceparent[0] == '\0') {
		const json_t *traceparent = json_object_get(root, "traceparent");

		keep_traceparent(decoder, (struct slice){json_string_value(traceparent),
							 json_string_length(traceparent)});
	}
	take_data(decoder, root);
	json_decref(root);
}

int cloudevent_decode(const struct record_view *record, struct cloudevent *event,
		      struct error *err)
{
	struct decoder decoder = {.record = record, .event = event, .err = err};

	memset(event, 0, sizeof(*event));
	check_value(&decoder);
	read_headers(&decoder);
	read_content_type(&decoder);
	keep_traceparent(&decoder, decoder.headers[SEEN_TRACEPARENT]);
	if (decoder.structured)
		decode_structured(&decoder);
	else
		decode_binary(&decoder);
	return event->error_class == NULL ? 0 : -1;
}

void cloudevent_clear(struct cloudevent *event)
{
	if (event == NULL)
		return;
	json_decref(event->data);
	memset(event, 0, sizeof(*event));
}
