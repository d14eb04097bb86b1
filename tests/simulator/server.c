/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - libmicrohttpd on one side, exchanges on the other.
 *
 * A few epoll threads serve all connections; a wait suspends its connection and
 * leaves it to timer.c. Here is also what only a connection can do wrong: reset,
 * truncate, drip.
 */

#include "tests/simulator/server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/timer.h"

enum {
	MAX_CONNECTIONS = 8192,
	BACKLOG = 1024,
	CONNECTION_MEMORY_BYTES = 16 * 1024,
	TRUNCATED_BYTES = 64, /* promised but not sent */
	DRIP_DELAY_MS = 50,
};

struct server {
	struct sim *sim;
	struct timer *timer;
	struct MHD_Daemon *daemon;
};

/* A body that is handed out by callback, because something is wrong with it. */
struct odd_body {
	struct timer *timer;
	struct MHD_Connection *connection;
	char *bytes;
	size_t length;
	int64_t drip_ms; /* 0: all at once, then an error */
	bool waited;
};

static int connection_fd(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

/* ---- sending ---- */

static void odd_body_free(void *argument)
{
	struct odd_body *body = argument;

	free(body->bytes);
	free(body);
}

static ssize_t drip(struct odd_body *body, uint64_t at, char *out)
{
	if (at >= body->length)
		return MHD_CONTENT_READER_END_OF_STREAM;
	body->waited = !body->waited;
	if (body->waited) {
		MHD_suspend_connection(body->connection);
		timer_hold(body->timer, body->connection, body->drip_ms * 1000, NULL);
		return 0;
	}
	*out = body->bytes[at];
	return 1;
}

static ssize_t odd_body_read(void *argument, uint64_t at, char *out, size_t capacity)
{
	struct odd_body *body = argument;
	size_t left;

	if (body->drip_ms > 0)
		return drip(body, at, out);
	if (at >= body->length)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	left = body->length - (size_t)at;
	if (left > capacity)
		left = capacity;
	memcpy(out, body->bytes + at, left);
	return (ssize_t)left;
}

static struct MHD_Response *odd_response(struct server *server,
					 struct MHD_Connection *connection,
					 struct exchange *exchange, enum fault_effect effect)
{
	struct odd_body *body = mem_zalloc(sizeof *body);
	uint64_t promised;

	body->timer = server->timer;
	body->connection = connection;
	body->bytes = buffer_take(&exchange->reply.body, &body->length);
	promised = body->length;
	if (effect == FAULT_TRUNCATE)
		promised += TRUNCATED_BYTES;
	else
		body->drip_ms =
			exchange->fault.delay_ms > 0 ? exchange->fault.delay_ms : DRIP_DELAY_MS;
	return MHD_create_response_from_callback(promised, 1024, odd_body_read, body,
						 odd_body_free);
}

static struct MHD_Response *plain_response(struct exchange *exchange)
{
	size_t length;
	char *bytes = buffer_take(&exchange->reply.body, &length);

	if (bytes == NULL)
		return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "",
						       MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
}

static struct MHD_Response *make_response(struct server *server,
					  struct MHD_Connection *connection,
					  struct exchange *exchange)
{
	enum fault_effect effect =
		exchange->fault.kind != NULL ? exchange->fault.kind->effect : FAULT_NONE;

	if (effect == FAULT_TRUNCATE || effect == FAULT_SLOW_DRIP)
		return odd_response(server, connection, exchange, effect);
	return plain_response(exchange);
}

static void add_headers(struct MHD_Response *response, const struct exchange *exchange)
{
	static const char *const types[] = {
		[CONTENT_JSON] = "application/json",
		[CONTENT_CONTEXT] = "application/json; charset=UTF-8",
		[CONTENT_HTML] = "text/html; charset=utf-8",
		[CONTENT_TEXT] = "text/plain; charset=utf-8",
	};
	const struct reply *reply = &exchange->reply;

	MHD_add_response_header(response, "Content-Type", types[reply->content]);
	if (exchange->version != NULL && exchange->version->legacy_cache_headers) {
		MHD_add_response_header(response, "Cache-Control", "no-cache");
		MHD_add_response_header(response, "Expires", "-1");
		MHD_add_response_header(response, "Pragma", "no-cache");
	} else {
		MHD_add_response_header(response, "Cache-Control", "no-store");
	}
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "X-Frame-Options", "deny");
	MHD_add_response_header(response, "X-Xss-Protection", "1; mode=block");
	if (reply->retry_after[0] != '\0')
		MHD_add_response_header(response, "Retry-After", reply->retry_after);
	if (reply->set_cookie[0] != '\0')
		MHD_add_response_header(response, "Set-Cookie", reply->set_cookie);
	if (reply->set_cookie_expiry[0] != '\0')
		MHD_add_response_header(response, "Set-Cookie", reply->set_cookie_expiry);
	if (reply->location != NULL)
		MHD_add_response_header(response, "Location", reply->location);
}

static enum MHD_Result send_reply(struct server *server, struct MHD_Connection *connection,
				  struct exchange *exchange)
{
	unsigned status = (unsigned)exchange->reply.status;
	struct MHD_Response *response = make_response(server, connection, exchange);
	enum MHD_Result queued;

	if (response == NULL)
		return MHD_NO;
	add_headers(response, exchange);
	queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

/* ---- receiving ---- */

static void read_headers(struct MHD_Connection *connection, struct exchange *exchange)
{
	const struct {
		const char *name;
		const char **value;
	} wanted[] = {
		{"Authorization", &exchange->authorization},
		{"Content-Type", &exchange->content_type},
		{"X-Grafana-Org-Id", &exchange->org_header},
		{"User-Agent", &exchange->user_agent},
		{"traceparent", &exchange->traceparent},
		{"Cookie", &exchange->cookie_header},
	};

	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++)
		*wanted[i].value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
							       wanted[i].name);
}

static void hold(struct server *server, struct MHD_Connection *connection,
		 struct exchange *exchange, int64_t wait_us)
{
	/* Suspended first: the timer may resume it before this returns. */
	bool *gone = exchange_watches_client(exchange) ? &exchange->client_gone : NULL;

	MHD_suspend_connection(connection);
	timer_hold(server->timer, connection, wait_us, gone);
}

static enum MHD_Result advance(struct server *server, struct MHD_Connection *connection,
			       struct exchange *exchange)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	int64_t wait_us = 0;

	switch (exchange_advance(exchange, &wait_us)) {
	case STEP_SEND:
		return send_reply(server, connection, exchange);
	case STEP_WAIT:
		hold(server, connection, exchange, wait_us);
		return MHD_YES;
	case STEP_RESET:
		setsockopt(connection_fd(connection), SOL_SOCKET, SO_LINGER, &at_once,
			   sizeof at_once);
		return MHD_NO;
	case STEP_CLOSE:
		return MHD_NO;
	}
	return MHD_NO;
}

static enum MHD_Result on_request(void *argument, struct MHD_Connection *connection,
				  const char *url, const char *method, const char *version,
				  const char *upload, size_t *upload_bytes, void **context)
{
	struct exchange *exchange = *context;

	(void)url;
	(void)version;
	if (!exchange->started) {
		exchange->started = true;
		exchange_set_method(exchange, method);
		read_headers(connection, exchange);
		return MHD_YES;
	}
	if (*upload_bytes > 0) {
		/* Beyond the cap it is read and dropped, and answered with 413. */
		(void)buffer_append(&exchange->body, upload, *upload_bytes);
		*upload_bytes = 0;
		return MHD_YES;
	}
	return advance(argument, connection, exchange);
}

static void *on_uri(void *argument, const char *uri, struct MHD_Connection *connection)
{
	const struct server *server = argument;

	(void)connection;
	return exchange_new(server->sim, uri);
}

static void on_completed(void *argument, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	(void)argument;
	(void)connection;
	(void)code;
	if (*context != NULL)
		exchange_abandon(*context);
	exchange_free(*context);
	*context = NULL;
}

static void on_connection(void *argument, struct MHD_Connection *connection,
			  void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	const int on = 1;

	(void)argument;
	(void)socket_context;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		setsockopt(connection_fd(connection), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Paths are split before they are unescaped: an org's name may hold a slash. */
static size_t leave_escaped(void *argument, struct MHD_Connection *connection, char *text)
{
	(void)argument;
	(void)connection;
	return strlen(text);
}

struct server *server_start(struct sim *sim, uint16_t port, unsigned threads)
{
	struct server *server = mem_zalloc(sizeof *server);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->sim = sim;
	server->timer = sim->timer = timer_new();
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO, port,
		NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0U,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
		MHD_OPTION_URI_LOG_CALLBACK, on_uri, server, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, NULL, MHD_OPTION_END);
	if (server->daemon != NULL)
		return server;
	timer_stop(server->timer);
	timer_free(server->timer);
	free(server);
	return NULL;
}

uint16_t server_port(const struct server *server)
{
	return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void server_stop(struct server *server)
{
	timer_stop(server->timer);
	MHD_stop_daemon(server->daemon);
	timer_free(server->timer);
	free(server);
}
