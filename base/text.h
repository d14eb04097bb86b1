/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* Copy as much of 'text' as fits; always NUL-terminated. False if it was cut. */
bool text_copy(char *out, size_t capacity, const char *text);
bool text_copy_bytes(char *out, size_t capacity, const char *bytes, size_t length);

/* printf into a fixed array; false if it was cut. The one place that truncates on purpose. */
bool text_format(char *out, size_t capacity, const char *format, ...) PRINTF_LIKE(3, 4);

bool text_starts_with(const char *text, const char *prefix);
bool text_equal_nocase(const char *left, const char *right); /* ASCII */
bool text_starts_with_nocase(const char *text, const char *prefix);
void text_lower(char *text); /* ASCII, in place */

/* Replace bytes below 0x20 and 0x7f by '?', in place. */
void text_replace_control(char *text);
bool text_has_control(const char *bytes, size_t length);
bool text_is_utf8(const char *bytes, size_t length);

/* Whole of 'text' must be a decimal number within the bounds. */
bool text_to_int64(const char *text, int64_t min, int64_t max, int64_t *value);

/* RFC 3339 with any offset or Z and up to nanoseconds -> ms since the epoch
 * (UTC). False if it is not a valid date-time. */
bool text_to_time_ms(const char *text, int64_t *time_ms);

enum { TEXT_TIME_CAPACITY = 32 };
/* "2026-11-22T10:00:00.123Z" */
void text_from_time_ms(int64_t time_ms, char out[TEXT_TIME_CAPACITY]);

/* Lower-case hex; 'out' has room for 2 * length + 1. */
void text_hex(const uint8_t *bytes, size_t length, char *out);

/* Base64 (RFC 4648 section 4, padded). encode: 'out' has room for
 * TEXT_BASE64_CAPACITY(length). decode answers the bytes written, or -1 when the
 * text is not base64 or does not fit. */
#define TEXT_BASE64_CAPACITY(length) (((length) + 2) / 3 * 4 + 1)
void text_base64(const uint8_t *bytes, size_t length, char *out);
long text_unbase64(const char *text, size_t length, uint8_t *out, size_t capacity);

#endif
