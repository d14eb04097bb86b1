/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_sessions.c - grafana/login.c over time: what is held back, remembered
 * and given up.
 *
 * What counts is what the scripted server got: which logins, which cookies, in which
 * order. The clock is the test's, so that waits of minutes can be waited for.
 */
#include "tests/unit/grafana_support.h"

#include <pthread.h>
#include <stdatomic.h>


#define LOGGED_IN "{\"message\":\"Logged in\"}"
#define UNTYPED "{\"message\":\"Unauthorized\",\"traceID\":\"\"}"
#define ROTATE "{\"message\":\"Unauthorized\",\"messageId\":\"session.token.rotate\"}"
#define WRONG "{\"message\":\"Invalid username or password\",\"messageId\":\"password-auth.failed\"}"
#define WRONG_9 "{\"message\":\"Invalid username or password\",\"traceID\":\"\"}"
#define REVOKED "{\"error\":{\"id\":\"ERR_TOKEN_REVOKED\"},\"message\":\"Token revoked\"}"
#define COOKIE(value) \
	"Set-Cookie: grafana_session=" value "; Path=/; Max-Age=2592000; HttpOnly\r\n"
#define EXPIRY "Set-Cookie: grafana_session_expiry=1795387060; Path=/\r\n"
#define BURNT "Set-Cookie: grafana_session=; Path=/; Max-Age=0; HttpOnly\r\n"
#define YES {.status = 200, .body = "{}"}
#define LOGIN(value) {.status = 200, .body = LOGGED_IN, .headers = COOKIE(value) EXPIRY}

static const char basic[] = "Authorization: Basic YWRtaW46cGFzcyJ3b3Jk";
static const char nothing[] = "";

/* One scripted Grafana that is logged into; its clock is at 'now_ms'. */
struct door {
	struct support support;
	struct clock clock;
	int64_t now_ms;
};

static int64_t tell_time(void *context)
{
	const struct door *door = context;

	return door->now_ms;
}

static void door_begin(struct door *door, const struct http_step *steps, size_t count)
{
	struct support *support = &door->support;
	struct error err = {0};

	door->now_ms = 1000000;
	door->clock = (struct clock){
		.wall_ms = tell_time, .steady_ms = tell_time, .context = door};
	support->script = http_script_start(steps, count);
	support->settings = support_settings(http_script_url(support->script));
	support->settings.auth = AUTH_SESSION;
	support->settings.unauthorized_wait_ms = 330000;
	if (grafana_new(&support->settings, &door->clock, &support->grafana, &err) < 0)
		fail_msg("%s", err.text);
	support->session = grafana_session_begin(support->grafana, NULL, NULL);
}

/* A new turn: the tally begins steps. */
static void door_turn(struct door *door)
{
	grafana_session_end(door->support.session);
	door->support.session = grafana_session_begin(door->support.grafana, NULL, NULL);
}

static int get(struct door *door, struct error *err)
{
	struct reply reply;
	int rc;

	memset(err, 0, sizeof(*err));
	rc = grafana_request_in_org(door->support.session, 0, GRAFANA_READ, "GET", "/api/org", NULL,
			     &reply, err);
	reply_clear(&reply);
	return rc;
}

static int post(struct door *door, struct error *err)
{
	static const struct slice body = {"{\"name\":\"a\"}", 12};
	struct reply reply;
	int rc;

	memset(err, 0, sizeof(*err));
	rc = grafana_request_in_org(door->support.session, 0, GRAFANA_WRITE, "POST", "/api/orgs", &body,
			     &reply, err);
	assert_false(reply.doubt);
	reply_clear(&reply);
	return rc;
}

static struct grafana_tally tally(const struct door *door)
{
	return grafana_session_tally(door->support.session);
}

/* The requests that came: first line, and the header that it must show; "" = neither a
 * cookie nor an authorization. */
struct sent {
	const char *line;
	const char *credential;
};

static void assert_sent(struct door *door, const struct sent *sent, size_t count)
{
	struct http_script *script = door->support.script;

	for (size_t i = 0; i < count; i++) {
		const char *request = http_script_request(script, i);
		const char *credential = sent[i].credential;

		if (strncmp(request, sent[i].line, strlen(sent[i].line)) != 0)
			fail_msg("%zu: expected '%s', got '%.60s'", i, sent[i].line, request);
		if (credential[0] != '\0' && strstr(request, credential) == NULL)
			fail_msg("%zu: '%s' is not in '%s'", i, credential, request);
		if (credential != basic && strstr(request, "Authorization:") != NULL)
			fail_msg("%zu: an authorization in '%s'", i, request);
		if ((credential == basic || credential[0] == '\0') &&
		    strstr(request, "Cookie:") != NULL)
			fail_msg("%zu: a cookie in '%s'", i, request);
	}
	assert_int_equal(http_script_count(script), count);
}

/* Ends our side, which may log out, and compares all that came. */
static void door_end(struct door *door, const struct sent *sent, size_t count)
{
	support_close(&door->support);
	assert_sent(door, sent, count);
	support_end(&door->support);
}

#define FORM {"POST /login HTTP/1.1\r\n", nothing}
#define GET_WITH(cookie) {"GET /api/org HTTP/1.1\r\n", "\r\nCookie: grafana_session=" cookie "\r\n"}
#define POST_WITH(cookie) \
	{"POST /api/orgs HTTP/1.1\r\n", "\r\nCookie: grafana_session=" cookie "\r\n"}
#define OUT_WITH(cookie) {"GET /logout HTTP/1.1\r\n", "\r\nCookie: grafana_session=" cookie "\r\n"}
#define ROTATION_WITH(cookie) \
	{"POST /api/user/auth-tokens/rotate HTTP/1.1\r\n", \
	 "\r\nCookie: grafana_session=" cookie "\r\n"}
#define GET_BASIC {"GET /api/org HTTP/1.1\r\n", basic}

static void takes_over_what_an_answer_rotates(void **state)
{
	const struct http_step steps[] = {
		LOGIN("aa"),
		{.status = 200, .body = "{}", .headers = COOKIE("bb") EXPIRY},
		{.status = 404, .body = "{\"message\":\"x\"}", .headers = "set-cookie:grafana_session=cc\r\n"},
		{.status = 200, .body = "{}", .headers = "Set-Cookie: lb=1; HttpOnly\r\n"}, /* a proxy's */
		YES,
		YES,
	};
	const struct sent sent[] = {FORM,	    GET_WITH("aa"), GET_WITH("bb"),
				    GET_WITH("cc"), POST_WITH("cc"), OUT_WITH("cc")};
	struct door door;
	struct error err;

	(void)state;
	door_begin(&door, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(&door, &err), 0);
	assert_int_equal(post(&door, &err), 0);
	door_end(&door, sent, ARRAY_COUNT(sent));
}

/* The usual name goes before any other; without it, whatever no script may read. */
static void finds_the_session_among_the_cookies_of_a_login(void **state)
{
	static const struct {
		const char *headers, *shown;
	} rows[] = {
		{"Set-Cookie: lb=1; HttpOnly\r\n" COOKIE("aa") EXPIRY, "\r\nCookie: grafana_session=aa\r\n"},
		{COOKIE("aa") EXPIRY "Set-Cookie: lb=1; HttpOnly\r\n", "\r\nCookie: grafana_session=aa\r\n"},
		{"Set-Cookie: lb=1; Path=/\r\nSet-Cookie: sid=bb; Path=/; HttpOnly\r\n"
		 "Set-Cookie: sid_expiry=1; Path=/\r\n", "\r\nCookie: sid=bb\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct http_step steps[] = {
			{.status = 200, .body = LOGGED_IN, .headers = rows[i].headers}, YES, YES};
		const struct sent sent[] = {FORM, {"GET /api/org ", rows[i].shown},
					    {"GET /logout ", rows[i].shown}};
		struct door door;
		struct error err;

		door_begin(&door, steps, ARRAY_COUNT(steps));
		assert_int_equal(get(&door, &err), 0);
		door_end(&door, sent, ARRAY_COUNT(sent));
	}
}

/* Where there is no such route, or it fails, or gives no cookie, a new login is the way. */
static void a_rotation_that_gives_nothing_ends_in_a_login(void **state)
{
	const struct http_step rotations[] = {
		{.status = 200, .body = "{}"},
		{.status = 404, .body = "{\"message\":\"Not found\"}"},
		{.status = 401, .body = UNTYPED, .headers = BURNT},
		{.status = 503, .body = "<html>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rotations); i++) {
		const struct http_step steps[] = {LOGIN("aa"), {.status = 401, .body = ROTATE},
						 rotations[i], LOGIN("bb"), YES, YES};
		const struct sent sent[] = {FORM, POST_WITH("aa"), ROTATION_WITH("aa"), FORM,
						 POST_WITH("bb"), OUT_WITH("bb")};
		struct door door;
		struct error err;

		door_begin(&door, steps, ARRAY_COUNT(steps));
		assert_int_equal(post(&door, &err), 0);
		door_end(&door, sent, ARRAY_COUNT(sent));
	}
}

static void logs_in_again_when_the_session_is_refused(void **state)
{
	const struct http_step refusals[] = {
		{.status = 401, .body = UNTYPED},
		{.status = 401, .body = "{\"message\":\"Unauthorized\"}", .headers = BURNT},
		{.status = 401, .body = REVOKED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		const struct http_step steps[] = {LOGIN("aa"), YES, refusals[i], LOGIN("bb"),
						  YES,	      YES, YES};
		const struct sent sent[] = {FORM, GET_WITH("aa"),  POST_WITH("aa"),
					    FORM, POST_WITH("bb"), GET_WITH("bb"), OUT_WITH("bb")};
		struct door door;
		struct error err;

		door_begin(&door, steps, ARRAY_COUNT(steps));
		assert_int_equal(get(&door, &err), 0);
		assert_int_equal(post(&door, &err), 0);
		assert_int_equal(get(&door, &err), 0);
		assert_false(tally(&door).unauthorized);
		assert_int_equal(tally(&door).unavailable, 0);
		door_end(&door, sent, ARRAY_COUNT(sent));
	}
}

/* The lease is looked at before each sending, not only before the first. */
static int refuse_second(void *context, int64_t call_ms, struct error *err)
{
	int *asked = context;

	assert_int_equal(call_ms, 10000);
	if (++*asked == 1)
		return 0;
	error_set(err, ERROR_RETRY, "test", 0, "the lease is over");
	return -1;
}

static void asks_before_it_sends_a_write_again(void **state)
{
	const struct http_step steps[] = {LOGIN("aa"), {.status = 401, .body = UNTYPED},
					  LOGIN("bb"), YES};
	const struct sent sent[] = {FORM, POST_WITH("aa"), FORM, OUT_WITH("bb")};
	int asked = 0;
	const struct grafana_guard guard = {refuse_second, &asked};
	struct door door;
	struct error err;

	(void)state;
	door_begin(&door, steps, ARRAY_COUNT(steps));
	grafana_session_end(door.support.session);
	door.support.session = grafana_session_begin(door.support.grafana, &guard, NULL);
	assert_int_equal(post(&door, &err), -1);
	assert_string_equal(err.text, "the lease is over");
	assert_int_equal(asked, 2);
	door_end(&door, sent, ARRAY_COUNT(sent));
}

static void sessions_that_die_young_give_way_to_basic(void **state)
{
	const struct http_step lost = {.status = 401, .body = REVOKED};
	const struct http_step steps[] = {LOGIN("aa"), YES, lost, LOGIN("bb"), YES, lost,
					  LOGIN("cc"), YES, lost, LOGIN("dd"), YES, lost, YES};
	const struct sent sent[] = {
		FORM, GET_WITH("aa"), GET_WITH("aa"), FORM, GET_WITH("bb"), GET_WITH("bb"),
		FORM, GET_WITH("cc"), GET_WITH("cc"), FORM, GET_WITH("dd"), GET_WITH("dd"),
		GET_BASIC};
	struct door door;
	struct error err;

	(void)state;
	door_begin(&door, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 5; i++)
		assert_int_equal(get(&door, &err), 0);
	door_end(&door, sent, ARRAY_COUNT(sent));
}

static void falls_back_to_basic_where_login_is_off(void **state)
{
	const struct http_step forms[] = {
		{.status = 401, .body = "{\"message\":\"Login is disabled\"}"},
		{.status = 400,
		 .body = "{\"message\":\"Bad request\",\"messageId\":\"auth.client.notConfigured\"}"},
		{.status = 404, .body = "not here", .headers = "Content-Type: text/plain\r\n"},
		{.status = 302, .headers = "Location: /login/generic_oauth\r\n"},
		{.status = 200, .body = "<html>", .headers = "Content-Type: text/html\r\n"},
		{.status = 403, .body = "{}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		const struct http_step steps[] = {forms[i], YES, YES, LOGIN("aa"), YES, YES};
		const struct sent sent[] = {FORM, GET_BASIC,	  GET_BASIC,
					    FORM, GET_WITH("aa"), OUT_WITH("aa")};
		struct door door;
		struct error err;

		door_begin(&door, steps, ARRAY_COUNT(steps));
		assert_int_equal(get(&door, &err), 0);
		assert_false(tally(&door).unauthorized);
		door.now_ms += 9 * 60 * 1000; /* it is remembered for a while, not for ever */
		assert_int_equal(get(&door, &err), 0);
		door.now_ms += 60 * 1000;
		assert_int_equal(get(&door, &err), 0);
		door_end(&door, sent, ARRAY_COUNT(sent));
	}
}

static void a_refused_login_is_not_tried_again_before_the_breaker(void **state)
{
	const struct http_step refusals[] = {
		{.status = 401, .body = WRONG_9},
		{.status = 401, .body = WRONG},
		{.status = 400, .body = WRONG},
		{.status = 401,
		 .body = "{\"message\":\"Unauthorized\",\"messageId\":\"identity.disabled\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
		const struct http_step steps[] = {refusals[i], LOGIN("aa"), YES, YES};
		const struct sent sent[] = {FORM, FORM, GET_WITH("aa"), OUT_WITH("aa")};
		struct door door;
		struct error err;

		door_begin(&door, steps, ARRAY_COUNT(steps));
		for (int turn = 0; turn < 3; turn++) {
			assert_int_equal(post(&door, &err), -1);
			assert_int_equal(err.kind, ERROR_RETRY);
			assert_int_equal(err.code, 401);
			assert_non_null(strstr(err.text, "POST /login: 40"));
			assert_null(strstr(err.text, "pass\"word"));
			assert_true(tally(&door).unauthorized);
			assert_int_equal(tally(&door).calls, turn == 0 ? 1 : 0);
			door_turn(&door);
			door.now_ms += 329999 / 2;
		}
		door.now_ms += 1 + 330000 - 3 * (329999 / 2);
		assert_int_equal(get(&door, &err), 0);
		assert_false(tally(&door).unauthorized);
		door_end(&door, sent, ARRAY_COUNT(sent));
	}
}

/* No word of a password: the server may be in trouble. The second in a row counts. */
static void a_doubtful_refusal_of_a_login_waits_a_second(void **state)
{
	const struct http_step steps[] = {{.status = 401, .body = UNTYPED},
					  {.status = 401, .body = UNTYPED}};
	const struct sent sent[] = {FORM, FORM};
	struct door door;
	struct error err;

	(void)state;
	door_begin(&door, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(get(&door, &err), -1);
		assert_int_equal(err.retry_after_ms, 1000);
		assert_false(tally(&door).unauthorized);
	}
	door.now_ms += 1000;
	assert_int_equal(get(&door, &err), -1);
	assert_true(tally(&door).unauthorized);
	assert_int_equal(get(&door, &err), -1);
	door_end(&door, sent, ARRAY_COUNT(sent));
}

static void trouble_at_the_login_is_surely_not_done(void **state)
{
	const struct http_step steps[] = {{.status = 503, .body = "<html>"},
					  {.end = HTTP_CLOSE},
					  {429, "{}", "Retry-After: 7\r\n", 0, 0, HTTP_KEEP},
					  LOGIN("aa"), YES, YES};
	const struct sent sent[] = {FORM, FORM, FORM, FORM, POST_WITH("aa"), OUT_WITH("aa")};
	struct door door;
	struct error err;

	(void)state;
	door_begin(&door, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(post(&door, &err), -1); /* and without a doubt */
		assert_int_equal(err.kind, ERROR_RETRY);
		assert_int_equal(err.retry_after_ms, i >= 2 ? 7000 : 0);
		assert_false(tally(&door).unauthorized);
	}
	assert_int_equal(tally(&door).unavailable, 3);
	door.now_ms += 7000;
	assert_int_equal(post(&door, &err), 0);
	door_end(&door, sent, ARRAY_COUNT(sent));
}

static void the_cookie_is_in_no_error(void **state)
{
	const struct http_step steps[] = {
		LOGIN("abcdef0123"), {.status = 503, .body = "<html>", .headers = COOKIE("fedcba")},
		{.status = 401, .body = UNTYPED}, {.status = 401, .body = WRONG}, YES};
	const struct sent sent[] = {FORM, GET_WITH("abcdef0123"), GET_WITH("fedcba"), FORM};
	struct door door;
	struct error err;

	(void)state;
	door_begin(&door, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(get(&door, &err), -1);
		assert_null(strstr(err.text, "abcdef"));
		assert_null(strstr(err.text, "fedcba"));
		assert_null(strstr(err.text, "ookie"));
	}
	door_end(&door, sent, ARRAY_COUNT(sent));
}

/* ---- many threads ---- */

enum { THREADS = 24, ROUNDS = 20 };

struct crowd {
	struct grafana *grafana;
	pthread_barrier_t start;
	int rounds;
	atomic_int unauthorized;
};

/* Answers how many of its requests failed. */
static void *run_one(void *context)
{
	struct crowd *crowd = context;
	struct grafana_session *session = grafana_session_begin(crowd->grafana, NULL, NULL);
	intptr_t failed = 0;

	pthread_barrier_wait(&crowd->start);
	for (int i = 0; i < crowd->rounds; i++) {
		struct error err = {0};
		struct reply reply;

		if (grafana_request_in_org(session, 0, GRAFANA_WRITE, "PATCH", "/api/x", NULL, &reply,
				    &err) < 0)
			failed++;
		reply_clear(&reply);
	}
	if (grafana_session_tally(session).unauthorized)
		atomic_fetch_add(&crowd->unauthorized, 1);
	grafana_session_end(session);
	return (void *)failed;
}

/* Answers how many requests failed; *unauthorized: how many threads were told to stop. */
static int run_crowd(struct grafana *grafana, int rounds, int *unauthorized)
{
	struct crowd crowd = {.grafana = grafana, .rounds = rounds};
	pthread_t threads[THREADS];
	int failed = 0;

	pthread_barrier_init(&crowd.start, NULL, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_one, &crowd), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		failed += (int)(intptr_t)result;
	}
	pthread_barrier_destroy(&crowd.start);
	*unauthorized = atomic_load(&crowd.unauthorized);
	return failed;
}

static int count_sent(struct door *door, const char *line)
{
	int count = 0;

	for (size_t i = 0; i < http_script_count(door->support.script); i++)
		count += strncmp(http_script_request(door->support.script, i), line,
				 strlen(line)) == 0;
	return count;
}

static void many_threads_log_in_once(void **state)
{
	struct http_step steps[1 + THREADS * ROUNDS + 1];
	struct door door;
	int unauthorized;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		steps[i] = (struct http_step){.status = 200, .body = "{}"};
	steps[0] = (struct http_step)LOGIN("aa");
	/* Rotations, each a while after the other: the server knows the one before. */
	steps[100].headers = COOKIE("bb");
	steps[300].headers = COOKIE("cc");
	door_begin(&door, steps, ARRAY_COUNT(steps));
	assert_int_equal(run_crowd(door.support.grafana, ROUNDS, &unauthorized), 0);
	support_close(&door.support);
	assert_int_equal(count_sent(&door, "POST /login "), 1);
	assert_int_equal(count_sent(&door, "PATCH "), THREADS * ROUNDS);
	assert_int_equal(count_sent(&door, "GET /logout "), 1);
	assert_int_equal(http_script_count(door.support.script), ARRAY_COUNT(steps));
	support_end(&door.support);
}

static void many_threads_share_one_refusal(void **state)
{
	static const struct {
		struct http_step step;
		int unauthorized;
	} rows[] = {
		{{.status = 401, .body = WRONG}, THREADS},
		/* It may be the server's trouble: nobody is told to stop for minutes. */
		{{.status = 401, .body = UNTYPED}, 0},
	};
	const struct sent sent[] = {FORM};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct door door;
		int unauthorized;

		door_begin(&door, &rows[i].step, 1);
		assert_int_equal(run_crowd(door.support.grafana, 5, &unauthorized), THREADS * 5);
		assert_int_equal(unauthorized, rows[i].unauthorized);
		door_end(&door, sent, ARRAY_COUNT(sent));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_over_what_an_answer_rotates),
		cmocka_unit_test(finds_the_session_among_the_cookies_of_a_login),
		cmocka_unit_test(a_rotation_that_gives_nothing_ends_in_a_login),
		cmocka_unit_test(logs_in_again_when_the_session_is_refused),
		cmocka_unit_test(asks_before_it_sends_a_write_again),
		cmocka_unit_test(sessions_that_die_young_give_way_to_basic),
		cmocka_unit_test(falls_back_to_basic_where_login_is_off),
		cmocka_unit_test(a_refused_login_is_not_tried_again_before_the_breaker),
		cmocka_unit_test(a_doubtful_refusal_of_a_login_waits_a_second),
		cmocka_unit_test(trouble_at_the_login_is_surely_not_done),
		cmocka_unit_test(the_cookie_is_in_no_error),
		cmocka_unit_test(many_threads_log_in_once),
		cmocka_unit_test(many_threads_share_one_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
