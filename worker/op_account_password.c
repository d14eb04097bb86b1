/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_account_password.c - account.reset_password and account.logout.
 *
 * A reset sets a password that only the vault gets, and ends all sessions. A
 * logout only ends the sessions.
 */
#include "worker/operations.h"

#include "grafana/accounts.h"
#include "grafana/guards.h"
#include "worker/foresee.h"
#include "worker/new_account.h"
#include "worker/turn.h"

static void note_account(struct turn *turn, const struct grafana_user *user)
{
	struct evidence before = {0};

	turn_evidence_of_user(user, &before);
	turn_set_before(turn, &before);
	turn->outcome.after = turn->outcome.before;
}

static int run_reset(struct turn *turn, struct error *err)
{
	struct grafana_user user;
	int rc;

	if ((rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	if ((rc = turn_find_account(turn, &user, err)) != TURN_GO_ON)
		return rc;
	note_account(turn, &user);
	if ((rc = foresee_external(turn, &user, 11, err)) != TURN_GO_ON)
		return rc;
	if ((rc = new_account_reset(turn, &user, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' has a new password", turn_who(turn));
}

const struct operation operation_account_reset_password = {
	.action = "account.reset_password",
	.needs = NEED_USER,
	.run = run_reset,
};

static int end_sessions(struct turn *turn, int64_t user_id, struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	if ((rc = turn_begin_step(turn, "logout", err)) != TURN_GO_ON)
		return rc;
	if (grafana_account_logout(turn->grafana, user_id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return turn_in_doubt(&answer, "end the sessions", err);
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "end the sessions");
	return turn_wrote(turn, &answer);
}

static int run_logout(struct turn *turn, struct error *err)
{
	struct grafana_user user;
	struct answer answer = {0};
	int64_t sessions = 0;
	int rc;

	if ((rc = turn_find_account(turn, &user, err)) != TURN_GO_ON)
		return rc;
	note_account(turn, &user);
	if (grafana_account_sessions(turn->grafana, user.id, &sessions, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "read the sessions");
	if (sessions == 0)
		return turn_as_asked(turn, "'%s' has no session open", turn_who(turn));
	if ((rc = end_sessions(turn, user.id, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "%lld sessions of '%s' were ended", (long long)sessions,
			    turn_who(turn));
}

const struct operation operation_account_logout = {
	.action = "account.logout",
	.needs = NEED_USER,
	.run = run_logout,
};
