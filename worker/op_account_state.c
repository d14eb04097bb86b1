/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_account_state.c - account.disable, account.enable and account.delete.
 *
 * Grafana guards none of these: it lets the last server admin be disabled or
 * deleted, and an org be left without an Admin by a deletion. So they are guarded
 * here, before anything is sent. Disabling and deleting end all sessions by
 * themselves, in every version.
 *
 * Limit: an account that is deleted while the org's only other Admin is made less is
 * still counted by Grafana, which guards that one.
 */
#include "worker/operations.h"

#include "grafana/accounts.h"
#include "grafana/guards.h"
#include "worker/bound.h"
#include "worker/foresee.h"
#include "worker/server_admin.h"

static enum fact fact_of(bool yes)
{
	return yes ? FACT_YES : FACT_NO;
}

static void note_account(struct turn *turn, const struct grafana_user *user)
{
	struct evidence before = {.disabled = fact_of(user->is_disabled)};

	turn_evidence_of_user(user, &before);
	turn_set_before(turn, &before);
	turn->outcome.after = before;
}

/* ---- disable and enable ---- */

struct switching {
	bool disabled; /* what is asked */
	const char *step, *state; /* "disable", "disabled" */
	int (*write)(struct grafana_session *session, int64_t user_id, struct answer *answer,
		     struct error *err);
};

static int read_switch(struct turn *turn, int64_t user_id, bool wanted,
		       const struct answer *doubt, const char *doing, struct error *err)
{
	struct grafana_user user;
	struct answer answer = {0};

	if (grafana_user_get(turn->grafana, user_id, &user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, doing);
	return user.is_disabled == wanted ? TURN_GO_ON : turn_in_doubt(doubt, doing, err);
}

static int write_switch(struct turn *turn, int64_t user_id, const struct switching *asked,
			struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	if ((rc = turn_begin_step(turn, asked->step, err)) != TURN_GO_ON)
		return rc;
	if (asked->write(turn->grafana, user_id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return read_switch(turn, user_id, asked->disabled, &answer, asked->step, err);
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, asked->step);
	return turn_wrote(turn, &answer);
}

static int run_switch(struct turn *turn, const struct switching *asked, struct error *err)
{
	struct grafana_user user;
	int rc;

	if ((rc = turn_find_account(turn, &user, err)) != TURN_GO_ON)
		return rc;
	note_account(turn, &user);
	if (user.is_disabled == asked->disabled)
		return turn_as_asked(turn, "'%s' was %s already", turn_who(turn), asked->state);
	if (asked->disabled &&
	    (rc = server_admin_keep_one(turn, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = foresee_external(turn, &user, 0, err)) != TURN_GO_ON)
		return rc;
	if ((rc = write_switch(turn, user.id, asked, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after.disabled = fact_of(asked->disabled);
	return turn_applied(turn, "'%s' is %s", turn_who(turn), asked->state);
}

static int run_disable(struct turn *turn, struct error *err)
{
	static const struct switching disable = {
		true, "disable", "disabled", grafana_account_disable,
	};

	return run_switch(turn, &disable, err);
}

static int run_enable(struct turn *turn, struct error *err)
{
	static const struct switching enable = {
		false, "enable", "enabled", grafana_account_enable,
	};

	return run_switch(turn, &enable, err);
}

const struct operation operation_account_disable = {
	.action = "account.disable",
	.needs = NEED_USER,
	.removes = true,
	.run = run_disable,
};

const struct operation operation_account_enable = {
	.action = "account.enable",
	.needs = NEED_USER,
	.run = run_enable,
};

/* ---- delete ---- */

static int look_at_orgs(struct turn *turn, const struct grafana_user *user, bool *is_admin,
			struct error *err)
{
	struct grafana_admin_of admin;
	struct answer answer = {0};

	if (grafana_sole_admin_of(turn->grafana, user->id, &admin, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "look for other Admins of the account's orgs");
	*is_admin = admin.any;
	if (admin.org_id == 0)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ORG_LAST_ADMIN,
			    "'%s' is the only Admin of the org '%s'; give another member that "
			    "role first", user->login, admin.org_name);
}

/* Of two deletions at once each would find the other's account still there: Admins are
 * deleted one after the other, and looked at again when it is their turn. */
static int protect_orgs(struct turn *turn, const struct grafana_user *user, struct error *err)
{
	bool is_admin = false;
	int rc = look_at_orgs(turn, user, &is_admin, err);

	if (rc != TURN_GO_ON || !is_admin || turn->request->mode == MODE_PLAN)
		return rc;
	if ((rc = bound_take_alone(turn, "admins", err)) != TURN_GO_ON)
		return rc;
	return look_at_orgs(turn, user, &is_admin, err);
}

static int is_gone(struct turn *turn, int64_t user_id, const struct answer *doubt,
		   struct error *err)
{
	struct grafana_user user;
	struct answer answer = {0};

	if (grafana_user_get(turn->grafana, user_id, &user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	return turn_in_doubt(doubt, "delete the account", err);
}

static int delete_account(struct turn *turn, const struct grafana_user *user,
			  struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	if ((rc = turn_begin_step(turn, "delete", err)) != TURN_GO_ON)
		return rc;
	if (grafana_account_delete(turn->grafana, user->id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return is_gone(turn, user->id, &answer, err);
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "delete the account");
	return turn_wrote(turn, &answer);
}

/* Deleting what is not there is what was asked, not a mistake. */
static int end_without_account(struct turn *turn)
{
	turn->outcome.after = (struct evidence){.account = FACT_NO};
	return turn_as_asked(turn, "there is no account '%s'", turn_who(turn));
}

static int run_delete(struct turn *turn, struct error *err)
{
	struct grafana_user user;
	int rc = turn_find_account(turn, &user, err);

	if (rc == TURN_ENDED && turn->outcome.reason == REASON_ACCOUNT_NOT_FOUND)
		return end_without_account(turn);
	if (rc != TURN_GO_ON)
		return rc;
	note_account(turn, &user);
	if ((rc = server_admin_keep_one(turn, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = protect_orgs(turn, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = delete_account(turn, &user, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after = (struct evidence){.account = FACT_NO};
	return turn_applied(turn, "'%s' was deleted", turn_who(turn));
}

const struct operation operation_account_delete = {
	.action = "account.delete",
	.needs = NEED_USER,
	.removes = true,
	.run = run_delete,
};
