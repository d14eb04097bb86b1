/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_KAFKA_H
#define WORKER_KAFKA_H

#include "base/error.h"
#include "base/log.h"
#include "codec/record.h"
#include "config/settings.h"

struct rd_kafka_conf_s;
struct rd_kafka_s;

/* A client property that grantd itself decides on. */
struct kafka_property {
	const char *name, *value;
};

/*
 * A librdkafka configuration: ours first, then [kafka] property.*, then 'forced'
 * (NULL name ends it), which no setting may change. 'opaque' reaches the callbacks,
 * and its first member must be a struct log *. ERROR_FATAL names the property.
 * The caller owns *conf until rd_kafka_new() succeeds with it.
 */
MUST_CHECK int kafka_conf_new(const struct settings *settings,
			      const struct kafka_property *forced, void *opaque,
			      struct rd_kafka_conf_s **conf, struct error *err);

/* Ask for the topic's metadata: without it the first record to a topic that a client does
 * not know yet may be up to a second late. */
void kafka_warm_topic(struct rd_kafka_s *kafka, const char *topic);

/* Hand a copy of the record to a producer's queue; its kind does not matter. Answers
 * librdkafka's code, 0 = taken. */
int kafka_produce(struct rd_kafka_s *kafka, const char *topic, const struct record *record);

#endif
