/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard_model.c - the JSON model of a dashboard, as a request brings it.
 *
 * Called by request.c and request_bootstrap.c. Only what Grafana needs for saving is
 * looked at (title, uid); everything else is passed on. id and version are left out:
 * an id is another server's, and the version is the request's expected_version.
 */
#include "codec/dashboard_model.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "codec/json_canonical.h"
#include "config/limits.h"

char *dashboard_model_uid(struct json_reader *reader, const struct json_place *place)
{
	static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_";
	char *uid = json_field_text(reader, place, "uid", TEXT_NAME, LIMIT_UID_BYTES);

	if (uid != NULL && uid[strspn(uid, legal)] != '\0')
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"%s.uid: may have only letters, digits, '-' and '_'", place->path);
	return uid;
}

/* Bounded by 'left', so that it stops where it may not go on. */
static bool is_deeper(const json_t *value, int left)
{
	json_t *open = (json_t *)(uintptr_t)value; /* jansson's iterators want it so */
	const json_t *item;
	size_t index;

	if (!json_is_object(value) && !json_is_array(value))
		return false;
	if (left == 0)
		return true;
	json_array_foreach(value, index, item)
		if (is_deeper(item, left - 1))
			return true;
	for (void *at = json_object_iter(open); at != NULL; at = json_object_iter_next(open, at))
		if (is_deeper(json_object_iter_value(at), left - 1))
			return true;
	return false;
}

static char *write_model(struct json_reader *reader, const struct json_place *place)
{
	static const char *const left_out[] = {"id", "uid", "version"};
	json_t *model = json_copy((json_t *)(uintptr_t)place->object);
	struct buffer text;
	char *written = NULL;

	buffer_init(&text, LIMIT_DASHBOARD_BYTES);
	for (size_t i = 0; i < ARRAY_COUNT(left_out); i++)
		json_object_del(model, left_out[i]);
	json_canonical_append(model, &text);
	if (text.overflowed)
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s: is longer than %d bytes",
				place->path, LIMIT_DASHBOARD_BYTES);
	else
		written = mem_strndup(text.bytes, text.length);
	buffer_clear(&text);
	json_decref(model);
	return written;
}

void dashboard_model_read(struct json_reader *reader, const struct json_place *place,
			  struct request_dashboard *dashboard)
{
	memset(dashboard, 0, sizeof(*dashboard));
	dashboard->uid = dashboard_model_uid(reader, place);
	dashboard->title =
		json_field_text(reader, place, "title", TEXT_NAME, LIMIT_DASHBOARD_TITLE_BYTES);
	if (dashboard->title == NULL)
		json_field_fail(reader, REASON_REQUEST_INVALID, "%s.title: missing", place->path);
	if (is_deeper(place->object, LIMIT_DASHBOARD_DEPTH))
		json_field_fail(reader, REASON_REQUEST_INVALID,
				"%s: is nested more than %d levels deep", place->path,
				LIMIT_DASHBOARD_DEPTH);
	else
		dashboard->model = write_model(reader, place);
}

void dashboard_model_clear(struct request_dashboard *dashboard)
{
	free(dashboard->model);
	free(dashboard->uid);
	free(dashboard->title);
	memset(dashboard, 0, sizeof(*dashboard));
}
