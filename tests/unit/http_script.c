/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_script.c - a scripted HTTP server for the tests of grafana/.
 *
 * Owns one thread, which alone touches the connections; what tests read is behind
 * a mutex. Requests must announce their length (no chunks). Any fault of the
 * machine (no port, no thread) ends the test program.
 */
#include "tests/unit/http_script.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

enum { MAX_CONNECTIONS = 64, MAX_REQUEST_BYTES = 1 << 20, DRAIN_TRIES = 1000 };

struct connection {
	int fd; /* -1 = free */
	struct buffer in;
};

struct http_script {
	struct http_step *steps;
	size_t step_count;
	int listener, wake[2], port;
	pthread_t thread;
	struct connection connections[MAX_CONNECTIONS];
	/* behind 'mutex' */
	pthread_mutex_t mutex;
	char **requests;
	size_t request_count, accepted, open;
};

static void die(const char *what)
{
	perror(what);
	abort();
}

static void end_connection(struct http_script *script, struct connection *connection)
{
	close(connection->fd);
	connection->fd = -1;
	buffer_clear(&connection->in);
	pthread_mutex_lock(&script->mutex);
	script->open--;
	pthread_mutex_unlock(&script->mutex);
}

static void reset_connection(struct http_script *script, struct connection *connection)
{
	const struct linger now = {1, 0};

	setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	end_connection(script, connection);
}

/* Which step answers this request; NULL beyond the script. */
static const struct http_step *record_request(struct http_script *script, const char *bytes,
					      size_t length)
{
	const struct http_step *step = NULL;
	size_t number, last = script->step_count - 1;

	pthread_mutex_lock(&script->mutex);
	number = script->request_count++;
	if (number <= script->step_count) {
		script->requests = mem_grow_array(script->requests, number + 1, sizeof(char *));
		script->requests[number] = mem_strndup(bytes, length);
	}
	pthread_mutex_unlock(&script->mutex);
	if (number < script->step_count)
		step = &script->steps[number];
	else if (script->step_count > 0 && script->steps[last].end == HTTP_LAST)
		step = &script->steps[last];
	return step;
}

static void send_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return; /* the client has had enough */
		bytes += sent;
		length -= (size_t)sent;
	}
}

static void send_answer(int fd, const struct http_step *step)
{
	const char *body = step->body != NULL ? step->body : "";
	const char *more = step->headers != NULL ? step->headers : "";
	size_t length = strlen(body) + step->blanks;
	struct buffer out;

	buffer_init(&out, length + 4096);
	buffer_append_format(
		&out, "HTTP/1.1 %d Scripted\r\n%sContent-Length: %zu\r\n%s\r\n", step->status,
		strstr(more, "Content-Type:") == NULL ? "Content-Type: application/json\r\n"
						      : "",
		length, more);
	for (size_t i = 0; i < step->blanks; i++)
		buffer_append(&out, " ", 1);
	buffer_append_text(&out, body);
	send_all(fd, out.bytes, out.length - step->withheld);
	buffer_clear(&out);
}

static void answer(struct http_script *script, struct connection *connection, size_t length)
{
	static const struct http_step beyond = {.status = 599};
	const struct http_step *step = record_request(script, connection->in.bytes, length);

	memmove(connection->in.bytes, connection->in.bytes + length,
		connection->in.length - length);
	connection->in.length -= length;
	if (step == NULL)
		step = &beyond;
	if (step->status != 0)
		send_answer(connection->fd, step);
	if (step->end == HTTP_CLOSE)
		end_connection(script, connection);
	else if (step->end == HTTP_RESET)
		reset_connection(script, connection);
}

/* Length of the whole request at the beginning of 'in', 0 = not all there yet. */
static size_t request_length(const struct buffer *in)
{
	const char *end = in->bytes == NULL ? NULL : strstr(in->bytes, "\r\n\r\n");
	size_t body_bytes = 0, head_bytes;

	if (end == NULL)
		return 0;
	head_bytes = (size_t)(end - in->bytes) + 4;
	for (const char *line = in->bytes; line < end; line = strstr(line, "\r\n") + 2)
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			body_bytes = strtoul(line + 15, NULL, 10);
	return in->length >= head_bytes + body_bytes ? head_bytes + body_bytes : 0;
}

static void read_connection(struct http_script *script, struct connection *connection)
{
	char bytes[16384];
	ssize_t got = recv(connection->fd, bytes, sizeof(bytes), 0);
	size_t length;

	if (got <= 0) {
		end_connection(script, connection);
		return;
	}
	buffer_append(&connection->in, bytes, (size_t)got);
	while (connection->fd >= 0 && (length = request_length(&connection->in)) > 0)
		answer(script, connection, length);
}

static void accept_connection(struct http_script *script)
{
	int fd, slot = 0;

	/* Out of the backlog and into the count in one go, for http_script_drain(). */
	pthread_mutex_lock(&script->mutex);
	fd = accept(script->listener, NULL, NULL);
	script->accepted++;
	script->open++;
	pthread_mutex_unlock(&script->mutex);
	while (slot < MAX_CONNECTIONS && script->connections[slot].fd >= 0)
		slot++;
	if (fd < 0 || slot == MAX_CONNECTIONS)
		die("accept");
	script->connections[slot].fd = fd;
}

static void *serve(void *context)
{
	struct http_script *script = context;
	struct pollfd polled[MAX_CONNECTIONS + 2];

	for (;;) {
		for (int i = 0; i < MAX_CONNECTIONS; i++)
			polled[i] = (struct pollfd){script->connections[i].fd, POLLIN, 0};
		polled[MAX_CONNECTIONS] = (struct pollfd){script->listener, POLLIN, 0};
		polled[MAX_CONNECTIONS + 1] = (struct pollfd){script->wake[0], POLLIN, 0};
		if (poll(polled, MAX_CONNECTIONS + 2, -1) < 0)
			continue;
		if (polled[MAX_CONNECTIONS + 1].revents != 0)
			return NULL;
		for (int i = 0; i < MAX_CONNECTIONS; i++)
			if (polled[i].revents != 0)
				read_connection(script, &script->connections[i]);
		if (polled[MAX_CONNECTIONS].revents != 0)
			accept_connection(script);
	}
}

static void listen_anywhere(struct http_script *script)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	script->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (script->listener < 0 ||
	    bind(script->listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(script->listener, 64) < 0 ||
	    getsockname(script->listener, (struct sockaddr *)&address, &length) < 0)
		die("listen");
	script->port = ntohs(address.sin_port);
}

struct http_script *http_script_start(const struct http_step *steps, size_t count)
{
	struct http_script *script = mem_zalloc(sizeof(*script));

	script->steps = mem_array(count, sizeof(*steps));
	if (count > 0)
		memcpy(script->steps, steps, count * sizeof(*steps));
	script->step_count = count;
	for (int i = 0; i < MAX_CONNECTIONS; i++) {
		script->connections[i].fd = -1;
		buffer_init(&script->connections[i].in, MAX_REQUEST_BYTES);
	}
	pthread_mutex_init(&script->mutex, NULL);
	listen_anywhere(script);
	if (pipe(script->wake) < 0 || pthread_create(&script->thread, NULL, serve, script) != 0)
		die("http_script");
	return script;
}

char *http_script_url(const struct http_script *script)
{
	char url[64];

	text_format(url, sizeof(url), "http://127.0.0.1:%d", script->port);
	return mem_strdup(url);
}

/* A connection that waits in the backlog has not been counted yet, but clients that
 * are done have closed theirs, so the thread will see them all come and go. */
void http_script_drain(struct http_script *script)
{
	bool quiet = false;

	for (int i = 0; i < DRAIN_TRIES && !quiet; i++) {
		struct pollfd backlog = {script->listener, POLLIN, 0};

		pthread_mutex_lock(&script->mutex);
		quiet = script->open == 0 && poll(&backlog, 1, 0) == 0;
		pthread_mutex_unlock(&script->mutex);
		if (!quiet)
			poll(NULL, 0, 10);
	}
	if (!quiet)
		die("http_script: a client keeps its connection");
}

size_t http_script_count(struct http_script *script)
{
	size_t count;

	pthread_mutex_lock(&script->mutex);
	count = script->request_count;
	pthread_mutex_unlock(&script->mutex);
	return count;
}

size_t http_script_connections(struct http_script *script)
{
	size_t count;

	pthread_mutex_lock(&script->mutex);
	count = script->accepted;
	pthread_mutex_unlock(&script->mutex);
	return count;
}

const char *http_script_request(struct http_script *script, size_t index)
{
	const char *request = "";

	pthread_mutex_lock(&script->mutex);
	if (index < script->request_count && index <= script->step_count)
		request = script->requests[index];
	pthread_mutex_unlock(&script->mutex);
	return request;
}

void http_script_stop(struct http_script *script)
{
	size_t kept;

	if (write(script->wake[1], "x", 1) != 1)
		die("http_script");
	pthread_join(script->thread, NULL);
	for (int i = 0; i < MAX_CONNECTIONS; i++)
		if (script->connections[i].fd >= 0)
			end_connection(script, &script->connections[i]);
	close(script->listener);
	close(script->wake[0]);
	close(script->wake[1]);
	kept = script->request_count <= script->step_count ? script->request_count
							   : script->step_count + 1;
	for (size_t i = 0; i < kept; i++)
		free(script->requests[i]);
	free(script->requests);
	free(script->steps);
	pthread_mutex_destroy(&script->mutex);
	free(script);
}
