/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_RIGHTS_H
#define GRAFANA_RIGHTS_H

#include "config/limits.h"
#include "grafana/server.h"

/* What our credentials may do in the orgs, as far as a few reads tell. */
struct grafana_rights {
	size_t org_count;   /* with user and password; of those that were looked at */
	size_t admin_count; /* where our login is an Admin */
	struct grafana_org elsewhere; /* one where it is not; id 0 = none */
	enum server_fact reads_members, reads_service_accounts; /* with a token */
};

/* With user and password GET /api/user/orgs and the first page of /api/orgs; with a token
 * /api/org/users and /api/serviceaccounts/search. 0, or -1 RETRY; what is refused is so much
 * less known. */
MUST_CHECK int grafana_rights_probe(struct grafana_session *session,
				    struct grafana_rights *rights, struct error *err);

#endif
