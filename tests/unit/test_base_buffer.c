/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"

static void grows_up_to_its_maximum(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_true(buffer_append(&buffer, i % 2 == 0 ? "a" : "b", 1));
	assert_int_equal(buffer.length, 1000);
	assert_int_equal(strlen(buffer.bytes), 1000);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(buffer.bytes[i], i % 2 == 0 ? 'a' : 'b');
	assert_true(buffer_append(&buffer, "", 0));
	assert_false(buffer.overflowed);
	assert_false(buffer_append(&buffer, "c", 1));
	assert_true(buffer.overflowed);
	assert_int_equal(buffer.length, 1000);
	buffer_clear(&buffer);
}

/* What does not fit is left out whole, and all after it too. */
static void drops_everything_after_an_overflow(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 5);
	assert_true(buffer_append_text(&buffer, "abc"));
	assert_false(buffer_append_text(&buffer, "def"));
	assert_false(buffer_append_text(&buffer, "g"));
	assert_false(buffer_append_format(&buffer, "%d", 1));
	assert_false(buffer_append(&buffer, NULL, 0));
	assert_string_equal(buffer.bytes, "abc");
	assert_int_equal(buffer.length, 3);
	buffer_clear(&buffer);
}

static void reserves_what_it_is_told_and_no_more(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 600);
	buffer_reserve(&buffer, 300);
	assert_int_equal(buffer.capacity, 301);
	assert_true(buffer_append_text(&buffer, "ab"));
	buffer_reserve(&buffer, 298);
	assert_int_equal(buffer.capacity, 301);
	buffer_reserve(&buffer, 598);
	assert_int_equal(buffer.capacity, 601);
	assert_string_equal(buffer.bytes, "ab");
	/* Too much is found out by whoever appends it. */
	buffer_reserve(&buffer, 599);
	assert_int_equal(buffer.capacity, 601);
	assert_false(buffer.overflowed);
	buffer_clear(&buffer);
}

static void is_usable_again_after_reset_and_clear(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 3);
	buffer_reset(&buffer);
	assert_null(buffer.bytes);
	assert_false(buffer_append_text(&buffer, "abcd"));
	buffer_reset(&buffer);
	assert_true(buffer_append_text(&buffer, "abc"));
	buffer_reset(&buffer);
	assert_string_equal(buffer.bytes, "");
	assert_int_equal(buffer.length, 0);
	buffer_clear(&buffer);
	assert_null(buffer.bytes);
	assert_true(buffer_append_text(&buffer, "xyz"));
	assert_false(buffer_append_text(&buffer, "!"));
	buffer_clear(&buffer);
	buffer_clear(&buffer);
}

static void takes_any_bytes(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 100);
	assert_true(buffer_append(&buffer, NULL, 0));
	assert_true(buffer_append(&buffer, "a\0b", 3));
	assert_true(buffer_append(&buffer, "\xff", 1));
	assert_int_equal(buffer.length, 4);
	assert_memory_equal(buffer.bytes, "a\0b\xff", 5);
	buffer_clear(&buffer);
}

static void formats_to_the_last_byte(void **state)
{
	struct buffer buffer;

	(void)state;
	buffer_init(&buffer, 8);
	assert_true(buffer_append_format(&buffer, "%s=%d", "n", 12));
	assert_true(buffer_append_format(&buffer, "%s", ""));
	assert_true(buffer_append_format(&buffer, "%04d", 7));
	assert_string_equal(buffer.bytes, "n=120007");
	assert_int_equal(buffer.length, 8);
	assert_false(buffer_append_format(&buffer, "x"));
	assert_string_equal(buffer.bytes, "n=120007");
	buffer_clear(&buffer);
}

static void hands_its_bytes_over(void **state)
{
	struct buffer buffer;
	size_t length = 77;
	char *bytes;

	(void)state;
	buffer_init(&buffer, 3);
	assert_true(buffer_append_text(&buffer, "abc"));
	bytes = buffer_take(&buffer, &length);
	assert_string_equal(bytes, "abc");
	assert_int_equal(length, 3);
	assert_null(buffer.bytes);
	free(bytes);
	bytes = buffer_take(&buffer, NULL);
	assert_string_equal(bytes, "");
	free(bytes);
	assert_false(buffer_append_text(&buffer, "abcd")); /* the maximum stays */
	buffer_clear(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_up_to_its_maximum),
		cmocka_unit_test(drops_everything_after_an_overflow),
		cmocka_unit_test(reserves_what_it_is_told_and_no_more),
		cmocka_unit_test(is_usable_again_after_reset_and_clear),
		cmocka_unit_test(takes_any_bytes),
		cmocka_unit_test(formats_to_the_last_byte),
		cmocka_unit_test(hands_its_bytes_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
