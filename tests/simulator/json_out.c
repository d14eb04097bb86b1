/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_out.c - JSON text, appended piece by piece.
 *
 * Strings are escaped as Go's encoder does it: <, > and & become \u00xx too.
 */
#include "tests/simulator/json_out.h"

#include <string.h>
#include <time.h>

#include "base/text.h"

void json_out_text(struct buffer *out, const char *text)
{
	(void)buffer_append(out, text, strlen(text));
}

static void escape(struct buffer *out, unsigned char byte)
{
	switch (byte) {
	case '"':
		json_out_text(out, "\\\"");
		break;
	case '\\':
		json_out_text(out, "\\\\");
		break;
	case '\n':
		json_out_text(out, "\\n");
		break;
	case '\r':
		json_out_text(out, "\\r");
		break;
	case '\t':
		json_out_text(out, "\\t");
		break;
	default:
		(void)buffer_append_format(out, "\\u%04x", byte);
	}
}

void json_out_string(struct buffer *out, const char *text)
{
	const char *run = text;

	(void)buffer_append(out, "\"", 1);
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != '<' && byte != '>' &&
		    byte != '&')
			continue;
		(void)buffer_append(out, run, (size_t)(text - run));
		escape(out, byte);
		run = text + 1;
	}
	(void)buffer_append(out, run, (size_t)(text - run));
	(void)buffer_append(out, "\"", 1);
}

void json_out_int(struct buffer *out, int64_t value)
{
	char digits[24];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? (uint64_t)-(value + 1) + 1 : (uint64_t)value;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		digits[--at] = '-';
	(void)buffer_append(out, digits + at, sizeof digits - at);
}

void json_out_time(struct buffer *out, int64_t epoch_s)
{
	time_t when = (time_t)epoch_s;
	char text[TEXT_TIME_CAPACITY];
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL ||
	    strftime(text, sizeof text, "\"%Y-%m-%dT%H:%M:%SZ\"", &parts) == 0) {
		json_out_text(out, "null");
		return;
	}
	json_out_text(out, text);
}
