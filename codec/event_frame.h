/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_EVENT_FRAME_H
#define CODEC_EVENT_FRAME_H

#include "codec/json_write.h"
#include "codec/outcome.h"

/*
 * What outcome.c, credential.c and follow_up.c have in common: the parts of their events
 * that speak of the request. Outside of codec/ only event_frame_id() is of use, for names that
 * must follow from a request.
 */

enum { EVENT_FRAME_ID_CAPACITY = EVENT_ID_CAPACITY };

/* The event's id: the same for the same request, kind and version, so that
 * readers can drop what they have seen. */
void event_frame_id(const struct request *request, const char *kind, int64_t version,
		    char out[EVENT_FRAME_ID_CAPACITY]);

/* "request": {id, source, topic, partition, offset} */
void event_frame_write_request(struct json_writer *writer, const struct outcome_frame *frame);
/* "target": {...}, without what is unknown */
void event_frame_write_target(struct json_writer *writer, const struct outcome_target *target);

/* "requested_by", "approved_by", "ticket" and, under the name 'reason', the request's
 * reason; each only if it is said. */
void event_frame_write_people(struct json_writer *writer, const struct request *request,
			      const char *reason);

/* Wraps 'data' (moved) as an event of 'type' with the frame's attributes. */
void event_frame_encode(const struct outcome_frame *frame, const char *type, const char *id,
			struct buffer *data, struct record *record);

#endif
