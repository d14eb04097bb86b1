/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: one claim of a unit test does not hold, the next one does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void says_what_is_not_so(void **state)
{
	char text[4];

	(void)state;
	assert_true(text_copy(text, sizeof(text), "longer than that"));
}

static void says_what_is_so(void **state)
{
	char text[4];

	(void)state;
	assert_true(text_copy(text, sizeof(text), "abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_not_so),
		cmocka_unit_test(says_what_is_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
