/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_server_admin.c - server_admin.grant and server_admin.revoke.
 *
 * The write converges, and is always read back: Grafana up to 10 says yes to it for
 * an account that is not there (any more). Two revokes at once that would each leave
 * the other's account are settled by Grafana, which refuses the second.
 */
#include "worker/operations.h"

#include "grafana/accounts.h"
#include "worker/bound.h"
#include "worker/foresee.h"
#include "worker/server_admin.h"

static const char *state_name(bool is_admin)
{
	return is_admin ? "a server admin" : "no server admin";
}

static void note_evidence(struct turn *turn, const struct grafana_user *user)
{
	struct evidence before = {.account = FACT_YES,
				  .server_admin = user->is_admin ? FACT_YES : FACT_NO};

	turn_set_before(turn, &before);
	turn->outcome.after = before;
}

static int read_back(struct turn *turn, int64_t user_id, bool wanted,
		     const struct answer *written, struct error *err)
{
	struct grafana_user user;
	struct answer answer = {0};

	turn->in_doubt = true;
	if (grafana_user_get(turn->grafana, user_id, &user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "read the account back");
	if (user.is_admin != wanted)
		return turn_in_doubt(written, "change the server admin right", err);
	return written->code == ANSWER_OK ? turn_wrote(turn, written) : TURN_GO_ON;
}

static int write_right(struct turn *turn, int64_t user_id, bool wanted, struct error *err)
{
	static const char doing[] = "change the server admin right";
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, "server_admin", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_account_set_admin(turn->grafana, user_id, wanted, &answer, err) < 0)
		return TURN_FAILED;
	switch ((int)answer.code) {
	case ANSWER_OK:
	case ANSWER_DOUBT:
		return read_back(turn, user_id, wanted, &answer, err);
	case ANSWER_LAST_ADMIN:
		return turn_refused_as(turn, REASON_ACCOUNT_LAST_SERVER_ADMIN, &answer, doing);
	case ANSWER_EXTERNALLY_SYNCED:
		return turn_refused_as(turn, REASON_ACCOUNT_EXTERNALLY_SYNCED, &answer, doing);
	default:
		return turn_refused_by(turn, &answer, doing);
	}
}

/* ENDED when it is to stay as it is. */
static int decide(struct turn *turn, bool asked, bool *wanted, struct error *err)
{
	int level = asked, rc;

	rc = bound_is_end(turn) ? bound_end(turn, &level, err)
				: bound_decide(turn, asked, &level);
	*wanted = level > 0;
	return rc;
}

static int change(struct turn *turn, const struct grafana_user *user, bool asked,
		  struct error *err)
{
	char until[BOUND_UNTIL_CAPACITY];
	bool wanted;
	int rc;

	note_evidence(turn, user);
	if ((rc = decide(turn, asked, &wanted, err)) != TURN_GO_ON)
		return rc;
	if (user->is_admin != wanted) {
		if ((rc = foresee_synced_admin(turn, user)) != TURN_GO_ON)
			return rc;
		if (!wanted && (rc = server_admin_keep_one(turn, user, err)) != TURN_GO_ON)
			return rc;
		if ((rc = write_right(turn, user->id, wanted, err)) != TURN_GO_ON)
			return rc;
	}
	if ((rc = bound_settle(turn, err)) != TURN_GO_ON)
		return rc;
	bound_until(turn, until);
	if (user->is_admin == wanted)
		return turn_as_asked(turn, "'%s' is %s%s", turn_who(turn), state_name(wanted),
				     until);
	turn->outcome.after.server_admin = wanted ? FACT_YES : FACT_NO;
	return turn_applied(turn, "'%s' is now %s%s", turn_who(turn), state_name(wanted), until);
}

/* What was read when the account was looked for may have changed until nobody else
 * changes it. */
static int take_and_change(struct turn *turn, struct grafana_user *user, bool wanted,
			   struct error *err)
{
	bool found = false;
	int rc = bound_take(turn, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (turn->has_subject) {
		if ((rc = turn_find_by_id(turn, user->id, user, &found, err)) != TURN_GO_ON)
			return rc;
		if (!found)
			return turn_refused_missing(turn);
	}
	return change(turn, user, wanted, err);
}

static int run_grant(struct turn *turn, struct error *err)
{
	struct grafana_user user;
	int rc;

	if ((rc = bound_check(turn)) != TURN_GO_ON)
		return rc;
	if ((rc = turn_find_account(turn, &user, err)) != TURN_GO_ON)
		return rc;
	return take_and_change(turn, &user, true, err);
}

static int run_revoke(struct turn *turn, struct error *err)
{
	struct grafana_user user;
	int rc = bound_find_user(turn, &user, err);

	if (rc == TURN_GO_ON)
		rc = take_and_change(turn, &user, false, err);
	if (rc == TURN_ENDED && turn->outcome.reason == REASON_ACCOUNT_NOT_FOUND) {
		turn->outcome.after = (struct evidence){.account = FACT_NO};
		return turn_as_asked(turn, "there is no account '%s', so it is no server admin",
				     turn_who(turn));
	}
	return rc;
}

const struct operation operation_server_admin_grant = {
	.action = "server_admin.grant",
	.needs = NEED_USER,
	.gives = GIVES_SERVER_ADMIN,
	.takes = TAKES_BOUND,
	.run = run_grant,
};

const struct operation operation_server_admin_revoke = {
	.action = "server_admin.revoke",
	.needs = NEED_USER,
	.removes = true,
	.takes = TAKES_GRANT,
	.run = run_revoke,
};
