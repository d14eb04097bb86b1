/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include <jansson.h>

#include "base/memory.h"
#include "codec/json_parse.h"

static void assert_fault(const char *text, const char *error_class, const char *message)
{
	struct error err = {0};
	const char *found = NULL;
	json_t *object = NULL;

	assert_int_equal(json_parse_object(support_slice(text), &object, &found, &err), -1);
	assert_null(object);
	assert_int_equal(err.kind, ERROR_POISON);
	assert_string_equal(found, error_class);
	assert_string_equal(err.text, message);
}

static void tells_kind_and_position_of_a_fault(void **state)
{
	(void)state;
	assert_fault("", "not_json", "ends in the middle of JSON (line 1, column 0)");
	assert_fault("{\"a\":", "not_json", "ends in the middle of JSON (line 1, column 5)");
	assert_fault("{\"a\":}", "not_json", "is not JSON (line 1, column 6)");
	assert_fault("{}\n{}", "not_json", "goes on after the JSON object (line 2, column 1)");
	assert_fault("{\"a\":1,\"a\":2}", "duplicate_name",
		     "has the same name twice in one object (line 1, column 10)");
	assert_fault("{\"a\":\"\xff\"}", "not_utf8", "is not UTF-8 (line 1, column 6)");
	assert_fault("{\"a\":99999999999999999999}", "bad_number",
		     "has a number that is out of range (line 1, column 25)");
	assert_fault("{\"a\":1e999}", "bad_number",
		     "has a number that is out of range (line 1, column 10)");
	assert_fault("{\"a\\u0000b\":1}", "not_json", "has a NUL in a name (line 1, column 11)");
	assert_fault("[1]", "not_an_object", "is JSON, but not an object");
	assert_fault("\"text\"", "not_an_object", "is JSON, but not an object");
}

static void never_quotes_what_it_read(void **state)
{
	struct error err = {0};
	const char *error_class;
	json_t *object = NULL;

	(void)state;
	assert_int_equal(json_parse_object(support_slice("{\"password\": hunter2}"), &object,
					   &error_class, &err),
			 -1);
	assert_null(strstr(err.text, "hunter2"));
}

static void stops_at_deep_nesting(void **state)
{
	enum { DEPTH = 5000 };
	char *deep = mem_alloc(DEPTH + 1);

	(void)state;
	memset(deep, '[', DEPTH);
	deep[DEPTH] = '\0';
	assert_fault(deep, "not_json", "is nested too deeply (line 1, column 2049)");
	free(deep);
}

static void lets_an_escaped_nul_through_with_its_length(void **state)
{
	struct error err = {0};
	const char *error_class;
	json_t *object = NULL;

	(void)state;
	assert_int_equal(json_parse_object(support_slice("{\"a\":\"x\\u0000y\"}"), &object,
					   &error_class, &err),
			 0);
	assert_int_equal(json_string_length(json_object_get(object, "a")), 3);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_kind_and_position_of_a_fault),
		cmocka_unit_test(never_quotes_what_it_read),
		cmocka_unit_test(stops_at_deep_nesting),
		cmocka_unit_test(lets_an_escaped_nul_through_with_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
