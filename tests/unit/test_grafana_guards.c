/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_guards.c - who would be left without an Admin: grafana/guards.c.
 */
#include "tests/unit/grafana_support.h"

#include "config/limits.h"
#include "grafana/guards.h"

#define MEMBER(id, role, more) "{\"userId\":" #id ",\"login\":\"u" #id "\",\"role\":\"" role "\"" more "}"
#define OFF ",\"isDisabled\":true"

static void sees_whether_another_admin_is_left(void **state)
{
	static const struct {
		const char *label, *members;
		bool has_admin, other; /* besides 3 */
	} cases[] = {
		{"nobody", "[]", false, false},
		{"itself", "[" MEMBER(3, "Admin", "") "]", true, false},
		{"another", "[" MEMBER(3, "Admin", "") "," MEMBER(4, "Admin", "") "]", true, true},
		{"one that is disabled", "[" MEMBER(3, "Admin", OFF) "," MEMBER(4, "Admin", OFF) "]",
		 false, true},
		{"no Admin", "[" MEMBER(3, "Admin", "") "," MEMBER(4, "Editor", "") "]", true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step steps[] = {{.status = 200, .body = cases[i].members},
						  {.status = 200, .body = cases[i].members}};
		struct support support;
		struct answer answer = {0};
		struct error err = {0};
		bool has_admin, other;

		support_begin(&support, steps, ARRAY_COUNT(steps));
		assert_int_equal(grafana_org_has_admin(support.session, 7, &has_admin, &answer, &err), 0);
		assert_int_equal(grafana_org_other_admin(support.session, 7, 3, &other, &answer, &err), 0);
		if (has_admin != cases[i].has_admin || other != cases[i].other)
			fail_msg("%s: %d, %d", cases[i].label, has_admin, other);
		support_close(&support);
		support_assert_request(&support, 0, "GET /api/orgs/7/users HTTP/1.1\r\n", "");
		support_assert_request(&support, 1, "GET /api/orgs/7/users HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

/* An org of 100,000 members is told in one answer, which is longer than any that is kept. */
static void however_many_members_there_are(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = "[{\"orgId\":7,\"name\":\"Big\",\"role\":\"Admin\"},"
					"{\"orgId\":8,\"name\":\"Other\",\"role\":\"Viewer\"}]"},
		{.status = 200, .body = "[" MEMBER(3, "Admin", "") "," MEMBER(4, "Viewer", "") "]",
		 .blanks = LIMIT_REPLY_BYTES},
		{.status = 403, .body = "{\"message\":\"Permission denied\"}"},
		{.status = 200, .body = "{}"},
	};
	struct grafana_admin_of admin;
	struct support support;
	struct answer answer = {0};
	struct error err = {0};
	bool other;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(grafana_sole_admin_of(support.session, 3, &admin, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_true(admin.any);
	assert_int_equal(admin.org_id, 7);
	assert_string_equal(admin.org_name, "Big");
	assert_int_equal(grafana_org_other_admin(support.session, 7, 3, &other, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_PERMISSION);
	assert_false(other);
	assert_int_equal(grafana_org_other_admin(support.session, 7, 3, &other, &answer, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	support_close(&support);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sees_whether_another_admin_is_left),
		cmocka_unit_test(however_many_members_there_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
