/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "codec/deadletter.h"

static const struct error cause = {.kind = ERROR_POISON, .text = "value: is not JSON (line 1, column 2)"};

static void keeps_the_record_and_adds_where_and_why(void **state)
{
	const struct header_view headers[] = {support_header("ce_id", "1"), {"nothing", {NULL, 0}}};
	const struct record_view view = {.topic = "access.requests",
					 .partition = 2,
					 .offset = 9000000000,
					 .timestamp_ms = 1234,
					 .key = {"k\0k", 3},
					 .value = {"\xff\0{", 3},
					 .headers = headers,
					 .header_count = 2};
	static const struct {
		const char *name, *value;
	} expected[] = {
		{"ce_id", "1"},
		{"__connect.errors.topic", "access.requests"},
		{"__connect.errors.partition", "2"},
		{"__connect.errors.offset", "9000000000"},
		{"__connect.errors.exception.class.name", "not_json"},
		{"__connect.errors.exception.message", "value: is not JSON (line 1, column 2)"},
		{"kafka_dlt-original-topic", "access.requests"},
		{"kafka_dlt-original-partition", "2"},
		{"kafka_dlt-original-offset", "9000000000"},
		{"kafka_dlt-original-timestamp", "1234"},
		{"kafka_dlt-original-consumer-group", "grantd"},
		{"kafka_dlt-exception-fqcn", "not_json"},
		{"kafka_dlt-exception-message", "value: is not JSON (line 1, column 2)"},
	};
	struct record record;

	(void)state;
	deadletter_encode(&view, "grantd", "not_json", &cause, &record);
	assert_int_equal(record.kind, RECORD_DEAD_LETTER);
	assert_int_equal(record.key_bytes, 3);
	assert_memory_equal(record.key, "k\0k", 3);
	assert_int_equal(record.value_bytes, 3);
	assert_memory_equal(record.value, "\xff\0{", 3);
	assert_string_equal(record.headers[0].name, "ce_id");
	assert_string_equal(record.headers[1].name, "nothing");
	assert_null(record.headers[1].value);
	assert_int_equal(record.header_count, ARRAY_COUNT(expected) + 1);
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
		assert_string_equal(support_find_header(&record, expected[i].name),
				    expected[i].value);
	record_clear(&record);
}

static void keeps_nulls_and_leaves_out_an_unknown_time(void **state)
{
	const struct record_view view = {.topic = "t", .timestamp_ms = -1};
	struct record record;

	(void)state;
	deadletter_encode(&view, "g", "null_value", &cause, &record);
	assert_null(record.key);
	assert_null(record.value);
	assert_null(support_find_header(&record, "kafka_dlt-original-timestamp"));
	record_clear(&record);
}

static void truncation_is_said_in_a_header(void **state)
{
	const struct record_view view = {.topic = "t", .value = {"0123456789", 10}};
	struct record record;
	size_t count;

	(void)state;
	deadletter_encode(&view, "g", "too_large", &cause, &record);
	deadletter_truncate(&record, 10);
	assert_int_equal(record.value_bytes, 10);
	assert_null(support_find_header(&record, "grantd.truncated"));
	deadletter_truncate(&record, 4);
	assert_int_equal(record.value_bytes, 4);
	assert_memory_equal(record.value, "0123", 4);
	assert_string_equal(support_find_header(&record, "grantd.truncated"), "10");
	count = record.header_count;
	deadletter_truncate(&record, 2);
	assert_int_equal(record.value_bytes, 2);
	assert_int_equal(record.header_count, count);
	assert_string_equal(support_find_header(&record, "grantd.truncated"), "10");
	record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_record_and_adds_where_and_why),
		cmocka_unit_test(keeps_nulls_and_leaves_out_an_unknown_time),
		cmocka_unit_test(truncation_is_said_in_a_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
