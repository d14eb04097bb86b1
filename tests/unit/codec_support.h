/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CODEC_SUPPORT_H
#define TESTS_UNIT_CODEC_SUPPORT_H

/* What the tests of codec/ share. Include first: cmocka wants these in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec/cloudevent.h"
#include "codec/outcome.h"
#include "codec/record.h"
#include "codec/request.h"

#define SUPPORT_NOW_MS INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */
#define SUPPORT_STRUCTURED "application/cloudevents+json"

static inline struct slice support_slice(const char *text)
{
	return (struct slice){text, text == NULL ? 0 : strlen(text)};
}

static inline struct header_view support_header(const char *name, const char *value)
{
	return (struct header_view){name, support_slice(value)};
}

/* The value of the last header of that name, or NULL. */
static inline const char *support_find_header(const struct record *record, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < record->header_count; i++)
		if (strcmp(record->headers[i].name, name) == 0)
			found = record->headers[i].value;
	return found;
}

/* Decode 'data' as the data of a well-formed event; a fault fails the test. */
static inline void support_event(const char *data, struct cloudevent *event)
{
	const struct header_view headers[] = {
		support_header("ce_specversion", "1.0"),
		support_header("ce_id", "req-1"),
		support_header("ce_source", "/portal"),
		support_header("ce_type", CLOUDEVENT_TYPE_REQUEST),
		support_header("ce_subject", "ada@example.com"),
		support_header("ce_time", "2026-11-22T10:00:00Z"),
	};
	struct record_view view = {.topic = "access.requests",
				   .value = support_slice(data),
				   .headers = headers,
				   .header_count = ARRAY_COUNT(headers)};
	struct error err = {0};

	if (cloudevent_decode(&view, event, &err) < 0)
		fail_msg("%s", err.text);
}

static inline struct outcome_frame support_frame(const struct request *request)
{
	return (struct outcome_frame){.request = request,
				      .topic = "access.requests",
				      .partition = 3,
				      .offset = 77,
				      .attempts = 2,
				      .started_ms = SUPPORT_NOW_MS,
				      .finished_ms = SUPPORT_NOW_MS + 25,
				      .event_source = "/grantd/grantd",
				      .worker_id = "host-1",
				      .worker_version = "0.1.0",
				      .mode = CLOUDEVENT_BINARY};
}

#endif
