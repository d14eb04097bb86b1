/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "codec/json_write.h"

static void assert_text(const char *text, const char *expected)
{
	struct json_writer writer;
	struct buffer out;

	buffer_init(&out, 1000);
	json_write_init(&writer, &out);
	json_write_text(&writer, NULL, text);
	assert_string_equal(out.bytes, expected);
	buffer_clear(&out);
}

static void escapes_what_json_must_not_hold(void **state)
{
	(void)state;
	assert_text("", "\"\"");
	assert_text("plain", "\"plain\"");
	assert_text("say \"hi\" \\ /", "\"say \\\"hi\\\" \\\\ /\"");
	assert_text("a\nb\rc\td", "\"a\\nb\\rc\\td\"");
	assert_text("\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"");
	assert_text(NULL, "null");
}

static void keeps_utf8_and_replaces_what_is_not(void **state)
{
	(void)state;
	assert_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
	assert_text("cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\"");
	assert_text("\xff-", "\"\xef\xbf\xbd-\"");
	assert_text("\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_text("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void writes_nested_values_with_commas(void **state)
{
	struct json_writer writer;
	struct buffer out;

	(void)state;
	buffer_init(&out, 1000);
	json_write_init(&writer, &out);
	json_write_begin_object(&writer, NULL);
	json_write_integer(&writer, "a", 0);
	json_write_integer(&writer, "min", INT64_MIN);
	json_write_integer(&writer, "max", INT64_MAX);
	json_write_begin_array(&writer, "list");
	json_write_text(&writer, NULL, "x");
	json_write_bool(&writer, NULL, true);
	json_write_begin_object(&writer, NULL);
	json_write_end_object(&writer);
	json_write_end_array(&writer);
	json_write_null(&writer, "none");
	json_write_bool(&writer, "no", false);
	json_write_time(&writer, "at", SUPPORT_NOW_MS + 7);
	json_write_raw(&writer, "raw", support_slice("[1]"));
	json_write_end_object(&writer);
	assert_string_equal(out.bytes,
			    "{\"a\":0,\"min\":-9223372036854775808,\"max\":9223372036854775807,"
			    "\"list\":[\"x\",true,{}],\"none\":null,\"no\":false,"
			    "\"at\":\"2026-11-22T10:00:00.007Z\",\"raw\":[1]}");
	buffer_clear(&out);
}

static void overflow_stays_visible_in_the_buffer(void **state)
{
	struct json_writer writer;
	struct buffer out;

	(void)state;
	buffer_init(&out, 5);
	json_write_init(&writer, &out);
	json_write_text(&writer, NULL, "too long");
	assert_true(out.overflowed);
	buffer_clear(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_json_must_not_hold),
		cmocka_unit_test(keeps_utf8_and_replaces_what_is_not),
		cmocka_unit_test(writes_nested_values_with_commas),
		cmocka_unit_test(overflow_stays_visible_in_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
