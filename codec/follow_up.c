/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow_up.c - a request that grantd will write to itself when it comes due.
 *
 * Called by the pipeline together with outcome.c. The event's bytes are made when the
 * request that causes it is settled, and are kept until they are due. Cannot fail:
 * every part is bounded by config/limits.h.
 */
#include "codec/follow_up.h"

#include <string.h>

#include "base/text.h"
#include "codec/event_frame.h"

enum { DIGEST_PART_BYTES = 8, KIND_BYTES = 32 };

void follow_up_id(const struct follow_up *follow_up, const struct request *cause,
		  char out[LIMIT_EVENT_ID_BYTES + 1])
{
	char kind[KIND_BYTES], digest[EVENT_FRAME_ID_CAPACITY];

	text_format(kind, sizeof(kind), "follow_up/%s", follow_up->kind);
	event_frame_id(cause, kind, 0, digest);
	/* Ids are unique in their source only, and all these have one source. */
	if (!text_format(out, LIMIT_EVENT_ID_BYTES + 1, "%s/%s/%.*s", cause->id,
			 follow_up->kind, DIGEST_PART_BYTES, digest))
		text_copy(out, LIMIT_EVENT_ID_BYTES + 1, digest);
}

static void write_named(struct json_writer *writer, const char *key,
			const struct request_named *named)
{
	if (named->id == 0 && named->name == NULL)
		return;
	json_write_begin_object(writer, key);
	if (named->id != 0)
		json_write_integer(writer, "id", named->id);
	if (named->name != NULL)
		json_write_text(writer, "name", named->name);
	json_write_end_object(writer);
}

static void write_user(struct json_writer *writer, const struct request_user *user)
{
	if (user->login == NULL && user->email == NULL)
		return;
	json_write_begin_object(writer, "user");
	if (user->login != NULL)
		json_write_text(writer, "login", user->login);
	if (user->email != NULL)
		json_write_text(writer, "email", user->email);
	json_write_end_object(writer);
}

static void write_role(struct json_writer *writer, const char *key, enum role role)
{
	if (role != ROLE_UNSET)
		json_write_text(writer, key, role_name(role));
}

void follow_up_write_grant(struct json_writer *writer, const struct request_grant *grant)
{
	if (grant->id == NULL)
		return;
	json_write_begin_object(writer, "grant");
	json_write_text(writer, "id", grant->id);
	json_write_text(writer, "source", grant->source);
	if (grant->user_id != 0)
		json_write_integer(writer, "user_id", grant->user_id);
	if (grant->at_ms != 0)
		json_write_time(writer, "at", grant->at_ms);
	json_write_end_object(writer);
}

void follow_up_write_data(struct json_writer *writer, const char *key,
			  const struct follow_up *follow_up, const struct request *cause)
{
	const struct request *asked = &follow_up->asked;
	const struct request_named org = {asked->org.id, asked->org.name};
	const struct request_named team = {asked->team.id, asked->team.name};

	json_write_begin_object(writer, key);
	json_write_text(writer, "action", asked->action);
	json_write_text(writer, "instance", cause->instance);
	write_named(writer, "org", &org);
	write_user(writer, &asked->user);
	write_role(writer, "role", asked->role);
	write_role(writer, "to_role", asked->to_role);
	write_role(writer, "expected_role", asked->expected_role);
	write_named(writer, "team", &team);
	write_named(writer, "service_account", &asked->service_account);
	write_named(writer, "token", &asked->token);
	if (asked->allow_account_removal)
		json_write_bool(writer, "allow_account_removal", true);
	follow_up_write_grant(writer, &asked->grant);
	if (asked->deadline_ms != 0)
		json_write_time(writer, "deadline", asked->deadline_ms);
	event_frame_write_people(writer, cause, "reason");
	json_write_end_object(writer);
}

void follow_up_encode(const struct follow_up *follow_up, const struct outcome_frame *frame,
		      struct record *record)
{
	const struct request *cause = frame->request;
	const char *key = cause->subject != NULL ? cause->subject : cause->id;
	char id[LIMIT_EVENT_ID_BYTES + 1];
	struct json_writer writer;
	struct buffer data;

	buffer_init(&data, LIMIT_OUTCOME_BYTES);
	json_write_init(&writer, &data);
	follow_up_write_data(&writer, NULL, follow_up, cause);
	record_init(record, RECORD_REQUEST);
	record_set_key(record, key, strlen(key));
	follow_up_id(follow_up, cause, id);
	event_frame_encode(frame, CLOUDEVENT_TYPE_REQUEST, id, &data, record);
}

void follow_up_clear(struct follow_up *follow_up)
{
	request_clear(&follow_up->asked);
	memset(follow_up, 0, sizeof(*follow_up));
}
