/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_view.c - events that grantd published, for people and scripts.
 *
 * Called by grantctl only. Owns one JSON tree. Lenient where cloudevent.c is
 * strict: attributes that it does not know are kept, none is asked for.
 */
#include "codec/event_view.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/json_parse.h"
#include "config/limits.h"

static const char STRUCTURED[] = "application/cloudevents";
enum { CE_PREFIX_BYTES = 3, NAME_CAPACITY = 64 };

struct event_view {
	json_t *event;
};

static struct event_view *make_view(json_t *event)
{
	struct event_view *view = mem_zalloc(sizeof(*view));

	view->event = event;
	return view;
}

static bool header_is(const struct header_view *header, const char *name, const char *prefix)
{
	return text_equal_nocase(header->name, name) &&
	       header->value.length >= strlen(prefix) && header->value.data != NULL &&
	       strncasecmp(header->value.data, prefix, strlen(prefix)) == 0;
}

static bool is_structured(const struct record_view *record)
{
	for (size_t i = 0; i < record->header_count; i++)
		if (header_is(&record->headers[i], "content-type", STRUCTURED))
			return true;
	return false;
}

/* An attribute whose bytes are not UTF-8 is left out: it can't be shown as JSON. */
static json_t *read_attributes(const struct record_view *record)
{
	json_t *event = json_object();

	for (size_t i = 0; i < record->header_count; i++) {
		const struct header_view *header = &record->headers[i];

		if (text_starts_with_nocase(header->name, "ce_") && header->value.data != NULL)
			json_object_set_new(event, header->name + CE_PREFIX_BYTES,
					    json_stringn(header->value.data, header->value.length));
		else if (text_equal_nocase(header->name, "content-type") &&
			 header->value.data != NULL)
			json_object_set_new(event, "datacontenttype",
					    json_stringn(header->value.data, header->value.length));
	}
	return event;
}

static int parse_object(struct slice text, json_t **object, struct error *err)
{
	const char *error_class = NULL;

	if (text.length == 0 || text.data == NULL) {
		error_set(err, ERROR_POISON, "event", 0, "is empty");
		return -1;
	}
	return json_parse_object(text, object, &error_class, err);
}

int event_view_read(const struct record_view *record, struct event_view **view,
		    struct error *err)
{
	json_t *value = NULL, *event;

	if (parse_object(record->value, &value, err) < 0)
		return -1;
	if (is_structured(record)) {
		*view = make_view(value);
		return 0;
	}
	event = read_attributes(record);
	json_object_set_new(event, "data", value);
	*view = make_view(event);
	return 0;
}

int event_view_of_record(const struct record *record, struct event_view **view,
			 struct error *err)
{
	struct header_view headers[LIMIT_HEADERS];
	struct record_view record_view = {.value = {record->value, record->value_bytes},
					  .headers = headers};

	for (size_t i = 0; i < record->header_count && i < ARRAY_COUNT(headers); i++) {
		const struct record_header *header = &record->headers[i];

		headers[i] = (struct header_view){header->name,
						  {header->value, header->value_bytes}};
		record_view.header_count++;
	}
	return event_view_read(&record_view, view, err);
}

int event_view_parse(struct slice text, struct event_view **view, struct error *err)
{
	json_t *value = NULL, *event;

	if (parse_object(text, &value, err) < 0)
		return -1;
	if (json_is_object(json_object_get(value, "data"))) {
		*view = make_view(value);
		return 0;
	}
	event = json_object();
	json_object_set_new(event, "data", value);
	*view = make_view(event);
	return 0;
}

void event_view_free(struct event_view *view)
{
	if (view == NULL)
		return;
	json_decref(view->event);
	free(view);
}

static const json_t *find(const struct event_view *view, const char *path)
{
	const json_t *value = view->event;

	while (value != NULL && *path != '\0') {
		size_t length = strcspn(path, ".");
		char name[NAME_CAPACITY];

		if (!text_copy_bytes(name, sizeof(name), path, length))
			return NULL;
		value = json_object_get(value, name);
		path += length;
		path += *path == '.';
	}
	return value;
}

const char *event_view_text(const struct event_view *view, const char *path)
{
	const char *text = json_string_value(find(view, path));

	return text != NULL ? text : "";
}

bool event_view_integer(const struct event_view *view, const char *path, int64_t *number)
{
	const json_t *value = find(view, path);

	if (!json_is_integer(value))
		return false;
	*number = json_integer_value(value);
	return true;
}

bool event_view_has(const struct event_view *view, const char *path)
{
	return find(view, path) != NULL;
}

bool event_view_is_true(const struct event_view *view, const char *path)
{
	return json_is_true(find(view, path));
}

void event_view_write(const struct event_view *view, struct buffer *out)
{
	event_view_write_at(view, "", out);
}

void event_view_write_at(const struct event_view *view, const char *path, struct buffer *out)
{
	const json_t *value = find(view, path);
	char *text = value == NULL ? NULL : json_dumps(value, JSON_COMPACT);

	if (text != NULL)
		buffer_append_text(out, text);
	free(text);
}
