/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_service_accounts.c - service accounts, against the answers of Grafana
 * 7.5 to 12, recorded ones where there are any.
 */
#include "tests/unit/grafana_support.h"

#include <stdio.h>

#include "grafana/service_accounts.h"

struct found {
	struct grafana_service_account account;
	size_t count;
};

struct expectation {
	const char *label;
	int status;
	const char *body;
	enum answer_code code;
	int64_t id;
};

typedef int (*call_fn)(struct support *support, struct found *found, struct answer *answer,
		       struct error *err);

static void check(const struct expectation *cases, size_t count, call_fn call, const char *line,
		  const char *body)
{
	for (size_t i = 0; i < count; i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct found found = {0};
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &step, 1);
		if (call(&support, &found, &answer, &err) != 0)
			fail_msg("%s: %s", cases[i].label, err.text);
		if (answer.code != cases[i].code || found.account.id != cases[i].id)
			fail_msg("%s: %s, id %d", cases[i].label, answer_name(answer.code),
				 (int)found.account.id);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 1);
		support_assert_request(&support, 0, line, body);
		assert_non_null(strstr(http_script_request(support.script, 0),
				       "\r\nX-Grafana-Org-Id: 7\r\n"));
		support_end(&support);
	}
}

#define DENIED                                                                              \
	"{\"accessErrorId\":\"ACE0123456789\",\"message\":\"You'll need additional "        \
	"permissions to perform this action. Permissions needed: serviceaccounts:read\","   \
	"\"title\":\"Access denied\"}"
#define TYPED(status, id, message)                                                          \
	"{\"message\":\"" message "\",\"messageId\":\"" id "\",\"statusCode\":" #status     \
	",\"traceID\":\"\"}"
#define ACCOUNT(id, name, role, disabled)                                                   \
	"{\"id\":" #id ",\"name\":\"" name "\",\"login\":\"sa-x\",\"orgId\":7,"             \
	"\"isDisabled\":" disabled ",\"role\":\"" role "\",\"tokens\":0,\"avatarUrl\":\"\"}"
#define PAGE(accounts) "{\"totalCount\":2,\"serviceAccounts\":[" accounts "],\"page\":1,\"perPage\":1000}"

/* ---- finding ---- */

static int by_id(struct support *support, struct found *found, struct answer *answer,
		 struct error *err)
{
	return grafana_service_account_by_id(support->session, 7, 11, &found->account, answer,
					     err);
}

static void finds_by_id(void **state)
{
	static const struct expectation cases[] = {
		{"it", 200, ACCOUNT(11, "sa", "Admin", "false"), ANSWER_OK, 11},
		{"no role", 200, ACCOUNT(11, "sa", "King", "false"), ANSWER_REJECTED, 11},
		{"none, 9.4", 404,
		 "{\"message\":\"Failed to retrieve service account\",\"traceID\":\"\"}",
		 ANSWER_NOT_FOUND, 0},
		{"none, 10.1", 404,
		 TYPED(404, "serviceaccounts.ErrNotFound", "service account not found"),
		 ANSWER_NOT_FOUND, 0},
		{"no such route, 7.5", 404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED, 0},
		{"denied", 403, DENIED, ANSWER_PERMISSION, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), by_id, "GET /api/serviceaccounts/11 HTTP/1.1\r\n", "");
}

static int by_name(struct support *support, struct found *found, struct answer *answer,
		   struct error *err)
{
	return grafana_service_account_by_name(support->session, 7, "a b", &found->account,
					       &found->count, answer, err);
}

static void finds_by_the_exact_name(void **state)
{
	static const struct expectation cases[] = {
		{"it", 200, PAGE(ACCOUNT(11, "a b", "Admin", "true")), ANSWER_OK, 11},
		{"among others", 200,
		 PAGE(ACCOUNT(9, "a bc", "Admin", "true") "," ACCOUNT(11, "a b", "Viewer", "true")),
		 ANSWER_OK, 11},
		{"other letter case only", 200, PAGE(ACCOUNT(9, "A b", "Admin", "true")),
		 ANSWER_NOT_FOUND, 0},
		{"none", 200, PAGE(""), ANSWER_NOT_FOUND, 0},
		{"denied", 403, DENIED, ANSWER_PERMISSION, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), by_name,
	      "GET /api/serviceaccounts/search?perpage=1000&page=1&query=a%20b HTTP/1.1\r\n", "");
}

static void counts_those_of_one_name(void **state)
{
	const struct http_step step = {
		.status = 200,
		.body = PAGE(ACCOUNT(9, "a b", "Admin", "true") "," ACCOUNT(11, "a b", "Viewer",
									     "true"))};
	struct support support;
	struct found found = {0};
	struct answer answer;
	struct error err = {0};

	(void)state;
	support_begin(&support, &step, 1);
	assert_int_equal(by_name(&support, &found, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_int_equal(found.count, 2);
	support_close(&support);
	support_end(&support);
}

/* 1000 accounts are a full page, so that there may be another. */
static void looks_at_all_pages(void **state)
{
	enum { FULL = 1000, EACH_BYTES = 160 };
	char *full = mem_zalloc(FULL * EACH_BYTES + 64);
	struct http_step steps[2] = {{.status = 200, .body = full}, {.status = 200}};
	struct support support;
	struct found found = {0};
	struct answer answer;
	struct error err = {0};
	size_t used = 0;

	(void)state;
	used += (size_t)snprintf(full, EACH_BYTES, "{\"serviceAccounts\":[");
	for (int i = 0; i < FULL; i++)
		used += (size_t)snprintf(full + used, EACH_BYTES, "%s{\"id\":%d,\"name\":\"n\"}",
					 i == 0 ? "" : ",", i + 1);
	memcpy(full + used, "]}", 3);
	steps[1].body = PAGE(ACCOUNT(2000, "a b", "Viewer", "false"));
	support_begin(&support, steps, 2);
	assert_int_equal(by_name(&support, &found, &answer, &err), 0);
	assert_int_equal(found.account.id, 2000);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 2);
	support_assert_request(
		&support, 1,
		"GET /api/serviceaccounts/search?perpage=1000&page=2&query=a%20b HTTP/1.1\r\n", "");
	support_end(&support);
	free(full);
}

static void knows_whether_another_admin_is_left(void **state)
{
	static const struct {
		const char *accounts;
		bool other;
	} cases[] = {
		{PAGE(""), false},
		{PAGE(ACCOUNT(11, "own", "Admin", "false")), false},
		{PAGE(ACCOUNT(12, "disabled", "Admin", "true")), false},
		{PAGE(ACCOUNT(12, "editor", "Editor", "false")), false},
		{PAGE(ACCOUNT(12, "admin", "Admin", "false")), true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = cases[i].accounts};
		struct support support;
		struct answer answer;
		struct error err = {0};
		bool other = !cases[i].other;

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_service_account_other_admin(support.session, 7, 11,
								     &other, &answer, &err),
				 0);
		if (other != cases[i].other)
			fail_msg("%s: %d", cases[i].accounts, other);
		support_close(&support);
		support_end(&support);
	}
}

/* The profile is that of 12; earlier servers tell a token that it is nobody. */
static void knows_its_own_login_where_grafana_tells(void **state)
{
	static const struct {
		int status;
		const char *body, *login;
	} cases[] = {
		{404, "{\"message\":\"user not found\"}", ""},
		{403, "{\"message\":\"Endpoint only available for users\"}", ""},
		{200, "{\"id\":0,\"uid\":\"service-account:5\",\"name\":\"a b\",\"login\":\"sa-1-a-b\"}",
		 "sa-1-a-b"},
		{200, "{\"id\":0,\"login\":7}", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		char login[LIMIT_NAME_BYTES + 1];
		struct support support;
		struct error err = {0};

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_service_account_own(support.session, login, &err), 0);
		assert_string_equal(login, cases[i].login);
		support_close(&support);
		support_assert_request(&support, 0, "GET /api/user HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

static void an_answer_that_is_none_is_tried_again(void **state)
{
	static const struct {
		call_fn call;
		const char *body;
	} cases[] = {
		{by_id, "[]"},
		{by_id, ACCOUNT(12, "another", "Admin", "false")},
		{by_id, "{\"name\":\"sa\"}"},
		{by_name, "[]"},
		{by_name, "{\"serviceAccounts\":{}}"},
		{by_name, "{\"serviceAccounts\":[{\"name\":\"a b\"}]}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = cases[i].body};
		struct support support;
		struct found found = {0};
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &step, 1);
		if (cases[i].call(&support, &found, &answer, &err) != -1)
			fail_msg("%s was taken", cases[i].body);
		assert_int_equal(err.kind, ERROR_RETRY);
		support_close(&support);
		support_end(&support);
	}
}

/* ---- writes ---- */

static int create(struct support *support, struct found *found, struct answer *answer,
		  struct error *err)
{
	return grafana_service_account_create(support->session, 7, "a b", ROLE_EDITOR,
					      &found->account.id, answer, err);
}

static void creates(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 201, ACCOUNT(11, "a b", "Editor", "false"), ANSWER_OK, 11},
		{"yes without an id", 201, "{\"name\":\"a b\"}", ANSWER_DOUBT, 0},
		{"taken, 9.4", 400,
		 "{\"message\":\"Failed to create service account\",\"traceID\":\"\"}",
		 ANSWER_EXISTS, 0},
		{"taken, 10.1", 400,
		 TYPED(400, "serviceaccounts.ErrAlreadyExists", "service account already exists"),
		 ANSWER_EXISTS, 0},
		{"no such role", 400, "{\"message\":\"Bad request data\",\"traceID\":\"\"}",
		 ANSWER_ROLE_INVALID, 0},
		{"role too high, 9.4", 403,
		 "{\"message\":\"can not assign a role higher than user's role\"}",
		 ANSWER_PERMISSION, 0},
		{"role too high", 403,
		 TYPED(403, "serviceaccounts.ErrRoleForbidden",
		       "can not assign a role higher than user's role"), ANSWER_PERMISSION, 0},
		{"made, its maker without rights", 500,
		 "{\"message\":\"Failed to set permissions for service account creator\"}",
		 ANSWER_DOUBT, 0},
		{"denied", 403, DENIED, ANSWER_PERMISSION, 0},
		{"no such route, 7.5", 404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), create, "POST /api/serviceaccounts HTTP/1.1\r\n",
	      "{\"name\":\"a b\",\"role\":\"Editor\"}");
}

static int rename_it(struct support *support, struct found *found, struct answer *answer,
		     struct error *err)
{
	const struct grafana_service_account_change change = {.name = "new", .role = ROLE_ADMIN};

	(void)found;
	return grafana_service_account_update(support->session, 7, 11, &change, answer, err);
}

static int disable(struct support *support, struct found *found, struct answer *answer,
		   struct error *err)
{
	const bool disabled = true;
	const struct grafana_service_account_change change = {.disabled = &disabled};

	(void)found;
	return grafana_service_account_update(support->session, 7, 11, &change, answer, err);
}

static void updates(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"id\":11,\"message\":\"Service account updated\",\"name\":\"new\"}",
		 ANSWER_OK, 0},
		{"gone", 404,
		 "{\"message\":\"Failed to retrieve service account\",\"traceID\":\"\"}",
		 ANSWER_NOT_FOUND, 0},
		{"no such role", 400, "{\"message\":\"Bad request data\"}", ANSWER_ROLE_INVALID, 0},
		{"trouble", 500, "{\"message\":\"Failed update service account\"}", ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), rename_it, "PATCH /api/serviceaccounts/11 HTTP/1.1\r\n",
	      "{\"name\":\"new\",\"role\":\"Admin\"}");
	check(cases, 1, disable, "PATCH /api/serviceaccounts/11 HTTP/1.1\r\n",
	      "{\"isDisabled\":true}");
}

static int erase(struct support *support, struct found *found, struct answer *answer,
		 struct error *err)
{
	(void)found;
	return grafana_service_account_delete(support->session, 7, 11, answer, err);
}

static void deletes(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Service account deleted\"}", ANSWER_OK, 0},
		{"gone, or trouble, 9.4 and 10.1", 500,
		 "{\"message\":\"Service account deletion error\",\"traceID\":\"\"}", ANSWER_DOUBT,
		 0},
		{"gone, 10.4", 404,
		 TYPED(404, "serviceaccounts.ErrNotFound", "service account not found"),
		 ANSWER_NOT_FOUND, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), erase, "DELETE /api/serviceaccounts/11 HTTP/1.1\r\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_id),
		cmocka_unit_test(finds_by_the_exact_name),
		cmocka_unit_test(counts_those_of_one_name),
		cmocka_unit_test(looks_at_all_pages),
		cmocka_unit_test(knows_whether_another_admin_is_left),
		cmocka_unit_test(knows_its_own_login_where_grafana_tells),
		cmocka_unit_test(an_answer_that_is_none_is_tried_again),
		cmocka_unit_test(creates),
		cmocka_unit_test(updates),
		cmocka_unit_test(deletes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
