/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_members.c - adding, changing and removing members, against the
 * answers of Grafana 7.5 to 12.
 */
#include "tests/unit/grafana_support.h"

#include "grafana/members.h"

struct expectation {
	const char *label;
	struct http_step step;
	enum answer_code code;
	int64_t user_id; /* of an addition */
};

typedef int (*call_fn)(struct support *support, int64_t *user_id, struct answer *answer,
		       struct error *err);

static void check(const struct expectation *cases, size_t count, call_fn call,
		  const char *line, const char *body)
{
	for (size_t i = 0; i < count; i++) {
		struct support support;
		struct answer answer;
		struct error err = {0};
		int64_t user_id = 0;

		support_begin(&support, &cases[i].step, 1);
		if (call(&support, &user_id, &answer, &err) != 0)
			fail_msg("%s: %s", cases[i].label, err.text);
		if (answer.code != cases[i].code || user_id != cases[i].user_id)
			fail_msg("%s: %s, user %d", cases[i].label, answer_name(answer.code),
				 (int)user_id);
		assert_int_equal(answer.status, cases[i].step.status);
		assert_int_equal(err.kind, ERROR_NONE);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 1);
		support_assert_request(&support, 0, line, body);
		support_end(&support);
	}
}

#define DENIED                                                                                 \
	"{\"accessErrorId\":\"ACE0123456789\",\"message\":\"You'll need additional "           \
	"permissions to perform this action. Permissions needed: org.users:add\","             \
	"\"title\":\"Access denied\"}"

static int add(struct support *support, int64_t *user_id, struct answer *answer,
	       struct error *err)
{
	return grafana_member_add(support->session, 7, "ada@example.com", ROLE_EDITOR, user_id,
				  answer, err);
}

static void adds(void **state)
{
	static const struct expectation cases[] = {
		{"yes", {200, "{\"message\":\"User added to organization\",\"userId\":3}", NULL, 0, 0, 0},
		 ANSWER_OK, 3},
		{"member already",
		 {409, "{\"message\":\"User is already member of this organization\",\"userId\":3}", NULL, 0,
		  0, 0}, ANSWER_EXISTS, 3},
		{"yes without an id", {200, "{\"message\":\"User added to organization\"}", NULL, 0, 0, 0},
		 ANSWER_DOUBT, 0},
		{"no such user", {404, "{\"message\":\"User not found\"}", NULL, 0, 0, 0}, ANSWER_NOT_FOUND,
		 0},
		{"no such user, 10.1",
		 {404, "{\"message\":\"User not found\",\"traceID\":\"\"}", NULL, 0, 0, 0},
		 ANSWER_NOT_FOUND, 0},
		{"no such route", {404, "{\"message\":\"Not found\"}\n", NULL, 0, 0, 0}, ANSWER_UNSUPPORTED,
		 0},
		{"role unknown, 9.4",
		 {400, "{\"message\":\"bad request data\",\"traceID\":\"\"}", NULL, 0, 0, 0},
		 ANSWER_ROLE_INVALID, 0},
		{"role unknown", {400, "{\"message\":\"Invalid role specified\"}", NULL, 0, 0, 0},
		 ANSWER_ROLE_INVALID, 0},
		{"role unknown, 7.5",
		 {422, "[{\"fieldNames\":[\"Role\"],\"message\":\"Required\"}]", NULL, 0, 0, 0},
		 ANSWER_ROLE_INVALID, 0},
		{"role unknown, 7.5, by name",
		 {400, "[{\"classification\":\"DeserializationError\",\"message\":"
		       "\"JSON validation error: invalid role value: None\"}]", NULL, 0, 0, 0},
		 ANSWER_ROLE_INVALID, 0},
		{"above our own role",
		 {403, "{\"message\":\"Cannot assign a role higher than user's role\"}", NULL, 0, 0, 0},
		 ANSWER_PERMISSION, 0},
		{"denied", {403, DENIED, NULL, 0, 0, 0}, ANSWER_PERMISSION, 0},
		{"quota", {403, "{\"message\":\"user Quota reached\"}", NULL, 0, 0, 0}, ANSWER_QUOTA, 0},
		{"race, or no org", {500, "{\"message\":\"Could not add user to organization\"}", NULL, 0, 0,
				     0}, ANSWER_DOUBT, 0},
		{"page", {503, "<html>", "Content-Type: text/html\r\n", 0, 0, 0}, ANSWER_DOUBT, 0},
		{"unreadable", {200, "{\"message\":\"User ad", NULL, 0, 0, 0}, ANSWER_DOUBT, 0},
		{"lost", {0, NULL, NULL, 0, 0, HTTP_CLOSE}, ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), add, "POST /api/orgs/7/users HTTP/1.1\r\n",
	      "{\"loginOrEmail\":\"ada@example.com\",\"role\":\"Editor\"}");
}

static int set_role(struct support *support, int64_t *user_id, struct answer *answer,
		    struct error *err)
{
	(void)user_id;
	return grafana_member_set_role(support->session, 7, 3, ROLE_NONE, answer, err);
}

static void sets_the_role(void **state)
{
	static const struct expectation cases[] = {
		{"yes", {200, "{\"message\":\"Organization user updated\"}", NULL, 0, 0, 0}, ANSWER_OK, 0},
		{"last admin",
		 {400,
		  "{\"message\":\"Cannot change role so that there is no organization admin left\"}",
		  NULL, 0, 0, 0}, ANSWER_LAST_ADMIN, 0},
		{"synced",
		 {403,
		  "{\"statusCode\":403,\"messageId\":\"org.externallySynced\","
		  "\"message\":\"cannot change role for externally synced user\"}", NULL, 0, 0, 0},
		 ANSWER_EXTERNALLY_SYNCED, 0},
		{"synced, no id",
		 {403, "{\"message\":\"cannot change role for externally synced user\"}", NULL, 0, 0, 0},
		 ANSWER_EXTERNALLY_SYNCED, 0},
		{"no member", {500, "{\"message\":\"Failed update org user\"}", NULL, 0, 0, 0},
		 ANSWER_NOT_MEMBER, 0},
		{"no member, 9.4",
		 {500, "{\"message\":\"Failed update org user\",\"traceID\":\"\"}", NULL, 0, 0, 0},
		 ANSWER_NOT_MEMBER, 0},
		{"no account, 12", {404, "{\"message\":\"User not found\"}", NULL, 0, 0, 0},
		 ANSWER_NOT_MEMBER, 0},
		{"trouble", {500, "{\"message\":\"Failed to get user auth info\"}", NULL, 0, 0, 0},
		 ANSWER_DOUBT, 0},
		{"role unknown", {400, "{\"message\":\"bad request data\"}", NULL, 0, 0, 0},
		 ANSWER_ROLE_INVALID, 0},
		{"denied", {403, DENIED, NULL, 0, 0, 0}, ANSWER_PERMISSION, 0},
		{"gateway", {504, "", NULL, 0, 0, 0}, ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), set_role, "PATCH /api/orgs/7/users/3 HTTP/1.1\r\n",
	      "{\"role\":\"None\"}");
}

static int drop(struct support *support, int64_t *user_id, struct answer *answer,
		struct error *err)
{
	(void)user_id;
	enum account_fate fate;

	return grafana_member_remove(support->session, 7, 3, &fate, answer, err);
}

static void removes(void **state)
{
	static const struct expectation cases[] = {
		{"yes", {200, "{\"message\":\"User removed from organization\"}", NULL, 0, 0, 0}, ANSWER_OK,
		 0},
		{"last admin, or no org",
		 {400, "{\"message\":\"Cannot remove last organization admin\"}", NULL, 0, 0, 0},
		 ANSWER_LAST_ADMIN, 0},
		{"no account", {500, "{\"message\":\"Failed to remove user from organization\"}", NULL, 0, 0,
				0}, ANSWER_NOT_FOUND, 0},
		{"denied", {403, DENIED, NULL, 0, 0, 0}, ANSWER_PERMISSION, 0},
		{"other 500", {500, "{\"message\":\"Internal Server Error\"}", NULL, 0, 0, 0}, ANSWER_DOUBT,
		 0},
		{"reset", {0, NULL, NULL, 0, 0, HTTP_RESET}, ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), drop, "DELETE /api/orgs/7/users/3 HTTP/1.1\r\n", "");
}

static void what_surely_did_not_happen_is_tried_again(void **state)
{
	static const struct http_step steps[] = {
		{.status = 429, .body = "{}"},
		{.status = 401, .body = "{\"message\":\"invalid username or password\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		struct support support;
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &steps[i], 1);
		assert_int_equal(drop(&support, NULL, &answer, &err), -1);
		assert_int_equal(err.kind, ERROR_RETRY);
		assert_int_equal(err.code, steps[i].status);
		support_close(&support);
		support_end(&support);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds),
		cmocka_unit_test(sets_the_role),
		cmocka_unit_test(removes),
		cmocka_unit_test(what_surely_did_not_happen_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
