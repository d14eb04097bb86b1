/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_login.c - one session for all: grafana/login.c.
 *
 * What counts is what the scripted server got, in the order it got it.
 */
#include "tests/unit/grafana_support.h"

#include <pthread.h>

#include "base/text.h"

#define YES "{\"message\":\"done\"}"
#define IN(cookie) {.status = 200, .body = "{\"message\":\"Logged in\"}", \
	.headers = "Set-Cookie: grafana_session=" cookie "; Path=/; HttpOnly\r\n" \
		   "Set-Cookie: grafana_session_expiry=1795387060; Path=/\r\n"}
#define OUT {.status = 302, .headers = "Location: /login\r\n"}
#define REFUSED {.status = 401, .body = "{\"message\":\"Unauthorized\"}"}
#define WRONG {.status = 401, .body = "{\"message\":\"Invalid username or password\"," \
	"\"messageId\":\"password-auth.failed\"}"}

enum { THREADS = 16 };

static void open_with_sessions(struct support *support, const struct http_step *steps,
			       size_t count)
{
	support->script = http_script_start(steps, count);
	support->settings = support_settings(http_script_url(support->script));
	support->settings.auth = AUTH_SESSION;
	support->settings.unauthorized_wait_ms = 600000;
	support_open(support);
}

static int get(struct support *support, struct error *err)
{
	struct reply reply;
	int rc;

	memset(err, 0, sizeof(*err));
	rc = grafana_request_in_org(support->session, 0, GRAFANA_READ, "GET", "/api/org", NULL, &reply,
			     err);
	reply_clear(&reply);
	return rc;
}

static int post(struct support *support, struct error *err)
{
	struct slice body = {"{}", 2};
	struct reply reply;
	int rc;

	memset(err, 0, sizeof(*err));
	rc = grafana_request_in_org(support->session, 0, GRAFANA_WRITE, "POST", "/api/orgs", &body, &reply,
			     err);
	reply_clear(&reply);
	return rc;
}

static bool shows(struct support *support, size_t index, const char *line)
{
	return strstr(http_script_request(support->script, index), line) != NULL;
}

static void assert_line(struct support *support, size_t index, const char *begin)
{
	const char *request = http_script_request(support->script, index);

	if (strncmp(request, begin, strlen(begin)) != 0)
		fail_msg("request %zu: expected '%s', got '%.60s'", index, begin, request);
}

static void logs_in_once_and_out_at_the_end(void **state)
{
	const struct http_step steps[] = {IN("one"), {.status = 200, .body = YES},
					  {.status = 200, .body = YES}, OUT};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(get(&support, &err), 0);
	assert_int_equal(post(&support, &err), 0);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 4);
	support_assert_request(&support, 0, "POST /login HTTP/1.1\r\n",
			       "{\"user\":\"admin\",\"password\":\"pass\\u0022word\"}");
	assert_false(shows(&support, 0, "Authorization"));
	assert_line(&support, 1, "GET /api/org ");
	assert_true(shows(&support, 1, "\r\nCookie: grafana_session=one\r\n"));
	assert_false(shows(&support, 1, "Authorization"));
	assert_true(shows(&support, 2, "\r\nCookie: grafana_session=one\r\n"));
	assert_line(&support, 3, "GET /logout ");
	assert_true(shows(&support, 3, "\r\nCookie: grafana_session=one\r\n"));
	support_end(&support);
}

static void takes_a_new_cookie_from_any_answer(void **state)
{
	const struct http_step steps[] = {
		IN("one"),
		{.status = 200, .body = YES, .headers = "set-cookie: grafana_session=two; Path=/\r\n"},
		/* neither of these is a session */
		{.status = 200, .body = YES,
		 .headers = "Set-Cookie: redirect_to=%2F; Path=/\r\n"
			    "Set-Cookie: grafana_session=; Max-Age=0\r\n"},
		{.status = 200, .body = YES}, OUT};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(&support, &err), 0);
	support_close(&support);
	assert_true(shows(&support, 1, "grafana_session=one\r\n"));
	assert_true(shows(&support, 2, "grafana_session=two\r\n"));
	assert_true(shows(&support, 3, "grafana_session=two\r\n"));
	support_end(&support);
}

static void asks_for_a_new_cookie_when_told_to(void **state)
{
	const struct http_step steps[] = {
		IN("one"),
		{.status = 401, .body = "{\"message\":\"Unauthorized\",\"messageId\":\"session.token.rotate\"}"},
		{.status = 200, .body = "{}", .headers = "Set-Cookie: grafana_session=two\r\n"},
		{.status = 200, .body = YES}, OUT};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(post(&support, &err), 0);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 5);
	assert_line(&support, 2, "POST /api/user/auth-tokens/rotate ");
	assert_true(shows(&support, 2, "grafana_session=one\r\n"));
	assert_line(&support, 3, "POST /api/orgs ");
	assert_true(shows(&support, 3, "grafana_session=two\r\n"));
	support_end(&support);
}

static void logs_in_again_when_there_is_no_new_cookie(void **state)
{
	const struct http_step steps[] = {
		IN("one"),
		{.status = 401, .body = "{\"message\":\"Unauthorized\",\"messageId\":\"session.token.rotate\"}"},
		{.status = 404, .body = "{\"message\":\"Not found\"}"},
		IN("two"), {.status = 200, .body = YES}, OUT};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(get(&support, &err), 0);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 6);
	assert_line(&support, 3, "POST /login ");
	assert_true(shows(&support, 4, "grafana_session=two\r\n"));
	support_end(&support);
}

/* The refused write was not done, so sending it again is no second write. */
static void a_refused_session_is_opened_anew_once(void **state)
{
	const struct http_step steps[] = {IN("one"), REFUSED, IN("two"),
					  {.status = 200, .body = YES}, OUT};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(post(&support, &err), 0);
	assert_false(grafana_session_tally(support.session).unauthorized);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 5);
	assert_true(shows(&support, 3, "grafana_session=two\r\n"));
	support_end(&support);
}

static void a_session_that_never_works_is_done_without(void **state)
{
	const struct http_step steps[] = {IN("one"), REFUSED, IN("two"), REFUSED,
					  {.status = 200, .body = YES},
					  {.status = 200, .body = YES}};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(post(&support, &err), 0);
	assert_int_equal(get(&support, &err), 0);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 6);
	assert_true(shows(&support, 4, "\r\nAuthorization: Basic "));
	assert_true(shows(&support, 5, "\r\nAuthorization: Basic "));
	support_end(&support);
}

/* 9.x says 403 to whoever has no session, in some places. */
static void a_403_may_be_a_session_that_has_ended(void **state)
{
	static const char denied[] = "{\"accessErrorId\":\"ACE1\",\"message\":\"You'll need\"}";
	const struct http_step steps[] = {
		IN("one"), {.status = 403, .body = denied}, REFUSED, IN("two"),
		{.status = 403, .body = denied}, {.status = 200, .body = "{}"}, OUT};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(post(&support, &err), 0); /* the second 403 is an answer */
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 7);
	assert_line(&support, 2, "GET /api/user ");
	assert_line(&support, 5, "GET /api/user ");
	support_end(&support);
}

static void a_403_that_cannot_be_explained_is_asked_again_with_a_new_session(void **state)
{
	static const char denied[] = "{\"accessErrorId\":\"ACE1\",\"message\":\"You'll need\"}";
	static const struct http_step troubles[] = {
		{.status = 500, .body = "{\"message\":\"x\"}"}, {.status = 503, .body = "<html>"},
		{.status = 429, .body = "{\"message\":\"x\"}"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(troubles); i++) {
		const struct http_step steps[] = {IN("one"), {.status = 403, .body = denied},
						  troubles[i], IN("two"),
						  {.status = 200, .body = YES}, OUT};
		struct support support;
		struct error err;

		open_with_sessions(&support, steps, ARRAY_COUNT(steps));
		assert_int_equal(post(&support, &err), 0);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 6);
		assert_line(&support, 2, "GET /api/user ");
		support_end(&support);
	}
}

static void without_a_login_user_and_password_are_sent(void **state)
{
	static const struct http_step offs[] = {
		{.status = 401, .body = "{\"message\":\"Login is disabled\"}"},
		{.status = 400, .body = "{\"messageId\":\"auth.client.notConfigured\"}"},
		{.status = 404, .body = "{\"message\":\"Not found\"}"},
		{.status = 302, .headers = "Location: /sso\r\n"},
		{.status = 200, .body = "<html>", .headers = "Content-Type: text/html\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(offs); i++) {
		const struct http_step steps[] = {offs[i], {.status = 200, .body = YES},
						  {.status = 200, .body = YES}};
		struct support support;
		struct error err;

		open_with_sessions(&support, steps, ARRAY_COUNT(steps));
		assert_int_equal(get(&support, &err), 0);
		assert_int_equal(get(&support, &err), 0);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 3);
		assert_true(shows(&support, 1, "\r\nAuthorization: Basic "));
		support_end(&support);
	}
}

static void a_refused_login_is_not_tried_again(void **state)
{
	const struct http_step steps[] = {WRONG};
	struct support support;
	struct error err;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(post(&support, &err), -1);
		assert_int_equal(err.kind, ERROR_RETRY);
		assert_int_equal(err.code, 401);
		assert_true(grafana_session_tally(support.session).unauthorized);
	}
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 1);
	support_end(&support);
}

/* Nothing of the caller's write was sent, so there is no doubt. */
static void a_login_that_fails_leaves_no_doubt(void **state)
{
	static const struct http_step faults[] = {
		{.status = 503, .body = "{\"message\":\"busy\"}"},
		{.status = 0, .end = HTTP_RESET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
		const struct http_step steps[] = {faults[i], IN("one"),
						  {.status = 200, .body = YES}, OUT};
		struct slice body = {"{}", 2};
		struct support support;
		struct reply reply;
		struct error err = {0};

		open_with_sessions(&support, steps, ARRAY_COUNT(steps));
		assert_int_equal(grafana_request_in_org(support.session, 0, GRAFANA_WRITE, "POST",
						 "/api/orgs", &body, &reply, &err), -1);
		assert_int_equal(err.kind, ERROR_RETRY);
		assert_false(reply.doubt);
		assert_int_equal(grafana_session_tally(support.session).unavailable, 1);
		assert_int_equal(post(&support, &err), 0);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 4);
		support_end(&support);
	}
}

/* ---- many at once ---- */

static void *get_in_a_session_of_its_own(void *context)
{
	struct support own = *(struct support *)context;
	struct error err;
	intptr_t rc;

	own.session = grafana_session_begin(own.grafana, NULL, NULL);
	rc = get(&own, &err);
	grafana_session_end(own.session);
	return (void *)rc;
}

static void get_in_threads(struct support *support, intptr_t expected)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, get_in_a_session_of_its_own, support), 0);
	for (int i = 0; i < THREADS; i++) {
		void *rc;

		assert_int_equal(pthread_join(threads[i], &rc), 0);
		assert_int_equal((intptr_t)rc, expected);
	}
}

static size_t count_logins(struct support *support)
{
	size_t logins = 0;

	for (size_t i = 0; i < http_script_count(support->script); i++)
		logins += strncmp(http_script_request(support->script, i), "POST /login", 11) == 0;
	return logins;
}

static void many_threads_make_one_login(void **state)
{
	const struct http_step steps[] = {IN("one"),
					  {.status = 200, .body = YES, .end = HTTP_LAST}};
	struct support support;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	get_in_threads(&support, 0);
	support_close(&support);
	assert_int_equal(count_logins(&support), 1);
	support_end(&support);
}

static void many_threads_make_one_refused_login(void **state)
{
	const struct http_step steps[] = {WRONG};
	struct support support;

	(void)state;
	open_with_sessions(&support, steps, ARRAY_COUNT(steps));
	get_in_threads(&support, -1);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 1);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logs_in_once_and_out_at_the_end),
		cmocka_unit_test(takes_a_new_cookie_from_any_answer),
		cmocka_unit_test(asks_for_a_new_cookie_when_told_to),
		cmocka_unit_test(logs_in_again_when_there_is_no_new_cookie),
		cmocka_unit_test(a_refused_session_is_opened_anew_once),
		cmocka_unit_test(a_session_that_never_works_is_done_without),
		cmocka_unit_test(a_403_may_be_a_session_that_has_ended),
		cmocka_unit_test(a_403_that_cannot_be_explained_is_asked_again_with_a_new_session),
		cmocka_unit_test(without_a_login_user_and_password_are_sent),
		cmocka_unit_test(a_refused_login_is_not_tried_again),
		cmocka_unit_test(a_login_that_fails_leaves_no_doubt),
		cmocka_unit_test(many_threads_make_one_login),
		cmocka_unit_test(many_threads_make_one_refused_login),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
