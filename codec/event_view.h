/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_EVENT_VIEW_H
#define CODEC_EVENT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "codec/record.h"

/*
 * An event as people want to see it: one JSON object in structured form, in
 * whichever mode it came. For looking at what grantd published; what grantd acts on
 * is read by cloudevent.h and request.h.
 */
struct event_view;

/* From a record in binary or structured mode. ERROR_POISON if it is no event. */
MUST_CHECK int event_view_read(const struct record_view *record, struct event_view **view,
			       struct error *err);
/* The same, from a record that grantd keeps or will write. */
MUST_CHECK int event_view_of_record(const struct record *record, struct event_view **view,
				    struct error *err);
/* From JSON text: a whole event, or its data alone, which then becomes "data". */
MUST_CHECK int event_view_parse(struct slice text, struct event_view **view,
				struct error *err);
void event_view_free(struct event_view *view); /* NULL is allowed */

/* The string at a path such as "data.reason.code"; "" if there is none. It belongs
 * to the view. */
const char *event_view_text(const struct event_view *view, const char *path);
/* False if there is no integer there. */
bool event_view_integer(const struct event_view *view, const char *path, int64_t *number);
bool event_view_has(const struct event_view *view, const char *path); /* null counts */

bool event_view_is_true(const struct event_view *view, const char *path);

/* Append what is at a path as JSON; nothing if nothing is there. */
void event_view_write_at(const struct event_view *view, const char *path, struct buffer *out);
/* Append the whole as one line of JSON, without a line break. */
void event_view_write(const struct event_view *view, struct buffer *out);

#endif
