/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_team.c - team.create and team.delete.
 *
 * A name is one team's within an org, letter case counting, so what came of a lost
 * answer is found by looking for the name. From Grafana 9 on the login that makes a
 * team becomes its Admin: so grantd's own login is in the teams it has made (a
 * service account's token is not). It is left there; nobody may touch that login.
 */
#include "worker/operations.h"

#include "base/text.h"
#include "worker/team.h"

/* What of the team there was before the first write. */
static void note_evidence(struct turn *turn, bool exists)
{
	struct evidence before = {.exists = exists ? FACT_YES : FACT_NO};

	turn_set_before(turn, &before);
	turn->outcome.after = before;
}

/* ---- create ---- */

static int end_as_there(struct turn *turn, const struct grafana_org *org,
			const struct grafana_team *team)
{
	turn->outcome.after.exists = FACT_YES;
	return turn_as_asked(turn, "there is a team '%s' in '%s'", team->name, org->name);
}

/* The name is taken, or the answer was lost: is it the team that was asked for? One that was
 * taken is somebody else's, unless a call of an earlier attempt came late. */
static int find_made(struct turn *turn, const struct grafana_org *org,
		     const struct answer *written, struct error *err)
{
	struct grafana_team team;
	bool found = false;
	int rc = team_find(turn, org, &team, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (found)
		return written->code == ANSWER_EXISTS ? end_as_there(turn, org, &team) : TURN_GO_ON;
	if (written->code == ANSWER_EXISTS)
		return turn_refused_as(turn, REASON_TEAM_CONFLICT, written, "create the team");
	return turn_in_doubt(written, "create the team", err);
}

static int make(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	const struct request_team *asked = &turn->request->team;
	struct grafana_team team = {0};
	struct answer answer = {0};
	int rc;

	text_copy(team.name, sizeof(team.name), asked->name);
	if (turn_skips(turn)) {
		team_target(turn, &team);
		return TURN_GO_ON;
	}
	rc = turn_begin_step(turn, "create_team", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_team_create(turn->grafana, org->id, asked->name, asked->email, &team.id,
				&answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_EXISTS)
		return find_made(turn, org, &answer, err);
	if (answer.code != ANSWER_OK)
		return team_refused(turn, org, &answer, "create the team", err);
	team_target(turn, &team);
	return turn_wrote(turn, &answer);
}

static int run_create(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	struct grafana_team team;
	bool found = false;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = team_find(turn, &org, &team, &found, err)) != TURN_GO_ON)
		return rc;
	note_evidence(turn, found);
	if (found)
		return end_as_there(turn, &org, &team);
	if ((rc = make(turn, &org, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after.exists = FACT_YES;
	return turn_applied(turn, "the team '%s' was created in '%s'",
			    turn->outcome.target.team_name, org.name);
}

static int validate_create(const struct request *request, struct error *err)
{
	if (request->team.id == 0 && request->team.name != NULL)
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0, "%s",
		  request->team.name == NULL ? "data.team.name: missing (for team.create)"
					     : "data.team.id: a new team has none yet");
	return -1;
}

const struct operation operation_team_create = {
	.action = "team.create",
	.needs = NEED_ORG | NEED_TEAM,
	.validate = validate_create,
	.run = run_create,
};

/* ---- delete ---- */

static int is_gone(struct turn *turn, const struct grafana_org *org, int64_t team_id,
		   const struct answer *written, struct error *err)
{
	struct grafana_team team;
	struct answer answer = {0};

	if (grafana_team_by_id(turn->grafana, org->id, team_id, &team, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	return turn_in_doubt(written, "delete the team", err);
}

static int delete_team(struct turn *turn, const struct grafana_org *org, int64_t team_id,
		       struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, "delete_team", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_team_delete(turn->grafana, org->id, team_id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return is_gone(turn, org, team_id, &answer, err);
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return team_refused(turn, org, &answer, "delete the team", err);
	return turn_wrote(turn, &answer);
}

static int run_delete(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	struct grafana_team team;
	bool found = false;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = team_find(turn, &org, &team, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found && (rc = team_check_sight(turn, &org, err)) != TURN_GO_ON)
		return rc;
	note_evidence(turn, found);
	if (!found)
		return turn_as_asked(turn, "there is no such team in '%s'", org.name);
	if ((rc = delete_team(turn, &org, team.id, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after.exists = FACT_NO;
	return turn_applied(turn, "the team '%s' was deleted from '%s'", team.name, org.name);
}

const struct operation operation_team_delete = {
	.action = "team.delete",
	.needs = NEED_ORG | NEED_TEAM,
	.removes = true,
	.run = run_delete,
};
