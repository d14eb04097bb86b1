/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.c - bounded copies, numbers, times and encodings of text.
 *
 * Pure functions on the caller's storage. Nothing here allocates or fails in
 * any way but by its answer.
 */
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

bool text_copy(char *out, size_t capacity, const char *text)
{
	return text_copy_bytes(out, capacity, text, strlen(text));
}

bool text_copy_bytes(char *out, size_t capacity, const char *bytes, size_t length)
{
	size_t fits = length < capacity ? length : capacity - 1;

	if (fits > 0)
		memcpy(out, bytes, fits);
	out[fits] = '\0';
	return fits == length;
}

bool text_format(char *out, size_t capacity, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(out, capacity, format, args);
	va_end(args);
	return length >= 0 && (size_t)length < capacity;
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_equal_nocase(const char *left, const char *right)
{
	return strcasecmp(left, right) == 0;
}

bool text_starts_with_nocase(const char *text, const char *prefix)
{
	return strncasecmp(text, prefix, strlen(prefix)) == 0;
}

void text_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static bool is_control(unsigned char byte)
{
	return byte < 0x20 || byte == 0x7f;
}

void text_replace_control(char *text)
{
	for (; *text != '\0'; text++)
		if (is_control((unsigned char)*text))
			*text = '?';
}

bool text_has_control(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (is_control((unsigned char)bytes[i]))
			return true;
	return false;
}

/* How many continuation bytes follow a lead byte, and the smallest code point
 * that may be written so (shorter forms must be used for less). -1: not a lead. */
static int utf8_tail(unsigned char lead, uint32_t *point, uint32_t *smallest)
{
	if (lead < 0x80)
		return *point = lead, *smallest = 0, 0;
	if (lead >= 0xc2 && lead <= 0xdf)
		return *point = lead & 0x1fu, *smallest = 0x80, 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return *point = lead & 0x0fu, *smallest = 0x800, 2;
	if (lead >= 0xf0 && lead <= 0xf4)
		return *point = lead & 0x07u, *smallest = 0x10000, 3;
	return -1;
}

bool text_is_utf8(const char *bytes, size_t length)
{
	size_t i = 0;

	while (i < length) {
		uint32_t point = 0, smallest = 0;
		int tail = utf8_tail((unsigned char)bytes[i++], &point, &smallest);

		if (tail < 0 || (size_t)tail > length - i)
			return false;
		for (; tail > 0; tail--, i++) {
			if (((unsigned char)bytes[i] & 0xc0u) != 0x80u)
				return false;
			point = point << 6 | ((unsigned char)bytes[i] & 0x3fu);
		}
		if (point < smallest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
			return false;
	}
	return true;
}

bool text_to_int64(const char *text, int64_t min, int64_t max, int64_t *value)
{
	char *end = NULL;
	intmax_t number;

	if (*text != '-' && (*text < '0' || *text > '9'))
		return false;
	errno = 0;
	number = strtoimax(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < min || number > max)
		return false;
	*value = number;
	return true;
}

static bool take_digits(const char **cursor, int count, int *value)
{
	*value = 0;
	for (; count > 0; count--, (*cursor)++) {
		if (**cursor < '0' || **cursor > '9')
			return false;
		*value = *value * 10 + (**cursor - '0');
	}
	return true;
}

static bool take_byte(const char **cursor, const char *accepted)
{
	if (**cursor == '\0' || strchr(accepted, **cursor) == NULL)
		return false;
	(*cursor)++;
	return true;
}

static bool take_fraction_ms(const char **cursor, int *ms)
{
	int digits = 0;

	*ms = 0;
	if (!take_byte(cursor, "."))
		return true;
	for (; **cursor >= '0' && **cursor <= '9' && digits < 9; (*cursor)++, digits++)
		if (digits < 3)
			*ms = *ms * 10 + (**cursor - '0');
	for (int i = digits; i < 3; i++)
		*ms *= 10;
	return digits > 0;
}

static bool take_offset_minutes(const char **cursor, int *minutes)
{
	int sign = **cursor == '-' ? -1 : 1;
	int hour = 0, minute = 0;

	*minutes = 0;
	if (take_byte(cursor, "Zz"))
		return true;
	if (!take_byte(cursor, "+-") || !take_digits(cursor, 2, &hour) ||
	    !take_byte(cursor, ":") || !take_digits(cursor, 2, &minute) || hour > 23 ||
	    minute > 59)
		return false;
	*minutes = sign * (hour * 60 + minute);
	return true;
}

bool text_to_time_ms(const char *text, int64_t *time_ms)
{
	struct tm tm = {0}, check;
	int year, month, ms, offset;
	time_t seconds;

	if (!take_digits(&text, 4, &year) || !take_byte(&text, "-") ||
	    !take_digits(&text, 2, &month) || !take_byte(&text, "-") ||
	    !take_digits(&text, 2, &tm.tm_mday) || !take_byte(&text, "Tt ") ||
	    !take_digits(&text, 2, &tm.tm_hour) || !take_byte(&text, ":") ||
	    !take_digits(&text, 2, &tm.tm_min) || !take_byte(&text, ":") ||
	    !take_digits(&text, 2, &tm.tm_sec) || !take_fraction_ms(&text, &ms) ||
	    !take_offset_minutes(&text, &offset) || *text != '\0')
		return false;
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	check = tm;
	if (check.tm_sec == 60) /* a leap second is the next second */
		check.tm_sec = 59;
	seconds = timegm(&check);
	/* timegm carries over what is out of range; a valid date comes back as it was. */
	if (month < 1 || check.tm_mday != tm.tm_mday || check.tm_mon != tm.tm_mon ||
	    check.tm_hour != tm.tm_hour || check.tm_min != tm.tm_min)
		return false;
	*time_ms = ((int64_t)seconds + (tm.tm_sec == 60) - offset * 60) * 1000 + ms;
	return true;
}

/* The first and the last time that a year of four digits can say. */
static const int64_t FIRST_MS = INT64_C(-62167219200000), LAST_MS = INT64_C(253402300799999);

void text_from_time_ms(int64_t time_ms, char out[TEXT_TIME_CAPACITY])
{
	int64_t said_ms = time_ms < FIRST_MS ? FIRST_MS : time_ms > LAST_MS ? LAST_MS : time_ms;
	int64_t ms = ((said_ms % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((said_ms - ms) / 1000);
	struct tm tm = {0};

	gmtime_r(&seconds, &tm); /* can't fail within these bounds */
	text_format(out, TEXT_TIME_CAPACITY, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
		    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)ms);
}

void text_hex(const uint8_t *bytes, size_t length, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_base64(const uint8_t *bytes, size_t length, char *out)
{
	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		*out++ = base64_digits[group >> 18 & 63];
		*out++ = base64_digits[group >> 12 & 63];
		*out++ = left > 1 ? base64_digits[group >> 6 & 63] : '=';
		*out++ = left > 2 ? base64_digits[group & 63] : '=';
	}
	*out = '\0';
}

static int base64_value(char digit)
{
	const char *found = digit == '\0' ? NULL : strchr(base64_digits, digit);

	return found == NULL ? -1 : (int)(found - base64_digits);
}

long text_unbase64(const char *text, size_t length, uint8_t *out, size_t capacity)
{
	size_t written = 0;

	if (length % 4 != 0)
		return -1;
	for (size_t i = 0; i < length; i += 4) {
		bool last = i + 4 == length;
		int padding = last ? (text[i + 3] == '=') + (text[i + 3] == '=' && text[i + 2] == '=') : 0;
		uint32_t group = 0;

		for (int k = 0; k < 4; k++) {
			int value = k >= 4 - padding ? 0 : base64_value(text[i + (size_t)k]);

			if (value < 0)
				return -1;
			group = group << 6 | (uint32_t)value;
		}
		for (int k = 0; k < 3 - padding; k++) {
			if (written == capacity)
				return -1;
			out[written++] = (uint8_t)(group >> (16 - 8 * k));
		}
	}
	return (long)written;
}
