/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buffer.c - a growing byte buffer with a maximum.
 *
 * Owns its memory. Appending past the maximum fails and is remembered, so a
 * caller may check once at the end.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_CAPACITY_BYTES = 256 };

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->max_bytes = max_bytes;
}

void buffer_clear(struct buffer *buffer)
{
	size_t max_bytes = buffer->max_bytes;

	free(buffer->bytes);
	buffer_init(buffer, max_bytes);
}

void buffer_reset(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->overflowed = false;
	if (buffer->bytes != NULL)
		buffer->bytes[0] = '\0';
}

static void set_capacity(struct buffer *buffer, size_t capacity)
{
	if (capacity == buffer->capacity)
		return;
	buffer->bytes = mem_grow_array(buffer->bytes, capacity, 1);
	buffer->capacity = capacity;
}

static bool reserve(struct buffer *buffer, size_t extra)
{
	size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY_BYTES : buffer->capacity;

	if (buffer->overflowed || extra > buffer->max_bytes - buffer->length) {
		buffer->overflowed = true;
		return false;
	}
	while (capacity < buffer->length + extra + 1)
		capacity *= 2;
	set_capacity(buffer, capacity);
	return true;
}

void buffer_reserve(struct buffer *buffer, size_t length)
{
	if (length > buffer->max_bytes - buffer->length)
		return; /* appending will find that out */
	if (buffer->length + length + 1 > buffer->capacity)
		set_capacity(buffer, buffer->length + length + 1);
}

bool buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	if (!reserve(buffer, length))
		return false;
	if (length > 0)
		memcpy(buffer->bytes + buffer->length, bytes, length);
	buffer->length += length;
	buffer->bytes[buffer->length] = '\0';
	return true;
}

bool buffer_append_text(struct buffer *buffer, const char *text)
{
	return buffer_append(buffer, text, strlen(text));
}

bool buffer_append_format(struct buffer *buffer, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0 || !reserve(buffer, (size_t)length))
		return false;
	va_start(args, format);
	vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, args);
	va_end(args);
	buffer->length += (size_t)length;
	return true;
}

char *buffer_take(struct buffer *buffer, size_t *length)
{
	char *bytes = buffer->bytes != NULL ? buffer->bytes : mem_strdup("");

	if (length != NULL)
		*length = buffer->length;
	buffer_init(buffer, buffer->max_bytes);
	return bytes;
}
