/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/text.h"

static const char ORIGIN[] = "test";

static void keeps_what_it_is_told(void **state)
{
	struct error err = {.retry_after_ms = 5};

	(void)state;
	error_set(&err, ERROR_REFUSED, ORIGIN, 409, "team '%s': %d", "ops", 3);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_ptr_equal(err.origin, ORIGIN);
	assert_int_equal(err.code, 409);
	assert_int_equal(err.retry_after_ms, 0);
	assert_string_equal(err.text, "team 'ops': 3");
}

static void prefixes_on_the_way_up(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ERROR_RETRY, ORIGIN, 7, "connection refused");
	err.retry_after_ms = 9;
	error_prefix(&err, "GET %s", "/api/org");
	error_prefix(&err, "grant role");
	assert_string_equal(err.text, "grant role: GET /api/org: connection refused");
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_int_equal(err.code, 7);
	assert_int_equal(err.retry_after_ms, 9);
}

static void is_not_there_without_a_kind(void **state)
{
	struct error err = {0};

	(void)state;
	error_prefix(&err, "grant role");
	assert_string_equal(err.text, "");
	error_set(NULL, ERROR_FATAL, ORIGIN, 0, "nobody cares");
	error_prefix(NULL, "nobody cares");
	error_clear(NULL);
}

static void holds_no_control_bytes(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ERROR_POISON, ORIGIN, 0, "bad \"%s\"", "a\r\nb\x1b[1m");
	assert_string_equal(err.text, "bad \"a??b?[1m\"");
	error_prefix(&err, "line\n%d", 2);
	assert_string_equal(err.text, "line?2: bad \"a??b?[1m\"");
}

static void cuts_what_is_too_long(void **state)
{
	struct error err = {0};
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, ERROR_RETRY, ORIGIN, 0, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	error_prefix(&err, "prefix");
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_true(text_starts_with_nocase(err.text, "prefix: xxx"));
	error_prefix(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_int_equal(err.text[0], 'x');
}

static void is_empty_when_cleared(void **state)
{
	struct error err = {0};

	(void)state;
	error_set(&err, ERROR_FATAL, ORIGIN, 3, "text");
	error_clear(&err);
	assert_int_equal(err.kind, ERROR_NONE);
	assert_int_equal(err.code, 0);
	assert_null(err.origin);
	assert_string_equal(err.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_it_is_told),
		cmocka_unit_test(prefixes_on_the_way_up),
		cmocka_unit_test(is_not_there_without_a_kind),
		cmocka_unit_test(holds_no_control_bytes),
		cmocka_unit_test(cuts_what_is_too_long),
		cmocka_unit_test(is_empty_when_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
