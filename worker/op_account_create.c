/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_account_create.c - account.create, with an optional role in an org.
 *
 * The account is made by new_account.c. Whatever comes after it (the role), its
 * credential is published with the outcome: an account without a known password
 * is worse than a request that failed half-way.
 */
#include "worker/operations.h"

#include "worker/bound.h"
#include "worker/membership.h"
#include "worker/new_account.h"

static bool wants_org(const struct request *request)
{
	return request->org.id != 0 || request->org.name != NULL;
}

static int find_wanted_org(struct turn *turn, struct grafana_org *org, struct error *err)
{
	if (!wants_org(turn->request))
		return TURN_GO_ON;
	return turn_find_org(turn, GRAFANA_CACHED, org, err);
}

/* on_existing "reset": the account that is there gets a new password. */
static int reset_existing(struct turn *turn, const struct grafana_user *user,
			  struct error *err)
{
	struct evidence before = {0};
	int rc;

	turn_target_user(turn, user);
	turn_evidence_of_user(user, &before);
	turn_set_before(turn, &before);
	if ((rc = turn_protect_self(turn, user)) != TURN_GO_ON)
		return rc;
	return new_account_reset(turn, user, err);
}

static int make_account(struct turn *turn, int64_t org_id, struct grafana_user *user,
			struct error *err)
{
	bool found = false;
	int rc;

	if ((rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	if ((rc = turn_look_for_user(turn, &turn->request->user, user, &found, err)) != TURN_GO_ON)
		return rc;
	if (found && turn->request->on_existing == ON_EXISTING_RESET)
		return reset_existing(turn, user, err);
	return new_account_ensure(turn, org_id, user, found, err);
}

/* Grafana may have put the new account into the org by itself (auto_assign_org), with a
 * role of its own choice. It is not what was asked for, nor what the policy was asked
 * about: an org without a role said gives the least there is to see with. An account that
 * was there before keeps what it has. */
static int give_role(struct turn *turn, const struct grafana_org *org,
		     const struct grafana_user *user, struct error *err)
{
	enum role role = turn->request->role;
	struct membership now;
	int rc;

	if ((rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = membership_read(turn, org->id, user->id, &now, err)) != TURN_GO_ON)
		return rc;
	membership_evidence(&now, &turn->outcome.after);
	if (role == ROLE_UNSET && now.member && turn->outcome.before.account == FACT_YES)
		return TURN_GO_ON;
	if (role == ROLE_UNSET)
		role = ROLE_VIEWER;
	if (!now.member || now.role != role)
		rc = membership_set(turn, org, user, &now, role, err);
	return rc == TURN_GO_ON ? bound_settle(turn, err) : rc;
}

static int run_create(struct turn *turn, struct error *err)
{
	struct grafana_org org = {0};
	struct grafana_user user;
	int rc;

	if ((rc = find_wanted_org(turn, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = make_account(turn, org.id, &user, err)) != TURN_GO_ON)
		return rc;
	turn_evidence_of_user(&user, &turn->outcome.after);
	if (wants_org(turn->request) &&
	    (rc = give_role(turn, &org, &user, err)) != TURN_GO_ON)
		return rc;
	return turn->outcome.before.account == FACT_YES
		       ? turn_applied(turn, "'%s' was there and has a new password",
				      turn_who(turn))
		       : turn_applied(turn, "'%s' was created", turn_who(turn));
}

static int validate_create(const struct request *request, struct error *err)
{
	if (request->role == ROLE_UNSET || wants_org(request))
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0, "data.role: needs data.org, which is missing");
	return -1;
}

const struct operation operation_account_create = {
	.action = "account.create",
	.needs = NEED_USER,
	.gives = GIVES_PLACE,
	.validate = validate_create,
	.run = run_create,
};
