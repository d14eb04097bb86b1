/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

static const struct cloudevent_attributes attributes = {.id = "1",
							.source = "/s",
							.type = "t.v1",
							.subject = "j\xc3\xb6rg \"j\"",
							.traceparent = "00-aa",
							.time_ms = SUPPORT_NOW_MS};

static void encode(const struct cloudevent_attributes *from, enum cloudevent_mode mode,
		   struct record *record)
{
	struct buffer data;

	buffer_init(&data, 100);
	buffer_append_text(&data, "{\"a\":[1]}");
	record_init(record, RECORD_OUTCOME);
	cloudevent_encode(from, &data, mode, record);
	assert_int_equal(data.length, 0);
	buffer_clear(&data);
}

static void binary_mode_puts_attributes_into_headers(void **state)
{
	static const struct {
		const char *name, *value;
	} expected[] = {
		{"content-type", "application/json"}, {"ce_specversion", "1.0"},
		{"ce_type", "t.v1"},		      {"ce_id", "1"},
		{"ce_source", "/s"},		      {"ce_subject", "j\xc3\xb6rg \"j\""},
		{"ce_time", "2026-11-22T10:00:00.000Z"}, {"traceparent", "00-aa"},
	};
	struct record record;

	(void)state;
	encode(&attributes, CLOUDEVENT_BINARY, &record);
	assert_string_equal(record.value, "{\"a\":[1]}");
	assert_int_equal(record.value_bytes, 9);
	assert_int_equal(record.header_count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		assert_string_equal(record.headers[i].name, expected[i].name);
		assert_string_equal(record.headers[i].value, expected[i].value);
	}
	record_clear(&record);
}

static void structured_mode_is_one_object(void **state)
{
	struct record record;

	(void)state;
	encode(&attributes, CLOUDEVENT_STRUCTURED, &record);
	assert_string_equal(record.value,
			    "{\"specversion\":\"1.0\",\"type\":\"t.v1\",\"id\":\"1\",\"source\":\"/s\","
			    "\"subject\":\"j\xc3\xb6rg \\\"j\\\"\",\"time\":\"2026-11-22T10:00:00.000Z\","
			    "\"datacontenttype\":\"application/json\",\"data\":{\"a\":[1]}}");
	assert_int_equal(record.header_count, 2);
	assert_string_equal(support_find_header(&record, "content-type"),
			    "application/cloudevents+json; charset=UTF-8");
	assert_string_equal(support_find_header(&record, "traceparent"), "00-aa");
	record_clear(&record);
}

static void leaves_out_what_is_absent(void **state)
{
	const struct cloudevent_attributes bare = {
		.id = "1", .source = "/s", .type = "t.v1", .traceparent = ""};
	struct record record;

	(void)state;
	encode(&bare, CLOUDEVENT_BINARY, &record);
	assert_null(support_find_header(&record, "ce_subject"));
	assert_null(support_find_header(&record, "traceparent"));
	record_clear(&record);
	encode(&bare, CLOUDEVENT_STRUCTURED, &record);
	assert_null(strstr(record.value, "subject"));
	assert_int_equal(record.header_count, 1);
	record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary_mode_puts_attributes_into_headers),
		cmocka_unit_test(structured_mode_is_one_object),
		cmocka_unit_test(leaves_out_what_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
