/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker_http_status.c - probes, by raw HTTP over a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text.h"
#include "worker/http_status.h"

enum { ANSWER_BYTES = 64 * 1024, TIMEOUT_S = 20, CROWD = 40 };

struct world {
	atomic_bool is_ready, is_live;
	atomic_bool talks_too_much;
};

static bool ready(void *context, char *why, size_t capacity)
{
	struct world *world = context;

	if (!atomic_load(&world->is_ready))
		text_copy(why, capacity, "redis is\naway");
	return atomic_load(&world->is_ready);
}

static bool live(void *context)
{
	return atomic_load(&((struct world *)context)->is_live);
}

static void metrics(void *context, struct buffer *out)
{
	buffer_append_text(out, "grantd_jobs_in_flight 3\n");
	while (atomic_load(&((struct world *)context)->talks_too_much) && !out->overflowed)
		buffer_append_text(out, "grantd_jobs_in_flight 3\n");
}

struct fixture {
	struct world world;
	struct http_status *status;
	unsigned port;
};

static struct fixture fixture;

static int start(void **state)
{
	const struct status_port port = {ready, live, metrics, &fixture.world};

	(void)state;
	atomic_store(&fixture.world.is_ready, true);
	atomic_store(&fixture.world.is_live, true);
	atomic_store(&fixture.world.talks_too_much, false);
	if (http_status_new("127.0.0.1:0", &port, &fixture.status, NULL) < 0)
		return -1;
	fixture.port = http_status_port_number(fixture.status);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	http_status_free(fixture.status);
	return 0;
}

static int connect_to(unsigned port)
{
	const struct timeval timeout = {.tv_sec = TIMEOUT_S};
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons((uint16_t)port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Everything until the server closes. */
static void read_all(int fd, char out[ANSWER_BYTES])
{
	size_t used = 0;
	ssize_t got;

	while (used < ANSWER_BYTES - 1 &&
	       (got = recv(fd, out + used, ANSWER_BYTES - 1 - used, 0)) > 0)
		used += (size_t)got;
	out[used] = '\0';
}

static const char *ask(const char *request)
{
	static char answer[ANSWER_BYTES];
	int fd = connect_to(fixture.port);

	assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
	read_all(fd, answer);
	close(fd);
	return answer;
}

static const char *get(const char *path)
{
	static char request[256];

	text_format(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	return ask(request);
}

static void assert_status(const char *answer, const char *code)
{
	char expected[32];

	text_format(expected, sizeof(expected), "HTTP/1.1 %s ", code);
	if (strncmp(answer, expected, strlen(expected)) != 0)
		fail_msg("expected %s, got: %s", code, answer);
}

static const char *body(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n");

	assert_non_null(end);
	return end + 4;
}

static void says_live_and_ready(void **state)
{
	(void)state;
	assert_status(get("/livez"), "200");
	assert_string_equal(body(get("/livez")), "ok\n");
	assert_status(get("/readyz"), "200");
	assert_string_equal(body(get("/readyz")), "ok\n");
}

static void says_in_one_line_why_it_is_not_ready(void **state)
{
	(void)state;
	atomic_store(&fixture.world.is_ready, false);
	assert_status(get("/readyz"), "503");
	assert_string_equal(body(get("/readyz")), "redis is?away\n");
	assert_status(get("/livez"), "200");
	atomic_store(&fixture.world.is_ready, true);
	assert_status(get("/readyz"), "200");
}

static void says_that_it_is_not_alive(void **state)
{
	(void)state;
	atomic_store(&fixture.world.is_live, false);
	assert_status(get("/livez"), "503");
}

static void shows_metrics_as_prometheus_wants_them(void **state)
{
	const char *answer = get("/metrics");

	(void)state;
	assert_status(answer, "200");
	assert_non_null(strstr(answer, "text/plain; version=0.0.4"));
	assert_string_equal(body(answer), "grantd_jobs_in_flight 3\n");
}

static void ignores_a_query(void **state)
{
	(void)state;
	assert_status(get("/readyz?verbose=1"), "200");
}

static void answers_head_without_a_body(void **state)
{
	const char *answer = ask("HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n");

	(void)state;
	assert_status(answer, "200");
	assert_non_null(strstr(answer, "Content-Length: 3\r\n"));
	assert_string_equal(body(answer), "");
}

static void knows_no_other_path(void **state)
{
	static const char *const paths[] = {"/", "/readyz/", "/READYZ", "/metrics/x", "/%72eadyz/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++)
		assert_status(get(paths[i]), "404");
}

static void knows_no_other_method(void **state)
{
	const char *answer = ask("POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");

	(void)state;
	assert_status(answer, "405");
	assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
	assert_status(ask("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), "405");
	assert_status(ask("PUT /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"),
		      "405");
}

static void survives_junk(void **state)
{
	static const char *const junk[] = {"\r\n\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n",
					   "GET /readyz HTTP/9.9\r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(junk); i++) {
		int fd = connect_to(fixture.port);

		assert_int_equal(send(fd, junk[i], strlen(junk[i]), MSG_NOSIGNAL), strlen(junk[i]));
		close(fd);
	}
	assert_status(get("/readyz"), "200");
}

static void answers_500_rather_than_half_of_the_metrics(void **state)
{
	(void)state;
	atomic_store(&fixture.world.talks_too_much, true);
	assert_status(get("/metrics"), "500");
}

/* More silent clients than it has places for; they are thrown out after a while. */
static void a_silent_crowd_does_not_shut_it_up(void **state)
{
	int crowd[CROWD];

	(void)state;
	for (size_t i = 0; i < CROWD; i++)
		crowd[i] = connect_to(fixture.port);
	assert_status(get("/readyz"), "200");
	for (size_t i = 0; i < CROWD; i++)
		close(crowd[i]);
}

static void is_freed_under_an_open_connection(void **state)
{
	const struct status_port port = {ready, live, metrics, &fixture.world};
	struct http_status *status = NULL;
	char rest[ANSWER_BYTES];
	int fd;

	(void)state;
	assert_int_equal(http_status_new("127.0.0.1:0", &port, &status, NULL), 0);
	fd = connect_to(http_status_port_number(status));
	http_status_free(status);
	read_all(fd, rest);
	assert_string_equal(rest, "");
	close(fd);
}

static void refuses_what_it_cannot_listen_on(void **state)
{
	static const struct {
		const char *listen, *text;
	} cases[] = {
		{"nonsense", "[http] listen: 'nonsense' is not host:port"},
		{"127.0.0.1:", "[http] listen: '127.0.0.1:' is not host:port"},
		{"192.0.2.1:0", "[http] listen: cannot listen on '192.0.2.1:0': "
				"Cannot assign requested address"},
	};
	const struct status_port port = {ready, live, metrics, &fixture.world};
	struct http_status *status = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct error err = {0};

		assert_int_equal(http_status_new(cases[i].listen, &port, &status, &err), -1);
		assert_int_equal(err.kind, ERROR_FATAL);
		assert_string_equal(err.text, cases[i].text);
	}
	assert_null(status);
}

static void says_that_a_port_is_taken(void **state)
{
	const struct status_port port = {ready, live, metrics, &fixture.world};
	struct http_status *status = NULL;
	struct error err = {0};
	char listen[32];

	(void)state;
	text_format(listen, sizeof(listen), "127.0.0.1:%u", fixture.port);
	assert_int_equal(http_status_new(listen, &port, &status, &err), -1);
	assert_non_null(strstr(err.text, "Address already in use"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		CASE(says_live_and_ready),
		CASE(says_in_one_line_why_it_is_not_ready),
		CASE(says_that_it_is_not_alive),
		CASE(shows_metrics_as_prometheus_wants_them),
		CASE(ignores_a_query),
		CASE(answers_head_without_a_body),
		CASE(knows_no_other_path),
		CASE(knows_no_other_method),
		CASE(survives_junk),
		CASE(answers_500_rather_than_half_of_the_metrics),
		CASE(a_silent_crowd_does_not_shut_it_up),
		CASE(is_freed_under_an_open_connection),
		CASE(refuses_what_it_cannot_listen_on),
		CASE(says_that_a_port_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
