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

#include "codec/event_frame.h"

enum { PATH_BYTES = 16 * 1024, KEY_BYTES = LIMIT_INSTANCE_BYTES + 1 + LIMIT_LOGIN_BYTES };

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
		       const char *instance)
{
	struct buffer path;

	buffer_init(&path, PATH_BYTES);
	buffer_append_text(&path, text_or_empty(credential->path_prefix));
	if (path.length > 0)
		buffer_append_text(&path, "/");
	append_segment(&path, instance);
	buffer_append_text(&path, "/");
	append_segment(&path, credential->target->login);
	json_write_text(writer, "path", path.bytes);
	buffer_clear(&path);
}

static void write_data(struct json_writer *writer, const struct credential *credential,
		       const struct outcome_frame *frame)
{
	json_write_begin_object(writer, NULL);
	event_frame_write_request(writer, frame);
	json_write_text(writer, "instance", frame->request->instance);
	json_write_text(writer, "kind", credential->kind);
	json_write_integer(writer, "version", credential->version);
	event_frame_write_target(writer, credential->target);
	json_write_text(writer, "sealed", credential->sealed);
	json_write_text(writer, "kid", credential->kid);
	json_write_text(writer, "alg", "ECDH-ES");
	json_write_text(writer, "enc", "A256GCM");
	write_path(writer, credential, text_or_empty(frame->request->instance));
	json_write_time(writer, "created_at", frame->finished_ms);
	json_write_end_object(writer);
}

static void set_key(struct record *record, const char *instance, const char *login)
{
	struct buffer key;

	buffer_init(&key, KEY_BYTES);
	buffer_append_text(&key, instance);
	buffer_append_text(&key, "/");
	buffer_append_text(&key, login);
	record_set_key(record, key.bytes, key.length);
	buffer_clear(&key);
}

void credential_encode(const struct credential *credential, const struct outcome_frame *frame,
		       struct record *record)
{
	char id[EVENT_FRAME_ID_CAPACITY];
	struct json_writer writer;
	struct buffer data;

	buffer_init(&data, LIMIT_OUTCOME_BYTES);
	json_write_init(&writer, &data);
	write_data(&writer, credential, frame);
	record_init(record, RECORD_CREDENTIAL);
	set_key(record, text_or_empty(frame->request->instance), credential->target->login);
	event_frame_id(frame->request, "credential", credential->version, id);
	event_frame_encode(frame, CLOUDEVENT_TYPE_CREDENTIAL, id, &data, record);
}
