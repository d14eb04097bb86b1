/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_teams.c - teams and their members, against the answers of Grafana 7.5
 * to 12.
 */
#include "tests/unit/grafana_support.h"

#include <stdio.h>

#include "grafana/teams.h"

/* What a call found: the team's id and name, or whether the user is in it. */
struct found {
	struct grafana_team team;
	bool member;
};

struct expectation {
	const char *label;
	int status;
	const char *body;
	enum answer_code code;
	int64_t team_id;
	bool member;
};

typedef int (*call_fn)(struct support *support, struct found *found, struct answer *answer,
		       struct error *err);

static void check_one(const struct expectation *expected, call_fn call, const char *line,
		      const char *body)
{
	const struct http_step step = {.status = expected->status, .body = expected->body};
	struct support support;
	struct found found = {0};
	struct answer answer;
	struct error err = {0};

	support_begin(&support, &step, 1);
	if (call(&support, &found, &answer, &err) != 0)
		fail_msg("%s: %s", expected->label, err.text);
	if (answer.code != expected->code || found.team.id != expected->team_id ||
	    found.member != expected->member)
		fail_msg("%s: %s, team %d, member %d", expected->label, answer_name(answer.code),
			 (int)found.team.id, found.member);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 1);
	support_assert_request(&support, 0, line, body);
	assert_non_null(strstr(http_script_request(support.script, 0),
			       "\r\nX-Grafana-Org-Id: 7\r\n"));
	support_end(&support);
}

static void check(const struct expectation *cases, size_t count, call_fn call,
		  const char *line, const char *body)
{
	for (size_t i = 0; i < count; i++)
		check_one(&cases[i], call, line, body);
}

#define DENIED                                                                                 \
	"{\"accessErrorId\":\"ACE0123456789\",\"message\":\"You'll need additional "           \
	"permissions to perform this action. Permissions needed: teams:read\","                \
	"\"title\":\"Access denied\"}"
#define TEAM(id, name) "{\"id\":" #id ",\"orgId\":7,\"name\":\"" name "\",\"email\":\"\"}"
#define PROVISIONED(text) "{\"message\":\"" text "\"}"

/* ---- finding ---- */

static int by_id(struct support *support, struct found *found, struct answer *answer,
		 struct error *err)
{
	return grafana_team_by_id(support->session, 7, 4, &found->team, answer, err);
}

static void finds_by_id(void **state)
{
	static const struct expectation cases[] = {
		{"it", 200, TEAM(4, "Team 1"), ANSWER_OK, 4, false},
		{"none, 9.4", 404, "{\"message\":\"Team not found\",\"traceID\":\"\"}",
		 ANSWER_NOT_FOUND, 0, false},
		{"none, 12", 404, "{\"message\":\"Team not found\"}", ANSWER_NOT_FOUND, 0, false},
		{"no such route", 404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED, 0, false},
		{"no member of the org", 403, DENIED, ANSWER_PERMISSION, 0, false},
		{"no member, 7.5", 403, "{\"message\":\"Permission denied\"}", ANSWER_PERMISSION, 0,
		 false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), by_id, "GET /api/teams/4 HTTP/1.1\r\n", "");
}

static int by_name(struct support *support, struct found *found, struct answer *answer,
		   struct error *err)
{
	return grafana_team_by_name(support->session, 7, "Team 1/\xc3\xa9", &found->team, answer,
				    err);
}

static void finds_by_the_exact_name(void **state)
{
	static const struct expectation cases[] = {
		{"it", 200, "{\"totalCount\":1,\"teams\":[" TEAM(4, "Team 1/\xc3\xa9") "]}", ANSWER_OK,
		 4, false},
		{"among others", 200,
		 "{\"totalCount\":2,\"teams\":[" TEAM(3, "team 1/\xc3\xa9") ","
		 TEAM(4, "Team 1/\xc3\xa9") "]}", ANSWER_OK, 4, false},
		{"other letter case only", 200,
		 "{\"totalCount\":1,\"teams\":[" TEAM(3, "team 1/\xc3\xa9") "]}", ANSWER_NOT_FOUND, 0,
		 false},
		{"none", 200, "{\"totalCount\":0,\"teams\":[],\"page\":1,\"perPage\":1000}",
		 ANSWER_NOT_FOUND, 0, false},
		{"no member of the org", 403, DENIED, ANSWER_PERMISSION, 0, false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), by_name,
	      "GET /api/teams/search?name=Team%201%2F%C3%A9 HTTP/1.1\r\n", "");
}

static int has_member(struct support *support, struct found *found, struct answer *answer,
		      struct error *err)
{
	return grafana_team_has_member(support->session, 7, 4, 3, &found->member, answer, err);
}

static void knows_who_is_in_a_team(void **state)
{
	static const struct expectation cases[] = {
		{"in it", 200, "[{\"teamId\":4,\"userId\":1},{\"teamId\":4,\"userId\":3}]", ANSWER_OK,
		 0, true},
		{"not in it", 200, "[{\"teamId\":4,\"userId\":1}]", ANSWER_OK, 0, false},
		{"no such team", 200, "[]", ANSWER_OK, 0, false},
		{"denied", 403, DENIED, ANSWER_PERMISSION, 0, false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), has_member, "GET /api/teams/4/members HTTP/1.1\r\n", "");
}

static int find_member(struct support *support, struct found *found, struct answer *answer,
		       struct error *err)
{
	struct grafana_user user;

	(void)found;
	return grafana_team_find_member(support->session, 7, 4, "ada", NULL, &user, answer, err);
}

static void an_answer_that_is_none_is_tried_again(void **state)
{
	static const struct {
		call_fn call;
		const char *body;
	} cases[] = {
		{by_id, "[]"},
		{by_id, TEAM(5, "another")},
		{by_id, "{\"name\":\"Team 1\"}"},
		{by_name, "[]"},
		{by_name, "{\"teams\":{}}"},
		{by_name, "{\"teams\":[{\"name\":\"Team 1/\xc3\xa9\"}]}"},
		{has_member, "{}"},
		{find_member, "{}"},
		{has_member, "[{\"userId\":\"3\"}]"},
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

static void finds_a_member_by_name(void **state)
{
#define MEMBER(id, login, email) \
	"{\"userId\":" #id ",\"login\":\"" login "\",\"email\":\"" email "\"}"
	static const char list[] = "[" MEMBER(3, "ada", "ada@x") "," MEMBER(4, "bob", "ada")
		"," MEMBER(5, "Eve", "e@x") "," MEMBER(6, "eve", "f@x") "]";
	static const struct {
		const char *login, *email;
		enum answer_code code;
		int64_t id;
	} cases[] = {
		{"ADA", NULL, ANSWER_OK, 3},	     {NULL, "Ada@X", ANSWER_OK, 3},
		{"ada", "ada@x", ANSWER_OK, 3},	     {NULL, "ada", ANSWER_OK, 4},
		{"bob", "ada@x", ANSWER_NOT_FOUND, 0}, {"ad", NULL, ANSWER_NOT_FOUND, 0},
		{"eve", NULL, ANSWER_REJECTED, 5},   {"eve", "f@x", ANSWER_OK, 6},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = list};
		struct support support;
		struct grafana_user user;
		struct answer answer;
		struct error err = {0};

		support_begin(&support, &step, 1);
		if (grafana_team_find_member(support.session, 7, 4, cases[i].login,
					     cases[i].email, &user, &answer, &err) < 0)
			fail_msg("case %zu: %s", i, err.text);
		if (answer.code != cases[i].code || user.id != cases[i].id)
			fail_msg("case %zu: %s, %d", i, answer_name(answer.code), (int)user.id);
		support_close(&support);
		support_assert_request(&support, 0, "GET /api/teams/4/members HTTP/1.1\r\n", "");
		support_end(&support);
	}
#undef MEMBER
}

static void a_name_that_is_too_long_is_refused(void **state)
{
	char body[LIMIT_NAME_BYTES + 100], name[LIMIT_NAME_BYTES + 2];
	struct expectation expected = {"too long", 200, body, ANSWER_REJECTED, 4, false};

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(body, sizeof(body), "{\"id\":4,\"name\":\"%s\"}", name);
	check_one(&expected, by_id, "GET /api/teams/4 HTTP/1.1\r\n", "");
}

/* ---- writes ---- */

static int create(struct support *support, struct found *found, struct answer *answer,
		  struct error *err)
{
	return grafana_team_create(support->session, 7, "Team 1", "t@example.com", &found->team.id,
				   answer, err);
}

static int create_without_mail(struct support *support, struct found *found,
			       struct answer *answer, struct error *err)
{
	return grafana_team_create(support->session, 7, "Team 1", NULL, &found->team.id, answer,
				   err);
}

static void creates(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Team created\",\"teamId\":4}", ANSWER_OK, 4, false},
		{"yes, 11", 200, "{\"message\":\"Team created\",\"teamId\":4,\"uid\":\"x\"}", ANSWER_OK,
		 4, false},
		{"yes without an id", 200, "{\"message\":\"Team created\"}", ANSWER_DOUBT, 0, false},
		{"taken", 409, "{\"message\":\"Team name taken\",\"traceID\":\"\"}", ANSWER_EXISTS, 0,
		 false},
		{"race", 500, "{\"message\":\"Failed to create Team\"}", ANSWER_DOUBT, 0, false},
		{"denied", 403, DENIED, ANSWER_PERMISSION, 0, false},
		{"unreadable", 200, "{\"message\":\"Team cr", ANSWER_DOUBT, 0, false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), create, "POST /api/teams HTTP/1.1\r\n",
	      "{\"name\":\"Team 1\",\"email\":\"t@example.com\"}");
	check(cases, 1, create_without_mail, "POST /api/teams HTTP/1.1\r\n",
	      "{\"name\":\"Team 1\",\"email\":\"\"}");
}

static int erase(struct support *support, struct found *found, struct answer *answer,
		 struct error *err)
{
	(void)found;
	return grafana_team_delete(support->session, 7, 4, answer, err);
}

static void deletes(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Team deleted\"}", ANSWER_OK, 0, false},
		{"gone", 404, "{\"message\":\"Failed to delete Team. ID not found\"}",
		 ANSWER_NOT_FOUND, 0, false},
		{"gone, 12", 404, "{\"message\":\"Team not found\"}", ANSWER_NOT_FOUND, 0, false},
		{"of SCIM", 400, PROVISIONED("Cannot delete provisioned teams"), ANSWER_PROVISIONED, 0,
		 false},
		{"trouble", 500, "{\"message\":\"Failed to delete Team\"}", ANSWER_DOUBT, 0, false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), erase, "DELETE /api/teams/4 HTTP/1.1\r\n", "");
}

static int add(struct support *support, struct found *found, struct answer *answer,
	       struct error *err)
{
	(void)found;
	return grafana_team_add_member(support->session, 7, 4, 3, answer, err);
}

static void adds_a_member(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Member added to Team\"}", ANSWER_OK, 0, false},
		{"in it already", 400, "{\"message\":\"User is already added to this team\"}",
		 ANSWER_EXISTS, 0, false},
		{"no such team, 12", 404, "{\"message\":\"Team not found\"}", ANSWER_NOT_FOUND, 0,
		 false},
		{"no such user or team", 500,
		 "{\"message\":\"Failed to add Member to Team\",\"traceID\":\"\"}", ANSWER_DOUBT, 0,
		 false},
		{"of SCIM", 400,
		 PROVISIONED("Team memberships cannot be updated for provisioned teams"),
		 ANSWER_PROVISIONED, 0, false},
		{"denied", 403, DENIED, ANSWER_PERMISSION, 0, false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), add, "POST /api/teams/4/members HTTP/1.1\r\n",
	      "{\"userId\":3}");
}

static int drop(struct support *support, struct found *found, struct answer *answer,
		struct error *err)
{
	(void)found;
	return grafana_team_remove_member(support->session, 7, 4, 3, answer, err);
}

static void removes_a_member(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"Team Member removed\"}", ANSWER_OK, 0, false},
		{"not in it", 404, "{\"message\":\"Team member not found\"}", ANSWER_NOT_FOUND, 0,
		 false},
		{"no such team", 404, "{\"message\":\"Team not found\"}", ANSWER_NOT_FOUND, 0, false},
		{"of SCIM", 400,
		 PROVISIONED("Team memberships cannot be updated for provisioned teams"),
		 ANSWER_PROVISIONED, 0, false},
		{"trouble", 500, "{\"message\":\"Failed to remove Member from Team\"}", ANSWER_DOUBT, 0,
		 false},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), drop, "DELETE /api/teams/4/members/3 HTTP/1.1\r\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_id),
		cmocka_unit_test(finds_by_the_exact_name),
		cmocka_unit_test(knows_who_is_in_a_team),
		cmocka_unit_test(finds_a_member_by_name),
		cmocka_unit_test(an_answer_that_is_none_is_tried_again),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(creates),
		cmocka_unit_test(deletes),
		cmocka_unit_test(adds_a_member),
		cmocka_unit_test(removes_a_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
