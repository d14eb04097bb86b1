/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_write.c - JSON straight into a buffer.
 *
 * Used by every encoder here instead of a tree: an outcome has a fixed order of
 * members and is written once per request, so the tree would be built only to be
 * thrown away. Owns nothing; cannot fail but by the buffer's maximum.
 */
#include "codec/json_write.h"

#include <string.h>

#include "base/text.h"

enum { INTEGER_CAPACITY = 24 };

void json_write_init(struct json_writer *writer, struct buffer *out)
{
	writer->out = out;
	writer->comma = false;
}

static void write_key(struct json_writer *writer, const char *key)
{
	if (writer->comma)
		buffer_append(writer->out, ",", 1);
	writer->comma = true;
	if (key == NULL)
		return;
	buffer_append(writer->out, "\"", 1);
	buffer_append(writer->out, key, strlen(key));
	buffer_append(writer->out, "\":", 2);
}

static void write_open(struct json_writer *writer, const char *key, const char *bracket)
{
	write_key(writer, key);
	buffer_append(writer->out, bracket, 1);
	writer->comma = false;
}

static void write_close(struct json_writer *writer, const char *bracket)
{
	buffer_append(writer->out, bracket, 1);
	writer->comma = true;
}

void json_write_begin_object(struct json_writer *writer, const char *key)
{
	write_open(writer, key, "{");
}

void json_write_end_object(struct json_writer *writer)
{
	write_close(writer, "}");
}

void json_write_begin_array(struct json_writer *writer, const char *key)
{
	write_open(writer, key, "[");
}

void json_write_end_array(struct json_writer *writer)
{
	write_close(writer, "]");
}

/* The length of the UTF-8 character that 'bytes' begins with, 0 if it is none. */
static size_t utf8_length(const char *bytes, size_t left)
{
	unsigned char lead = (unsigned char)*bytes;
	size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

	return length <= left && text_is_utf8(bytes, length) ? length : 0;
}

static void write_escape(struct buffer *out, unsigned char byte)
{
	static const char digits[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};

	switch (byte) {
	case '\n':
		buffer_append(out, "\\n", 2);
		return;
	case '\r':
		buffer_append(out, "\\r", 2);
		return;
	case '\t':
		buffer_append(out, "\\t", 2);
		return;
	case '"':
		buffer_append(out, "\\\"", 2);
		return;
	case '\\':
		buffer_append(out, "\\\\", 2);
		return;
	default:
		buffer_append(out, escape, sizeof(escape));
	}
}

static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Write what is not plain ASCII; answers how many bytes of the text it was. */
static size_t write_special(struct buffer *out, const char *bytes, size_t left)
{
	size_t length;

	if ((unsigned char)*bytes < 0x80) {
		write_escape(out, (unsigned char)*bytes);
		return 1;
	}
	length = utf8_length(bytes, left);
	if (length > 0) {
		buffer_append(out, bytes, length);
		return length;
	}
	buffer_append(out, "\xef\xbf\xbd", 3);
	return 1;
}

void json_write_quoted(struct buffer *out, struct slice text)
{
	size_t plain_from = 0, i = 0;

	buffer_append(out, "\"", 1);
	while (i < text.length) {
		if (is_plain((unsigned char)text.data[i])) {
			i++;
			continue;
		}
		buffer_append(out, text.data + plain_from, i - plain_from);
		i += write_special(out, text.data + i, text.length - i);
		plain_from = i;
	}
	buffer_append(out, text.data + plain_from, text.length - plain_from);
	buffer_append(out, "\"", 1);
}

void json_write_text(struct json_writer *writer, const char *key, const char *text)
{
	if (text == NULL) {
		json_write_null(writer, key);
		return;
	}
	write_key(writer, key);
	json_write_quoted(writer->out, (struct slice){text, strlen(text)});
}

/* By hand: printf costs more than the rest of the member. */
void json_write_integer(struct json_writer *writer, const char *key, int64_t number)
{
	char digits[INTEGER_CAPACITY];
	size_t at = sizeof(digits);
	uint64_t rest = number < 0 ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (number < 0)
		digits[--at] = '-';
	write_key(writer, key);
	buffer_append(writer->out, digits + at, sizeof(digits) - at);
}

void json_write_bool(struct json_writer *writer, const char *key, bool value)
{
	write_key(writer, key);
	buffer_append_text(writer->out, value ? "true" : "false");
}

void json_write_null(struct json_writer *writer, const char *key)
{
	write_key(writer, key);
	buffer_append(writer->out, "null", 4);
}

void json_write_time(struct json_writer *writer, const char *key, int64_t time_ms)
{
	char text[TEXT_TIME_CAPACITY];

	text_from_time_ms(time_ms, text);
	json_write_text(writer, key, text);
}

void json_write_raw(struct json_writer *writer, const char *key, struct slice json)
{
	write_key(writer, key);
	buffer_append(writer->out, json.data, json.length);
}
