/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/*
 * A growing byte buffer that knows its maximum from the start. Going beyond it
 * loses nothing silently: 'overflowed' stays set, and everything later is
 * dropped. 'bytes' is always NUL-terminated beyond 'length' (or NULL if empty).
 */
struct buffer {
	char *bytes;
	size_t length;
	size_t capacity;
	size_t max_bytes;
	bool overflowed;
};

void buffer_init(struct buffer *buffer, size_t max_bytes);
void buffer_clear(struct buffer *buffer); /* frees; leaves it reusable */
void buffer_reset(struct buffer *buffer); /* empties, keeps the memory */

/* Each answers whether the bytes fitted. */
bool buffer_append(struct buffer *buffer, const void *bytes, size_t length);
bool buffer_append_text(struct buffer *buffer, const char *text);
bool buffer_append_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

/* Room for 'length' bytes more, and no more than that: for what knows its length before. */
void buffer_reserve(struct buffer *buffer, size_t length);

/* Moves the bytes out (the caller frees them); the buffer is left empty. */
char *buffer_take(struct buffer *buffer, size_t *length);

/* Bytes that belong to somebody else; not NUL-terminated. data may be NULL. */
struct slice {
	const char *data;
	size_t length;
};

#endif
