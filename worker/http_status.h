/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_HTTP_STATUS_H
#define WORKER_HTTP_STATUS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

/* What the world may ask. Called from the thread of the server, one at a time. */
struct status_port {
	/* False: 'why' (one line) says what is missing. */
	bool (*ready)(void *context, char *why, size_t capacity);
	bool (*live)(void *context);
	void (*metrics)(void *context, struct buffer *out); /* in Prometheus' text format */
	void *context;
};

/*
 * A small HTTP server for probes: GET and HEAD of /livez, /readyz and /metrics, with a
 * thread of its own. 'listen' is host:port or [host]:port; port 0 takes any free one.
 * ERROR_FATAL if it can't be listened on. 'port' is copied.
 */
struct http_status;
MUST_CHECK int http_status_new(const char *listen, const struct status_port *port,
			       struct http_status **status, struct error *err);
/* Ends the thread first: no call to the port is running afterwards. NULL is allowed. */
void http_status_free(struct http_status *status);

/* The TCP port it listens on. */
unsigned http_status_port_number(const struct http_status *status);

#endif
