/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include <jansson.h>

#include "codec/json_field.h"

struct fixture {
	json_t *object;
	struct error err;
	struct json_reader reader;
	struct json_place place;
};

static void open_fixture(struct fixture *fixture, const char *text)
{
	memset(fixture, 0, sizeof(*fixture));
	fixture->object = json_loads(text, JSON_ALLOW_NUL, NULL);
	assert_non_null(fixture->object);
	fixture->reader.err = &fixture->err;
	fixture->place.object = fixture->object;
	fixture->place.path = "data";
}

static void assert_bad_text(const char *json, enum text_rule rule, const char *message)
{
	struct fixture fixture;

	open_fixture(&fixture, json);
	assert_null(json_field_text(&fixture.reader, &fixture.place, "a", rule, 5));
	assert_true(fixture.reader.failed);
	assert_int_equal(fixture.err.kind, ERROR_REFUSED);
	assert_string_equal(fixture.err.text, message);
	json_decref(fixture.object);
}

static void assert_good_text(const char *json, enum text_rule rule, const char *expected)
{
	struct fixture fixture;
	char *text;

	open_fixture(&fixture, json);
	text = json_field_text(&fixture.reader, &fixture.place, "a", rule, 5);
	assert_false(fixture.reader.failed);
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
	free(text);
	json_decref(fixture.object);
}

static void reads_texts_within_their_rule(void **state)
{
	(void)state;
	assert_good_text("{}", TEXT_NAME, NULL);
	assert_good_text("{\"a\":null}", TEXT_NAME, NULL);
	assert_good_text("{\"a\":\"12345\"}", TEXT_NAME, "12345");
	assert_good_text("{\"a\":\" x \"}", TEXT_LINE, " x ");
	assert_good_text("{\"a\":\"a\\n\\tb\"}", TEXT_PROSE, "a\n\tb");
}

static void refuses_texts_with_the_path_but_not_the_value(void **state)
{
	(void)state;
	assert_bad_text("{\"a\":7}", TEXT_NAME, "data.a: must be a string, is an integer");
	assert_bad_text("{\"a\":[]}", TEXT_NAME, "data.a: must be a string, is an array");
	assert_bad_text("{\"a\":true}", TEXT_NAME, "data.a: must be a string, is a boolean");
	assert_bad_text("{\"a\":\"\"}", TEXT_PROSE, "data.a: must not be empty");
	assert_bad_text("{\"a\":\"123456\"}", TEXT_NAME,
			"data.a: is 6 bytes long, at most 5 are allowed");
	assert_bad_text("{\"a\":\"a\\u0000b\"}", TEXT_PROSE, "data.a: has a NUL character");
	assert_bad_text("{\"a\":\"a\\nb\"}", TEXT_LINE, "data.a: has a control character");
	assert_bad_text("{\"a\":\"a\\u0007\"}", TEXT_PROSE, "data.a: has a control character");
	assert_bad_text("{\"a\":\"a\\u007f\"}", TEXT_NAME, "data.a: has a control character");
	assert_bad_text("{\"a\":\" a\"}", TEXT_NAME, "data.a: begins or ends with a space");
	assert_bad_text("{\"a\":\"a \"}", TEXT_NAME, "data.a: begins or ends with a space");
}

static void keeps_the_first_fault(void **state)
{
	struct fixture fixture;

	(void)state;
	open_fixture(&fixture, "{\"a\":1,\"b\":2}");
	assert_null(json_field_text(&fixture.reader, &fixture.place, "a", TEXT_NAME, 5));
	assert_null(json_field_text(&fixture.reader, &fixture.place, "b", TEXT_NAME, 5));
	json_field_fail(&fixture.reader, REASON_REQUEST_EXPIRED, "data.c: no");
	assert_string_equal(fixture.err.text, "data.a: must be a string, is an integer");
	assert_int_equal(fixture.reader.reason, REASON_REQUEST_INVALID);
	json_decref(fixture.object);
}

static void assert_integer(const char *json, bool said, int64_t expected, const char *message)
{
	struct fixture fixture;
	int64_t number = 0;

	open_fixture(&fixture, json);
	assert_int_equal(json_field_integer(&fixture.reader, &fixture.place, "a", 1, 9, &number),
			 said);
	assert_int_equal(number, expected);
	assert_string_equal(fixture.err.text, message);
	json_decref(fixture.object);
}

static void reads_integers_within_bounds(void **state)
{
	(void)state;
	assert_integer("{}", false, 0, "");
	assert_integer("{\"a\":1}", true, 1, "");
	assert_integer("{\"a\":9}", true, 9, "");
	assert_integer("{\"a\":0}", false, 0, "data.a: must be from 1 to 9");
	assert_integer("{\"a\":10}", false, 0, "data.a: must be from 1 to 9");
	assert_integer("{\"a\":\"5\"}", false, 0, "data.a: must be an integer, is a string");
	assert_integer("{\"a\":5.0}", false, 0,
		       "data.a: must be an integer, is a number with a fraction or exponent");
}

static void reads_times(void **state)
{
	struct fixture fixture;
	int64_t time_ms = 0;

	(void)state;
	open_fixture(&fixture, "{\"a\":\"2026-11-22T11:00:00+01:00\",\"b\":\"tomorrow\"}");
	assert_true(json_field_time(&fixture.reader, &fixture.place, "a", &time_ms));
	assert_true(time_ms == SUPPORT_NOW_MS);
	assert_false(json_field_time(&fixture.reader, &fixture.place, "b", &time_ms));
	assert_string_equal(fixture.err.text, "data.b: not an RFC 3339 time");
	json_decref(fixture.object);
}

static void reads_nested_objects(void **state)
{
	struct fixture fixture;
	struct json_place nested = {0};

	(void)state;
	open_fixture(&fixture, "{\"a\":{\"b\":1},\"c\":\"x\"}");
	assert_true(json_field_object(&fixture.reader, &fixture.place, "a", "data.a", &nested));
	assert_string_equal(nested.path, "data.a");
	assert_non_null(json_field_get(&nested, "b"));
	assert_false(json_field_object(&fixture.reader, &fixture.place, "none", "data.none", &nested));
	assert_false(fixture.reader.failed);
	assert_false(json_field_object(&fixture.reader, &fixture.place, "c", "data.c", &nested));
	assert_string_equal(fixture.err.text, "data.c: must be an object, is a string");
	json_decref(fixture.object);
}

static void quotes_at_most_forty_bytes_of_printable_text(void **state)
{
	char quoted[JSON_QUOTE_CAPACITY];

	(void)state;
	json_field_quote("Boss", quoted);
	assert_string_equal(quoted, "Boss");
	json_field_quote("a\"b\\c\xff d", quoted);
	assert_string_equal(quoted, "a\\x22b\\x5cc\\xff\\x20d");
	json_field_quote("0123456789012345678901234567890123456789XX", quoted);
	assert_string_equal(quoted, "0123456789012345678901234567890123456789");
	json_field_quote("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
			 "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
			 quoted);
	assert_int_equal(strlen(quoted), 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_texts_within_their_rule),
		cmocka_unit_test(refuses_texts_with_the_path_but_not_the_value),
		cmocka_unit_test(keeps_the_first_fault),
		cmocka_unit_test(reads_integers_within_bounds),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(reads_nested_objects),
		cmocka_unit_test(quotes_at_most_forty_bytes_of_printable_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
