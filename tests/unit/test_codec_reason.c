/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "codec/reason.h"

static void codes_are_what_the_contract_says(void **state)
{
	(void)state;
	assert_string_equal(reason_code(REASON_OK), "ok");
	assert_string_equal(reason_code(REASON_REQUEST_INVALID), "request.invalid");
	assert_string_equal(reason_code(REASON_REQUEST_ID_REUSED), "request.id_reused");
	assert_string_equal(reason_code(REASON_ORG_LAST_ADMIN), "org.last_admin");
	assert_string_equal(reason_code(REASON_RETRIES_EXHAUSTED), "retries.exhausted");
}

static void every_reason_has_a_code_of_its_own_and_prose(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		assert_non_null(reason_code((enum reason)i));
		assert_true(strlen(reason_prose((enum reason)i)) > 10);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(reason_code((enum reason)i),
						reason_code((enum reason)other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_what_the_contract_says),
		cmocka_unit_test(every_reason_has_a_code_of_its_own_and_prose),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
