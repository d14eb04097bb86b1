/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_org_write.c - making, renaming and deleting orgs, against the answers of
 * Grafana 7.5 to 12, and what is forgotten of them.
 */
#include "tests/unit/grafana_support.h"

#include "grafana/org_write.h"

struct expectation {
	const char *label;
	int status;
	const char *body;
	enum answer_code code;
};

typedef int (*call_fn)(struct support *support, struct answer *answer, struct error *err);

static void check(const struct expectation *cases, size_t count, call_fn call, const char *line,
		  const char *body)
{
	for (size_t i = 0; i < count; i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &step, 1);
		if (call(&support, &answer, &err) != 0)
			fail_msg("%s: %s", cases[i].label, err.text);
		if (answer.code != cases[i].code)
			fail_msg("%s: %s", cases[i].label, answer_name(answer.code));
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 1);
		support_assert_request(&support, 0, line, body);
		support_end(&support);
	}
}

static int create(struct support *support, struct answer *answer, struct error *err)
{
	int64_t org_id = 0;
	int rc = grafana_org_create(support->session, "A & B", &org_id, answer, err);

	assert_int_equal(org_id, answer->code == ANSWER_OK ? 7 : 0);
	return rc;
}

static void creates(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Organization created\",\"orgId\":7}", ANSWER_OK},
		{"yes without an id", 200, "{\"message\":\"Organization created\"}", ANSWER_DOUBT},
		{"taken, 9.4", 409, "{\"message\":\"Organization name taken\",\"traceID\":\"\"}",
		 ANSWER_EXISTS},
		{"a race was lost", 500, "{\"message\":\"Failed to create organization\"}", ANSWER_DOUBT},
		{"denied", 403, "{\"message\":\"Permission denied\"}", ANSWER_PERMISSION},
		{"quota", 403, "{\"message\":\"org Quota reached\"}", ANSWER_QUOTA},
		{"other", 400, "{\"message\":\"bad request data\"}", ANSWER_REJECTED},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), create, "POST /api/orgs HTTP/1.1\r\n",
	      "{\"name\":\"A & B\"}");
}

static int rename_org(struct support *support, struct answer *answer, struct error *err)
{
	return grafana_org_rename(support->session, 7, "New", answer, err);
}

static void renames(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Organization updated\"}", ANSWER_OK},
		{"taken", 400, "{\"message\":\"Organization name taken\",\"traceID\":\"\"}", ANSWER_EXISTS},
		{"taken, as when creating", 409, "{\"message\":\"Organization name taken\"}", ANSWER_EXISTS},
		{"other 400", 400, "{\"message\":\"bad request data\"}", ANSWER_REJECTED},
		{"no such org", 500, "{\"message\":\"Failed to update organization\"}", ANSWER_DOUBT},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), rename_org, "PUT /api/orgs/7 HTTP/1.1\r\n",
	      "{\"name\":\"New\"}");
}

static int delete_org(struct support *support, struct answer *answer, struct error *err)
{
	return grafana_org_delete(support->session, 7, answer, err);
}

static void deletes(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Organization deleted\"}", ANSWER_OK},
		{"not there", 404, "{\"message\":\"Failed to delete organization. ID not found\"}",
		 ANSWER_NOT_FOUND},
		{"no such route", 404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED},
		{"the caller's, 9.4", 400, "{\"message\":\"Can not delete org for current user\"}",
		 ANSWER_SELF},
		{"the caller's, 12", 400,
		 "{\"message\":\"Cannot delete your active organization. Please switch to a different "
		 "organization first.\"}", ANSWER_SELF},
		{"trouble", 500, "{\"message\":\"Failed to update organization\"}", ANSWER_DOUBT},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), delete_org, "DELETE /api/orgs/7 HTTP/1.1\r\n", "");
}

static void deletes_from_another_org(void **state)
{
	const struct http_step step = {.status = 200, .body = "{\"message\":\"x\"}"};
	struct support support;
	struct answer answer;
	struct error err = {0};

	(void)state;
	support_begin(&support, &step, 1);
	assert_int_equal(grafana_org_delete(support.session, 7, &answer, &err), 0);
	support_close(&support);
	assert_non_null(strstr(http_script_request(support.script, 0), "\r\nX-Grafana-Org-Id: 1\r\n"));
	support_end(&support);
}

/* Asked for again, although the answer would still be remembered. */
static void forgets_what_was_written(void **state)
{
	static const char org[] = "{\"id\":7,\"name\":\"Old\"}";
	static const call_fn calls[] = {rename_org, delete_org};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(calls); i++) {
		const struct http_step steps[] = {
			{.status = 200, .body = org},
			{.status = 0, .end = HTTP_CLOSE},
			{.status = 404, .body = "{\"message\":\"Organization not found\"}"},
		};
		struct support support;
		struct grafana_org found;
		struct answer answer;
		struct error err = {0};

		support_begin(&support, steps, ARRAY_COUNT(steps));
		assert_int_equal(grafana_org_by_name(support.session, "Old", GRAFANA_CACHED, &found,
						     &answer, &err), 0);
		assert_int_equal(calls[i](&support, &answer, &err), 0);
		assert_int_equal(answer.code, ANSWER_DOUBT);
		assert_int_equal(grafana_org_by_name(support.session, "Old", GRAFANA_CACHED, &found,
						     &answer, &err), 0);
		assert_int_equal(answer.code, ANSWER_NOT_FOUND);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 3);
		support_end(&support);
	}
}

#define MEMBERS "[{\"userId\":1,\"login\":\"Admin\",\"email\":\"root@x\"},{\"userId\":2,\"login\":\"ada\"}]"

static void counts_members_and_orgs(void **state)
{
	/* Ours by login or by e-mail; and in a list that is longer than any other answer. */
	static const char *const own[] = {"admin", "Root@x", "admin"};
	const struct http_step steps[] = {
		{.status = 200, .body = MEMBERS},
		{.status = 200, .body = MEMBERS},
		{.status = 200, .body = MEMBERS, .blanks = LIMIT_REPLY_BYTES},
		{.status = 200, .body = "[{\"userId\":\"3\",\"login\":\"odd\"}]"},
		{.status = 200, .body = "[{\"orgId\":7},{\"orgId\":8}]"},
		{.status = 200, .body = "[{\"id\":7,\"name\":\"x\"}]"},
		{.status = 200, .body = "[{\"id\":1},{\"id\":7}]"},
		{.status = 200, .body = "{}"},
	};
	struct support support;
	struct grafana_crowd crowd;
	struct answer answer;
	struct error err = {0};
	size_t orgs = 0;
	bool only = false;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	for (size_t i = 0; i < ARRAY_COUNT(own); i++) {
		assert_int_equal(grafana_org_crowd(support.session, 7, own[i], &crowd, &answer,
						   &err), 0);
		assert_int_equal(crowd.count, 1);
		assert_int_equal(crowd.id_count, 1);
		assert_int_equal(crowd.ids[0], 2);
	}
	assert_int_equal(grafana_org_crowd(support.session, 7, "admin", &crowd, &answer, &err), -1);
	assert_int_equal(grafana_user_count_orgs(support.session, 2, &orgs, &answer, &err), 0);
	assert_int_equal(orgs, 2);
	assert_int_equal(grafana_org_is_only(support.session, &only, &answer, &err), 0);
	assert_true(only);
	assert_int_equal(grafana_org_is_only(support.session, &only, &answer, &err), 0);
	assert_false(only);
	assert_int_equal(grafana_org_crowd(support.session, 7, "admin", &crowd, &answer, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	support_close(&support);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates),
		cmocka_unit_test(renames),
		cmocka_unit_test(deletes),
		cmocka_unit_test(deletes_from_another_org),
		cmocka_unit_test(forgets_what_was_written),
		cmocka_unit_test(counts_members_and_orgs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
