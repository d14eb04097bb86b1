/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_http.c - connections and doubt: grafana/http.c, judge.c, escape.c.
 *
 * What counts is what the scripted server got: how often, and with which head.
 */
#include "tests/unit/grafana_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

#define JSON_YES "{\"message\":\"done\"}"

static struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

static int ask(struct support *support, enum grafana_effect effect, const char *method,
	       const char *path, const char *body, struct reply *reply, struct error *err)
{
	struct slice slice = slice_of(body != NULL ? body : "");

	memset(err, 0, sizeof(*err));
	return grafana_request_in_org(support->session, 0, effect, method, path,
			       body != NULL ? &slice : NULL, reply, err);
}

static int get(struct support *support, struct reply *reply, struct error *err)
{
	return ask(support, GRAFANA_READ, "GET", "/api/org", NULL, reply, err);
}

static int post(struct support *support, struct reply *reply, struct error *err)
{
	return ask(support, GRAFANA_WRITE, "POST", "/api/orgs", "{\"name\":\"a\"}", reply, err);
}

/* ---- what is sent ---- */

static void keeps_the_connection_and_sends_what_it_should(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = JSON_YES},
					  {.status = 200, .body = JSON_YES},
					  {.status = 200, .body = JSON_YES}};
	struct support support;
	struct reply reply;
	struct error err;
	const char *request;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(get(&support, &reply, &err), 0);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.message, "done");
	reply_clear(&reply);
	assert_int_equal(post(&support, &reply, &err), 0);
	reply_clear(&reply);
	assert_int_equal(
		ask(&support, GRAFANA_WRITE, "POST", "/api/x/1/logout", NULL, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);

	assert_int_equal(http_script_connections(support.script), 1);
	support_assert_request(&support, 0, "GET /api/org HTTP/1.1\r\n", "");
	support_assert_request(&support, 1, "POST /api/orgs HTTP/1.1\r\n", "{\"name\":\"a\"}");
	support_assert_request(&support, 2, "POST /api/x/1/logout HTTP/1.1\r\n", "");
	request = http_script_request(support.script, 0);
	assert_non_null(strstr(request, "\r\nAuthorization: Basic YWRtaW46cGFzcyJ3b3Jk\r\n"));
	assert_null(strstr(request, "Content-Type"));
	assert_null(strstr(request, "X-Grafana-Org-Id"));
	assert_null(strstr(request, "traceparent"));
	assert_null(strstr(request, "Accept-Encoding"));
	request = http_script_request(support.script, 1);
	assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Length: 12\r\n"));
	assert_null(strstr(request, "Expect"));
	request = http_script_request(support.script, 2);
	assert_non_null(strstr(request, "\r\nContent-Length: 0\r\n"));
	support_end(&support);
}

static void sends_a_token_in_place_of_a_password(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = JSON_YES}};
	static char token[] = "glsa_abc_1f2e", nobody[] = "";
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support.script = http_script_start(steps, ARRAY_COUNT(steps));
	support.settings = support_settings(http_script_url(support.script));
	support.settings.token = token;
	support.settings.user = support.settings.password = nobody;
	support_open(&support);
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);
	assert_non_null(strstr(http_script_request(support.script, 0),
			       "\r\nAuthorization: Bearer glsa_abc_1f2e\r\n"));
	support_end(&support);
}

static void sends_org_and_trace_only_where_asked(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = "[]"},
					  {.status = 200, .body = "[]"},
					  {.status = 200, .body = "[]"}};
	static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	struct support support;
	struct reply reply;
	struct error err = {0};

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	grafana_session_end(support.session);
	support.session = grafana_session_begin(support.grafana, NULL, trace);
	assert_int_equal(grafana_request_in_org(support.session, 7, GRAFANA_READ, "GET",
						"/api/teams", NULL, &reply, &err), 0);
	reply_clear(&reply);
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	grafana_session_end(support.session);
	/* A line break in it would begin a header of somebody else's choice. */
	support.session = grafana_session_begin(support.grafana, NULL, "00\r\nX-Evil: 1");
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);

	assert_non_null(strstr(http_script_request(support.script, 0),
			       "\r\nX-Grafana-Org-Id: 7\r\n"));
	assert_non_null(strstr(http_script_request(support.script, 0), "\r\ntraceparent: 00-4bf92"));
	assert_null(strstr(http_script_request(support.script, 1), "X-Grafana-Org-Id"));
	assert_non_null(strstr(http_script_request(support.script, 1), "\r\ntraceparent: 00-4bf92"));
	assert_null(strstr(http_script_request(support.script, 2), "traceparent"));
	assert_null(strstr(http_script_request(support.script, 2), "X-Evil"));
	support_end(&support);
}

static void keeps_the_sub_path_and_dots(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = "[]"}};
	struct support support;
	struct reply reply;
	struct error err;
	char url[100];

	(void)state;
	support.script = http_script_start(steps, ARRAY_COUNT(steps));
	support.settings = support_settings(http_script_url(support.script));
	text_format(url, sizeof(url), "%s/monitoring/grafana", support.settings.url);
	free(support.settings.url);
	support.settings.url = mem_strdup(url);
	support_open(&support);
	assert_int_equal(
		ask(&support, GRAFANA_READ, "GET", "/api/a/../b", NULL, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);
	support_assert_request(&support, 0, "GET /monitoring/grafana/api/a/../b HTTP/1.1\r\n",
			       "");
	support_end(&support);
}

static void goes_through_the_proxy_that_is_set_and_no_other(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = "[]"},
					  {.status = 200, .body = "[]"}};
	static char target[] = "http://grafana.example:3000";
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("no_proxy", "*", 1);
	support_begin(&support, steps, ARRAY_COUNT(steps)); /* direct */
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	grafana_session_end(support.session);
	grafana_free(support.grafana);
	support.settings.proxy = support.settings.url;
	support.settings.url = target;
	support_open(&support);
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);
	unsetenv("http_proxy");
	unsetenv("no_proxy");
	support_assert_request(&support, 1, "GET http://grafana.example:3000/api/org HTTP/1.1\r\n",
			       "");
	support.settings.url = support.settings.proxy;
	support_end(&support);
}

static void escapes(void **state)
{
	static const struct {
		const char *text, *escaped;
	} cases[] = {
		{"", ""},
		{"ada", "ada"},
		{"Main Org.", "Main%20Org."},
		{"ada+x@example.com", "ada%2Bx%40example.com"},
		{"a/b?c#d%e&f=g", "a%2Fb%3Fc%23d%25e%26f%3Dg"},
		{"\xc3\xa9\n", "%C3%A9%0A"},
		{"-._~", "-._~"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		char *escaped = grafana_escape(cases[i].text);

		assert_string_equal(escaped, cases[i].escaped);
		free(escaped);
	}
}

/* ---- once only ---- */

static const struct {
	const char *method, *body;
} writes[] = {
	{"POST", "{\"name\":\"a\"}"}, {"POST", NULL}, {"PUT", "{}"}, {"PATCH", "{}"},
	{"DELETE", NULL},
};

/* The first answer keeps the connection; the second request is read, and the
 * connection then ends without a byte. libcurl alone would send it again. */
static void never_sends_a_write_twice(void **state)
{
	static const enum http_end ends[] = {HTTP_CLOSE, HTTP_RESET};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(writes) * ARRAY_COUNT(ends); i++) {
		const struct http_step steps[] = {
			{.status = 200, .body = JSON_YES},
			{.end = ends[i / ARRAY_COUNT(writes)]},
			{.status = 200, .body = JSON_YES, .end = HTTP_LAST},
		};
		const char *method = writes[i % ARRAY_COUNT(writes)].method;
		struct support support;
		struct reply reply;
		struct error err;

		support_begin(&support, steps, ARRAY_COUNT(steps));
		assert_int_equal(get(&support, &reply, &err), 0);
		reply_clear(&reply);
		assert_int_equal(ask(&support, GRAFANA_WRITE, method, "/api/x",
				     writes[i % ARRAY_COUNT(writes)].body, &reply, &err), -1);
		assert_true(reply.doubt);
		assert_int_equal(err.kind, ERROR_RETRY);
		assert_int_equal(grafana_session_tally(support.session).unavailable, 1);
		reply_clear(&reply);
		/* The session is fit for use afterwards. */
		assert_int_equal(get(&support, &reply, &err), 0);
		reply_clear(&reply);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 3);
		support_assert_request(&support, 2, "GET /api/org ", "");
		support_end(&support);
	}
}

/* That the test above can fail: libcurl does so for a read, and may. */
static void a_read_is_sent_again(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = JSON_YES},
					  {.end = HTTP_CLOSE},
					  {.status = 200, .body = JSON_YES}};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 3);
	support_end(&support);
}

static void a_connection_that_ended_while_idle_is_replaced(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = JSON_YES, .end = HTTP_CLOSE},
		{.status = 200, .body = JSON_YES}};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	http_script_drain(support.script); /* the server has closed it by now */
	assert_int_equal(post(&support, &reply, &err), 0);
	assert_false(reply.doubt);
	reply_clear(&reply);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 2);
	assert_int_equal(http_script_connections(support.script), 2);
	support_end(&support);
}

/* ---- done or not ---- */

/* One answer, to a write and to a read. */
static void judges_answers(void **state)
{
	static const struct {
		const char *label;
		struct http_step step;
		int write_rc, read_rc;
		bool doubt; /* of the write; a read never is */
		int unavailable;
	} cases[] = {
		{"closed on a new connection", {.end = HTTP_CLOSE}, -1, -1, true, 1},
		{"reset", {.end = HTTP_RESET}, -1, -1, true, 1},
		{"truncated", {200, "{\"message\":\"done\"}", NULL, 0, 5, HTTP_CLOSE}, -1, -1, true, 1},
		{"no JSON", {.status = 200, .body = "ok"}, -1, -1, true, 0},
		{"cut JSON", {.status = 200, .body = "{\"message\":\"do"}, -1, -1, true, 0},
		{"nothing", {.status = 200}, -1, -1, true, 0},
		{"no content", {.status = 204}, -1, -1, true, 0},
		{"page", {200, "<html>", "Content-Type: text/html\r\n", 0, 0, HTTP_KEEP}, -1, -1, true, 0},
		{"a page of 503", {503, "<html>", "Content-Type: text/html\r\n", 0, 0, HTTP_KEEP}, -1, -1,
		 true, 1},
		{"502 of a proxy", {.status = 502, .body = "Bad Gateway"}, -1, -1, true, 1},
		{"504 of a proxy", {.status = 504}, -1, -1, true, 1},
		{"500 with a reason", {.status = 500, .body = "{\"message\":\"failed to create user\"}"}, 0,
		 -1, false, 1},
		{"500 that is a no", {.status = 500, .body = "{\"message\":\"Failed update org user\"}"}, 0,
		 -1, false, 0},
		{"501", {.status = 501, .body = "{\"message\":\"Not implemented\"}"}, 0, 0, false, 0},
		{"408", {.status = 408}, -1, -1, true, 1},
		{"499", {.status = 499, .body = "{\"message\":\"Request canceled\"}"}, 0, -1, false, 1},
		{"400", {.status = 400, .body = "{\"message\":\"bad request data\"}"}, 0, 0, false, 0},
		{"404 page", {404, "<html>", "Content-Type: text/html\r\n", 0, 0, HTTP_KEEP}, 0, 0, false, 0},
		{"429", {.status = 429, .body = "{}"}, -1, -1, false, 1},
		{"401", {.status = 401, .body = "{\"message\":\"invalid username or password\"}"}, -1, -1,
		 false, 0},
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_COUNT(cases); i++) {
		bool is_write = i % 2 == 0;
		int expected = is_write ? cases[i / 2].write_rc : cases[i / 2].read_rc;
		struct support support;
		struct reply reply;
		struct error err;
		int rc;

		support_begin(&support, &cases[i / 2].step, 1);
		rc = is_write ? post(&support, &reply, &err) : get(&support, &reply, &err);
		if (rc != expected || reply.doubt != (is_write && cases[i / 2].doubt) ||
		    grafana_session_tally(support.session).unavailable !=
			    cases[i / 2].unavailable ||
		    grafana_session_tally(support.session).calls != 1)
			fail_msg("%s, %s: rc %d, doubt %d, unavailable %d (%s)", cases[i / 2].label,
				 is_write ? "write" : "read", rc, reply.doubt,
				 grafana_session_tally(support.session).unavailable, err.text);
		assert_int_equal(err.kind, rc < 0 ? ERROR_RETRY : ERROR_NONE);
		reply_clear(&reply);
		support_close(&support);
		assert_int_equal(http_script_count(support.script), 1);
		support_end(&support);
	}
}

static void a_silent_server_leaves_a_write_in_doubt(void **state)
{
	const struct http_step steps[] = {{.status = 0}, {.status = 0}};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support.script = http_script_start(steps, ARRAY_COUNT(steps));
	support.settings = support_settings(http_script_url(support.script));
	support.settings.request_timeout_ms = 200;
	support_open(&support);
	assert_int_equal(post(&support, &reply, &err), -1);
	assert_true(reply.doubt);
	assert_int_equal(get(&support, &reply, &err), -1);
	assert_false(reply.doubt);
	support_close(&support);
	support_end(&support);
}

/* A port that nobody listens on: bound, so that nobody else takes it. */
static int reserve_port(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void assert_surely_not_done(struct support *support)
{
	struct reply reply;
	struct error err;

	support_open(support);
	assert_int_equal(post(support, &reply, &err), -1);
	assert_false(reply.doubt);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_int_equal(grafana_session_tally(support->session).unavailable, 1);
	grafana_session_end(support->session);
	grafana_free(support->grafana);
}

static void what_never_got_out_is_surely_not_done(void **state)
{
	static char no_file[] = "/nonexistent/ca.pem";
	struct support support = {0};
	char url[64], *plain;
	int port, fd = reserve_port(&port);

	(void)state;
	text_format(url, sizeof(url), "http://127.0.0.1:%d", port);
	support.settings = support_settings(url);
	assert_surely_not_done(&support); /* refused */

	support.script = http_script_start(NULL, 0);
	plain = http_script_url(support.script);
	text_format(url, sizeof(url), "https%s", strchr(plain, ':'));
	free(plain);
	support.settings.connect_timeout_ms = 200;
	assert_surely_not_done(&support); /* it does not speak TLS */
	support.settings.ca_file = no_file;
	assert_surely_not_done(&support);
	assert_int_equal(http_script_count(support.script), 0);
	http_script_stop(support.script);
	close(fd);
}

static void an_endless_answer_is_cut_off(void **state)
{
	const struct http_step steps[] = {{.status = 200, .blanks = LIMIT_REPLY_BYTES + 1},
					  {.status = 200, .body = JSON_YES}};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(post(&support, &reply, &err), -1);
	assert_true(reply.doubt);
	assert_non_null(strstr(err.text, "too long"));
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	support_close(&support);
	support_end(&support);
}

/* ---- 401, 429, redirects ---- */

#define TYPED                                                                                  \
	"{\"extra\":null,\"message\":\"Unauthorized\",\"messageId\":\"auth.unauthorized\","    \
	"\"statusCode\":401,\"traceID\":\"\"}"
#define UNTYPED "{\"message\":\"Unauthorized\",\"traceID\":\"\"}"

static void tells_refused_credentials_from_a_server_in_trouble(void **state)
{
	static const struct {
		const char *label;
		struct http_step steps[3];
		bool unauthorized; /* after the last step */
		int64_t wait_ms;   /* that it asks for */
	} cases[] = {
		{"typed", {{.status = 401, .body = TYPED}}, true, 0},
		{"9.x", {{.status = 401, .body = "{\"message\":\"invalid username or password\"}"}}, true, 0},
		{"10.1-pre",
		 {{.status = 400,
		   .body = "{\"message\":\"x\",\"messageId\":\"password-auth.failed\"}"}},
		 true, 0},
		{"disabled",
		 {{.status = 401, .body = "{\"message\":\"Unauthorized\",\"messageId\":\"identity.disabled\"}"}},
		 true, 0},
		{"untyped once", {{.status = 401, .body = UNTYPED}}, false, 1000},
		{"page once", {{401, "<html>", "Content-Type: text/html\r\n", 0, 0, HTTP_KEEP}}, false, 1000},
		{"untyped, longer wait", {{401, UNTYPED, "Retry-After: 7\r\n", 0, 0, HTTP_KEEP}}, false, 7000},
		{"untyped twice",
		 {{.status = 401, .body = UNTYPED}, {.status = 401, .body = UNTYPED}}, true, 0},
		{"untyped, yes, untyped",
		 {{.status = 401, .body = UNTYPED}, {.status = 200, .body = "{}"},
		  {.status = 401, .body = UNTYPED}}, false, 1000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct reply reply;
		struct error err = {0};
		size_t count = 0;
		int rc = 0;

		while (count < 3 && cases[i].steps[count].status != 0)
			count++;
		support_begin(&support, cases[i].steps, count);
		for (size_t k = 0; k < count; k++) {
			rc = post(&support, &reply, &err);
			assert_false(reply.doubt);
			reply_clear(&reply);
		}
		if (rc != -1 || err.code != 401 || err.retry_after_ms != cases[i].wait_ms ||
		    grafana_session_tally(support.session).unauthorized != cases[i].unauthorized)
			fail_msg("%s: rc %d, code %d, unauthorized %d, wait %d", cases[i].label, rc,
				 err.code, grafana_session_tally(support.session).unauthorized,
				 (int)err.retry_after_ms);
		assert_null(strstr(err.text, "YWRtaW4"));
		assert_null(strstr(err.text, "pass\"word"));
		support_close(&support);
		support_end(&support);
	}
}

static void passes_retry_after_on(void **state)
{
	const struct http_step steps[] = {
		{429, "{}", "Retry-After: 3\r\n", 0, 0, HTTP_KEEP},
		{429, "{}", "retry-after:\t 4  \r\n", 0, 0, HTTP_KEEP},
		{429, "{}", NULL, 0, 0, HTTP_KEEP},
		{503, "{\"message\":\"x\"}", "Retry-After: Fri, 01 Jan 2100 00:00:00 GMT\r\n", 0, 0,
		 HTTP_KEEP},
	};
	static const int64_t waits[] = {3000, 4000, 0, 24 * 3600 * 1000};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		assert_int_equal(get(&support, &reply, &err), -1);
		assert_int_equal(err.code, steps[i].status);
		assert_int_equal(err.retry_after_ms, waits[i]);
		reply_clear(&reply);
	}
	support_close(&support);
	support_end(&support);
}

static void a_redirect_names_the_setting(void **state)
{
	const struct http_step steps[] = {
		{302, "", "Location: https://sso.example/login?next=ada%40example.com\r\n", 0, 0,
		 HTTP_KEEP}};
	struct support support;
	struct reply reply;
	struct answer answer;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(post(&support, &reply, &err), 0);
	answer_from_reply(&answer, &reply);
	assert_int_equal(answer.code, ANSWER_REJECTED);
	assert_string_equal(answer.message, "redirected to 'https://sso.example/login', which is "
					    "not followed; correct [grafana.main] url");
	reply_clear(&reply);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 1);
	support_end(&support);
}

static void an_error_names_the_call_without_its_query(void **state)
{
	const struct http_step steps[] = {
		{.status = 500, .body = "{\"message\":\"Failed to\\nget user\"}"}};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	assert_int_equal(ask(&support, GRAFANA_READ, "GET",
			     "/api/users/lookup?loginOrEmail=ada%40example.com", NULL, &reply,
			     &err), -1);
	assert_string_equal(err.text, "GET /api/users/lookup: 500: Failed to?get user");
	reply_clear(&reply);
	support_close(&support);
	support_end(&support);
}

/* ---- guard, pool, threads ---- */

struct gatekeeper {
	int asked;
	int64_t call_ms;
	int rc;
};

static int may_write(void *context, int64_t call_ms, struct error *err)
{
	struct gatekeeper *keeper = context;

	keeper->asked++;
	keeper->call_ms = call_ms;
	if (keeper->rc < 0)
		error_set(err, ERROR_RETRY, "test", 0, "no time left");
	return keeper->rc;
}

static void asks_the_guard_before_each_write(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = JSON_YES, .end = HTTP_LAST}};
	struct gatekeeper keeper = {0};
	const struct grafana_guard guard = {may_write, &keeper};
	struct support support;
	struct reply reply;
	struct error err;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	grafana_session_end(support.session);
	support.session = grafana_session_begin(support.grafana, &guard, "");
	assert_int_equal(get(&support, &reply, &err), 0);
	reply_clear(&reply);
	assert_int_equal(keeper.asked, 0);
	assert_int_equal(post(&support, &reply, &err), 0);
	reply_clear(&reply);
	assert_int_equal(keeper.asked, 1);
	assert_int_equal(keeper.call_ms, support.settings.request_timeout_ms);
	keeper.rc = -1;
	assert_int_equal(post(&support, &reply, &err), -1);
	assert_false(reply.doubt);
	assert_string_equal(err.text, "no time left");
	assert_int_equal(grafana_session_tally(support.session).calls, 2);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 2);
	support_end(&support);
}

static void the_session_used_last_is_used_next(void **state)
{
	struct support support;
	struct grafana_session *first, *second;

	(void)state;
	support_begin(&support, NULL, 0);
	first = support.session;
	second = grafana_session_begin(support.grafana, NULL, NULL);
	assert_ptr_not_equal(first, second);
	grafana_session_end(first);
	grafana_session_end(second);
	support.session = grafana_session_begin(support.grafana, NULL, NULL);
	assert_ptr_equal(support.session, second);
	assert_ptr_equal(grafana_session_instance(second), support.grafana);
	support_close(&support);
	support_end(&support);
}

enum { THREADS = 4, CALLS = 25 };

static void *call_often(void *context)
{
	struct grafana *grafana = context;
	uintptr_t good = 0;

	for (int i = 0; i < CALLS; i++) {
		struct grafana_session *session = grafana_session_begin(grafana, NULL, NULL);
		struct reply reply;
		struct error err;

		good += grafana_request_in_org(session, 0, GRAFANA_READ, "GET", "/api/org", NULL, &reply,
					&err) == 0;
		reply_clear(&reply);
		grafana_session_end(session);
	}
	return (void *)good;
}

static void threads_share_an_instance(void **state)
{
	const struct http_step steps[] = {{.status = 200, .body = JSON_YES, .end = HTTP_LAST}};
	pthread_t threads[THREADS];
	struct support support;
	void *good;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, call_often, support.grafana), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &good);
		assert_int_equal((uintptr_t)good, CALLS);
	}
	support_close(&support);
	assert_int_equal(http_script_count(support.script), THREADS * CALLS);
	assert_in_range(http_script_connections(support.script), 1, THREADS + 1);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_the_connection_and_sends_what_it_should),
		cmocka_unit_test(sends_a_token_in_place_of_a_password),
		cmocka_unit_test(sends_org_and_trace_only_where_asked),
		cmocka_unit_test(keeps_the_sub_path_and_dots),
		cmocka_unit_test(goes_through_the_proxy_that_is_set_and_no_other),
		cmocka_unit_test(escapes),
		cmocka_unit_test(never_sends_a_write_twice),
		cmocka_unit_test(a_read_is_sent_again),
		cmocka_unit_test(a_connection_that_ended_while_idle_is_replaced),
		cmocka_unit_test(judges_answers),
		cmocka_unit_test(a_silent_server_leaves_a_write_in_doubt),
		cmocka_unit_test(what_never_got_out_is_surely_not_done),
		cmocka_unit_test(an_endless_answer_is_cut_off),
		cmocka_unit_test(tells_refused_credentials_from_a_server_in_trouble),
		cmocka_unit_test(passes_retry_after_on),
		cmocka_unit_test(a_redirect_names_the_setting),
		cmocka_unit_test(an_error_names_the_call_without_its_query),
		cmocka_unit_test(asks_the_guard_before_each_write),
		cmocka_unit_test(the_session_used_last_is_used_next),
		cmocka_unit_test(threads_share_an_instance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
