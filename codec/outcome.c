/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.c - what happened to a request, as an event.
 *
 * Called by the pipeline once per settled request; the bytes are stored and
 * published from there, so they are made only once. The order of the members is
 * the contract's. Cannot fail: every part is bounded by config/limits.h, and the
 * buffer's maximum is beyond their sum.
 */
#include "codec/outcome.h"

#include <string.h>

#include "base/text.h"
#include "codec/event_frame.h"
#include "codec/follow_up.h"

const char *result_name(enum result result)
{
	static const char *const names[] = {
		[RESULT_APPLIED] = "applied",
		[RESULT_ALREADY_SO] = "already_so",
		[RESULT_PLANNED] = "planned",
		[RESULT_NEEDS_ACTION] = "needs_action",
		[RESULT_REFUSED] = "refused",
		[RESULT_FAILED] = "failed",
	};

	return names[result];
}

static void write_said(struct json_writer *writer, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_write_text(writer, key, text);
}

static void write_reason(struct json_writer *writer, const struct outcome *outcome)
{
	const char *message_id = outcome->grafana_message_id;

	json_write_begin_object(writer, "reason");
	json_write_text(writer, "code", reason_code(outcome->reason));
	json_write_text(writer, "message", outcome->message);
	write_said(writer, "rule", outcome->rule);
	if (outcome->grafana_status == 0) {
		json_write_null(writer, "grafana");
	} else {
		json_write_begin_object(writer, "grafana");
		json_write_integer(writer, "status", outcome->grafana_status);
		json_write_text(writer, "message_id", message_id[0] != '\0' ? message_id : NULL);
		json_write_end_object(writer);
	}
	json_write_end_object(writer);
}

static void write_fact(struct json_writer *writer, const char *key, enum fact fact)
{
	if (fact != FACT_UNSAID)
		json_write_bool(writer, key, fact == FACT_YES);
}

static bool says_nothing(const struct evidence *evidence)
{
	return evidence->account == FACT_UNSAID && evidence->member == FACT_UNSAID &&
	       evidence->disabled == FACT_UNSAID && evidence->exists == FACT_UNSAID &&
	       evidence->version == 0 && evidence->server_admin == FACT_UNSAID &&
	       evidence->team_member == FACT_UNSAID && evidence->login[0] == '\0' &&
	       evidence->email[0] == '\0' && evidence->name[0] == '\0';
}

static void write_evidence(struct json_writer *writer, const char *key,
			   const struct evidence *evidence)
{
	if (says_nothing(evidence))
		return;
	json_write_begin_object(writer, key);
	write_fact(writer, "account", evidence->account);
	if (evidence->member == FACT_NO)
		json_write_null(writer, "role");
	else if (evidence->member == FACT_YES && evidence->role != ROLE_UNSET)
		json_write_text(writer, "role", role_name(evidence->role));
	write_fact(writer, "disabled", evidence->disabled);
	write_fact(writer, "exists", evidence->exists);
	if (evidence->version != 0)
		json_write_integer(writer, "version", evidence->version);
	write_fact(writer, "server_admin", evidence->server_admin);
	write_fact(writer, "team_member", evidence->team_member);
	write_said(writer, "login", evidence->login);
	write_said(writer, "email", evidence->email);
	write_said(writer, "name", evidence->name);
	json_write_end_object(writer);
}

static void write_part(struct json_writer *writer, const struct outcome_part *part)
{
	static const char *const kinds[] = {
		[PART_ORG] = "org",
		[PART_ADMIN] = "admin",
		[PART_FOLDER] = "folder",
		[PART_DASHBOARD] = "dashboard",
		[PART_SERVICE_ACCOUNT] = "service_account",
		[PART_TOKEN] = "token",
	};
	static const char *const states[] = {
		[PART_NOT_DONE] = "not_done",
		[PART_APPLIED] = "applied",
		[PART_ALREADY_SO] = "already_so",
		[PART_PLANNED] = "planned",
		[PART_REFUSED] = "refused",
	};

	json_write_begin_object(writer, NULL);
	json_write_text(writer, "part", kinds[part->kind]);
	json_write_text(writer, "name", part->name);
	json_write_text(writer, "result", states[part->state]);
	if (part->state == PART_REFUSED)
		json_write_text(writer, "reason", reason_code(part->reason));
	json_write_end_object(writer);
}

static void write_parts(struct json_writer *writer, const struct outcome *outcome)
{
	if (outcome->part_count == 0)
		return;
	json_write_begin_array(writer, "parts");
	for (size_t i = 0; i < outcome->part_count; i++)
		write_part(writer, &outcome->parts[i]);
	json_write_end_array(writer);
}

static void write_credential(struct json_writer *writer, const struct outcome *outcome)
{
	if (outcome->credential_version == 0)
		return;
	json_write_begin_object(writer, "credential");
	json_write_integer(writer, "version", outcome->credential_version);
	json_write_end_object(writer);
}

static void write_follow_up(struct json_writer *writer, const struct outcome_frame *frame)
{
	const struct follow_up *follow_up = frame->follow_up;
	char id[LIMIT_EVENT_ID_BYTES + 1];

	if (follow_up == NULL || follow_up->kind == NULL)
		return;
	follow_up_id(follow_up, frame->request, id);
	json_write_begin_object(writer, "follow_up");
	json_write_text(writer, "action", follow_up->asked.action);
	json_write_time(writer, "at", follow_up->at_ms);
	json_write_text(writer, "request_id", id);
	json_write_text(writer, "source", frame->event_source);
	follow_up_write_data(writer, "data", follow_up, frame->request);
	json_write_end_object(writer);
}

static void write_worker(struct json_writer *writer, const struct outcome_frame *frame)
{
	json_write_begin_object(writer, "worker");
	json_write_text(writer, "id", frame->worker_id);
	json_write_text(writer, "version", frame->worker_version);
	json_write_end_object(writer);
}

static void write_data(struct json_writer *writer, const struct outcome *outcome,
		       const struct outcome_frame *frame)
{
	json_write_begin_object(writer, NULL);
	event_frame_write_request(writer, frame);
	json_write_text(writer, "action", frame->request->action);
	json_write_text(writer, "instance", frame->request->instance);
	if (frame->request->mode == MODE_PLAN)
		json_write_text(writer, "mode", "plan");
	json_write_text(writer, "result", result_name(outcome->result));
	write_reason(writer, outcome);
	event_frame_write_target(writer, &outcome->target);
	write_evidence(writer, "before", &outcome->before);
	write_evidence(writer, "after", &outcome->after);
	if (outcome->expires_ms != 0)
		json_write_time(writer, "expires_at", outcome->expires_ms);
	write_evidence(writer, "reverts_to", &outcome->reverts_to);
	follow_up_write_grant(writer, &frame->request->grant);
	write_parts(writer, outcome);
	write_credential(writer, outcome);
	write_said(writer, "snapshot", outcome->snapshot);
	write_follow_up(writer, frame);
	json_write_integer(writer, "attempts", frame->attempts);
	json_write_time(writer, "started_at", frame->started_ms);
	json_write_time(writer, "finished_at", frame->finished_ms);
	event_frame_write_people(writer, frame->request, "justification");
	write_worker(writer, frame);
	json_write_end_object(writer);
}

static void set_key(struct record *record, const struct request *request)
{
	const char *key = request->subject != NULL ? request->subject : request->id;

	record_set_key(record, key, key == NULL ? 0 : strlen(key));
}

/* A request whose id another one has must not be taken for that one's outcome by
 * readers that drop what they have seen: its record is what tells it apart. */
static void outcome_id(const struct outcome *outcome, const struct outcome_frame *frame,
		       char id[EVENT_FRAME_ID_CAPACITY])
{
	char kind[320];

	if (outcome->reason == REASON_REQUEST_ID_REUSED)
		text_format(kind, sizeof(kind), "id_reused/%s/%d/%lld", frame->topic,
			    (int)frame->partition, (long long)frame->offset);
	else
		text_copy(kind, sizeof(kind), "outcome");
	event_frame_id(frame->request, kind, 0, id);
}

void outcome_encode(const struct outcome *outcome, const struct outcome_frame *frame,
		    struct record *record)
{
	char id[EVENT_FRAME_ID_CAPACITY];
	struct json_writer writer;
	struct buffer data;

	buffer_init(&data, LIMIT_OUTCOME_BYTES);
	json_write_init(&writer, &data);
	write_data(&writer, outcome, frame);
	record_init(record, RECORD_OUTCOME);
	set_key(record, frame->request);
	outcome_id(outcome, frame, id);
	event_frame_encode(frame, CLOUDEVENT_TYPE_OUTCOME, id, &data, record);
}
