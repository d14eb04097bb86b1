/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory.c - what is in a Grafana, as events.
 *
 * Called by the worker's inventory, once for each thing. The order of the members is the
 * contract's. Cannot fail: every text is bounded by Grafana's lists or config/limits.h,
 * every list by the caller, and the buffer's maximum is beyond their sum.
 */
#include "codec/inventory.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "codec/event_frame.h"

enum {
	DATA_BYTES = 8 * 1024 * 1024,
	KEY_BYTES = 256,
	ID_BYTES = INVENTORY_ID_CAPACITY + KEY_BYTES,
};

void inventory_snapshot_id(const struct request *request, int64_t token,
			   char out[INVENTORY_ID_CAPACITY])
{
	event_frame_id(request, "snapshot", token, out);
}

/* ---- what all have in common ---- */

struct draft { /* a record that is being written */
	const struct inventory_frame *frame;
	struct buffer data;
	struct json_writer writer;
};

static void begin(struct draft *draft, const struct inventory_frame *frame, const char *entity)
{
	draft->frame = frame;
	buffer_init(&draft->data, DATA_BYTES);
	json_write_init(&draft->writer, &draft->data);
	json_write_begin_object(&draft->writer, NULL);
	json_write_begin_object(&draft->writer, "snapshot");
	json_write_text(&draft->writer, "id", frame->snapshot);
	json_write_time(&draft->writer, "started_at", frame->started_ms);
	json_write_end_object(&draft->writer);
	json_write_text(&draft->writer, "instance", frame->instance);
	if (frame->org_id != 0)
		json_write_integer(&draft->writer, "org_id", frame->org_id);
	json_write_text(&draft->writer, "entity", entity);
}

static void end(struct draft *draft, const char *key, struct record *record)
{
	const struct inventory_frame *frame = draft->frame;
	char whole_key[KEY_BYTES], id[ID_BYTES], org[32] = "";
	const struct cloudevent_attributes attributes = {
		.id = id,
		.source = frame->event_source,
		.type = CLOUDEVENT_TYPE_INVENTORY,
		.subject = whole_key,
		.traceparent = frame->traceparent,
		.time_ms = frame->now_ms,
	};

	json_write_end_object(&draft->writer);
	if (frame->org_id != 0)
		text_format(org, sizeof(org), "/org/%" PRId64, frame->org_id);
	text_format(whole_key, sizeof(whole_key), "%s%s/%s", frame->instance, org, key);
	text_format(id, sizeof(id), "%s/%s", frame->snapshot, key);
	record_init(record, RECORD_INVENTORY);
	record_set_key(record, whole_key, strlen(whole_key));
	cloudevent_encode(&attributes, &draft->data, frame->mode, record);
}

static void write_said(struct json_writer *writer, const char *key, const char *text)
{
	json_write_text(writer, key, text != NULL && text[0] != '\0' ? text : NULL);
}

static void write_fact(struct json_writer *writer, const char *key, enum fact fact)
{
	if (fact == FACT_UNSAID)
		json_write_null(writer, key);
	else
		json_write_bool(writer, key, fact == FACT_YES);
}

static void write_when(struct json_writer *writer, const char *key, int64_t time_ms)
{
	if (time_ms == 0)
		json_write_null(writer, key);
	else
		json_write_time(writer, key, time_ms);
}

static void write_role(struct json_writer *writer, enum role role)
{
	json_write_text(writer, "role", role != ROLE_UNSET ? role_name(role) : NULL);
}

/* ---- users ---- */

static void write_modules(struct json_writer *writer, const struct inventory_user *user)
{
	json_write_begin_array(writer, "external_by");
	for (size_t i = 0; i < user->module_count; i++)
		json_write_text(writer, NULL, user->modules[i]);
	json_write_end_array(writer);
}

static void write_roles(struct json_writer *writer, const struct inventory_user *user)
{
	json_write_begin_array(writer, "roles");
	for (size_t i = 0; i < user->role_count; i++) {
		json_write_begin_object(writer, NULL);
		json_write_integer(writer, "org_id", user->roles[i].org_id);
		write_role(writer, user->roles[i].role);
		json_write_end_object(writer);
	}
	json_write_end_array(writer);
}

void inventory_encode_user(const struct inventory_frame *frame,
			   const struct inventory_user *user, struct record *record)
{
	char key[KEY_BYTES];
	struct draft draft;
	struct json_writer *writer = &draft.writer;

	begin(&draft, frame, "user");
	json_write_begin_object(writer, "user");
	json_write_integer(writer, "id", user->id);
	write_said(writer, "login", user->login);
	write_said(writer, "email", user->email);
	write_said(writer, "name", user->name);
	write_roles(writer, user);
	write_fact(writer, "server_admin", user->server_admin);
	write_fact(writer, "disabled", user->disabled);
	write_fact(writer, "external", user->external);
	write_modules(writer, user);
	write_when(writer, "last_seen_at", user->last_seen_ms);
	write_when(writer, "created_at", user->created_ms);
	json_write_end_object(writer);
	text_format(key, sizeof(key), "user/%" PRId64, user->id);
	end(&draft, key, record);
}

/* ---- orgs ---- */

void inventory_encode_org(const struct inventory_frame *frame, const struct inventory_org *org,
			  struct record *record)
{
	char key[KEY_BYTES];
	struct draft draft;
	struct json_writer *writer = &draft.writer;

	begin(&draft, frame, "org");
	json_write_begin_object(writer, "org");
	json_write_integer(writer, "id", org->id);
	write_said(writer, "name", org->name);
	if (org->members_read)
		json_write_integer(writer, "members", org->members);
	else
		json_write_null(writer, "members");
	json_write_bool(writer, "teams_read", org->teams_read);
	json_write_bool(writer, "service_accounts_read", org->service_accounts_read);
	json_write_end_object(writer);
	text_format(key, sizeof(key), "org/%" PRId64, org->id);
	end(&draft, key, record);
}

/* ---- teams ---- */

static void write_members(struct json_writer *writer, const struct inventory_team *team)
{
	json_write_begin_array(writer, "members");
	for (size_t i = 0; i < team->member_count; i++) {
		const struct inventory_member *member = &team->members[i];

		json_write_begin_object(writer, NULL);
		json_write_integer(writer, "user_id", member->user_id);
		write_said(writer, "login", member->login);
		write_fact(writer, "admin", member->is_admin);
		json_write_end_object(writer);
	}
	json_write_end_array(writer);
}

void inventory_encode_team(const struct inventory_frame *frame,
			   const struct inventory_team *team, struct record *record)
{
	char key[KEY_BYTES], part[32] = "";
	struct draft draft;
	struct json_writer *writer = &draft.writer;

	begin(&draft, frame, "team");
	json_write_begin_object(writer, "team");
	json_write_integer(writer, "id", team->id);
	json_write_integer(writer, "org_id", team->org_id);
	write_said(writer, "name", team->name);
	write_said(writer, "email", team->email);
	json_write_integer(writer, "part", team->part);
	json_write_bool(writer, "more", team->more);
	write_members(writer, team);
	json_write_end_object(writer);
	if (team->part > 1)
		text_format(part, sizeof(part), "/%d", team->part);
	text_format(key, sizeof(key), "team/%" PRId64 "/%" PRId64 "%s", team->org_id, team->id,
		    part);
	end(&draft, key, record);
}

/* ---- service accounts ---- */

static void write_tokens(struct json_writer *writer,
			 const struct inventory_service_account *account)
{
	json_write_begin_array(writer, "tokens");
	for (size_t i = 0; i < account->token_count; i++) {
		const struct inventory_token *token = &account->tokens[i];

		json_write_begin_object(writer, NULL);
		json_write_integer(writer, "id", token->id);
		write_said(writer, "name", token->name);
		write_when(writer, "expires_at", token->expires_ms);
		write_when(writer, "created_at", token->created_ms);
		write_when(writer, "last_used_at", token->used_ms);
		write_fact(writer, "revoked", token->revoked);
		json_write_end_object(writer);
	}
	json_write_end_array(writer);
}

void inventory_encode_service_account(const struct inventory_frame *frame,
				      const struct inventory_service_account *account,
				      struct record *record)
{
	char key[KEY_BYTES];
	struct draft draft;
	struct json_writer *writer = &draft.writer;

	begin(&draft, frame, "service_account");
	json_write_begin_object(writer, "service_account");
	json_write_integer(writer, "id", account->id);
	json_write_integer(writer, "org_id", account->org_id);
	write_said(writer, "name", account->name);
	write_said(writer, "login", account->login);
	write_role(writer, account->role);
	write_fact(writer, "disabled", account->disabled);
	write_tokens(writer, account);
	json_write_end_object(writer);
	text_format(key, sizeof(key), "service_account/%" PRId64 "/%" PRId64, account->org_id,
		    account->id);
	end(&draft, key, record);
}

/* ---- the end ---- */

static void write_counts(struct json_writer *writer, const struct inventory_counts *counts)
{
	json_write_begin_object(writer, "counts");
	json_write_integer(writer, "users", counts->users);
	json_write_integer(writer, "orgs", counts->orgs);
	json_write_integer(writer, "memberships", counts->memberships);
	json_write_integer(writer, "teams", counts->teams);
	json_write_integer(writer, "service_accounts", counts->service_accounts);
	json_write_integer(writer, "tokens", counts->tokens);
	json_write_integer(writer, "records", counts->records);
	json_write_end_object(writer);
}

static void write_lacks(struct json_writer *writer, const struct inventory_end *ending)
{
	json_write_begin_array(writer, "lacks");
	for (size_t i = 0; i < ending->lack_count; i++) {
		const struct inventory_lack *lack = &ending->lacks[i];

		json_write_begin_object(writer, NULL);
		json_write_text(writer, "what", lack->what);
		json_write_text(writer, "why", lack->why);
		if (lack->orgs != 0)
			json_write_integer(writer, "orgs", lack->orgs);
		json_write_end_object(writer);
	}
	json_write_end_array(writer);
}

void inventory_encode_end(const struct inventory_frame *frame,
			  const struct inventory_end *ending, struct record *record)
{
	struct draft draft;
	struct json_writer *writer = &draft.writer;

	begin(&draft, frame, "end");
	json_write_begin_object(writer, "end");
	json_write_time(writer, "finished_at", frame->now_ms);
	write_counts(writer, &ending->counts);
	json_write_bool(writer, "changed_meanwhile", ending->changed);
	write_lacks(writer, ending);
	json_write_end_object(writer);
	end(&draft, "end", record);
}
