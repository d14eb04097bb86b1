/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - one Grafana, its sessions, and a request from credentials to verdict.
 *
 * Called by the resource files of grafana/ (requests) and by the worker
 * (instances, sessions). Owns a stack of idle sessions; the one used last is used
 * next, so that few connections stay warm.
 *
 * A request takes its credentials from login.c, goes out through
 * http_connection.c, and what came of it is judge.c's business. When a session is
 * refused nothing was done, so the same request may be sent again with a new one.
 *
 * Fails: see grafana_request_in_org().
 */
#include "grafana/http.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "grafana/http_connection.h"
#include "grafana/judge.h"
#include "grafana/login.h"
#include "grafana/org_cache.h"

static const char origin[] = "grafana";

struct grafana {
	const struct instance_settings *settings;
	const struct clock *clock;
	struct login *login;
	struct org_cache *orgs;
	atomic_int refusals;   /* doubtful 401s in a row */
	atomic_int version;    /* 0 = not known */
	pthread_mutex_t mutex; /* guards 'idle' */
	struct grafana_session *idle;
};

struct grafana_session {
	struct grafana *grafana;
	struct grafana_session *next; /* while idle */
	const struct grafana_guard *guard;
	struct grafana_tally tally;
	struct http_connection *connection;
	struct login_pass pass;
	char trace_line[LIMIT_TRACEPARENT_BYTES + 16];
	const char *agent_line; /* NULL = the usual one */
	int64_t timeout_ms;	/* 0 = the instance's */
};

/* ---- sessions ---- */

static void session_free(struct grafana_session *session)
{
	if (session == NULL)
		return;
	http_connection_free(session->connection);
	login_pass_clear(&session->pass);
	free(session);
}

/* NULL if this libcurl can't do what is set. */
static struct grafana_session *session_new(struct grafana *grafana)
{
	struct grafana_session *session = mem_zalloc(sizeof(*session));

	session->grafana = grafana;
	session->connection = http_connection_new(grafana->settings, grafana->clock);
	if (session->connection == NULL) {
		session_free(session);
		return NULL;
	}
	return session;
}

static struct grafana_session *pop_idle(struct grafana *grafana)
{
	struct grafana_session *session;

	pthread_mutex_lock(&grafana->mutex);
	session = grafana->idle;
	if (session != NULL)
		grafana->idle = session->next;
	pthread_mutex_unlock(&grafana->mutex);
	return session;
}

static void push_idle(struct grafana *grafana, struct grafana_session *session)
{
	pthread_mutex_lock(&grafana->mutex);
	session->next = grafana->idle;
	grafana->idle = session;
	pthread_mutex_unlock(&grafana->mutex);
}

/* grafana_new() has made one already, so what is left to fail here is memory. */
static struct grafana_session *session_must(struct grafana *grafana)
{
	struct grafana_session *session = session_new(grafana);

	if (session != NULL)
		return session;
	fprintf(stderr, "level=error msg=\"out of memory\" what=\"libcurl handle\"\n");
	abort();
}

/* Only printable ASCII may get into a header. */
static bool is_header_value(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value < 0x20 || *value == 0x7f)
			return false;
	return true;
}

struct grafana_session *grafana_session_begin(struct grafana *grafana,
					      const struct grafana_guard *guard,
					      const char *traceparent)
{
	struct grafana_session *session = pop_idle(grafana);

	if (session == NULL)
		session = session_must(grafana);
	session->guard = guard;
	session->trace_line[0] = '\0';
	session->agent_line = NULL;
	session->timeout_ms = 0;
	session->tally = (struct grafana_tally){0};
	if (traceparent == NULL || traceparent[0] == '\0' || !is_header_value(traceparent))
		return session;
	if (!text_format(session->trace_line, sizeof(session->trace_line), "traceparent: %s",
			 traceparent))
		session->trace_line[0] = '\0';
	return session;
}

void grafana_session_end(struct grafana_session *session)
{
	if (session == NULL)
		return;
	http_connection_rest(session->connection);
	session->guard = NULL;
	push_idle(session->grafana, session);
}

void grafana_session_probes(struct grafana_session *session, int64_t timeout_ms)
{
	session->agent_line = "User-Agent: grantd probe";
	session->timeout_ms = timeout_ms;
}

void grafana_session_forget(struct grafana_session *session)
{
	http_connection_forget(session->connection);
}

int grafana_version(const struct grafana *grafana)
{
	return atomic_load(&grafana->version);
}

void grafana_set_version(struct grafana *grafana, int version)
{
	atomic_store(&grafana->version, version);
}

struct grafana *grafana_session_instance(struct grafana_session *session)
{
	return session->grafana;
}

struct grafana_tally grafana_session_tally(const struct grafana_session *session)
{
	return session->tally;
}

/* ---- instances ---- */

int grafana_new(const struct instance_settings *settings, const struct clock *clock,
		struct grafana **out, struct error *err)
{
	struct grafana *grafana = mem_zalloc(sizeof(*grafana));

	grafana->settings = settings;
	grafana->clock = clock;
	pthread_mutex_init(&grafana->mutex, NULL);
	grafana->login = login_new(settings, clock);
	grafana->orgs = org_cache_new(clock, settings->org_cache_ms);
	grafana->idle = session_new(grafana);
	if (grafana->idle == NULL) {
		error_set(err, ERROR_FATAL, origin, 0,
			  "[grafana.%s]: libcurl refuses a setting", settings->name);
		grafana_free(grafana);
		return -1;
	}
	*out = grafana;
	return 0;
}

void grafana_free(struct grafana *grafana)
{
	struct grafana_session *session;

	if (grafana == NULL)
		return;
	if (grafana->idle != NULL)
		login_end(grafana->login, grafana->idle->connection);
	while ((session = pop_idle(grafana)) != NULL)
		session_free(session);
	org_cache_free(grafana->orgs);
	login_free(grafana->login);
	pthread_mutex_destroy(&grafana->mutex);
	free(grafana);
}

const struct instance_settings *grafana_settings(const struct grafana *grafana)
{
	return grafana->settings;
}

const char *grafana_auth_name(const struct grafana *grafana)
{
	return login_way_name(grafana->login);
}

struct org_cache *grafana_org_cache(struct grafana *grafana)
{
	return grafana->orgs;
}

/* ---- one request ---- */

static int ask_guard(const struct grafana_session *session, enum grafana_effect effect,
		     struct error *err)
{
	const struct grafana_guard *guard = session->guard;

	if (effect == GRAFANA_READ || guard == NULL || guard->may_write == NULL)
		return 0;
	return guard->may_write(guard->context, session->grafana->settings->request_timeout_ms,
				err);
}

static int judge(struct grafana_session *session, const struct http_call *call, int code,
		 struct reply *reply, struct error *err)
{
	struct grafana *grafana = session->grafana;
	const struct exchange exchange = {
		.instance = grafana->settings->name,
		.method = call->method,
		.path = call->path,
		.effect = call->effect,
		.is_streamed = call->sink != NULL,
		.sent = http_connection_has_sent(session->connection),
		.transport_code = code,
		.transport_text =
			code != 0 ? http_connection_fault(session->connection, code) : "",
		.redirect = http_connection_redirect(session->connection),
	};

	return code != 0 ? judge_failure(&exchange, reply, &session->tally, err)
			 : judge_reply(&exchange, reply, &grafana->refusals, &session->tally, err);
}

/* With the credentials there are now. The lease is looked at last: logging in takes
 * its time. */
static int send_once(struct grafana_session *session, struct http_call *call, int *code,
		     struct reply *reply, struct error *err)
{
	struct login *login = session->grafana->login;

	if (login_enter(login, session->connection, &session->pass, &session->tally, err) < 0)
		return -1;
	if (ask_guard(session, call->effect, err) < 0)
		return -1;
	call->credential = login_pass_line(login, &session->pass);
	session->tally.calls++;
	*code = http_connection_send(session->connection, call, reply);
	return 0;
}

static int request(struct grafana_session *session, struct http_call *call,
		   struct reply *reply, struct error *err)
{
	struct login *login = session->grafana->login;
	int code = 0, rc;

	memset(reply, 0, sizeof(*reply));
	for (int tries = 0;; tries++) {
		if (send_once(session, call, &code, reply, err) < 0)
			return -1;
		if (code != 0 ||
		    !login_was_refused(login, session->connection, &session->pass, reply, tries))
			break;
		reply_clear(reply);
	}
	rc = judge(session, call, code, reply, err);
	if (call->effect == GRAFANA_WRITE && (rc == 0 || reply->doubt))
		session->tally.writes++;
	return rc;
}

int grafana_request_in_org(struct grafana_session *session, int64_t org_id,
			   enum grafana_effect effect, const char *method, const char *path,
			   const struct slice *body, struct reply *reply, struct error *err)
{
	struct http_call call = {.effect = effect,
				 .once = effect == GRAFANA_WRITE,
				 .method = method,
				 .path = path,
				 .body = body,
				 .org_id = org_id,
				 .trace = session->trace_line,
				 .agent = session->agent_line,
				 .timeout_ms = session->timeout_ms};

	return request(session, &call, reply, err);
}

int grafana_request_streamed(struct grafana_session *session, int64_t org_id, const char *path,
			     const struct grafana_sink *sink, struct reply *reply,
			     struct error *err)
{
	struct http_call call = {.effect = GRAFANA_READ,
				 .method = "GET",
				 .path = path,
				 .org_id = org_id,
				 .trace = session->trace_line,
				 .agent = session->agent_line,
				 .sink = sink};

	return request(session, &call, reply, err);
}
