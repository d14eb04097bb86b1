/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_TEAM_H
#define WORKER_TEAM_H

#include "grafana/teams.h"
#include "worker/turn.h"

/* What the operations on teams share. */

/* The team the request names, by id or exact name; with both, they must name one
 * team, or it ENDs with team.not_found. After an attempt that had found it: that one,
 * since the name may be another team's by now. *found false: there is none. */
MUST_CHECK int team_find(struct turn *turn, const struct grafana_org *org,
			 struct grafana_team *team, bool *found, struct error *err);
/* The same for a team that must be there: else ENDED with team.not_found. */
MUST_CHECK int team_find_existing(struct turn *turn, const struct grafana_org *org,
				  struct grafana_team *team, struct error *err);

/* When a team was not found: would it have been, if it were there? GO_ON; else ENDED with
 * grafana.permission, since to be shown nothing is no proof. */
MUST_CHECK int team_check_sight(struct turn *turn, const struct grafana_org *org,
				struct error *err);

/* Grafana's definite no to a call on teams. ENDED or FAILED. */
int team_refused(struct turn *turn, const struct grafana_org *org, const struct answer *answer,
		 const char *doing, struct error *err);

void team_target(struct turn *turn, const struct grafana_team *team);

#endif
