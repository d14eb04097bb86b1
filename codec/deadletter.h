/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_DEADLETTER_H
#define CODEC_DEADLETTER_H

#include "base/error.h"
#include "codec/record.h"

/*
 * A record that can't be decoded, for the dead-letter topic: key, value and
 * headers untouched, plus text headers in the names Kafka Connect and Spring use
 * (__connect.errors.topic, .partition, .offset, .exception.class.name,
 * .exception.message; kafka_dlt-original-topic, ...). 'error_class' is a stable
 * word such as "not_json". The error text holds no field values of the payload.
 * '*record' is initialised here; the caller clears it.
 */
void deadletter_encode(const struct record_view *view, const char *group,
		       const char *error_class, const struct error *cause,
		       struct record *record);

/* Cut the value down to 'max_bytes' and say so in a header (grantd.truncated:
 * original size), for a topic that refuses the whole. */
void deadletter_truncate(struct record *record, size_t max_bytes);

#endif
