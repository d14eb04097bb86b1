/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_GUARDS_H
#define GRAFANA_GUARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/limits.h"
#include "grafana/http.h"

/* What Grafana itself does not guard: who would be left without an Admin. */

struct grafana_admin_of {
	bool any; /* Admin of an org at all */
	int64_t org_id; /* of which this is the only Admin; 0 = there is none */
	char org_name[LIMIT_ORG_NAME_BYTES + 1];
};

/* Of which orgs the user is Admin. Deleting an account is not guarded by Grafana, so an
 * org could be left without any. Reads the user's orgs, and the members of those where
 * the user is Admin, until one is found that has no other. */
MUST_CHECK int grafana_sole_admin_of(struct grafana_session *session, int64_t user_id,
				     struct grafana_admin_of *admin, struct answer *answer,
				     struct error *err);

/* Is there a person with the role Admin, not disabled, in the org? */
MUST_CHECK int grafana_org_has_admin(struct grafana_session *session, int64_t org_id,
				     bool *has_admin, struct answer *answer,
				     struct error *err);

/* Does the org have an Admin besides this user, disabled or not? What Grafana itself looks
 * at when a role is changed or a member removed, but for service accounts. */
MUST_CHECK int grafana_org_other_admin(struct grafana_session *session, int64_t org_id,
				       int64_t user_id, bool *other, struct answer *answer,
				       struct error *err);

/* How many sessions the account has open. OK or NOT_FOUND. */
MUST_CHECK int grafana_account_sessions(struct grafana_session *session, int64_t user_id,
					int64_t *count, struct answer *answer,
					struct error *err);

#endif
