/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_USERS_H
#define GRAFANA_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/limits.h"
#include "config/role.h"
#include "grafana/http.h"

/* An account as Grafana tells it. */
struct grafana_user {
	int64_t id;
	char login[LIMIT_LOGIN_BYTES + 1];
	char email[LIMIT_EMAIL_BYTES + 1];
	char name[LIMIT_NAME_BYTES + 1];
	bool is_admin;	  /* server admin */
	bool is_disabled; /* only from grafana_user_get: lookup always says false */
	bool is_external; /* likewise */
	bool is_admin_synced;	   /* the server admin flag comes from an identity provider */
	bool is_externally_synced; /* likewise; false on servers that don't say */
	bool is_provisioned;
	int64_t created_ms;   /* 0 = unsaid */
};

/* Which of its two names an account is called by. */
enum grafana_name { GRAFANA_LOGIN, GRAFANA_EMAIL };

/* Letter case does not count. */
bool grafana_user_is_called(const struct grafana_user *user, const char *said,
			    enum grafana_name name);

/* All reads: 0 with *answer OK or NOT_FOUND (or PERMISSION, UNSUPPORTED, REJECTED);
 * -1 RETRY when Grafana could not be asked or its answer is unusable. Texts longer than our
 * limits are refused as RETRY-free REJECTED, never cut. */

/* By login or e-mail, as the server matches them: with an '@' it may take the other of
 * the two. The caller checks that what came back is what was meant. With NOT_FOUND the
 * id is that of an account the server takes for it although neither name is that; or 0. */
MUST_CHECK int grafana_user_lookup(struct grafana_session *session, const char *login_or_email,
				   struct grafana_user *user, struct answer *answer,
				   struct error *err);
/* By that name alone, in any letter case, through /api/users/search. REJECTED when there
 * is more than one. */
MUST_CHECK int grafana_user_find_nocase(struct grafana_session *session, const char *said,
					enum grafana_name name, struct grafana_user *user,
					struct answer *answer, struct error *err);
MUST_CHECK int grafana_user_get(struct grafana_session *session, int64_t user_id,
				struct grafana_user *user, struct answer *answer,
				struct error *err);

/* The user's role in one org, from the user's own list of orgs (one cheap call
 * however large the org is). *member false = not a member. org_name (capacity
 * LIMIT_ORG_NAME_BYTES + 1) is filled for members. An unknown user has no orgs. */
MUST_CHECK int grafana_user_role_in_org(struct grafana_session *session, int64_t user_id,
					int64_t org_id, bool *member, enum role *role,
					char *org_name, struct answer *answer,
					struct error *err);

/* The role of the login that our credentials are of; not for a token. */
MUST_CHECK int grafana_own_role_in_org(struct grafana_session *session, int64_t org_id,
				       bool *member, enum role *role, struct answer *answer,
				       struct error *err);

/* Has anybody ever logged in to this account (lastSeenAt)? Found through
 * /api/users/search by login, exact match by id. NOT_FOUND if there is none. */
MUST_CHECK int grafana_user_ever_seen(struct grafana_session *session,
				      const struct grafana_user *user, bool *seen,
				      struct answer *answer, struct error *err);

/* Is there a server admin other than this one that is not disabled? Pages
 * through /api/users/search and stops at the first. */
MUST_CHECK int grafana_user_other_admin(struct grafana_session *session, int64_t user_id,
					bool *other, struct answer *answer, struct error *err);

/* PUT /api/users/:id with all three fields ("" keeps what is there; login must be
 * given: an empty one would be set from the e-mail). OK, EXISTS, EXTERNAL, DOUBT, ... An
 * unknown id answers OK on old servers: verify with grafana_user_get(). */
MUST_CHECK int grafana_user_update(struct grafana_session *session, int64_t user_id,
				   const char *login, const char *email, const char *name,
				   struct answer *answer, struct error *err);

#endif
