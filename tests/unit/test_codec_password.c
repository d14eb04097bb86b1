/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "codec/password.h"

static bool has_any(const char *text, const char *set)
{
	return strpbrk(text, set) != NULL;
}

static void has_every_class_and_no_look_alikes(void **state)
{
	(void)state;
	for (int i = 0; i < 500; i++) {
		struct secret password = {0};

		password_generate(&password, 12);
		assert_int_equal(password.length, 12);
		assert_int_equal(strlen(password.bytes), 12);
		assert_true(has_any(password.bytes, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
		assert_true(has_any(password.bytes, "abcdefghijklmnopqrstuvwxyz"));
		assert_true(has_any(password.bytes, "0123456789"));
		assert_true(has_any(password.bytes, "-_.,:+=@^*?"));
		assert_false(has_any(password.bytes, "0O1lI|"));
		assert_false(has_any(password.bytes, "\"'\\`$!%#; \t"));
		secret_clear(&password);
	}
}

static void is_as_long_as_asked_and_never_the_same(void **state)
{
	struct secret first = {0}, second = {0};

	(void)state;
	password_generate(&first, 128);
	password_generate(&second, 128);
	assert_int_equal(first.length, 128);
	assert_memory_not_equal(first.bytes, second.bytes, 128);
	secret_clear(&first);
	secret_clear(&second);
}

/* The guaranteed characters must not stay in front. */
static void shuffles_the_classes(void **state)
{
	bool symbol_first = false;

	(void)state;
	for (int i = 0; i < 2000 && !symbol_first; i++) {
		struct secret password = {0};

		password_generate(&password, 12);
		symbol_first = strchr("-_.,:+=@^*?", password.bytes[0]) != NULL;
		secret_clear(&password);
	}
	assert_true(symbol_first);
}

static void has_room_for_every_class_even_if_asked_for_less(void **state)
{
	struct secret password = {0};

	(void)state;
	password_generate(&password, 0);
	assert_int_equal(password.length, 4);
	assert_true(has_any(password.bytes, "-_.,:+=@^*?"));
	secret_clear(&password);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_every_class_and_no_look_alikes),
		cmocka_unit_test(is_as_long_as_asked_and_never_the_same),
		cmocka_unit_test(shuffles_the_classes),
		cmocka_unit_test(has_room_for_every_class_even_if_asked_for_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
