/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_CLOUDEVENT_H
#define CODEC_CLOUDEVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "codec/record.h"
#include "config/limits.h"

struct json_t;

#define CLOUDEVENT_TYPE_REQUEST "io.grantd.request.v1"
#define CLOUDEVENT_TYPE_OUTCOME "io.grantd.outcome.v1"
#define CLOUDEVENT_TYPE_CREDENTIAL "io.grantd.credential.v1"
#define CLOUDEVENT_TYPE_INVENTORY "io.grantd.inventory.v1"

/* The attributes of a CloudEvents 1.0 event that grantd uses; "" = absent. */
struct cloudevent {
	char id[LIMIT_EVENT_ID_BYTES + 1];
	char source[LIMIT_EVENT_SOURCE_BYTES + 1];
	char type[LIMIT_EVENT_TYPE_BYTES + 1];
	char subject[LIMIT_EVENT_SUBJECT_BYTES + 1];
	char traceparent[LIMIT_TRACEPARENT_BYTES + 1];
	bool has_time;
	int64_t time_ms;
	struct json_t *data;	 /* a JSON object; owned */
	const char *error_class; /* static word for what was wrong; NULL = nothing */
};

/*
 * Read a record in structured (content-type application/cloudevents+json) or
 * binary (ce_* headers) mode. Fails with ERROR_POISON and a text that names the
 * header or JSON path ("ce_time: not an RFC 3339 time"). Even then id, source,
 * subject and traceparent are left filled as far as they were readable, so that
 * an outcome can be addressed; id and source are both non-empty exactly when
 * they were valid. 'error_class' then says what kind of fault it is: not_json,
 * not_utf8, not_an_object, duplicate_name, bad_number, null_value, empty_value,
 * too_large, missing_attribute, bad_attribute, contradiction, bad_content_type,
 * bad_data. cloudevent_clear() is due either way.
 */
MUST_CHECK int cloudevent_decode(const struct record_view *record, struct cloudevent *event,
				 struct error *err);
void cloudevent_clear(struct cloudevent *event);

/* The attributes of an event to be written; NULL or "" = absent. */
struct cloudevent_attributes {
	const char *id, *source, *type;
	const char *subject, *traceparent;
	int64_t time_ms;
};

enum cloudevent_mode { CLOUDEVENT_BINARY, CLOUDEVENT_STRUCTURED };

/*
 * Wrap JSON data as an event: value and headers of 'record', which has been
 * initialised. Binary mode: ce_* headers + content-type application/json;
 * structured mode: one JSON object. Adds traceparent as a plain record header
 * when there is one. The bytes of 'data' are moved out of it.
 */
void cloudevent_encode(const struct cloudevent_attributes *attributes, struct buffer *data,
		       enum cloudevent_mode mode, struct record *record);

#endif
