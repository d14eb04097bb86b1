/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_RECORD_H
#define CODEC_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

/* A Kafka record as it was read; all bytes belong to the reader. */
struct header_view {
	const char *name;
	struct slice value; /* data NULL = null header */
};

struct record_view {
	const char *topic;
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms;	 /* the record's own; -1 if it has none */
	struct slice key, value; /* data NULL = null */
	const struct header_view *headers;
	size_t header_count;
};

/* A Kafka record to be written; owns its bytes. Which topic a kind goes to is
 * the publisher's business. */
enum record_kind {
	RECORD_OUTCOME,
	RECORD_CREDENTIAL,
	RECORD_DEAD_LETTER,
	RECORD_REQUEST, /* of grantd to itself */
	RECORD_INVENTORY,
	RECORD_KINDS,
};

struct record_header {
	char *name;
	char *value; /* NULL = null header */
	size_t value_bytes;
};

struct record {
	enum record_kind kind;
	char *key; /* NULL = null */
	size_t key_bytes;
	char *value; /* NULL = null */
	size_t value_bytes;
	struct record_header *headers;
	size_t header_count;
};

void record_init(struct record *record, enum record_kind kind);
void record_clear(struct record *record);
void record_set_key(struct record *record, const char *key, size_t length);
void record_add_header(struct record *record, const char *name, const char *value);
void record_add_header_bytes(struct record *record, const char *name, const char *value,
			     size_t length);

/*
 * The bytes a ledger keeps, so that a replay publishes exactly the same record:
 * kind, key, value and headers, versioned and length-prefixed. unpack checks
 * every bound and fails (ERROR_FATAL: somebody else writes to our ledger) on
 * anything else.
 */
void record_pack(const struct record *record, struct buffer *out);
MUST_CHECK int record_unpack(const char *bytes, size_t length, struct record *record,
			     struct error *err);

#endif
