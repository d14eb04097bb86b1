/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_LOGIN_H
#define GRAFANA_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "grafana/http.h"
#include "grafana/http_connection.h"

/*
 * How grantd shows a Grafana who it is: a token, or user and password with each
 * call, or a session that one login has opened and that all connections share.
 * Thread-safe.
 */
struct login;

struct login *login_new(const struct instance_settings *settings, const struct clock *clock);
void login_free(struct login *login);

/* What one connection shows; zeroed at birth, filled by login_enter(). */
struct login_pass {
	enum { LOGIN_FIXED, LOGIN_SESSION } way; /* FIXED: the token, or user and password */
	uint64_t generation;			 /* of the session's cookie */
	struct secret line;			 /* a copy of it, as a header line */
};
void login_pass_clear(struct login_pass *pass);

/*
 * Before each call: see to it that *pass is good, as far as is known. One thread logs
 * in while the others wait for it, for at most a request's timeout. 0, or -1 RETRY
 * with nothing sent: Grafana is away, or it refused user and password (err->code 401,
 * tally->unauthorized), and then none tries again for unauthorized_wait_ms.
 */
MUST_CHECK int login_enter(struct login *login, struct http_connection *connection,
			   struct login_pass *pass, struct grafana_tally *tally,
			   struct error *err);
/* The header line to send; good until the pass is filled again. */
const char *login_pass_line(const struct login *login, const struct login_pass *pass);

/*
 * After each call: take over a cookie that came with the answer, and find out whether
 * the session is what was refused. True: it was, and nothing of the call was done;
 * send it again after another login_enter(). 'tries' counts these, from 0; it says
 * true at most twice. May call Grafana on this connection.
 */
bool login_was_refused(struct login *login, struct http_connection *connection,
		       struct login_pass *pass, const struct reply *reply, int tries);

/* Close the session, if there is one, as well as that goes within two seconds. */
void login_end(struct login *login, struct http_connection *connection);

/* "token", "basic" or "session": what the last call showed. For people. */
const char *login_way_name(struct login *login);

#endif
