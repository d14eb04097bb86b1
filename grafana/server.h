/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_SERVER_H
#define GRAFANA_SERVER_H

#include "grafana/http.h"
#include "grafana/orgs.h"
#include "grafana/users.h"

enum server_fact { SERVER_UNKNOWN, SERVER_NO, SERVER_YES };
/* "unknown", "off" or "on" */
const char *server_fact_name(enum server_fact fact);

/* Which Grafana this is, and what our credentials may do there. */
struct grafana_server {
	char version[32]; /* "" = hidden */
	char edition[32]; /* "Open Source", "Enterprise"; "" = not told */
	int major, minor; /* 0 = unknown */
	bool is_server_admin;
	struct grafana_user self; /* the account grantd acts as; with a token its login alone, if told */
	struct grafana_org org;	  /* a token's; id 0 = with user and password */
	enum server_fact login_form;
	enum server_fact smtp; /* only a server admin is told */
};

/* Learn grafana_version() by GET /api/health, if it is not known. 0 also when the server
 * hides it; -1 RETRY. */
MUST_CHECK int grafana_version_probe(struct grafana_session *session, struct error *err);
/* Learn it again, and its text with the patch level ("" = hidden, or no Grafana). */
MUST_CHECK int grafana_version_refresh(struct grafana_session *session, char *text,
				       size_t capacity, struct error *err);

/* GET /api/health and /api/frontend/settings; with a token /api/org and /api/user, else /api/user,
 * /api/orgs?perpage=1 and, as a server admin, /api/admin/settings. 0 with OK or what was said
 * instead to one of the questions; -1 RETRY, also for refused credentials (err->code 401). */
MUST_CHECK int grafana_server_probe(struct grafana_session *session,
				    struct grafana_server *server, struct answer *answer,
				    struct error *err);

#endif
