/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_EXCHANGE_H
#define TESTS_SIMULATOR_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "tests/simulator/fault.h"
#include "tests/simulator/model.h"
#include "tests/simulator/store.h"
#include "tests/simulator/version.h"

struct json_t;
struct sim;

enum method { METHOD_OTHER, METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_PATCH, METHOD_DELETE };

/* Who writes an answer in Grafana decides its content type and trailing newline. */
enum content { CONTENT_JSON, CONTENT_CONTEXT, CONTENT_HTML, CONTENT_TEXT };

enum {
	EXCHANGE_MAX_QUERY = 16,
	EXCHANGE_MAX_PARAMS = 2,
	EXCHANGE_MAX_BODY_BYTES = 5 * 1024 * 1024,
	EXCHANGE_MAX_REPLY_BYTES = 1024 * 1024 * 1024,
};

struct query_item {
	const char *name, *value;
};

/* Who asks. 'account' is valid while the lock is held. */
struct caller {
	struct account *account; /* NULL: a token's */
	const struct service_account *service; /* the token's; NULL: a legacy key's */
	int64_t org_id; /* -1: the org asked for is missing or not the caller's */
	enum role role; /* in that org */
	bool server_admin;
};

struct reply {
	int status;
	enum content content;
	struct buffer body;
	char retry_after[64];
	const char *location;
	char set_cookie[256]; /* "" = none */
	char set_cookie_expiry[128];
};

enum exchange_stage { STAGE_ARRIVED, STAGE_QUEUED, STAGE_RUN, STAGE_HELD, STAGE_OVER };

/* One request and its answer, from the first byte to the last. Header texts are
 * borrowed from the connection; the rest is owned. */
struct exchange {
	struct sim *sim;
	const struct version *version;
	enum method method;
	const char *method_name;
	char *path;	  /* still escaped, without the query */
	char *query_text; /* raw; NULL without one */
	char *query_memory;
	struct query_item query[EXCHANGE_MAX_QUERY];
	size_t query_count;
	const char *authorization, *content_type, *org_header, *user_agent, *traceparent;
	const char *cookie_header;
	char *cookie; /* the session's token; owned */
	struct buffer body;
	struct json_t *json; /* the bound body */
	char *login;	     /* of the basic credentials, whether right or wrong */
	bool form_login;     /* they came with POST /login */
	char *password;	     /* wiped as soon as it has been compared */

	char *param_text[EXCHANGE_MAX_PARAMS]; /* unescaped */
	int64_t id[EXCHANGE_MAX_PARAMS];       /* where the parameter is a number */
	struct caller caller;
	struct reply reply;

	enum exchange_stage stage;
	struct fault_plan fault;
	struct model_visit visit;
	bool is_inside; /* the model counts it */
	int64_t journal_n;
	bool ran;	  /* the handler ran: reply is its own answer */
	bool started;	   /* headers have been read */
	bool client_gone;  /* set by the timer before it resumes the connection */
};

/* What the connection should do next. */
enum exchange_step { STEP_SEND, STEP_WAIT, STEP_CLOSE, STEP_RESET };

struct exchange *exchange_new(struct sim *sim, const char *uri);
void exchange_free(struct exchange *exchange);
void exchange_set_method(struct exchange *exchange, const char *method);

/* Called when the body is complete and again after each wait. For STEP_WAIT,
 * *wait_us says how long (-1: until the client goes away). */
enum exchange_step exchange_advance(struct exchange *exchange, int64_t *wait_us);
/* The connection ended; whatever was still to come does not. */
void exchange_abandon(struct exchange *exchange);
/* Whether a client that closes its end must cut the present wait short. */
bool exchange_watches_client(const struct exchange *exchange);

/* "" when absent. */
const char *exchange_query(const struct exchange *exchange, const char *name);
int64_t exchange_query_int(const struct exchange *exchange, const char *name, int64_t fallback);

/* %XX and, in queries, '+' decoded in place. */
void exchange_unescape(char *text, bool plus_is_space);

#endif
