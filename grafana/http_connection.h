/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_HTTP_CONNECTION_H
#define GRAFANA_HTTP_CONNECTION_H

#include "base/buffer.h"
#include "base/clock.h"
#include "config/settings.h"
#include "grafana/http.h"
#include "grafana/reply.h"

/*
 * One keep-alive connection to one Grafana. Not thread-safe. It sends what it is
 * told, credentials included, and judges nothing.
 */
struct http_connection;

struct http_call {
	enum grafana_effect effect;
	bool once; /* never sent again by itself, when a kept connection breaks */
	const char *method;
	const char *path;	  /* begins with '/', escaped */
	const struct slice *body; /* JSON, or NULL */
	int64_t org_id;		  /* 0 = no X-Grafana-Org-Id */
	const char *credential;	  /* a whole header line; NULL = none */
	const char *trace;	  /* likewise; "" = none */
	const char *agent;	  /* likewise; NULL = "grantd" */
	int64_t timeout_ms;	  /* 0 = the instance's request_timeout_ms */
	const struct grafana_sink *sink; /* for the body of a 200; NULL = the reply */
};

/* NULL if this libcurl can't do what is set. 'settings' and 'clock' must outlive it. */
struct http_connection *http_connection_new(const struct instance_settings *settings,
					    const struct clock *clock);
void http_connection_free(struct http_connection *connection);
/* Give back what a long answer has taken. */
void http_connection_rest(struct http_connection *connection);
/* Wipe the bytes of the last answer. */
void http_connection_forget(struct http_connection *connection);

/* 0: a whole answer came, and *reply holds it. Otherwise libcurl's code, and *reply is
 * empty. The caller clears *reply either way. */
MUST_CHECK int http_connection_send(struct http_connection *connection,
				    const struct http_call *call, struct reply *reply);

/* Of the last call. */
bool http_connection_has_sent(const struct http_connection *connection); /* a byte may have left */
const char *http_connection_fault(const struct http_connection *connection, int code);
/* Where a redirect points, without its query; "" = nowhere. */
const char *http_connection_redirect(const struct http_connection *connection);
/* The session cookie of the answer as "name=value"; "" = there was none. */
const char *http_connection_cookie(const struct http_connection *connection);

#endif
