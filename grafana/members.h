/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_MEMBERS_H
#define GRAFANA_MEMBERS_H

#include "config/role.h"
#include "grafana/http.h"

/*
 * Membership in an org. With user and password by the /api/orgs/:id/users forms, which
 * never delete an account; with a token by the /api/org/users forms, and 'org_id' must
 * be the token's. All writes: 0 with an *answer (maybe DOUBT), or -1 RETRY when surely
 * nothing happened.
 */

/* OK with *user_id; EXISTS with *user_id (already a member; the role is not
 * changed); NOT_FOUND (no such account); ROLE_INVALID; DOUBT (a 500 here is a lost race or an
 * unknown org: read back). */
MUST_CHECK int grafana_member_add(struct grafana_session *session, int64_t org_id,
				  const char *login_or_email, enum role role,
				  int64_t *user_id, struct answer *answer, struct error *err);

/* One PATCH. OK; NOT_MEMBER (a 500 "Failed update org user"); LAST_ADMIN; EXTERNALLY_SYNCED;
 * ROLE_INVALID; DOUBT. */
MUST_CHECK int grafana_member_set_role(struct grafana_session *session, int64_t org_id,
				       int64_t user_id, enum role role, struct answer *answer,
				       struct error *err);

/* What became of the account of a member that was removed. */
enum account_fate {
	ACCOUNT_FATE_UNKNOWN, /* not removed, or the answer was lost */
	ACCOUNT_STAYS,
	ACCOUNT_DELETED, /* the account's last org, and our credentials are a token */
};

/* OK (also when not a member); LAST_ADMIN (also for an org without any Admin); NOT_FOUND;
 * DOUBT. With a token it deletes the account of who belongs to no other org. */
MUST_CHECK int grafana_member_remove(struct grafana_session *session, int64_t org_id,
				     int64_t user_id, enum account_fate *fate,
				     struct answer *answer, struct error *err);

#endif
