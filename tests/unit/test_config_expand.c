/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_expand.c - $__file{} and $__env{} in values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/expand.h"

static char name_set[] = "NAME=ada", empty_set[] = "EMPTY=", nested_set[] = "NESTED=$__env{NAME}";
static char *const environment[] = {name_set, empty_set, nested_set, NULL};

/* A file that the test owns; the path is where 'path' is. */
static void write_file(char *path, const char *bytes, size_t length)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	assert_int_equal(close(fd), 0);
}

static void replaces_variables_anywhere(void **state)
{
	static const struct {
		const char *value;
		const char *expected;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"$__env{NAME}", "ada"},
		{"<$__env{NAME}|$__env{NAME}>", "<ada|ada>"},
		{"a$__env{EMPTY}b", "ab"},
		{"$__env{NESTED}", "$__env{NAME}"},
		{"$5 {x} $_env{NAME} $$", "$5 {x} $_env{NAME} $$"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[64];
		struct error err = {0};

		assert_int_equal(expand_value(rows[i].value, environment, out, sizeof(out), &err),
				 0);
		assert_string_equal(out, rows[i].expected);
	}
}

static void refuses_what_it_cannot_replace(void **state)
{
	static const struct {
		const char *value;
		const char *expected;
	} rows[] = {
		{"$__env{ABSENT}", "variable ABSENT is not set"},
		{"$__env{NAME", "$__env{ must be followed by a name and '}'"},
		{"$__env{}", "$__env{ must be followed by a name and '}'"},
		{"$__file{/x", "$__file{ must be followed by a path and '}'"},
		{"hush$__vault{x}", "'$__' must be followed by file{path} or env{NAME}"},
		{"$__file{/nonexistent/p}",
		 "cannot read /nonexistent/p: No such file or directory"},
		{"$__file{/}", "cannot read /: Is a directory"},
		{"01234567890123456789012345678901234567890123456789012345678901234",
		 "is longer than 63 bytes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char out[64];
		struct error err = {0};

		assert_int_equal(expand_value(rows[i].value, environment, out, sizeof(out), &err),
				 -1);
		assert_string_equal(err.text, rows[i].expected);
	}
}

static void takes_a_file_without_its_last_line_ends(void **state)
{
	char path[] = "/tmp/grantd-expand-XXXXXX", value[128], out[64];
	struct error err = {0};

	(void)state;
	write_file(path, "  two\nlines \r\n\n", 15);
	snprintf(value, sizeof(value), "<$__file{%s}>", path);
	assert_int_equal(expand_value(value, NULL, out, sizeof(out), &err), 0);
	assert_string_equal(out, "<  two\nlines >");
	assert_int_equal(unlink(path), 0);
}

static void refuses_a_file_that_is_long_or_holds_nul(void **state)
{
	char path[] = "/tmp/grantd-expand-XXXXXX", value[128], out[8], expected[128];
	struct error err = {0};

	(void)state;
	write_file(path, "0123456789", 10);
	snprintf(value, sizeof(value), "$__file{%s}", path);
	assert_int_equal(expand_value(value, NULL, out, sizeof(out), &err), -1);
	snprintf(expected, sizeof(expected), "%s is longer than 7 bytes", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(unlink(path), 0);

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	write_file(path, "a\0b", 3);
	snprintf(value, sizeof(value), "$__file{%s}", path);
	assert_int_equal(expand_value(value, NULL, out, sizeof(out), &err), -1);
	snprintf(expected, sizeof(expected), "%s contains a NUL byte", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_variables_anywhere),
		cmocka_unit_test(refuses_what_it_cannot_replace),
		cmocka_unit_test(takes_a_file_without_its_last_line_ends),
		cmocka_unit_test(refuses_a_file_that_is_long_or_holds_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
