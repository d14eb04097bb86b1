/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_team_member.c - team_member.add and team_member.remove.
 *
 * Grafana lets anybody into a team, also who does not belong to its org and so gets
 * nothing from it. Here such a person is first given the role the request says, or
 * refused; the role of who belongs to the org already is left as it is. Leaving a
 * team changes nothing else.
 *
 * A token sees the org's members and, in a team's list, who is in the team; anybody
 * else is a name to it, who can be given a place by that name.
 */
#include "worker/operations.h"

#include "worker/bound.h"
#include "worker/membership.h"
#include "worker/team.h"

/* How a user stands to an org and one of its teams. */
struct standing {
	struct membership place;
	bool in_team;
};

static int read_team(struct turn *turn, const struct grafana_org *org, int64_t team_id,
		     int64_t user_id, bool *in_team, struct error *err)
{
	struct answer answer = {0};

	if (grafana_team_has_member(turn->grafana, org->id, team_id, user_id, in_team, &answer,
				    err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return team_refused(turn, org, &answer, "read the team's members", err);
	return TURN_GO_ON;
}

static int find_place(struct turn *turn, struct grafana_org *org, struct grafana_team *team,
		      struct error *err)
{
	int rc = turn_find_org(turn, GRAFANA_CACHED, org, err);

	return rc == TURN_GO_ON ? team_find_existing(turn, org, team, err) : rc;
}

static bool nobody_was_found(const struct turn *turn, int rc)
{
	return rc == TURN_ENDED && turn->outcome.reason == REASON_ACCOUNT_NOT_FOUND;
}

/* ---- add ---- */

/* With a token the user's id may be 0: not seen so far. */
static int find_joiner(struct turn *turn, struct grafana_user *user, struct error *err)
{
	int rc = turn_find_account(turn, user, err);

	if (nobody_was_found(turn, rc) && turn_has_one_org(turn))
		return membership_find_unseen(turn, user);
	return rc;
}

static int read_standing(struct turn *turn, const struct grafana_org *org,
			 const struct grafana_team *team, const struct grafana_user *user,
			 struct standing *now, struct error *err)
{
	struct evidence before = {.account = user->id != 0 ? FACT_YES : FACT_UNSAID};
	int rc;

	if ((rc = membership_read(turn, org->id, user->id, &now->place, err)) != TURN_GO_ON)
		return rc;
	rc = read_team(turn, org, team->id, user->id, &now->in_team, err);
	if (rc != TURN_GO_ON)
		return rc;
	membership_evidence(&now->place, &before);
	before.team_member = now->in_team ? FACT_YES : FACT_NO;
	turn_set_before(turn, &before);
	turn->outcome.after = before;
	return TURN_GO_ON;
}

static int give_place(struct turn *turn, const struct grafana_org *org,
		      struct grafana_user *user, const struct membership *now,
		      struct error *err)
{
	int rc;

	if (now->member)
		return TURN_GO_ON;
	if (turn->request->role == ROLE_UNSET)
		return turn_refused(turn, REASON_ACCOUNT_NOT_MEMBER,
				    "'%s' does not belong to the org '%s'; say role for a place "
				    "in it, or grant one first", user->login, org->name);
	rc = membership_set(turn, org, user, now, turn->request->role, err);
	user->id = turn->outcome.target.user_id; /* seen by now */
	return rc;
}

/* A lost answer, or a 500 that means a missing user or team as well as trouble. */
static int settle_addition(struct turn *turn, const struct grafana_org *org,
			   struct grafana_team *team, struct grafana_user *user,
			   const struct answer *written, struct error *err)
{
	bool in_team = false;
	int rc;

	turn->in_doubt = true;
	rc = read_team(turn, org, team->id, user->id, &in_team, err);
	if (rc != TURN_GO_ON || in_team)
		return rc;
	if ((rc = find_place(turn, &(struct grafana_org){0}, team, err)) != TURN_GO_ON)
		return rc;
	if ((rc = turn_find_account(turn, user, err)) != TURN_GO_ON)
		return rc;
	return turn_in_doubt(written, "add to the team", err);
}

/* *was_in: somebody else was faster. */
static int add(struct turn *turn, const struct grafana_org *org, struct grafana_team *team,
	       struct grafana_user *user, bool *was_in, struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, "team_member", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_team_add_member(turn->grafana, org->id, team->id, user->id, &answer, err) < 0)
		return TURN_FAILED;
	*was_in = answer.code == ANSWER_EXISTS;
	if (*was_in)
		return TURN_GO_ON;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_NOT_FOUND)
		return settle_addition(turn, org, team, user, &answer, err);
	if (answer.code != ANSWER_OK)
		return team_refused(turn, org, &answer, "add to the team", err);
	return turn_wrote(turn, &answer);
}

static int end_as_member(struct turn *turn, const struct grafana_team *team, struct error *err)
{
	char until[BOUND_UNTIL_CAPACITY];
	int rc = bound_settle(turn, err);

	if (rc != TURN_GO_ON)
		return rc;
	return turn_as_asked(turn, "'%s' is in the team '%s'%s", turn_who(turn), team->name,
			     bound_until(turn, until));
}

static int run_add(struct turn *turn, struct error *err)
{
	char until[BOUND_UNTIL_CAPACITY];
	struct grafana_org org;
	struct grafana_team team;
	struct grafana_user user;
	struct standing now;
	bool was_in = false;
	int rc, wanted;

	if ((rc = bound_check(turn)) != TURN_GO_ON)
		return rc;
	if ((rc = find_place(turn, &org, &team, err)) != TURN_GO_ON)
		return rc;
	if ((rc = find_joiner(turn, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = read_standing(turn, &org, &team, &user, &now, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_decide(turn, 1, &wanted)) != TURN_GO_ON)
		return rc;
	if (now.place.member && now.in_team)
		return end_as_member(turn, &team, err);
	if ((rc = give_place(turn, &org, &user, &now.place, err)) != TURN_GO_ON)
		return rc;
	if (!now.in_team && (rc = add(turn, &org, &team, &user, &was_in, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after.account = turn->outcome.after.team_member = FACT_YES;
	if (was_in && now.place.member)
		return end_as_member(turn, &team, err);
	if ((rc = bound_settle(turn, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' is now in the team '%s'%s%s%s", turn_who(turn), team.name,
			    bound_until(turn, until), now.place.member ? "" : ", and in its org as ",
			    now.place.member ? "" : role_name(turn->request->role));
}

/* Two things would be given, and only one of them could be taken back by this. */
static int validate_add(const struct request *request, struct error *err)
{
	if (request->role == ROLE_UNSET ||
	    (request->duration_s == NUMBER_NOT_SAID && request->expires_ms == 0))
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0,
		  "data.role: a place in the org cannot be given for a while by team_member.add; "
		  "ask for it by org_role.grant, for as long");
	return -1;
}

const struct operation operation_team_member_add = {
	.action = "team_member.add",
	.needs = NEED_ORG | NEED_TEAM | NEED_USER,
	.gives = GIVES_TEAM,
	.validate = validate_add,
	.takes = TAKES_BOUND,
	.run = run_add,
};

/* ---- remove ---- */

static int take_out(struct turn *turn, const struct grafana_org *org,
		    const struct grafana_team *team, const struct grafana_user *user,
		    struct error *err)
{
	struct answer answer = {0};
	bool in_team = false;
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, "team_leave", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_team_remove_member(turn->grafana, org->id, team->id, user->id, &answer,
				       err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_OK || answer.code == ANSWER_NOT_FOUND)
		return turn_wrote(turn, &answer);
	if (answer.code != ANSWER_DOUBT)
		return team_refused(turn, org, &answer, "remove from the team", err);
	rc = read_team(turn, org, team->id, user->id, &in_team, err);
	if (rc != TURN_GO_ON || !in_team)
		return rc;
	return turn_in_doubt(&answer, "remove from the team", err);
}

static int end_without_account(struct turn *turn)
{
	struct evidence nobody = {.account = FACT_NO, .team_member = FACT_NO};

	turn_set_before(turn, &nobody);
	turn->outcome.after = nobody;
	return turn_as_asked(turn, "there is no account '%s', so it is in no team",
			     turn_who(turn));
}

static int end_unseen(struct turn *turn, const struct grafana_team *team)
{
	struct evidence outside = {.team_member = FACT_NO};

	turn_set_before(turn, &outside);
	turn->outcome.after = outside;
	return turn_as_asked(turn, "'%s' is not in the team '%s'", turn_who(turn), team->name);
}

/* Who belongs to the org no longer, or never did, may be in the team all the same. */
static int find_in_team(struct turn *turn, const struct grafana_org *org,
			const struct grafana_team *team, struct grafana_user *user,
			struct error *err)
{
	const struct request_user *said = &turn->request->user;
	struct answer answer = {0};

	if (grafana_team_find_member(turn->grafana, org->id, team->id, said->login, said->email,
				     user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return end_unseen(turn, team);
	if (answer.code != ANSWER_OK)
		return team_refused(turn, org, &answer, "read the team's members", err);
	turn_target_user(turn, user);
	return turn_protect_self(turn, user);
}

static int find_leaver(struct turn *turn, const struct grafana_org *org,
		       const struct grafana_team *team, struct grafana_user *user,
		       struct error *err)
{
	int rc = bound_find_user(turn, user, err);

	if (!nobody_was_found(turn, rc))
		return rc;
	return turn_has_one_org(turn) ? find_in_team(turn, org, team, user, err)
				      : end_without_account(turn);
}

/* ENDED when there is nobody or nothing to take out of or away. */
static int find_for_removal(struct turn *turn, struct grafana_org *org,
			    struct grafana_team *team, struct grafana_user *user,
			    struct error *err)
{
	bool is_end = bound_is_end(turn);
	int rc = turn_find_org(turn, GRAFANA_CACHED, org, err);

	if (rc == TURN_ENDED && is_end && turn->outcome.reason == REASON_ORG_NOT_FOUND)
		return bound_end_gone(turn, "the org", err);
	if (rc != TURN_GO_ON)
		return rc;
	rc = team_find_existing(turn, org, team, err);
	if (rc == TURN_ENDED && is_end && turn->outcome.reason == REASON_TEAM_NOT_FOUND)
		return bound_end_gone(turn, "the team", err);
	if (rc != TURN_GO_ON)
		return rc;
	return find_leaver(turn, org, team, user, err);
}

static int run_remove(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	struct grafana_team team;
	struct grafana_user user;
	struct evidence before = {.account = FACT_YES};
	bool in_team = false;
	int rc = find_for_removal(turn, &org, &team, &user, err), wanted = 0;

	if (rc != TURN_GO_ON || (rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = read_team(turn, &org, team.id, user.id, &in_team, err)) != TURN_GO_ON)
		return rc;
	before.team_member = in_team ? FACT_YES : FACT_NO;
	turn_set_before(turn, &before);
	turn->outcome.after = before;
	if (bound_is_end(turn) && (rc = bound_end(turn, &wanted, err)) != TURN_GO_ON)
		return rc;
	if (in_team && wanted == 0 &&
	    (rc = take_out(turn, &org, &team, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_settle(turn, err)) != TURN_GO_ON)
		return rc;
	if (!in_team || wanted > 0)
		return turn_as_asked(turn, "'%s' is %s the team '%s'", turn_who(turn),
				     in_team ? "in" : "not in", team.name);
	turn->outcome.after.team_member = FACT_NO;
	return turn_applied(turn, "'%s' is no longer in the team '%s'", turn_who(turn), team.name);
}

const struct operation operation_team_member_remove = {
	.action = "team_member.remove",
	.needs = NEED_ORG | NEED_TEAM | NEED_USER,
	.removes = true,
	.takes = TAKES_GRANT,
	.run = run_remove,
};
