/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_SERVER_H
#define GRAFANA_SERVER_H

#include "grafana/http.h"
#include "grafana/orgs.h"
#include "grafana/users.h"

/* Which Grafana this is, and what our credentials may do there. */
struct grafana_server {
	char version[32]; /* "" = hidden */
	int major, minor; /* 0 = unknown */
	bool is_server_admin;
	struct grafana_user self; /* the account grantd acts as; with a token nobody */
	struct grafana_org org;	  /* a token's; id 0 = with user and password */
};

/* Learn grafana_version() by GET /api/health, if it is not known. 0 also when the server
 * hides it; -1 RETRY. */
MUST_CHECK int grafana_version_probe(struct grafana_session *session, struct error *err);

/* With a token: GET /api/health and /api/org. Otherwise: GET /api/health, /api/user and /api/orgs?perpage=1. 0 with OK or PERMISSION...; -1 RETRY,
 * also for refused credentials (err->code 401). */
MUST_CHECK int grafana_server_probe(struct grafana_session *session,
				    struct grafana_server *server, struct answer *answer,
				    struct error *err);

#endif
