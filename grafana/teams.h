/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_TEAMS_H
#define GRAFANA_TEAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/limits.h"
#include "grafana/http.h"
#include "grafana/users.h"

struct grafana_team {
	int64_t id;
	char name[LIMIT_NAME_BYTES + 1];
};

/*
 * Teams of one org, which need not be grantd's current one; its credentials must be
 * Admin there, or everything is answered with PERMISSION: the rights of a server
 * admin end at the orgs it does not belong to.
 *
 * Reads: 0 with *answer OK or NOT_FOUND (or PERMISSION, ...), -1 RETRY. Writes: 0 with
 * *answer, which may be DOUBT, or -1 RETRY when surely nothing happened.
 */
MUST_CHECK int grafana_team_by_id(struct grafana_session *session, int64_t org_id,
				  int64_t team_id, struct grafana_team *team,
				  struct answer *answer, struct error *err);
/* The exact name: teams whose names differ in letter case only can coexist. */
MUST_CHECK int grafana_team_by_name(struct grafana_session *session, int64_t org_id,
				    const char *name, struct grafana_team *team,
				    struct answer *answer, struct error *err);

/* OK with *team_id; EXISTS (the name is taken); DOUBT. 'email' may be NULL. From
 * Grafana 9 on a person whose credentials made a team is its Admin. */
MUST_CHECK int grafana_team_create(struct grafana_session *session, int64_t org_id,
				   const char *name, const char *email, int64_t *team_id,
				   struct answer *answer, struct error *err);
/* OK; NOT_FOUND (already gone); PROVISIONED; DOUBT. */
MUST_CHECK int grafana_team_delete(struct grafana_session *session, int64_t org_id,
				   int64_t team_id, struct answer *answer, struct error *err);

/* Is the user in the team? An unknown team has no members. Users that are hidden
 * by [security] hidden_users are not told. */
MUST_CHECK int grafana_team_has_member(struct grafana_session *session, int64_t org_id,
				       int64_t team_id, int64_t user_id, bool *member,
				       struct answer *answer, struct error *err);
/* Who is in the team by that login and e-mail, letter case aside; one of the two may be
 * NULL. OK with id, login and email of *user; NOT_FOUND. */
MUST_CHECK int grafana_team_find_member(struct grafana_session *session, int64_t org_id,
					int64_t team_id, const char *login, const char *email,
					struct grafana_user *user, struct answer *answer,
					struct error *err);
/* OK; EXISTS (in it already); NOT_FOUND (no such team, from 12 on); PROVISIONED; DOUBT (also
 * when the team or the user is not there, up to 11). Nobody checks whether the user
 * belongs to the org. */
MUST_CHECK int grafana_team_add_member(struct grafana_session *session, int64_t org_id,
				       int64_t team_id, int64_t user_id,
				       struct answer *answer, struct error *err);
/* OK; NOT_FOUND (no such member, or team); PROVISIONED; DOUBT. */
MUST_CHECK int grafana_team_remove_member(struct grafana_session *session, int64_t org_id,
					  int64_t team_id, int64_t user_id,
					  struct answer *answer, struct error *err);

#endif
