/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_intent.c - what a step leaves behind is what the next attempt reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "worker/intent.h"

static struct slice slice_of(const struct buffer *buffer)
{
	return (struct slice){buffer->bytes, buffer->length};
}

static void is_written_as_lines(void **state)
{
	struct buffer intent;

	(void)state;
	buffer_init(&intent, 1024);
	intent_put(&intent, "secret", "set");
	intent_put_number(&intent, "version", -3);
	assert_string_equal(intent.bytes, "secret=set\nversion=-3\n");
	buffer_clear(&intent);
}

static void finds_whole_names_only(void **state)
{
	static const char text[] = "user=ada\nuser_id=12\nempty=\nx=a=b";
	const struct slice intent = {text, sizeof(text) - 1};
	char out[16];

	(void)state;
	assert_int_equal(intent_get_number(intent, "user_id", 0), 12);
	assert_true(intent_get(intent, "user", out, sizeof(out)));
	assert_string_equal(out, "ada");
	assert_true(intent_get(intent, "x", out, sizeof(out)));
	assert_string_equal(out, "a=b");
	assert_true(intent_get(intent, "empty", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(intent_get(intent, "use", out, sizeof(out)));
	assert_false(intent_get(intent, "id", out, sizeof(out)));
}

static void says_when_it_does_not_fit_or_is_no_number(void **state)
{
	static const char text[] = "name=longer\n";
	const struct slice intent = {text, sizeof(text) - 1}, nothing = {NULL, 0};
	char out[4];

	(void)state;
	assert_false(intent_get(intent, "name", out, sizeof(out)));
	assert_int_equal(intent_get_number(intent, "name", 7), 7);
	assert_int_equal(intent_get_number(nothing, "name", 8), 8);
	assert_false(intent_get(nothing, "name", out, sizeof(out)));
}

static void keeps_evidence(void **state)
{
	const struct evidence before = {
		.account = FACT_YES, .member = FACT_YES, .role = ROLE_EDITOR,
		.disabled = FACT_NO, .login = "ada", .email = "ada@example.com", .name = "Ada L.",
	};
	struct evidence after;
	struct buffer intent;

	(void)state;
	buffer_init(&intent, 1024);
	intent_put_evidence(&intent, &before);
	intent_get_evidence(slice_of(&intent), &after);
	assert_int_equal(after.account, FACT_YES);
	assert_int_equal(after.member, FACT_YES);
	assert_int_equal(after.role, ROLE_EDITOR);
	assert_int_equal(after.disabled, FACT_NO);
	assert_string_equal(after.login, "ada");
	assert_string_equal(after.email, "ada@example.com");
	assert_string_equal(after.name, "Ada L.");
	buffer_clear(&intent);
}

static void reads_what_is_unknown_as_not_said(void **state)
{
	static const char text[] = "before.account=9\nbefore.role=Emperor\nbefore.member=x\n";
	struct evidence evidence;

	(void)state;
	intent_get_evidence((struct slice){text, sizeof(text) - 1}, &evidence);
	assert_int_equal(evidence.account, FACT_UNSAID);
	assert_int_equal(evidence.member, FACT_UNSAID);
	assert_int_equal(evidence.role, ROLE_UNSET);
	assert_string_equal(evidence.login, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_written_as_lines),
		cmocka_unit_test(finds_whole_names_only),
		cmocka_unit_test(says_when_it_does_not_fit_or_is_no_number),
		cmocka_unit_test(keeps_evidence),
		cmocka_unit_test(reads_what_is_unknown_as_not_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
