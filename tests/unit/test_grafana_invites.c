/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_invites.c - pending invites, against the answers of Grafana 7.5 to 12.
 */
#include "tests/unit/grafana_support.h"

#include "grafana/invites.h"

#define LIST "GET /api/org/invites HTTP/1.1\r\n"
#define CREATE "POST /api/org/invites HTTP/1.1\r\n"
#define INVITE(code, email, role, created)                                                     \
	"{\"id\":4,\"orgId\":7,\"name\":\"\",\"email\":\"" email "\",\"role\":\"" role         \
	"\",\"invitedByLogin\":\"admin\",\"code\":\"" code                                     \
	"\",\"status\":\"InvitePending\",\"url\":\"http://localhost:3300/invite/" code         \
	"\",\"emailSent\":false,\"createdOn\":\"" created "\"}"
#define NEW_YEAR "2026-01-01T00:00:00Z"
static const int64_t NEW_YEAR_MS = INT64_C(1767225600000);

static void open_one(struct support *support, const struct http_step *step)
{
	support_begin(support, step, 1);
}

static void close_one(struct support *support, const char *line, const char *body)
{
	support_close(support);
	assert_int_equal(http_script_count(support->script), 1);
	support_assert_request(support, 0, line, body);
	assert_non_null(strstr(http_script_request(support->script, 0),
			       "\r\nX-Grafana-Org-Id: 7\r\n"));
	support_end(support);
}

/* ---- finding ---- */

static int find(const struct http_step *step, struct grafana_invites *found,
		struct answer *answer, struct error *err)
{
	struct support support;
	int rc;

	open_one(&support, step);
	rc = grafana_invites_find(support.session, 7, "Grace@example.com", found, answer, err);
	close_one(&support, LIST, "");
	return rc;
}

static void finds_those_of_one_person(void **state)
{
	const struct http_step step = {
		.status = 200,
		.body = "[" INVITE("a1", "grace@example.com", "Viewer", NEW_YEAR) ","
			INVITE("b2", "ada@example.com", "Admin", NEW_YEAR) ","
			INVITE("c3", "GRACE@example.com", "Owner", "soon") ","
			"{\"email\":null,\"code\":7},{\"email\":\"x\",\"code\":\"\"}]"};
	struct grafana_invites found;
	struct answer answer;
	struct error err = {0};

	(void)state;
	assert_int_equal(find(&step, &found, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.items[0].code.bytes, "a1");
	assert_string_equal(found.items[0].link.bytes, "http://localhost:3300/invite/a1");
	assert_int_equal(found.items[0].role, ROLE_VIEWER);
	assert_true(found.items[0].created_ms == NEW_YEAR_MS);
	/* A role and a time that we do not know are no reason not to see it. */
	assert_string_equal(found.items[1].code.bytes, "c3");
	assert_int_equal(found.items[1].role, ROLE_UNSET);
	assert_true(found.items[1].created_ms == 0);
	grafana_invites_clear(&found);
	assert_int_equal(found.count, 0);
}

static void finds_however_many_there_are(void **state)
{
	enum { MANY = 300 };
	static const char one[] = INVITE("a1", "grace@example.com", "Viewer", NEW_YEAR);
	char *body = mem_zalloc(MANY * sizeof(one) + 2);
	const struct http_step step = {.status = 200, .body = body};
	struct grafana_invites found;
	struct answer answer;
	struct error err = {0};
	char *end = body;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		*end++ = i == 0 ? '[' : ',';
		memcpy(end, one, sizeof(one) - 1);
		end += sizeof(one) - 1;
	}
	*end = ']';
	assert_int_equal(find(&step, &found, &answer, &err), 0);
	assert_int_equal(found.count, MANY);
	grafana_invites_clear(&found);
	free(body);
}

static void lists_that_find_nothing(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum answer_code code;
	} cases[] = {
		{200, "[]", ANSWER_OK},
		{200, "[" INVITE("a1", "grace@example.com.evil", "Viewer", NEW_YEAR) "]", ANSWER_OK},
		{403, "{\"message\":\"Permission denied\"}", ANSWER_PERMISSION},
		{403,
		 "{\"accessErrorId\":\"ACE1\",\"message\":\"You'll need additional permissions to "
		 "perform this action. Permissions needed: org.users:add\",\"title\":\"Access "
		 "denied\"}",
		 ANSWER_PERMISSION},
		{404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct grafana_invites found;
		struct answer answer;
		struct error err = {0};

		assert_int_equal(find(&step, &found, &answer, &err), 0);
		assert_int_equal(answer.code, cases[i].code);
		assert_int_equal(found.count, 0);
		grafana_invites_clear(&found);
	}
}

/* What can't be revoked or handed out must not be passed over. */
static void lists_that_are_no_use(void **state)
{
	static const char *const bodies[] = {
		"{}",
		"null",
		"[{\"email\":\"grace@example.com\"}]",
		"[{\"email\":\"grace@example.com\",\"code\":\"\"}]",
		"[{\"email\":\"grace@example.com\",\"code\":\"../../users\"}]",
		"[{\"email\":\"grace@example.com\",\"code\":\"a b\"}]",
		"[" INVITE("a1", "grace@example.com", "Viewer", NEW_YEAR) ","
		"{\"email\":\"grace@example.com\",\"code\":7}]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
		const struct http_step step = {.status = 200, .body = bodies[i]};
		struct grafana_invites found;
		struct answer answer;
		struct error err = {0};

		assert_int_equal(find(&step, &found, &answer, &err), -1);
		assert_int_equal(err.kind, ERROR_RETRY);
		grafana_invites_clear(&found);
	}
}

/* ---- making ---- */

static void knows_what_came_of_an_invitation(void **state)
{
	static const struct {
		const char *label;
		int status;
		const char *body;
		enum answer_code code;
		bool added;
	} cases[] = {
		{"by mail", 200, "{\"message\":\"Sent invite to grace@example.com\"}", ANSWER_OK,
		 false},
		{"without", 200, "{\"message\":\"Created invite for grace@example.com\"}", ANSWER_OK,
		 false},
		{"there is an account", 200,
		 "{\"message\":\"Existing Grafana user Grace added to org Org A\",\"userId\":9}",
		 ANSWER_OK, true},
		{"no SMTP; the invite is saved", 412,
		 "{\"message\":\"SMTP not configured, check your grafana.ini config file's [smtp] "
		 "section\"}",
		 ANSWER_MAIL_OFF, false},
		{"no SMTP; the account is added", 500,
		 "{\"message\":\"Failed to send email invited_to_org\"}", ANSWER_MAIL_OFF, true},
		{"login form off, 9.4", 400, "{\"message\":\"Cannot invite when login is disabled.\"}",
		 ANSWER_LOGIN_FORM_OFF, false},
		{"login form off, 10", 400,
		 "{\"message\":\"Cannot invite external user when login is disabled.\"}",
		 ANSWER_LOGIN_FORM_OFF, false},
		{"member already", 412,
		 "{\"message\":\"User grace@example.com is already added to organization\"}",
		 ANSWER_EXISTS, false},
		{"unknown role, 9.4", 400, "{\"message\":\"Invalid role specified\"}",
		 ANSWER_ROLE_INVALID, false},
		{"quota", 403, "{\"message\":\"user Quota reached\"}", ANSWER_QUOTA, false},
		{"saving failed", 500, "{\"message\":\"Failed to save invite to database\"}",
		 ANSWER_DOUBT, false},
	};
	const struct grafana_new_invite invite = {"grace@example.com", "Grace \"G\"", ROLE_EDITOR,
						  true};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct answer answer;
		struct error err = {0};
		bool added = false;

		open_one(&support, &step);
		if (grafana_invite_create(support.session, 7, &invite, &added, &answer, &err) != 0)
			fail_msg("%s: %s", cases[i].label, err.text);
		if (answer.code != cases[i].code || added != cases[i].added)
			fail_msg("%s: %s, added %d", cases[i].label, answer_name(answer.code), added);
		close_one(&support, CREATE,
			  "{\"loginOrEmail\":\"grace@example.com\",\"name\":\"Grace \\\"G\\\"\","
			  "\"role\":\"Editor\",\"sendEmail\":true}");
	}
}

static void a_lost_answer_is_a_doubt(void **state)
{
	const struct grafana_new_invite invite = {"grace@example.com", "", ROLE_VIEWER, false};
	const struct http_step step = {.end = HTTP_RESET};
	struct support support;
	struct answer answer;
	struct error err = {0};
	bool added = true;

	(void)state;
	open_one(&support, &step);
	assert_int_equal(grafana_invite_create(support.session, 7, &invite, &added, &answer, &err),
			 0);
	assert_int_equal(answer.code, ANSWER_DOUBT);
	assert_false(added);
	close_one(&support, CREATE,
		  "{\"loginOrEmail\":\"grace@example.com\",\"name\":\"\",\"role\":\"Viewer\","
		  "\"sendEmail\":false}");
}

/* ---- revoking ---- */

static void knows_what_came_of_a_revocation(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum answer_code code;
	} cases[] = {
		{200, "{\"message\":\"Invite revoked\"}", ANSWER_OK},
		{404, "{\"message\":\"Invite not found\"}", ANSWER_NOT_FOUND},
		{403, "{\"message\":\"Permission denied: not permitted to revoke invite\"}",
		 ANSWER_REJECTED}, /* another org's */
		{500, "{\"message\":\"Failed to update invite status\"}", ANSWER_DOUBT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct secret code;
		struct answer answer;
		struct error err = {0};

		secret_copy(&code, "aB3-_", 5);
		open_one(&support, &step);
		assert_int_equal(grafana_invite_revoke(support.session, 7, &code, &answer, &err), 0);
		if (answer.code != cases[i].code)
			fail_msg("%d %s: %s", cases[i].status, cases[i].body,
				 answer_name(answer.code));
		close_one(&support, "PATCH /api/org/invites/aB3-_/revoke HTTP/1.1\r\n", "{}");
		secret_clear(&code);
	}
}

/* A code lets whoever has it in. */
static void errors_do_not_tell_the_code(void **state)
{
	const struct http_step step = {.end = HTTP_RESET};
	struct support support;
	struct secret code;
	struct answer answer;
	struct error err = {0};

	(void)state;
	secret_copy(&code, "aB3secret", 9);
	open_one(&support, &step);
	assert_int_equal(grafana_invite_revoke(support.session, 7, &code, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_DOUBT);
	assert_non_null(strstr(answer.message, "/api/org/invites/***"));
	assert_null(strstr(answer.message, "aB3secret"));
	close_one(&support, "PATCH /api/org/invites/aB3secret/revoke HTTP/1.1\r\n", "{}");
	secret_clear(&code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_those_of_one_person),
		cmocka_unit_test(finds_however_many_there_are),
		cmocka_unit_test(lists_that_find_nothing),
		cmocka_unit_test(lists_that_are_no_use),
		cmocka_unit_test(knows_what_came_of_an_invitation),
		cmocka_unit_test(a_lost_answer_is_a_doubt),
		cmocka_unit_test(knows_what_came_of_a_revocation),
		cmocka_unit_test(errors_do_not_tell_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
