/* SPDX-License-Identifier: Apache-2.0 */
/*
 * team.c - finding the team a request names, and Grafana's noes about teams.
 *
 * Called by op_team.c and op_team_member.c. Owns nothing.
 */
#include "worker/team.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"

void team_target(struct turn *turn, const struct grafana_team *team)
{
	struct outcome_target *target = &turn->outcome.target;

	target->team_id = team->id;
	text_copy(target->team_name, sizeof(target->team_name), team->name);
}

int team_refused(struct turn *turn, const struct grafana_org *org, const struct answer *answer,
		 const char *doing, struct error *err)
{
	if (answer->code == ANSWER_PROVISIONED)
		return turn_refused_as(turn, REASON_TEAM_PROVISIONED, answer, doing);
	if (answer->code == ANSWER_NOT_FOUND)
		return turn_refused_as(turn, REASON_TEAM_NOT_FOUND, answer, doing);
	return turn_refused_in_org(turn, org, answer, doing, err);
}

/* Before access control (up to 8, and 9 without it) Grafana lists teams to anybody who is
 * signed in: of the org he is in, and who is in none sees none. Later ones refuse. */
int team_check_sight(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	const struct answer blind = {
		.code = ANSWER_PERMISSION, .status = 200, .message = "(no teams)"};
	struct answer answer = {0};
	enum role role;
	bool member;

	if (turn_has_one_org(turn))
		return TURN_GO_ON;
	if (grafana_own_role_in_org(turn->grafana, org->id, &member, &role, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return team_refused(turn, org, &answer, "find the team", err);
	if (member && role == ROLE_ADMIN)
		return TURN_GO_ON;
	return team_refused(turn, org, &blind, "find the team", err);
}

static int check_name(struct turn *turn, const struct grafana_team *team)
{
	const struct request_team *named = &turn->request->team;

	if (named->id == 0 || named->name == NULL || strcmp(named->name, team->name) == 0)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_TEAM_NOT_FOUND, "team %" PRId64 " is named '%s', not '%s'",
			    team->id, team->name, named->name);
}

int team_find(struct turn *turn, const struct grafana_org *org, struct grafana_team *team,
	      bool *found, struct error *err)
{
	const struct request_team *named = &turn->request->team;
	int64_t id = turn->outcome.target.team_id != 0 ? turn->outcome.target.team_id : named->id;
	struct answer answer = {0};
	int rc = id != 0 ? grafana_team_by_id(turn->grafana, org->id, id, team, &answer, err)
			 : grafana_team_by_name(turn->grafana, org->id, named->name, team,
						&answer, err);

	*found = false;
	if (rc < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	if (answer.code != ANSWER_OK)
		return team_refused(turn, org, &answer, "find the team", err);
	if (!turn_was_begun(turn) && (rc = check_name(turn, team)) != TURN_GO_ON)
		return rc;
	*found = true;
	team_target(turn, team);
	return TURN_GO_ON;
}

int team_find_existing(struct turn *turn, const struct grafana_org *org,
		       struct grafana_team *team, struct error *err)
{
	const struct request_team *named = &turn->request->team;
	bool found = false;
	int rc = team_find(turn, org, team, &found, err);

	if (rc != TURN_GO_ON || found)
		return rc;
	if ((rc = team_check_sight(turn, org, err)) != TURN_GO_ON)
		return rc;
	if (named->name != NULL)
		return turn_refused(turn, REASON_TEAM_NOT_FOUND,
				    "there is no team '%s' in the org '%s'", named->name,
				    org->name);
	return turn_refused(turn, REASON_TEAM_NOT_FOUND,
			    "there is no team with id %" PRId64 " in the org '%s'", named->id,
			    org->name);
}
