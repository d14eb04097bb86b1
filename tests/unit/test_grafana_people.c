/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_people.c - a token's view: people, members and the org by the routes of
 * the current org. The other mode's routes are in the tests of users, members and orgs.
 */
#include "tests/unit/grafana_support.h"

#include "grafana/members.h"
#include "grafana/mode.h"
#include "grafana/orgs.h"
#include "grafana/people.h"

#define ADA                                                                                    \
	"{\"orgId\":7,\"userId\":3,\"email\":\"ada@example.com\",\"name\":\"Ada\","               \
	"\"login\":\"ada\",\"role\":\"Editor\",\"isExternallySynced\":true}"
#define ADA_TOO                                                                                \
	"{\"orgId\":7,\"userId\":4,\"email\":\"ada\",\"name\":\"\",\"login\":\"other\","          \
	"\"role\":\"Viewer\"}"
#define ADAM                                                                                   \
	"{\"orgId\":7,\"userId\":5,\"email\":\"adam@example.com\",\"name\":\"\","                 \
	"\"login\":\"adam\",\"role\":\"Owner\"}"

static void begin(struct support *support, const struct http_step *step)
{
	static char token[] = "glsa_a_1", none[] = "";

	support->script = http_script_start(step, 1);
	support->settings = support_settings(http_script_url(support->script));
	support->settings.token = token;
	support->settings.user = support->settings.password = none;
	support_open(support);
	assert_int_equal(grafana_session_mode(support->session), GRAFANA_ONE_ORG);
}

static void end(struct support *support, const char *line, const char *body)
{
	support_close(support);
	assert_int_equal(http_script_count(support->script), 1);
	support_assert_request(support, 0, line, body);
	support_end(support);
}

static void finds_members(void **state)
{
	static const struct {
		const char *label, *said;
		enum grafana_name name;
		int status;
		const char *body;
		int rc;
		enum answer_code code;
		int64_t id;
	} cases[] = {
		{"by login", "ADA", GRAFANA_LOGIN, 200, "[" ADAM "," ADA "]", 0, ANSWER_OK, 3},
		{"by e-mail", "Ada@example.com", GRAFANA_EMAIL, 200, "[" ADA "]", 0, ANSWER_OK, 3},
		{"only a part of it", "ad", GRAFANA_LOGIN, 200, "[" ADAM "," ADA "]", 0, ANSWER_NOT_FOUND, 0},
		{"nobody", "ada", GRAFANA_LOGIN, 200, "[]", 0, ANSWER_NOT_FOUND, 0},
		{"two", "ada", GRAFANA_LOGIN, 200, "[" ADA "," ADA "]", 0, ANSWER_REJECTED, 0},
		{"not by the other name", "ada", GRAFANA_LOGIN, 200, "[" ADA_TOO "," ADA "]", 0, ANSWER_OK,
		 3},
		{"nor the other way", "ada", GRAFANA_EMAIL, 200, "[" ADA_TOO "," ADA "]", 0, ANSWER_OK, 4},
		{"only by the other", "ada", GRAFANA_EMAIL, 200, "[" ADA "]", 0, ANSWER_NOT_FOUND, 3},
		{"denied", "ada", GRAFANA_LOGIN, 403, "{\"message\":\"Permission denied\"}", 0, ANSWER_PERMISSION, 0},
		{"no list", "ada", GRAFANA_LOGIN, 200, "{}", -1, ANSWER_OK, 0},
		{"no id", "ada", GRAFANA_LOGIN, 200, "[{\"login\":\"ada\"}]", -1, ANSWER_OK, 0},
		{"trouble", "ada", GRAFANA_LOGIN, 500, "{\"message\":\"x\"}", -1, ANSWER_OK, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct grafana_user user;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		begin(&support, &step);
		rc = grafana_person_find(support.session, cases[i].said, cases[i].name, &user, &answer,
					 &err);
		if (rc != cases[i].rc || (rc == 0 && answer.code != cases[i].code) ||
		    user.id != cases[i].id)
			fail_msg("%s: rc %d, %s, id %d", cases[i].label, rc,
				 answer_name(answer.code), (int)user.id);
		end(&support, "GET /api/org/users?query=", "");
	}
}

/* In a LIKE of Postgres or MySQL the backslash would not find itself. */
static void a_backslash_is_not_searched_for(void **state)
{
	const struct http_step step = {
		.status = 200,
		.body = "[{\"userId\":8,\"login\":\"ada\",\"email\":\"\",\"role\":\"Viewer\"},"
			"{\"userId\":9,\"login\":\"CORP\\\\ada\",\"email\":\"\",\"role\":\"Editor\"}]"};
	struct support support;
	struct grafana_user user;
	struct answer answer = {0};
	struct error err = {0};
	enum role role;
	bool member;

	(void)state;
	begin(&support, &step);
	assert_int_equal(grafana_person_find(support.session, "corp\\ada", GRAFANA_LOGIN, &user,
					     &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_string_equal(user.login, "CORP\\ada");
	end(&support, "GET /api/org/users?query=ada HTTP/1.1\r\n", "");
	begin(&support, &step);
	assert_int_equal(grafana_person_role(support.session, 7, 9, "CORP\\ada", &member, &role,
					     &answer, &err), 0);
	assert_true(member && role == ROLE_EDITOR);
	end(&support, "GET /api/org/users?query=ada HTTP/1.1\r\n", "");
}

static void gets_a_member(void **state)
{
	const struct http_step step = {.status = 200, .body = "[" ADAM "," ADA "]"};
	struct support support;
	struct grafana_user user;
	struct answer answer = {0};
	struct error err = {0};

	(void)state;
	begin(&support, &step);
	assert_int_equal(grafana_person_get(support.session, 3, &user, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_string_equal(user.login, "ada");
	assert_true(user.is_externally_synced);
	end(&support, "GET /api/org/users?query= HTTP/1.1\r\n", "");
}

static void tells_the_role(void **state)
{
	static const struct {
		int64_t id;
		enum answer_code code;
		bool member;
		enum role role;
	} cases[] = {
		{3, ANSWER_OK, true, ROLE_EDITOR},
		{9, ANSWER_OK, false, ROLE_UNSET},
		{5, ANSWER_REJECTED, false, ROLE_UNSET},
	};
	const struct http_step step = {.status = 200, .body = "[" ADAM "," ADA "]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct answer answer = {0};
		struct error err = {0};
		enum role role;
		bool member;

		begin(&support, &step);
		assert_int_equal(grafana_person_role(support.session, 7, cases[i].id, "ada",
						     &member, &role, &answer, &err), 0);
		assert_int_equal(answer.code, cases[i].code);
		assert_int_equal(member, cases[i].member);
		if (member)
			assert_int_equal(role, cases[i].role);
		end(&support, "GET /api/org/users?query=ada HTTP/1.1\r\n", "");
	}
}

static void tells_what_became_of_a_removed_member(void **state)
{
	static const struct {
		struct http_step step;
		enum answer_code code;
		enum account_fate fate;
	} cases[] = {
		{{.status = 200, .body = "{\"message\":\"User removed from organization\"}"}, ANSWER_OK,
		 ACCOUNT_STAYS},
		{{.status = 200, .body = "{\"message\":\"User deleted\"}"}, ANSWER_OK, ACCOUNT_DELETED},
		{{.status = 400, .body = "{\"message\":\"Cannot remove last organization admin\"}"},
		 ANSWER_LAST_ADMIN, ACCOUNT_FATE_UNKNOWN},
		{{0, NULL, NULL, 0, 0, HTTP_CLOSE}, ANSWER_DOUBT, ACCOUNT_FATE_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct answer answer = {0};
		struct error err = {0};
		enum account_fate fate;

		begin(&support, &cases[i].step);
		assert_int_equal(grafana_member_remove(support.session, 7, 3, &fate, &answer, &err),
				 0);
		assert_int_equal(answer.code, cases[i].code);
		assert_int_equal(fate, cases[i].fate);
		end(&support, "DELETE /api/org/users/3 HTTP/1.1\r\n", "");
	}
}

static void writes_by_the_current_org_s_routes(void **state)
{
	const struct http_step added = {
		.status = 200, .body = "{\"message\":\"User added to organization\",\"userId\":3}"};
	const struct http_step updated = {.status = 200,
					  .body = "{\"message\":\"Organization user updated\"}"};
	struct support support;
	struct answer answer = {0};
	struct error err = {0};
	int64_t user_id = 0;

	(void)state;
	begin(&support, &added);
	assert_int_equal(grafana_member_add(support.session, 7, "ada", ROLE_VIEWER, &user_id,
					    &answer, &err), 0);
	assert_int_equal(user_id, 3);
	end(&support, "POST /api/org/users HTTP/1.1\r\n",
	    "{\"loginOrEmail\":\"ada\",\"role\":\"Viewer\"}");
	begin(&support, &updated);
	assert_int_equal(grafana_member_set_role(support.session, 7, 3, ROLE_VIEWER, &answer,
						 &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	end(&support, "PATCH /api/org/users/3 HTTP/1.1\r\n", "{\"role\":\"Viewer\"}");
}

static void has_one_org(void **state)
{
	static const struct {
		int64_t id;
		const char *name;
		enum answer_code code;
	} cases[] = {
		{7, NULL, ANSWER_OK},
		{8, NULL, ANSWER_NOT_FOUND},
		{0, "Stack", ANSWER_OK},
		{0, "stack", ANSWER_NOT_FOUND},
	};
	const struct http_step step = {.status = 200, .body = "{\"id\":7,\"name\":\"Stack\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct grafana_org org;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		begin(&support, &step);
		rc = cases[i].name != NULL
			     ? grafana_org_by_name(support.session, cases[i].name, GRAFANA_CACHED,
						   &org, &answer, &err)
			     : grafana_org_by_id(support.session, cases[i].id, GRAFANA_CACHED, &org,
						 &answer, &err);
		assert_int_equal(rc, 0);
		assert_int_equal(answer.code, cases[i].code);
		assert_int_equal(org.id, 7); /* told in any case, for the message */
		end(&support, "GET /api/org HTTP/1.1\r\n", "");
	}
}

static void a_deleted_token_is_no_trouble_of_the_server(void **state)
{
	static const struct http_step steps[] = {
		{.status = 500, .body = "{\"message\":\"invalid API key\",\"traceID\":\"\"}"},
		{.status = 401, .body = "{\"message\":\"Invalid API key\",\"messageId\":\"api-key.invalid\"}"},
		{.status = 401, .body = "{\"message\":\"Expired API key\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		struct support support;
		struct grafana_tally tally;
		struct answer answer = {0};
		struct error err = {0};

		begin(&support, &steps[i]);
		assert_int_equal(grafana_member_set_role(support.session, 7, 3, ROLE_VIEWER, &answer,
							 &err), -1);
		assert_int_equal(err.kind, ERROR_RETRY);
		assert_int_equal(err.code, 401);
		tally = grafana_session_tally(support.session);
		assert_true(tally.unauthorized);
		assert_int_equal(tally.unavailable, 0);
		end(&support, "PATCH /api/org/users/3 HTTP/1.1\r\n", "{\"role\":\"Viewer\"}");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_members),
		cmocka_unit_test(a_backslash_is_not_searched_for),
		cmocka_unit_test(gets_a_member),
		cmocka_unit_test(tells_the_role),
		cmocka_unit_test(tells_what_became_of_a_removed_member),
		cmocka_unit_test(writes_by_the_current_org_s_routes),
		cmocka_unit_test(has_one_org),
		cmocka_unit_test(a_deleted_token_is_no_trouble_of_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
