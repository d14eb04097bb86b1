/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadletter.c - what can't be decoded, untouched, with the reason beside it.
 *
 * Called by the pipeline for ERROR_POISON. The reason goes into text headers
 * under the names of Kafka Connect and of Spring Kafka, so that the tools for
 * either can show and replay these records. Headers that a replayed dead letter
 * brings along stay; readers take the last of a name.
 */
#include "codec/deadletter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { NUMBER_CAPACITY = 24 };
static const char TRUNCATED[] = "grantd.truncated";

static void add_both(struct record *record, const char *connect_name, const char *spring_name,
		     const char *value)
{
	record_add_header(record, connect_name, value);
	record_add_header(record, spring_name, value);
}

static void add_place(struct record *record, const struct record_view *view)
{
	char number[NUMBER_CAPACITY];

	add_both(record, "__connect.errors.topic", "kafka_dlt-original-topic", view->topic);
	text_format(number, sizeof(number), "%" PRId32, view->partition);
	add_both(record, "__connect.errors.partition", "kafka_dlt-original-partition", number);
	text_format(number, sizeof(number), "%" PRId64, view->offset);
	add_both(record, "__connect.errors.offset", "kafka_dlt-original-offset", number);
	if (view->timestamp_ms < 0)
		return;
	text_format(number, sizeof(number), "%" PRId64, view->timestamp_ms);
	record_add_header(record, "kafka_dlt-original-timestamp", number);
}

void deadletter_encode(const struct record_view *view, const char *group,
		       const char *error_class, const struct error *cause,
		       struct record *record)
{
	record_init(record, RECORD_DEAD_LETTER);
	record_set_key(record, view->key.data, view->key.length);
	if (view->value.data != NULL)
		record->value = mem_strndup(view->value.data, view->value.length);
	record->value_bytes = view->value.data == NULL ? 0 : view->value.length;
	for (size_t i = 0; i < view->header_count; i++)
		record_add_header_bytes(record, view->headers[i].name,
					view->headers[i].value.data,
					view->headers[i].value.length);
	add_place(record, view);
	record_add_header(record, "kafka_dlt-original-consumer-group", group);
	add_both(record, "__connect.errors.exception.class.name", "kafka_dlt-exception-fqcn",
		 error_class);
	add_both(record, "__connect.errors.exception.message", "kafka_dlt-exception-message",
		 cause->text);
}

void deadletter_truncate(struct record *record, size_t max_bytes)
{
	char number[NUMBER_CAPACITY];

	size_t before = record->value_bytes;

	if (before <= max_bytes)
		return;
	record->value = mem_grow_array(record->value, max_bytes, 1);
	record->value_bytes = max_bytes;
	if (record->header_count > 0 &&
	    strcmp(record->headers[record->header_count - 1].name, TRUNCATED) == 0)
		return; /* once more; it says already how long it was */
	text_format(number, sizeof(number), "%zu", before);
	record_add_header(record, TRUNCATED, number);
}
