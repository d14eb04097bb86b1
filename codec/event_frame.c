/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_frame.c - what the events about one request share: id, request, target, envelope.
 *
 * Called by outcome.c, credential.c and follow_up.c. Owns nothing; cannot fail.
 */
#include "codec/event_frame.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"

enum { ID_SEED_CAPACITY = LIMIT_EVENT_ID_BYTES + LIMIT_EVENT_SOURCE_BYTES + 512 };

void event_frame_id(const struct request *request, const char *kind, int64_t version,
		    char out[EVENT_FRAME_ID_CAPACITY])
{
	char seed[ID_SEED_CAPACITY], hex[DIGEST_HEX_CAPACITY];
	const char *id = request->id != NULL ? request->id : "";
	const char *source = request->source != NULL ? request->source : "";
	size_t used = 0;

	/* NUL cannot be part of either, so no two pairs give the same seed. */
	text_copy(seed, sizeof(seed), source);
	used = strlen(seed) + 1;
	text_copy(seed + used, sizeof(seed) - used, id);
	used += strlen(seed + used) + 1;
	if (version == 0)
		text_copy(seed + used, sizeof(seed) - used, kind);
	else
		text_format(seed + used, sizeof(seed) - used, "%s/%" PRId64, kind, version);
	used += strlen(seed + used);
	digest_sha256_hex(seed, used, hex);
	text_copy_bytes(out, EVENT_FRAME_ID_CAPACITY, hex, EVENT_FRAME_ID_CAPACITY - 1);
}

void event_frame_write_request(struct json_writer *writer, const struct outcome_frame *frame)
{
	json_write_begin_object(writer, "request");
	json_write_text(writer, "id", frame->request->id);
	json_write_text(writer, "source", frame->request->source);
	json_write_text(writer, "topic", frame->topic);
	json_write_integer(writer, "partition", frame->partition);
	json_write_integer(writer, "offset", frame->offset);
	json_write_end_object(writer);
}

static void write_id(struct json_writer *writer, const char *key, int64_t id)
{
	if (id != 0)
		json_write_integer(writer, key, id);
}

static void write_name(struct json_writer *writer, const char *key, const char *name)
{
	if (name[0] != '\0')
		json_write_text(writer, key, name);
}

void event_frame_write_target(struct json_writer *writer, const struct outcome_target *target)
{
	json_write_begin_object(writer, "target");
	write_id(writer, "user_id", target->user_id);
	write_name(writer, "login", target->login);
	write_name(writer, "email", target->email);
	write_id(writer, "org_id", target->org_id);
	write_name(writer, "org_name", target->org_name);
	write_id(writer, "team_id", target->team_id);
	write_name(writer, "team_name", target->team_name);
	write_id(writer, "service_account_id", target->service_account_id);
	write_name(writer, "service_account_name", target->service_account_name);
	write_id(writer, "token_id", target->token_id);
	write_name(writer, "token_name", target->token_name);
	write_name(writer, "folder_uid", target->folder_uid);
	write_name(writer, "dashboard_uid", target->dashboard_uid);
	json_write_end_object(writer);
}

void event_frame_write_people(struct json_writer *writer, const struct request *request,
			      const char *reason)
{
	if (request->requested_by != NULL)
		json_write_text(writer, "requested_by", request->requested_by);
	if (request->approver_count > 0) {
		json_write_begin_array(writer, "approved_by");
		for (size_t i = 0; i < request->approver_count; i++)
			json_write_text(writer, NULL, request->approved_by[i]);
		json_write_end_array(writer);
	}
	if (request->ticket != NULL)
		json_write_text(writer, "ticket", request->ticket);
	if (request->reason != NULL)
		json_write_text(writer, reason, request->reason);
}

void event_frame_encode(const struct outcome_frame *frame, const char *type, const char *id,
			struct buffer *data, struct record *record)
{
	const struct cloudevent_attributes attributes = {
		.id = id,
		.source = frame->event_source,
		.type = type,
		.subject = frame->request->subject,
		.traceparent = frame->request->traceparent,
		.time_ms = frame->finished_ms,
	};

	cloudevent_encode(&attributes, data, frame->mode, record);
}
