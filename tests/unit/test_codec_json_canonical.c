/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include <jansson.h>
#include <stdio.h>

#include "codec/json_canonical.h"

static void assert_canonical(const char *text, const char *expected)
{
	json_t *value = json_loads(text, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
	struct buffer out;

	assert_non_null(value);
	buffer_init(&out, 10000);
	json_canonical_append(value, &out);
	assert_string_equal(out.bytes, expected);
	buffer_clear(&out);
	json_decref(value);
}

static void sorts_names_and_drops_spaces(void **state)
{
	(void)state;
	assert_canonical("{ \"b\" : 1 , \"a\" : [ true, false, null ], \"aa\": {}, \"B\": [] }",
			 "{\"B\":[],\"a\":[true,false,null],\"aa\":{},\"b\":1}");
	assert_canonical("{\"z\":{\"y\":1,\"x\":{\"b\":2,\"a\":3}}}",
			 "{\"z\":{\"x\":{\"a\":3,\"b\":2},\"y\":1}}");
}

static void keeps_values_apart(void **state)
{
	(void)state;
	assert_canonical("-9223372036854775808", "-9223372036854775808");
	assert_canonical("1.5", "1.5");
	assert_canonical("1.0", "1.0");
	assert_canonical("0.1", "0.1");
	assert_canonical("-0.30000000000000004", "-0.30000000000000004");
	assert_canonical("1e300", "1e+300");
	assert_canonical("100000000000000000000.0", "1e+20");
	assert_canonical("123456.0", "123456.0");
	assert_canonical("1", "1");
	assert_canonical("\"1\"", "\"1\"");
	assert_canonical("\"a\\u0000b\\n\\u00e9\"", "\"a\\u0000b\\n\xc3\xa9\"");
	assert_canonical("{\"a\\\"b\":1}", "{\"a\\\"b\":1}");
}

static void sorts_large_objects_too(void **state)
{
	char text[2000] = "{", expected[2000] = "{";

	(void)state;
	for (int i = 0; i < 60; i++) {
		size_t at = strlen(text), end = strlen(expected);

		snprintf(text + at, sizeof(text) - at, "%s\"k%02d\":%d", i ? "," : "", 59 - i, 59 - i);
		snprintf(expected + end, sizeof(expected) - end, "%s\"k%02d\":%d", i ? "," : "", i, i);
	}
	memcpy(text + strlen(text), "}", 2);
	memcpy(expected + strlen(expected), "}", 2);
	assert_canonical(text, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_names_and_drops_spaces),
		cmocka_unit_test(keeps_values_apart),
		cmocka_unit_test(sorts_large_objects_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
