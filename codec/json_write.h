/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_JSON_WRITE_H
#define CODEC_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * Compact JSON written straight into a buffer, in the order of the calls. 'key'
 * is a literal that needs no escaping, or NULL inside an array and at the top.
 * The caller pairs begin and end. Overflow is the buffer's to remember.
 */
struct json_writer {
	struct buffer *out;
	bool comma; /* a value was written at this level */
};

void json_write_init(struct json_writer *writer, struct buffer *out);

void json_write_begin_object(struct json_writer *writer, const char *key);
void json_write_end_object(struct json_writer *writer);
void json_write_begin_array(struct json_writer *writer, const char *key);
void json_write_end_array(struct json_writer *writer);

/* NULL is written as null. Bytes that are not UTF-8 become U+FFFD: texts may
 * have been cut in the middle of a character. */
void json_write_text(struct json_writer *writer, const char *key, const char *text);
void json_write_integer(struct json_writer *writer, const char *key, int64_t number);
void json_write_bool(struct json_writer *writer, const char *key, bool value);
void json_write_null(struct json_writer *writer, const char *key);
/* "2026-11-22T10:00:00.123Z" */
void json_write_time(struct json_writer *writer, const char *key, int64_t time_ms);
/* The string alone, quotes and all, without keys and commas. */
void json_write_quoted(struct buffer *out, struct slice text);
/* Bytes that are JSON already. */
void json_write_raw(struct json_writer *writer, const char *key, struct slice json);

#endif
