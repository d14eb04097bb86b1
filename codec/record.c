/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.c - a Kafka record to be written, and the bytes a ledger keeps of it.
 *
 * Filled by the encoders here, published by worker/publisher.c. Owns its bytes.
 * Packed form, all integers little-endian: "GR", version 1, kind (one byte), key,
 * value, u32 count of headers, then name and value of each; a field is a u32
 * length (all ones = null) and its bytes. Nothing may follow.
 */
#include "codec/record.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { PACK_MAGIC_BYTES = 3, PACK_HEAD_BYTES = 4, LENGTH_BYTES = 4, HEADERS_FIRST = 8 };
static const char pack_magic[PACK_MAGIC_BYTES] = {'G', 'R', 1};
static const uint32_t null_length = UINT32_MAX;

void record_init(struct record *record, enum record_kind kind)
{
	memset(record, 0, sizeof(*record));
	record->kind = kind;
}

void record_clear(struct record *record)
{
	if (record == NULL)
		return;
	for (size_t i = 0; i < record->header_count; i++) {
		free(record->headers[i].name);
		free(record->headers[i].value);
	}
	free(record->headers);
	free(record->key);
	free(record->value);
	record_init(record, record->kind);
}

void record_set_key(struct record *record, const char *key, size_t length)
{
	free(record->key);
	record->key = key == NULL ? NULL : mem_strndup(key, length);
	record->key_bytes = key == NULL ? 0 : length;
}

/* The array grows to powers of two, so its capacity need not be kept. */
static struct record_header *next_header(struct record *record)
{
	size_t count = record->header_count;

	if (count == 0)
		record->headers = mem_array(HEADERS_FIRST, sizeof(*record->headers));
	else if (count >= HEADERS_FIRST && (count & (count - 1)) == 0)
		record->headers = mem_grow_array(record->headers, count * 2,
						 sizeof(*record->headers));
	return &record->headers[record->header_count++];
}

void record_add_header(struct record *record, const char *name, const char *value)
{
	record_add_header_bytes(record, name, value, value == NULL ? 0 : strlen(value));
}

void record_add_header_bytes(struct record *record, const char *name, const char *value,
			     size_t length)
{
	struct record_header *header = next_header(record);

	header->name = mem_strdup(name);
	header->value = value == NULL ? NULL : mem_strndup(value, length);
	header->value_bytes = value == NULL ? 0 : length;
}

static void pack_u32(struct buffer *out, uint32_t number)
{
	unsigned char bytes[LENGTH_BYTES] = {
		(unsigned char)number, (unsigned char)(number >> 8),
		(unsigned char)(number >> 16), (unsigned char)(number >> 24)};

	buffer_append(out, bytes, sizeof(bytes));
}

static void pack_field(struct buffer *out, const char *bytes, size_t length)
{
	if (bytes == NULL) {
		pack_u32(out, null_length);
		return;
	}
	pack_u32(out, (uint32_t)length);
	buffer_append(out, bytes, length);
}

static size_t packed_bytes(const struct record *record)
{
	size_t bytes = PACK_HEAD_BYTES + LENGTH_BYTES + record->key_bytes + LENGTH_BYTES +
		       record->value_bytes + LENGTH_BYTES;

	for (size_t i = 0; i < record->header_count; i++)
		bytes += LENGTH_BYTES + strlen(record->headers[i].name) + LENGTH_BYTES +
			 record->headers[i].value_bytes;
	return bytes;
}

void record_pack(const struct record *record, struct buffer *out)
{
	char head[PACK_HEAD_BYTES] = {pack_magic[0], pack_magic[1], pack_magic[2],
				      (char)record->kind};

	/* A thousand of them may wait for a transaction. */
	buffer_reserve(out, packed_bytes(record));
	buffer_append(out, head, sizeof(head));
	pack_field(out, record->key, record->key_bytes);
	pack_field(out, record->value, record->value_bytes);
	pack_u32(out, (uint32_t)record->header_count);
	for (size_t i = 0; i < record->header_count; i++) {
		const struct record_header *header = &record->headers[i];

		pack_field(out, header->name, strlen(header->name));
		pack_field(out, header->value, header->value_bytes);
	}
}

static bool take_bytes(struct slice *from, size_t length, const char **bytes)
{
	if (length > from->length)
		return false;
	*bytes = from->data;
	from->data += length;
	from->length -= length;
	return true;
}

static bool take_u32(struct slice *from, uint32_t *number)
{
	const char *bytes;

	if (!take_bytes(from, LENGTH_BYTES, &bytes))
		return false;
	*number = 0;
	for (unsigned i = 0; i < LENGTH_BYTES; i++)
		*number |= (uint32_t)(unsigned char)bytes[i] << (8 * i);
	return true;
}

static bool take_field(struct slice *from, struct slice *field)
{
	uint32_t length;

	*field = (struct slice){NULL, 0};
	if (!take_u32(from, &length))
		return false;
	if (length == null_length)
		return true;
	field->length = length;
	return take_bytes(from, length, &field->data);
}

static bool take_head(struct slice *from, enum record_kind *kind)
{
	const char *head;

	if (!take_bytes(from, PACK_HEAD_BYTES, &head) ||
	    memcmp(head, pack_magic, PACK_MAGIC_BYTES) != 0 || head[PACK_MAGIC_BYTES] < 0 ||
	    head[PACK_MAGIC_BYTES] >= (char)RECORD_KINDS)
		return false;
	*kind = (enum record_kind)head[PACK_MAGIC_BYTES];
	return true;
}

static bool take_header(struct slice *from, struct record *record)
{
	struct slice name, value;
	char *text;

	if (!take_field(from, &name) || name.data == NULL || name.length == 0 ||
	    memchr(name.data, '\0', name.length) != NULL || !take_field(from, &value))
		return false;
	text = mem_strndup(name.data, name.length);
	record_add_header_bytes(record, text, value.data, value.length);
	free(text);
	return true;
}

/* Each header takes at least its two lengths, so a made-up count ends early. */
static bool take_record(struct slice *from, struct record *record)
{
	struct slice key, value;
	uint32_t count;

	if (!take_head(from, &record->kind) || !take_field(from, &key) ||
	    !take_field(from, &value) || !take_u32(from, &count) ||
	    count > from->length / (2 * LENGTH_BYTES))
		return false;
	record_set_key(record, key.data, key.length);
	record->value = value.data == NULL ? NULL : mem_strndup(value.data, value.length);
	record->value_bytes = value.length;
	for (uint32_t i = 0; i < count; i++)
		if (!take_header(from, record))
			return false;
	return from->length == 0;
}

int record_unpack(const char *bytes, size_t length, struct record *record, struct error *err)
{
	struct slice from = {bytes, length};
	struct record unpacked;

	record_init(&unpacked, RECORD_OUTCOME);
	if (!take_record(&from, &unpacked)) {
		record_clear(&unpacked);
		error_set(err, ERROR_FATAL, "record", 0,
			  "stored record: not what this program writes");
		return -1;
	}
	*record = unpacked;
	return 0;
}
