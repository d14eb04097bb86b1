/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cloudevent_encode.c - JSON data to a Kafka record that carries a CloudEvent.
 *
 * Called by event_frame.c and inventory.c. Cannot fail: what goes in is bounded.
 */
#include "codec/cloudevent.h"

#include "base/text.h"
#include "codec/json_write.h"

enum { ENVELOPE_BYTES = 16 * 1024 };

static bool is_said(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static void encode_binary(const struct cloudevent_attributes *attributes, struct buffer *data,
			  struct record *record)
{
	char time[TEXT_TIME_CAPACITY];

	text_from_time_ms(attributes->time_ms, time);
	record_add_header(record, "content-type", "application/json");
	record_add_header(record, "ce_specversion", "1.0");
	record_add_header(record, "ce_type", attributes->type);
	record_add_header(record, "ce_id", attributes->id);
	record_add_header(record, "ce_source", attributes->source);
	if (is_said(attributes->subject))
		record_add_header(record, "ce_subject", attributes->subject);
	record_add_header(record, "ce_time", time);
	record->value = buffer_take(data, &record->value_bytes);
}

static void encode_structured(const struct cloudevent_attributes *attributes,
			      struct buffer *data, struct record *record)
{
	struct buffer event;
	struct json_writer writer;

	buffer_init(&event, data->length + ENVELOPE_BYTES);
	json_write_init(&writer, &event);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "specversion", "1.0");
	json_write_text(&writer, "type", attributes->type);
	json_write_text(&writer, "id", attributes->id);
	json_write_text(&writer, "source", attributes->source);
	if (is_said(attributes->subject))
		json_write_text(&writer, "subject", attributes->subject);
	json_write_time(&writer, "time", attributes->time_ms);
	json_write_text(&writer, "datacontenttype", "application/json");
	json_write_raw(&writer, "data", (struct slice){data->bytes, data->length});
	json_write_end_object(&writer);
	record_add_header(record, "content-type", "application/cloudevents+json; charset=UTF-8");
	record->value = buffer_take(&event, &record->value_bytes);
	buffer_clear(data);
}

void cloudevent_encode(const struct cloudevent_attributes *attributes, struct buffer *data,
		       enum cloudevent_mode mode, struct record *record)
{
	if (mode == CLOUDEVENT_BINARY)
		encode_binary(attributes, data, record);
	else
		encode_structured(attributes, data, record);
	if (is_said(attributes->traceparent))
		record_add_header(record, "traceparent", attributes->traceparent);
}
