/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_users.c - finding, reading and updating accounts: grafana/users.c,
 * user_json.c, user_search.c; people.c with all accounts.
 */
#include "tests/unit/grafana_support.h"

#include <stdio.h>

#include "base/buffer.h"
#include "config/role.h"
#include "grafana/people.h"

#define ADA_9                                                                                  \
	"{\"id\":3,\"email\":\"ada@example.com\",\"name\":\"Ada\",\"login\":\"ada\","          \
	"\"theme\":\"\",\"orgId\":1,\"isGrafanaAdmin\":true,\"isDisabled\":true,"              \
	"\"isExternal\":true,\"authLabels\":[\"LDAP\"],"                                       \
	"\"updatedAt\":\"2023-01-02T10:00:00Z\",\"createdAt\":\"2023-01-02T10:00:00Z\","       \
	"\"avatarUrl\":\"/avatar/x\"}"
#define ADA_12                                                                                 \
	"{\"id\":3,\"uid\":\"u000000003\",\"email\":\"ada@example.com\",\"name\":\"Ada\","     \
	"\"login\":\"ada\",\"isGrafanaAdmin\":false,\"isDisabled\":false,\"isExternal\":true," \
	"\"isExternallySynced\":true,\"isGrafanaAdminExternallySynced\":false,"                \
	"\"isProvisioned\":true,\"authLabels\":[\"SAML\"],"                                    \
	"\"createdAt\":\"2026-11-22T10:00:00Z\"}"

static char long_login[] = "{\"id\":3,\"email\":\"\",\"login\":\""
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"; /* 191 */

/* ---- one account ---- */

static void looks_up(void **state)
{
	static const struct {
		const char *label, *who;
		int status;
		const char *body;
		int rc;
		enum answer_code code;
		const char *line;
	} cases[] = {
		{"by login", "ada", 200, ADA_9, 0, ANSWER_OK, "GET /api/users/lookup?loginOrEmail=ada "},
		{"by e-mail", "Ada@Example.com", 200, ADA_9, 0, ANSWER_OK,
		 "GET /api/users/lookup?loginOrEmail=Ada%40Example.com "},
		{"somebody else", "eve", 200, ADA_9, 0, ANSWER_NOT_FOUND,
		 "GET /api/users/lookup?loginOrEmail=eve "},
		{"escaped", "a&b=c d", 404, "{\"message\":\"user not found\"}", 0, ANSWER_NOT_FOUND,
		 "GET /api/users/lookup?loginOrEmail=a%26b%3Dc%20d "},
		{"denied", "ada", 403, "{\"message\":\"Permission denied\"}", 0, ANSWER_PERMISSION, "GET "},
		{"no route", "ada", 404, "{\"message\":\"Not found\"}", 0, ANSWER_UNSUPPORTED, "GET "},
		{"over-long login", "ada", 200, long_login, 0, ANSWER_REJECTED, "GET "},
		{"login is a number", "ada", 200, "{\"id\":3,\"login\":3}", 0, ANSWER_REJECTED, "GET "},
		{"NUL in the login", "a", 200, "{\"id\":3,\"login\":\"a\\u0000b\"}", 0, ANSWER_REJECTED,
		 "GET "},
		{"no id", "ada", 200, "{\"login\":\"ada\"}", -1, ANSWER_OK, "GET "},
		{"a list", "ada", 200, "[]", -1, ANSWER_OK, "GET "},
		{"no JSON", "ada", 200, "Ok", -1, ANSWER_OK, "GET "},
		{"no login", "ada", 200, "{\"id\":3}", -1, ANSWER_OK, "GET "},
		{"trouble", "ada", 500, "{\"message\":\"Internal Server Error\"}", -1, ANSWER_OK, "GET "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct grafana_user user;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		support_begin(&support, &step, 1);
		rc = grafana_user_lookup(support.session, cases[i].who, &user, &answer, &err);
		if (rc != cases[i].rc || (rc == 0 && answer.code != cases[i].code))
			fail_msg("%s: rc %d, %s (%s)", cases[i].label, rc, answer_name(answer.code),
				 err.text);
		assert_int_equal(err.kind, rc < 0 ? ERROR_RETRY : ERROR_NONE);
		if (rc == 0 && answer.code == ANSWER_OK)
			assert_int_equal(user.id, 3);
		support_close(&support);
		support_assert_request(&support, 0, cases[i].line, "");
		support_end(&support);
	}
}

static void two_accounts_of_one_name_are_a_no_and_trouble_is_not(void **state)
{
	static const char failed[] = "{\"message\":\"Failed to get user\"}";
	const struct http_step two[] = {
		{.status = 500, .body = failed},
		{.status = 200,
		 .body = "{\"totalCount\":3,\"users\":[{\"id\":2,\"login\":\"ada\",\"email\":\"a@x\"},"
			 "{\"id\":4,\"login\":\"adalbert\",\"email\":\"ada@x\"},"
			 "{\"id\":3,\"login\":\"ADA\",\"email\":\"b@x\"}],\"page\":1}"},
	};
	const struct http_step one[] = {
		{.status = 500, .body = failed},
		{.status = 200,
		 .body = "{\"totalCount\":1,\"users\":[{\"id\":2,\"login\":\"ada\"}],\"page\":1}"},
	};
	struct support support;
	struct grafana_user user;
	struct answer answer;
	struct error err = {0};

	(void)state;
	support_begin(&support, two, ARRAY_COUNT(two));
	assert_int_equal(grafana_user_lookup(support.session, "ada", &user, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_REJECTED);
	assert_non_null(strstr(answer.message, "more than one account is 'ada'"));
	assert_int_equal(grafana_session_tally(support.session).unavailable, 0);
	support_close(&support);
	support_end(&support);

	support_begin(&support, one, ARRAY_COUNT(one));
	assert_int_equal(grafana_user_lookup(support.session, "ada", &user, &answer, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_int_equal(err.code, 500);
	support_close(&support);
	support_end(&support);
}

/* Of two accounts one's login is the other's e-mail; the server takes it for either. */
static void finds_by_that_name_and_not_by_the_other(void **state)
{
#define HAS_LOGIN "{\"id\":3,\"login\":\"ada@x\",\"email\":\"new@x\"}"
#define HAS_EMAIL "{\"id\":4,\"login\":\"bob\",\"email\":\"ada@x\"}"
#define FOUND(users) "{\"totalCount\":1,\"users\":[" users "],\"page\":1,\"perPage\":1000}"
	static const struct {
		const char *label;
		enum grafana_name name;
		struct http_step steps[3];
		size_t calls;
		enum answer_code code;
		int64_t id;
	} cases[] = {
		{"the right one", GRAFANA_EMAIL, {{.status = 200, .body = HAS_EMAIL}}, 1, ANSWER_OK, 4},
		{"behind an e-mail", GRAFANA_LOGIN,
		 {{.status = 200, .body = HAS_EMAIL},
		  {.status = 200, .body = FOUND(HAS_EMAIL "," HAS_LOGIN)},
		  {.status = 200, .body = HAS_LOGIN}}, 3, ANSWER_OK, 3},
		{"behind a login", GRAFANA_EMAIL,
		 {{.status = 200, .body = HAS_LOGIN},
		  {.status = 200, .body = FOUND(HAS_LOGIN "," HAS_EMAIL)},
		  {.status = 200, .body = HAS_EMAIL}}, 3, ANSWER_OK, 4},
		{"only the other", GRAFANA_EMAIL,
		 {{.status = 200, .body = HAS_LOGIN}, {.status = 200, .body = FOUND(HAS_LOGIN)}}, 2,
		 ANSWER_NOT_FOUND, 3},
		{"none", GRAFANA_EMAIL,
		 {{.status = 404, .body = "{\"message\":\"user not found\"}"},
		  {.status = 200, .body = FOUND("")}}, 2, ANSWER_NOT_FOUND, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct grafana_user user;
		struct answer answer = {0};
		struct error err = {0};

		support_begin(&support, cases[i].steps, cases[i].calls);
		assert_int_equal(grafana_person_find(support.session, "ada@x", cases[i].name, &user,
						     &answer, &err), 0);
		if (answer.code != cases[i].code || user.id != cases[i].id)
			fail_msg("%s: %s, id %d", cases[i].label, answer_name(answer.code),
				 (int)user.id);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), cases[i].calls);
		support_end(&support);
	}
}

static void reads_all_of_an_account(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = ADA_9},
		{.status = 200, .body = ADA_12},
		{.status = 200, .body = ADA_12},
		{.status = 404, .body = "{\"message\":\"user not found\"}"},
	};
	struct support support;
	struct grafana_user user;
	struct answer answer;
	struct error err = {0};

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(grafana_user_get(support.session, 3, &user, &answer, &err), 0);
	assert_int_equal(user.id, 3);
	assert_string_equal(user.login, "ada");
	assert_string_equal(user.email, "ada@example.com");
	assert_string_equal(user.name, "Ada");
	assert_true(user.is_admin && user.is_disabled && user.is_external);
	assert_false(user.is_externally_synced || user.is_provisioned);
	assert_int_equal(user.created_ms, INT64_C(1672653600000));
	assert_int_equal(grafana_user_get(support.session, 3, &user, &answer, &err), 0);
	assert_true(user.is_external && user.is_externally_synced && user.is_provisioned);
	assert_false(user.is_admin || user.is_disabled);
	assert_int_equal(user.created_ms, INT64_C(1795341600000));
	/* An answer about another account is none. */
	assert_int_equal(grafana_user_get(support.session, 4, &user, &answer, &err), -1);
	assert_int_equal(grafana_user_get(support.session, 9, &user, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_NOT_FOUND);
	support_close(&support);
	support_assert_request(&support, 0, "GET /api/users/3 HTTP/1.1\r\n", "");
	support_end(&support);
}

static void reads_the_role(void **state)
{
	static const struct {
		const char *label;
		int status;
		const char *body;
		int rc;
		enum answer_code code;
		bool member;
		enum role role;
	} cases[] = {
		{"member", 200,
		 "[{\"orgId\":1,\"name\":\"Main Org.\",\"role\":\"Viewer\"},"
		 "{\"orgId\":7,\"name\":\"Team\",\"role\":\"Admin\"}]", 0, ANSWER_OK, true, ROLE_ADMIN},
		{"None", 200, "[{\"orgId\":7,\"name\":\"Team\",\"role\":\"None\"}]", 0, ANSWER_OK, true,
		 ROLE_NONE},
		{"not there", 200, "[{\"orgId\":1,\"name\":\"Main Org.\",\"role\":\"Viewer\"}]", 0,
		 ANSWER_OK, false, ROLE_UNSET},
		{"nowhere", 200, "[]", 0, ANSWER_OK, false, ROLE_UNSET},
		{"unknown role here", 200, "[{\"orgId\":7,\"name\":\"Team\",\"role\":\"Owner\"}]", 0,
		 ANSWER_REJECTED, false, ROLE_UNSET},
		{"no role", 200, "[{\"orgId\":7,\"name\":\"Team\"}]", 0, ANSWER_REJECTED, false, ROLE_UNSET},
		{"unknown role elsewhere", 200,
		 "[{\"orgId\":1,\"name\":\"x\",\"role\":\"Owner\"},"
		 "{\"orgId\":7,\"name\":\"Team\",\"role\":\"Editor\"}]", 0, ANSWER_OK, true, ROLE_EDITOR},
		{"no list", 200, "{}", -1, ANSWER_OK, false, ROLE_UNSET},
		{"entry without id", 200, "[{\"role\":\"Admin\"}]", -1, ANSWER_OK, false, ROLE_UNSET},
		{"denied", 403, "{\"message\":\"Permission denied\"}", 0, ANSWER_PERMISSION, false,
		 ROLE_UNSET},
		{"trouble", 500, "{\"message\":\"Failed to get user organizations\"}", -1, ANSWER_OK, false,
		 ROLE_UNSET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		char org_name[LIMIT_ORG_NAME_BYTES + 1] = "";
		struct support support;
		enum role role;
		bool member;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		support_begin(&support, &step, 1);
		rc = grafana_user_role_in_org(support.session, 3, 7, &member, &role, org_name,
					      &answer, &err);
		if (rc != cases[i].rc || (rc == 0 && answer.code != cases[i].code) ||
		    member != cases[i].member || role != cases[i].role)
			fail_msg("%s: rc %d, %s, member %d, role %d", cases[i].label, rc,
				 answer_name(answer.code), member, (int)role);
		assert_string_equal(org_name, member ? "Team" : "");
		support_close(&support);
		support_assert_request(&support, 0, "GET /api/users/3/orgs HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

/* ---- search ---- */

static void tells_whether_anybody_logged_in(void **state)
{
	static const struct {
		const char *label, *body;
		enum answer_code code;
		bool seen;
		int64_t created_ms;
	} cases[] = {
		{"never", "{\"totalCount\":1,\"users\":[{\"id\":3,\"lastSeenAt\":\"2013-01-02T10:00:00Z\"}]}",
		 ANSWER_OK, false, INT64_C(1672653600000)},
		{"yes", "{\"totalCount\":1,\"users\":[{\"id\":3,\"lastSeenAt\":\"2023-01-02T10:05:00Z\"}]}",
		 ANSWER_OK, true, INT64_C(1672653600000)},
		{"created unsaid",
		 "{\"totalCount\":1,\"users\":[{\"id\":3,\"lastSeenAt\":\"2013-01-02T10:00:00Z\"}]}",
		 ANSWER_OK, true, 0},
		{"unsaid", "{\"totalCount\":1,\"users\":[{\"id\":3}]}", ANSWER_OK, true,
		 INT64_C(1672653600000)},
		{"another", "{\"totalCount\":1,\"users\":[{\"id\":4,\"lastSeenAt\":\"2013-01-02T10:00:00Z\"}]}",
		 ANSWER_NOT_FOUND, true, INT64_C(1672653600000)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = cases[i].body};
		const struct grafana_user user = {
			.id = 3, .login = "a b", .created_ms = cases[i].created_ms};
		struct support support;
		struct answer answer;
		struct error err = {0};
		bool seen;

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_user_ever_seen(support.session, &user, &seen, &answer,
							&err), 0);
		if (answer.code != cases[i].code || seen != cases[i].seen)
			fail_msg("%s: %s, seen %d", cases[i].label, answer_name(answer.code), seen);
		support_close(&support);
		support_assert_request(
			&support, 0,
			"GET /api/users/search?perpage=1000&page=1&query=a%20b HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

/* A page of 'count' accounts from id 'first' on, none an admin but those given. */
static char *make_page(int total, int first, int count, int admin, int disabled_admin)
{
	struct buffer out;

	buffer_init(&out, 1 << 20);
	buffer_append_format(&out, "{\"totalCount\":%d,\"users\":[", total);
	for (int id = first; id < first + count; id++)
		buffer_append_format(&out, "%s{\"id\":%d,\"isAdmin\":%s,\"isDisabled\":%s}",
				     id > first ? "," : "", id,
				     id == admin || id == disabled_admin ? "true" : "false",
				     id == disabled_admin ? "true" : "false");
	buffer_append_text(&out, "]}");
	return buffer_take(&out, NULL);
}

static void looks_for_another_admin_on_all_pages(void **state)
{
	static const struct {
		const char *label;
		int total, second_total, admin, disabled_admin;
		int rc;
		bool other;
		size_t calls;
	} cases[] = {
		{"on the first page", 1500, 1500, 5, 0, 0, true, 1},
		{"on the second page", 1500, 1500, 1400, 0, 0, true, 2},
		{"only ourselves", 1500, 1500, 1, 0, 0, false, 2},
		{"disabled", 1500, 1500, 1, 1400, 0, false, 2},
		{"list changed", 1500, 1499, 1, 0, -1, false, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char *pages[] = {make_page(cases[i].total, 1, 1000, cases[i].admin,
					   cases[i].disabled_admin),
				 make_page(cases[i].second_total, 1001, 500, cases[i].admin,
					   cases[i].disabled_admin)};
		const struct http_step steps[] = {{.status = 200, .body = pages[0]},
						  {.status = 200, .body = pages[1]}};
		struct support support;
		struct answer answer;
		struct error err = {0};
		bool other;
		int rc;

		support_begin(&support, steps, ARRAY_COUNT(steps));
		rc = grafana_user_other_admin(support.session, 1, &other, &answer, &err);
		support_close(&support);
		if (rc != cases[i].rc || other != cases[i].other ||
		    http_script_count(support.script) != cases[i].calls)
			fail_msg("%s: rc %d, other %d, %zu calls", cases[i].label, rc, other,
				 http_script_count(support.script));
		if (cases[i].calls > 1)
			support_assert_request(
				&support, 1,
				"GET /api/users/search?perpage=1000&page=2&query= HTTP/1.1\r\n", "");
		support_end(&support);
		free(pages[0]);
		free(pages[1]);
	}
}

static void a_search_ends_at_an_empty_page_or_a_no(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = "{\"totalCount\":5,\"users\":[{\"id\":1}]}"},
		{.status = 200, .body = "{\"totalCount\":5,\"users\":[]}"},
		{.status = 403, .body = "{\"message\":\"Permission denied\"}"},
		{.status = 200, .body = "{\"users\":{}}"},
	};
	struct support support;
	struct answer answer;
	struct error err = {0};
	bool other;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(grafana_user_other_admin(support.session, 1, &other, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_false(other);
	assert_int_equal(grafana_user_other_admin(support.session, 1, &other, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_PERMISSION);
	assert_int_equal(grafana_user_other_admin(support.session, 1, &other, &answer, &err), -1);
	support_close(&support);
	support_end(&support);
}

/* ---- update ---- */

static void updates(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum answer_code code;
	} cases[] = {
		{200, "{\"message\":\"User updated\"}", ANSWER_OK},
		{409, "{\"message\":\"Update would result in user login conflict\"}", ANSWER_EXISTS},
		{409, "{\"message\":\"Email is already being used\",\"messageId\":\"user.email-conflict\"}",
		 ANSWER_EXISTS},
		{403, "{\"message\":\"User info cannot be updated for external Users\"}", ANSWER_EXTERNAL},
		{403, "{\"message\":\"Cannot update external User\"}", ANSWER_EXTERNAL},
		{400, "{\"message\":\"Need to specify either username or email\"}", ANSWER_REJECTED},
		{404, "{\"message\":\"user not found\"}", ANSWER_NOT_FOUND},
		{500, "{\"message\":\"Failed to update user\",\"traceID\":\"\"}", ANSWER_DOUBT},
		{0, NULL, ANSWER_DOUBT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status,
					       .body = cases[i].body,
					       .end = cases[i].status == 0 ? HTTP_CLOSE : HTTP_KEEP};
		struct support support;
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &step, 1);
		assert_int_equal(grafana_user_update(support.session, 3, "ada", "ada@example.com",
						     "", &answer, &err), 0);
		if (answer.code != cases[i].code)
			fail_msg("%s: %s", cases[i].body, answer_name(answer.code));
		support_close(&support);
		support_assert_request(
			&support, 0, "PUT /api/users/3 HTTP/1.1\r\n",
			"{\"login\":\"ada\",\"email\":\"ada@example.com\",\"name\":\"\"}");
		support_end(&support);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_up),
		cmocka_unit_test(two_accounts_of_one_name_are_a_no_and_trouble_is_not),
		cmocka_unit_test(finds_by_that_name_and_not_by_the_other),
		cmocka_unit_test(reads_all_of_an_account),
		cmocka_unit_test(reads_the_role),
		cmocka_unit_test(tells_whether_anybody_logged_in),
		cmocka_unit_test(looks_for_another_admin_on_all_pages),
		cmocka_unit_test(a_search_ends_at_an_empty_page_or_a_no),
		cmocka_unit_test(updates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
