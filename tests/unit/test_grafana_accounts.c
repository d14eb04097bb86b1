/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_accounts.c - the server admin's calls on accounts, against the
 * answers of Grafana 7.5 to 12.
 */
#include "tests/unit/grafana_support.h"

#include "grafana/accounts.h"

struct expectation {
	const char *label;
	int status;
	const char *body;
	enum answer_code code;
	int64_t user_id; /* of a creation */
};

typedef int (*call_fn)(struct support *support, int64_t *user_id, struct answer *answer,
		       struct error *err);

static void check(const struct expectation *cases, size_t count, call_fn call,
		  const char *line, const char *body)
{
	for (size_t i = 0; i < count; i++) {
		const struct http_step step = {.status = cases[i].status,
					       .body = cases[i].body,
					       .end = cases[i].status == 0 ? HTTP_RESET : HTTP_KEEP};
		struct support support;
		struct answer answer;
		struct error err = {0};
		int64_t user_id = 0;

		support_begin(&support, &step, 1);
		if (call(&support, &user_id, &answer, &err) != 0)
			fail_msg("%s: %s", cases[i].label, err.text);
		if (answer.code != cases[i].code || user_id != cases[i].user_id)
			fail_msg("%s: %s, user %d", cases[i].label, answer_name(answer.code),
				 (int)user_id);
		assert_null(strstr(answer.message, "s3cret"));
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 1);
		support_assert_request(&support, 0, line, body);
		support_end(&support);
	}
}

static int create_in(struct support *support, int64_t org_id, int64_t *user_id,
		     struct answer *answer, struct error *err)
{
	struct secret password;
	struct grafana_new_account account = {.login = "ada",
					      .email = "ada@example.com",
					      .name = "",
					      .password = &password,
					      .org_id = org_id};
	int rc;

	secret_copy(&password, "s3cret\"\\\x1f!", 10);
	rc = grafana_account_create(support->session, &account, user_id, answer, err);
	secret_clear(&password);
	return rc;
}

static int create(struct support *support, int64_t *user_id, struct answer *answer,
		  struct error *err)
{
	return create_in(support, 0, user_id, answer, err);
}

static void creates(void **state)
{
	static const struct expectation cases[] = {
		{"9.4", 200, "{\"id\":5,\"message\":\"User created\"}", ANSWER_OK, 5},
		{"12", 200, "{\"id\":5,\"uid\":\"u000000005\",\"message\":\"User created\"}", ANSWER_OK, 5},
		{"no id", 200, "{\"message\":\"User created\"}", ANSWER_DOUBT, 0},
		{"id that can't be", 200, "{\"id\":0,\"message\":\"User created\"}", ANSWER_DOUBT, 0},
		{"taken", 412,
		 "{\"message\":\"User with email 'ada@example.com' or username 'ada' already exists\"}",
		 ANSWER_EXISTS, 0},
		{"taken, newer", 409, "{\"message\":\"Conflict\",\"messageId\":\"user.conflict\"}",
		 ANSWER_EXISTS, 0},
		{"too short, 9.4", 400, "{\"message\":\"Password is missing or too short\"}",
		 ANSWER_PASSWORD_POLICY, 0},
		{"too short, 12", 400,
		 "{\"message\":\"New password is too short\","
		 "\"messageId\":\"password.password-policy-too-short\",\"statusCode\":400}",
		 ANSWER_PASSWORD_POLICY, 0},
		{"policy, 12", 400,
		 "{\"message\":\"New password doesn't comply with the password policy\","
		 "\"messageId\":\"password.password-policy-infringe\"}",
		 ANSWER_PASSWORD_POLICY, 0},
		{"no org, 9.4", 400, "{\"message\":\"organization not found\",\"traceID\":\"\"}",
		 ANSWER_NOT_FOUND, 0},
		{"no org, 12", 400,
		 "{\"message\":\"[org.notFound] failed to get organization with ID: 99\"}",
		 ANSWER_NOT_FOUND, 0},
		{"nobody", 400,
		 "{\"message\":\"Validation error, need specify either username or email\"}",
		 ANSWER_REJECTED, 0},
		{"race or trouble", 500, "{\"message\":\"failed to create user\",\"traceID\":\"\"}",
		 ANSWER_DOUBT, 0},
		{"route", 404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED, 0},
		{"denied", 403, "{\"message\":\"Permission denied\"}", ANSWER_PERMISSION, 0},
		{"quota", 403, "{\"message\":\"user Quota reached\"}", ANSWER_QUOTA, 0},
		{"lost", 0, NULL, ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), create, "POST /api/admin/users HTTP/1.1\r\n",
	      "{\"name\":\"\",\"login\":\"ada\",\"email\":\"ada@example.com\","
	      "\"password\":\"s3cret\\u0022\\u005c\\u001f!\"}");
}

static int create_in_org(struct support *support, int64_t *user_id, struct answer *answer,
			 struct error *err)
{
	return create_in(support, 7, user_id, answer, err);
}

static void creates_in_an_org(void **state)
{
	static const struct expectation cases[] = {
		{"9.4", 200, "{\"id\":5,\"message\":\"User created\"}", ANSWER_OK, 5},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), create_in_org, "POST /api/admin/users HTTP/1.1\r\n",
	      "{\"name\":\"\",\"login\":\"ada\",\"email\":\"ada@example.com\",\"OrgId\":7,"
	      "\"password\":\"s3cret\\u0022\\u005c\\u001f!\"}");
}

static int set_password(struct support *support, int64_t *user_id, struct answer *answer,
			struct error *err)
{
	struct secret password;
	int rc;

	(void)user_id;
	secret_copy(&password, "s3cret", 6);
	rc = grafana_account_set_password(support->session, 5, &password, answer, err);
	secret_clear(&password);
	return rc;
}

static void sets_the_password(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"User password updated\"}", ANSWER_OK, 0},
		{"sessions live on", 417,
		 "{\"message\":\"User password updated but unable to revoke user sessions\"}",
		 ANSWER_SESSIONS_REMAIN, 0},
		{"too short, 9.4", 400, "{\"message\":\"New password too short\"}",
		 ANSWER_PASSWORD_POLICY, 0},
		{"external", 403, "{\"message\":\"Cannot update external User\"}", ANSWER_EXTERNAL, 0},
		{"login form off", 403,
		 "{\"message\":\"Not allowed to reset password when login form is disabled\"}",
		 ANSWER_LOGIN_FORM_OFF, 0},
		{"no account", 404, "{\"message\":\"user not found\"}", ANSWER_NOT_FOUND, 0},
		{"no account or trouble, 9.4", 500,
		 "{\"message\":\"Could not read user from database\"}", ANSWER_DOUBT, 0},
		{"weak, unknown or trouble, 12", 500,
		 "{\"message\":\"Failed to update user password\"}", ANSWER_DOUBT, 0},
		{"lost", 0, NULL, ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), set_password,
	      "PUT /api/admin/users/5/password HTTP/1.1\r\n", "{\"password\":\"s3cret\"}");
}

static int disable(struct support *support, int64_t *user_id, struct answer *answer,
		   struct error *err)
{
	(void)user_id;
	return grafana_account_disable(support->session, 5, answer, err);
}

static int enable(struct support *support, int64_t *user_id, struct answer *answer,
		  struct error *err)
{
	(void)user_id;
	return grafana_account_enable(support->session, 5, answer, err);
}

static int erase(struct support *support, int64_t *user_id, struct answer *answer,
		 struct error *err)
{
	(void)user_id;
	return grafana_account_delete(support->session, 5, answer, err);
}

static int log_out(struct support *support, int64_t *user_id, struct answer *answer,
		   struct error *err)
{
	(void)user_id;
	return grafana_account_logout(support->session, 5, answer, err);
}

static void disables_and_enables(void **state)
{
	static const struct expectation disabling[] = {
		{"yes", 200, "{\"message\":\"User disabled\"}", ANSWER_OK, 0},
		{"external", 500, "{\"message\":\"Could not disable external user\"}", ANSWER_EXTERNAL, 0},
		{"gone", 404, "{\"message\":\"user not found\"}", ANSWER_NOT_FOUND, 0},
		{"trouble", 500, "{\"message\":\"Failed to disable user\"}", ANSWER_DOUBT, 0},
		{"no such route", 404, "<html>404</html>", ANSWER_UNSUPPORTED, 0},
	};
	static const struct expectation enabling[] = {
		{"yes", 200, "{\"message\":\"User enabled\"}", ANSWER_OK, 0},
		{"external", 500, "{\"message\":\"Could not enable external user\",\"traceID\":\"\"}",
		 ANSWER_EXTERNAL, 0},
		{"trouble", 500, "{\"message\":\"Failed to enable user\"}", ANSWER_DOUBT, 0},
	};

	(void)state;
	check(disabling, ARRAY_COUNT(disabling), disable,
	      "POST /api/admin/users/5/disable HTTP/1.1\r\n", "");
	check(enabling, ARRAY_COUNT(enabling), enable,
	      "POST /api/admin/users/5/enable HTTP/1.1\r\n", "");
}

static int make_admin(struct support *support, int64_t *user_id, struct answer *answer,
		      struct error *err)
{
	(void)user_id;
	return grafana_account_set_admin(support->session, 5, true, answer, err);
}

static int make_none(struct support *support, int64_t *user_id, struct answer *answer,
		     struct error *err)
{
	(void)user_id;
	return grafana_account_set_admin(support->session, 5, false, answer, err);
}

static void sets_the_server_admin_right(void **state)
{
	static const struct expectation granting[] = {
		{"yes", 200, "{\"message\":\"User permissions updated\"}", ANSWER_OK, 0},
		{"synced", 403,
		 "{\"message\":\"Cannot change Grafana Admin role for externally synced user\"}",
		 ANSWER_EXTERNALLY_SYNCED, 0},
	};
	static const struct expectation revoking[] = {
		{"yes", 200, "{\"message\":\"User permissions updated\"}", ANSWER_OK, 0},
		{"last one", 400, "{\"message\":\"cannot remove last grafana admin\"}",
		 ANSWER_LAST_ADMIN, 0},
		{"trouble, or gone", 500, "{\"message\":\"Failed to update user permissions\"}",
		 ANSWER_DOUBT, 0},
		{"denied", 403, "{\"message\":\"Permission denied\"}", ANSWER_PERMISSION, 0},
	};

	(void)state;
	check(granting, ARRAY_COUNT(granting), make_admin,
	      "PUT /api/admin/users/5/permissions HTTP/1.1\r\n", "{\"isGrafanaAdmin\":true}");
	check(revoking, ARRAY_COUNT(revoking), make_none,
	      "PUT /api/admin/users/5/permissions HTTP/1.1\r\n", "{\"isGrafanaAdmin\":false}");
}

static void deletes(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"User deleted\"}", ANSWER_OK, 0},
		{"gone", 404, "{\"message\":\"user not found\"}", ANSWER_NOT_FOUND, 0},
		{"half done", 500, "{\"message\":\"Failed to delete user\"}", ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), erase, "DELETE /api/admin/users/5 HTTP/1.1\r\n", "");
}

static void logs_out(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"message\":\"User logged out\"}", ANSWER_OK, 0},
		{"self", 400, "{\"message\":\"You cannot logout yourself\"}", ANSWER_SELF, 0},
		{"gone", 404, "{\"message\":\"User not found\"}", ANSWER_NOT_FOUND, 0},
		{"trouble", 500, "{\"message\":\"Failed to logout user\"}", ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), log_out, "POST /api/admin/users/5/logout HTTP/1.1\r\n",
	      "");
}

static void text_that_is_not_utf8_is_refused_unsent(void **state)
{
	struct secret password;
	struct grafana_new_account account = {
		.login = "a\xff", .email = "a@example.com", .name = "", .password = &password};
	struct support support;
	struct answer answer;
	struct error err = {0};
	int64_t user_id = 0;

	(void)state;
	support_begin(&support, NULL, 0);
	secret_copy(&password, "s3cret", 6);
	assert_int_equal(grafana_account_create(support.session, &account, &user_id, &answer,
						&err), 0);
	assert_int_equal(answer.code, ANSWER_REJECTED);
	secret_clear(&password);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 0);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creates),
		cmocka_unit_test(creates_in_an_org),
		cmocka_unit_test(sets_the_password),
		cmocka_unit_test(disables_and_enables),
		cmocka_unit_test(sets_the_server_admin_right),
		cmocka_unit_test(deletes),
		cmocka_unit_test(logs_out),
		cmocka_unit_test(text_that_is_not_utf8_is_refused_unsent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
