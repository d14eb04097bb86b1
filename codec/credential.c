/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credential.c - a sealed secret as an event for the vault.
 *
 * Called by the pipeline together with outcome.c. Sees ciphertext only. Cannot
 * fail: every part is bounded by config/limits.h.
 */
#include "codec/credential.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "codec/event_frame.h"

enum {
	PATH_BYTES = 16 * 1024,
	OWNER_PARTS = 4,
	OWNER_PART_BYTES = 200,
	KEY_BYTES = OWNER_PARTS * (OWNER_PART_BYTES + 1),
};

const char *credential_kind_name(enum credential_kind kind)
{
	static const char *const names[CREDENTIAL_KINDS] = {
		[CREDENTIAL_PASSWORD] = "password",
		[CREDENTIAL_TOKEN] = "token",
		[CREDENTIAL_API_KEY] = "api_key",
		[CREDENTIAL_INVITE_LINK] = "invite_link",
	};

	return names[kind];
}

/* Whose secret it is, from the instance on. */
struct owner {
	char parts[OWNER_PARTS][OWNER_PART_BYTES];
	size_t count;
};

static void add_part(struct owner *owner, const char *text)
{
	text_copy(owner->parts[owner->count++], OWNER_PART_BYTES, text);
}

/* Names of service accounts and tokens are unique in their org only. */
static void find_owner(const struct credential *credential, const char *instance,
		       struct owner *owner)
{
	const struct outcome_target *target = credential->target;
	char org[32];

	owner->count = 0;
	add_part(owner, instance);
	if (target->token_name[0] == '\0') {
		add_part(owner, target->login[0] != '\0' ? target->login : target->email);
		return;
	}
	text_format(org, sizeof(org), "org-%lld", (long long)target->org_id);
	add_part(owner, org);
	if (target->service_account_name[0] != '\0')
		add_part(owner, target->service_account_name);
	add_part(owner, target->token_name);
}

static const char *text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

/* A login may hold anything; in a path it must stay one segment. */
static void append_segment(struct buffer *path, const char *text)
{
	bool dots = strcmp(text, ".") == 0 || strcmp(text, "..") == 0;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte < 0x80 && (isalnum(byte) || strchr("-_~@+", byte) != NULL ||
				    (byte == '.' && !dots)))
			buffer_append(path, text, 1);
		else
			buffer_append_format(path, "%%%02X", byte);
	}
}

static void write_path(struct json_writer *writer, const struct credential *credential,
		       const struct owner *owner)
{
	struct buffer path;

	buffer_init(&path, PATH_BYTES);
	buffer_append_text(&path, text_or_empty(credential->path_prefix));
	for (size_t i = 0; i < owner->count; i++) {
		if (path.length > 0)
			buffer_append_text(&path, "/");
		append_segment(&path, owner->parts[i]);
	}
	json_write_text(writer, "path", path.bytes);
	buffer_clear(&path);
}

static void write_data(struct json_writer *writer, const struct credential *credential,
		       const struct owner *owner, const struct outcome_frame *frame)
{
	json_write_begin_object(writer, NULL);
	event_frame_write_request(writer, frame);
	json_write_text(writer, "instance", frame->request->instance);
	json_write_text(writer, "kind", credential_kind_name(credential->kind));
	json_write_integer(writer, "version", credential->version);
	event_frame_write_target(writer, credential->target);
	json_write_text(writer, "sealed", credential->sealed);
	json_write_text(writer, "kid", credential->kid);
	json_write_text(writer, "alg", "ECDH-ES");
	json_write_text(writer, "enc", "A256GCM");
	write_path(writer, credential, owner);
	if (credential->expires_ms != 0)
		json_write_time(writer, "expires_at", credential->expires_ms);
	json_write_time(writer, "created_at", frame->finished_ms);
	json_write_end_object(writer);
}

static void set_key(struct record *record, const struct owner *owner)
{
	struct buffer key;

	buffer_init(&key, KEY_BYTES);
	for (size_t i = 0; i < owner->count; i++) {
		if (i > 0)
			buffer_append_text(&key, "/");
		buffer_append_text(&key, owner->parts[i]);
	}
	record_set_key(record, key.bytes, key.length);
	buffer_clear(&key);
}

void credential_encode(const struct credential *credential, const struct outcome_frame *frame,
		       struct record *record)
{
	char id[EVENT_FRAME_ID_CAPACITY];
	struct json_writer writer;
	struct owner owner;
	struct buffer data;

	find_owner(credential, text_or_empty(frame->request->instance), &owner);
	buffer_init(&data, LIMIT_OUTCOME_BYTES);
	json_write_init(&writer, &data);
	write_data(&writer, credential, &owner, frame);
	record_init(record, RECORD_CREDENTIAL);
	set_key(record, &owner);
	event_frame_id(frame->request, "credential", credential->version, id);
	event_frame_encode(frame, CLOUDEVENT_TYPE_CREDENTIAL, id, &data, record);
}
