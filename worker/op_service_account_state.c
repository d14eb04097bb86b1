/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_service_account_state.c - service_account.disable, .enable and .delete.
 *
 * Grafana guards none of these, though an Admin service account may be the last
 * Admin that an org has; so that is looked for here. A disabled account's tokens are
 * refused at once; a deleted one's are gone with it.
 */
#include "worker/operations.h"

#include "worker/service_account.h"

static void note_before(struct turn *turn, const struct grafana_service_account *account)
{
	service_account_evidence(account, &turn->outcome.after);
	turn_set_before(turn, &turn->outcome.after);
}

/* ---- disable and enable ---- */

static int write_switch(struct turn *turn, const struct grafana_org *org,
			struct grafana_service_account *account, bool disabled,
			const char *doing, struct error *err)
{
	const struct grafana_service_account_change change = {.disabled = &disabled};
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn)) {
		account->is_disabled = disabled;
		service_account_evidence(account, &turn->outcome.after);
		return TURN_GO_ON;
	}
	rc = turn_begin_step(turn, doing, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_service_account_update(turn->grafana, org->id, account->id, &change, &answer,
					   err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_DOUBT)
		return service_account_refused(turn, org, &answer, doing, err);
	if (answer.code == ANSWER_OK)
		turn_wrote(turn, &answer);
	if ((rc = service_account_find_existing(turn, org, account, err)) != TURN_GO_ON)
		return rc;
	service_account_evidence(account, &turn->outcome.after);
	return account->is_disabled == disabled ? TURN_GO_ON
						: turn_in_doubt(&answer, doing, err);
}

static int run_switch(struct turn *turn, bool disabled, struct error *err)
{
	const char *doing = disabled ? "disable" : "enable";
	const char *state = disabled ? "disabled" : "enabled";
	struct grafana_service_account account;
	struct grafana_org org;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = service_account_find_existing(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	note_before(turn, &account);
	if (account.is_disabled == disabled)
		return turn_as_asked(turn, "'%s' was %s already", account.name, state);
	if (disabled && (rc = service_account_guard_admin(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	if ((rc = write_switch(turn, &org, &account, disabled, doing, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' is %s", account.name, state);
}

static int run_disable(struct turn *turn, struct error *err)
{
	return run_switch(turn, true, err);
}

static int run_enable(struct turn *turn, struct error *err)
{
	return run_switch(turn, false, err);
}

const struct operation operation_service_account_disable = {
	.action = "service_account.disable",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.removes = true,
	.run = run_disable,
};

const struct operation operation_service_account_enable = {
	.action = "service_account.enable",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.run = run_enable,
};

/* ---- delete ---- */

static int is_gone(struct turn *turn, const struct grafana_org *org, int64_t id,
		   const struct answer *written, struct error *err)
{
	struct grafana_service_account account;
	struct answer answer = {0};

	if (grafana_service_account_by_id(turn->grafana, org->id, id, &account, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	return turn_in_doubt(written, "delete the service account", err);
}

static int delete_account(struct turn *turn, const struct grafana_org *org, int64_t id,
			  struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, "delete", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_service_account_delete(turn->grafana, org->id, id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return is_gone(turn, org, id, &answer, err);
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return service_account_refused(turn, org, &answer, "delete the service account",
					       err);
	return turn_wrote(turn, &answer);
}

/* Deleting what is not there is what was asked, not a mistake. */
static int end_without_account(struct turn *turn, const struct grafana_org *org)
{
	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	return turn_as_asked(turn, "there is no such service account in '%s'", org->name);
}

static int run_delete(struct turn *turn, struct error *err)
{
	struct grafana_service_account account;
	struct grafana_org org;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	rc = service_account_find_existing(turn, &org, &account, err);
	if (rc == TURN_ENDED && turn->outcome.before.exists == FACT_NO)
		return end_without_account(turn, &org);
	if (rc == TURN_ENDED && turn_was_begun(turn) &&
	    turn->outcome.reason == REASON_SERVICE_ACCOUNT_NOT_FOUND)
		return end_without_account(turn, &org);
	if (rc != TURN_GO_ON)
		return rc;
	note_before(turn, &account);
	if ((rc = service_account_guard_admin(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	if ((rc = delete_account(turn, &org, account.id, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	return turn_applied(turn, "'%s' was deleted from '%s'", account.name, org.name);
}

const struct operation operation_service_account_delete = {
	.action = "service_account.delete",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.removes = true,
	.run = run_delete,
};
