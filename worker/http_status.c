/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_status.c - health and metrics over HTTP; the home of libmicrohttpd.
 *
 * Made by status.c. Owns the listening socket and one thread. What is answered comes
 * through struct status_port. A client that is slow, silent or many can only take one of
 * a few connections for a few seconds. No TLS and no authentication: nothing here is
 * secret, but it belongs on an inner network.
 */
#include "worker/http_status.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

static const char ORIGIN[] = "http";
static const char TEXT_PLAIN[] = "text/plain; charset=utf-8";
static const char TEXT_METRICS[] = "text/plain; version=0.0.4; charset=utf-8";

enum {
	MAX_CONNECTIONS = 16,
	IDLE_TIMEOUT_S = 5,
	CONNECTION_MEMORY_BYTES = 16 * 1024, /* bounds request line and headers */
	HOST_CAPACITY = 256,
	WHY_CAPACITY = 256,
	METRICS_BYTES = 1024 * 1024,
};

struct http_status {
	struct status_port port;
	struct MHD_Daemon *server;
};

/* ---- the pages ---- */

static unsigned show_live(struct http_status *status, struct buffer *out)
{
	if (status->port.live(status->port.context)) {
		buffer_append_text(out, "ok\n");
		return MHD_HTTP_OK;
	}
	buffer_append_text(out, "not alive\n");
	return MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned show_ready(struct http_status *status, struct buffer *out)
{
	char why[WHY_CAPACITY] = "";

	if (status->port.ready(status->port.context, why, sizeof(why))) {
		buffer_append_text(out, "ok\n");
		return MHD_HTTP_OK;
	}
	text_replace_control(why);
	buffer_append_format(out, "%s\n", why[0] != '\0' ? why : "not ready");
	return MHD_HTTP_SERVICE_UNAVAILABLE;
}

static unsigned show_metrics(struct http_status *status, struct buffer *out)
{
	status->port.metrics(status->port.context, out);
	return out->overflowed ? MHD_HTTP_INTERNAL_SERVER_ERROR : MHD_HTTP_OK;
}

static const struct page {
	const char *path;
	const char *content_type;
	unsigned (*show)(struct http_status *status, struct buffer *out);
} pages[] = {
	{"/livez", TEXT_PLAIN, show_live},
	{"/readyz", TEXT_PLAIN, show_ready},
	{"/metrics", TEXT_METRICS, show_metrics},
};

static const struct page *find_page(const char *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(pages); i++)
		if (strcmp(pages[i].path, path) == 0)
			return &pages[i];
	return NULL;
}

/* ---- HTTP ---- */

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned code,
			      const char *content_type, struct buffer *body)
{
	size_t length = 0;
	char *bytes = buffer_take(body, &length);
	/* libmicrohttpd frees the bytes with free(). */
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result rc;

	if (response == NULL) {
		free(bytes);
		return MHD_NO; /* closes the connection */
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (code == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	/* Probes come seldom; a kept connection would only take a place. */
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	rc = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return rc;
}

static bool is_read(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
}

/* Answers as soon as the headers are there: a body is never read. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *upload, size_t *upload_bytes, void **state)
{
	struct http_status *status = context;
	const struct page *page = find_page(path);
	const char *content_type = TEXT_PLAIN;
	struct buffer body;
	unsigned code;

	(void)version, (void)upload, (void)upload_bytes, (void)state;
	buffer_init(&body, METRICS_BYTES);
	if (page == NULL) {
		buffer_append_text(&body, "not found\n");
		code = MHD_HTTP_NOT_FOUND;
	} else if (!is_read(method)) {
		buffer_append_text(&body, "method not allowed\n");
		code = MHD_HTTP_METHOD_NOT_ALLOWED;
	} else {
		code = page->show(status, &body);
		content_type = page->content_type;
	}
	return answer(connection, code, content_type, &body);
}

/* ---- start and end ---- */

/* host:port or [host]:port into its parts. */
static bool split_listen(const char *listen, char host[HOST_CAPACITY], const char **service)
{
	const char *colon = strrchr(listen, ':');
	size_t length;

	if (colon == NULL || colon[1] == '\0')
		return false;
	*service = colon + 1;
	length = (size_t)(colon - listen);
	if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']')
		return text_copy_bytes(host, HOST_CAPACITY, listen + 1, length - 2);
	return text_copy_bytes(host, HOST_CAPACITY, listen, length);
}

static int resolve(const char *listen, struct addrinfo **address, struct error *err)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	char host[HOST_CAPACITY];
	const char *service;
	int code;

	if (!split_listen(listen, host, &service)) {
		error_set(err, ERROR_FATAL, ORIGIN, 0, "[http] listen: '%s' is not host:port",
			  listen);
		return -1;
	}
	code = getaddrinfo(host[0] != '\0' ? host : NULL, service, &hints, address);
	if (code == 0)
		return 0;
	error_set(err, ERROR_FATAL, ORIGIN, code, "[http] listen: '%s': %s", listen,
		  gai_strerror(code));
	return -1;
}

/* The socket that 'address' names, or -1 and errno. It is made here because libmicrohttpd
 * 1.0 loses errno on its way out when it cannot bind. */
static int open_socket(const struct addrinfo *address)
{
	const int yes = 1, no = 0;
	int kept, fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    (address->ai_family != AF_INET6 ||
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) == 0) &&
	    bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	kept = errno;
	close(fd);
	errno = kept;
	return -1;
}

/* NULL and errno, or 0 there: libmicrohttpd does not say why. */
static struct MHD_Daemon *start(struct http_status *status, const struct addrinfo *address)
{
	int fd = open_socket(address);

	if (fd < 0)
		return NULL;
	errno = 0;
	/* A timeout of its own for each connection, and no logger: it says nothing that
	 * a human must act on, and could be made to say it often. */
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0, NULL, NULL,
				on_request, status, MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_LIMIT, (unsigned)MAX_CONNECTIONS,
				MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_END);
}

int http_status_new(const char *listen, const struct status_port *port,
		    struct http_status **out, struct error *err)
{
	struct http_status *status;
	struct addrinfo *address = NULL;
	int code;

	if (resolve(listen, &address, err) < 0)
		return -1;
	status = mem_zalloc(sizeof(*status));
	status->port = *port;
	status->server = start(status, address);
	code = errno;
	freeaddrinfo(address);
	if (status->server == NULL) {
		error_set(err, ERROR_FATAL, ORIGIN, code, "[http] listen: cannot listen on '%s': %s",
			  listen, code != 0 ? strerror(code) : "refused");
		free(status);
		return -1;
	}
	*out = status;
	return 0;
}

void http_status_free(struct http_status *status)
{
	if (status == NULL)
		return;
	MHD_stop_daemon(status->server);
	free(status);
}

unsigned http_status_port_number(const struct http_status *status)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(status->server, MHD_DAEMON_INFO_BIND_PORT);

	return info == NULL ? 0 : info->port;
}
