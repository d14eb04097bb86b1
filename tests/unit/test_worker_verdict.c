/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_verdict.c - what follows from what happened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "worker/verdict.h"

static void judges_attempts(void **state)
{
	static const struct {
		const char *what;
		int rc;
		enum error_kind kind;
		bool lost;
		int64_t now_ms, deadline_ms;
		enum verdict expected;
	} cases[] = {
		{"done", 0, ERROR_NONE, false, 50, 0, VERDICT_SETTLE},
		{"done, late", 0, ERROR_NONE, false, 50, 10, VERDICT_SETTLE},
		{"done, but another's by now", 0, ERROR_NONE, true, 50, 0, VERDICT_RECLAIM},
		{"not ready", -1, ERROR_RETRY, false, 50, 0, VERDICT_RETRY},
		{"not ready, in time", -1, ERROR_RETRY, false, 50, 51, VERDICT_RETRY},
		{"not ready, too late", -1, ERROR_RETRY, false, 51, 51, VERDICT_GIVE_UP},
		{"not ready, too late, another's", -1, ERROR_RETRY, true, 51, 51, VERDICT_RECLAIM},
		{"broken", -1, ERROR_FATAL, false, 50, 0, VERDICT_STOP},
		{"broken, too late", -1, ERROR_FATAL, false, 51, 51, VERDICT_STOP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct error err = {.kind = cases[i].kind};
		const struct attempt attempt = {
			.rc = cases[i].rc,
			.err = &err,
			.lost = cases[i].lost,
			.now_ms = cases[i].now_ms,
			.deadline_ms = cases[i].deadline_ms,
		};

		if (verdict_of_attempt(&attempt) != cases[i].expected)
			fail_msg("%s: %d", cases[i].what, (int)verdict_of_attempt(&attempt));
	}
}

static void has_a_reason_for_every_no(void **state)
{
	static const struct {
		enum answer_code code;
		const char *reason;
	} cases[] = {
		{ANSWER_NOT_FOUND, "account.not_found"},
		{ANSWER_EXISTS, "account.exists"},
		{ANSWER_NOT_MEMBER, "role.unexpected"},
		{ANSWER_LAST_ADMIN, "org.last_admin"},
		{ANSWER_EXTERNALLY_SYNCED, "org.externally_synced"},
		{ANSWER_EXTERNAL, "account.external"},
		{ANSWER_PROVISIONED, "account.provisioned"},
		{ANSWER_ROLE_INVALID, "role.invalid"},
		{ANSWER_PASSWORD_POLICY, "password.policy"},
		{ANSWER_LOGIN_FORM_OFF, "grafana.unsupported"},
		{ANSWER_SELF, "account.protected"},
		{ANSWER_PERMISSION, "grafana.permission"},
		{ANSWER_QUOTA, "grafana.quota"},
		{ANSWER_UNSUPPORTED, "grafana.unsupported"},
		{ANSWER_REJECTED, "grafana.rejected"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_string_equal(reason_code(verdict_of_answer(cases[i].code)), cases[i].reason);
}

static void waits_no_less_than_it_was_told(void **state)
{
	struct settings settings = {.worker = {.retry_base_ms = 10, .retry_max_ms = 40}};
	const struct error told = {.kind = ERROR_RETRY, .retry_after_ms = 5000};
	const struct error untold = {.kind = ERROR_RETRY};

	(void)state;
	for (int64_t retries = 0; retries < 100; retries++) {
		int64_t delay_ms = verdict_delay_ms(&settings, retries, &told);

		assert_in_range(delay_ms, 5000, 5040);
		assert_in_range(verdict_delay_ms(&settings, retries, &untold), 0,
				retries == 0 ? 10 : 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_attempts),
		cmocka_unit_test(has_a_reason_for_every_no),
		cmocka_unit_test(waits_no_less_than_it_was_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
