/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_HTTP_H
#define GRAFANA_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/settings.h"
#include "grafana/reply.h"

/*
 * One Grafana: its address, its credentials and a pool of keep-alive
 * connections. Shared by all workers; thread-safe. 'settings' must outlive it.
 */
struct grafana;

MUST_CHECK int grafana_new(const struct instance_settings *settings, const struct clock *clock,
			   struct grafana **grafana, struct error *err);
void grafana_free(struct grafana *grafana);
const struct instance_settings *grafana_settings(const struct grafana *grafana);

/* "token", "session" or "basic": what calls show Grafana now. For people. */
const char *grafana_auth_name(const struct grafana *grafana);

/* Its version, as a probe found it: major * GRAFANA_VERSION_MAJOR + minor; 0 = not known
 * (yet). See server.h. */
enum { GRAFANA_VERSION_MAJOR = 1000 };
int grafana_version(const struct grafana *grafana);
void grafana_set_version(struct grafana *grafana, int version);

/* The names and ids of orgs that this instance told us; see orgs.c. */
struct org_cache;
struct org_cache *grafana_org_cache(struct grafana *grafana);

/*
 * Asked before every request that may change something: may a call that can take
 * up to 'call_ms' still be begun? Returns 0, or -1 with ERROR_RETRY. The worker
 * answers from its lease, so no operation can forget to look.
 */
struct grafana_guard {
	int (*may_write)(void *context, int64_t call_ms, struct error *err);
	void *context;
};

/* One worker's turn with one Grafana: a connection of the pool for as long as
 * one request is operated on. Not thread-safe. */
struct grafana_session;

/* Takes a connection (a new one if the pool is empty: how many sessions there
 * are at once is the caller's business). 'traceparent' may be NULL or "". Both
 * pointers must outlive the session. Cannot fail. */
struct grafana_session *grafana_session_begin(struct grafana *grafana,
					      const struct grafana_guard *guard,
					      const char *traceparent);
void grafana_session_end(struct grafana_session *session);
/* This turn only looks around: its calls take at most 'timeout_ms' each, and Grafana's log
 * names them "grantd probe". Logging in first may take longer. */
void grafana_session_probes(struct grafana_session *session, int64_t timeout_ms);
struct grafana *grafana_session_instance(struct grafana_session *session);

/* What the instance's breaker and the worker want to know about the calls of this session. */
struct grafana_tally {
	int calls;
	int writes;	     /* of them, those that were or may have been done */
	int unavailable;     /* timeouts, resets, refused connections, 5xx, 429 */
	bool unauthorized;   /* credentials were refused: a definite 401, or two doubtful in a row */
};
struct grafana_tally grafana_session_tally(const struct grafana_session *session);

/* Wipe the bytes of the last answer: for those that told a secret. */
void grafana_session_forget(struct grafana_session *session);

enum grafana_effect { GRAFANA_READ, GRAFANA_WRITE };

/*
 * One HTTP exchange, in the org of that id (X-Grafana-Org-Id); 0 = none is said. 'path'
 * begins with '/' and is already escaped; 'body' is JSON or NULL. Credentials come from
 * the instance. A write is sent once, even when the connection breaks under it.
 *
 * *reply is set in any case, and the caller must reply_clear it: status 0 = no answer.
 *
 *  0  Grafana answered; *reply holds status and body. Statuses are not judged here but for these:
 *     401 (also 400 with messageId password-auth.failed, and 500 "invalid API key") and
 *     429 -> -1, RETRY (err->code = 401 or 429, retry_after_ms from Retry-After), surely not
 *     done.
 *     A redirect is never followed; its message names the setting to correct.
 *  -1 with err->kind RETRY and reply->doubt false: surely not done (never sent, or
 *     refused before it was looked at).
 *  -1 with err->kind RETRY and reply->doubt true: a write that may or may not have
 *     happened (timeout, reset, truncated or unreadable answer, 5xx that names no
 *     reason). The caller settles it by reading back; never by sending it again.
 *
 * A 5xx to a read is RETRY. A 5xx to a write comes back as 0 with its reply when
 * the caller may recognise it (Grafana answers some definite no's with 500); see
 * reply_message_is(); the resource functions turn the rest into ANSWER_DOUBT.
 */
MUST_CHECK int grafana_request_in_org(struct grafana_session *session, int64_t org_id,
				      enum grafana_effect effect, const char *method,
				      const char *path, const struct slice *body,
				      struct reply *reply, struct error *err);

/* Takes the bytes of an answer as they come. False ends the exchange. */
struct grafana_sink {
	bool (*take)(void *context, const char *bytes, size_t length);
	void *context;
};

/* A GET whose answer may be of any length: the body of a 200 goes to 'sink', and
 * reply->json stays NULL. It may take as long as something of it comes within the
 * instance's request_timeout_ms. -1 RETRY also when the sink ended it. */
MUST_CHECK int grafana_request_streamed(struct grafana_session *session, int64_t org_id,
					const char *path, const struct grafana_sink *sink,
					struct reply *reply, struct error *err);

/* Percent-escape for a path or query part; the caller frees it. */
char *grafana_escape(const char *text);
/* The same for a query that searches by a part: what is found has it in it, and may be
 * something else besides. */
char *grafana_escape_search(const char *text);

#endif
