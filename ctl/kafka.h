/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_KAFKA_H
#define CTL_KAFKA_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "codec/record.h"
#include "config/settings.h"

/*
 * What grantctl does with Kafka. Faults: ERROR_RETRY not reachable, ERROR_REFUSED the
 * broker says no, ERROR_FATAL librdkafka refuses a property.
 */
struct kafka_access {
	const struct settings *settings;
	struct log *log;
};

/* Faults of [kafka] property.*, whether or not there is a broker. */
MUST_CHECK int kafka_check_properties(const struct kafka_access *access, struct error *err);

/* Write one record with a content-type, and wait until the broker has it. */
struct kafka_letter {
	const char *topic;
	const char *key;
	struct slice value;
	const char *content_type;
};
MUST_CHECK int kafka_send(const struct kafka_access *access, const struct kafka_letter *letter,
			  struct error *err);

/* Reads the committed records of all partitions of a topic, outside of any group. What
 * is the end is settled when kafka_reader_new() returns. */
struct kafka_reader;
enum kafka_from { KAFKA_FROM_END, KAFKA_FROM_BEGINNING };
MUST_CHECK int kafka_reader_new(const struct kafka_access *access, const char *topic,
				enum kafka_from from, struct kafka_reader **reader,
				struct error *err);
void kafka_reader_free(struct kafka_reader *reader); /* NULL is allowed */

enum kafka_read {
	KAFKA_READ_RECORD,
	KAFKA_READ_NOTHING, /* none came in time */
	KAFKA_READ_END,	    /* all there was has been read; said once */
};
/* At most one record is given to 'take', and lives as long as that call. */
typedef void (*kafka_take_fn)(void *context, const struct record_view *record);
MUST_CHECK int kafka_reader_next(struct kafka_reader *reader, int64_t timeout_ms,
				 kafka_take_fn take, void *context, enum kafka_read *what,
				 struct error *err);

/* Every record of a topic, from its beginning to what is its end now. ERROR_RETRY also when
 * nothing came for a minute and the end was not reached. */
MUST_CHECK int kafka_read_topic(const struct kafka_access *access, const char *topic,
				kafka_take_fn take, void *context, struct error *err);

/* How many partitions each topic has (0 = there is none of that name), and how many
 * brokers there are. */
MUST_CHECK int kafka_inspect(const struct kafka_access *access, const char *const *topics,
			     size_t count, int *partitions, int *brokers, struct error *err);

#endif
