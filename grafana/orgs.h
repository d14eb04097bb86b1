/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_ORGS_H
#define GRAFANA_ORGS_H

#include "config/limits.h"
#include "grafana/http.h"

struct grafana_org {
	int64_t id;
	char name[LIMIT_ORG_NAME_BYTES + 1];
};

/* The org that our credentials act in when none is said: a token's one and only. Asked
 * each time. 0 with OK and *org; -1 RETRY. */
MUST_CHECK int grafana_org_own(struct grafana_session *session, struct grafana_org *org,
			       struct answer *answer, struct error *err);

/* By exact name (case-sensitive compare of what comes back), or by id. OK or
 * NOT_FOUND (10.0-10.3 answer an unknown id with an RBAC 403: then the list of
 * orgs decides). With a token every org but its own is NOT_FOUND. Answers are kept per
 * instance for org_cache_ms; GRAFANA_FRESH asks again. */
enum grafana_cache { GRAFANA_CACHED, GRAFANA_FRESH };
MUST_CHECK int grafana_org_by_name(struct grafana_session *session, const char *name,
				   enum grafana_cache cache, struct grafana_org *org,
				   struct answer *answer, struct error *err);
MUST_CHECK int grafana_org_by_id(struct grafana_session *session, int64_t org_id,
				 enum grafana_cache cache, struct grafana_org *org,
				 struct answer *answer, struct error *err);

#endif
