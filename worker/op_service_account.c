/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_service_account.c - service_account.create and service_account.update.
 *
 * A name is looked for before an account is made, and after a lost answer: in the org it
 * is unique as long as nobody renames. An account that is there with another role is
 * never changed by a create.
 */
#include "worker/operations.h"

#include <string.h>

#include "base/text.h"
#include "worker/service_account.h"

/* ---- create ---- */

static enum role wanted_role(const struct request *request)
{
	return request->role != ROLE_UNSET ? request->role : ROLE_VIEWER;
}

/* It is there: as asked, or made by an earlier attempt, or somebody else's. */
static int settle_existing(struct turn *turn, const struct grafana_org *org,
			   const struct grafana_service_account *account)
{
	service_account_evidence(account, &turn->outcome.after);
	turn_set_before(turn, &turn->outcome.after);
	if (account->role == wanted_role(turn->request) && !account->is_disabled)
		return turn_as_asked(turn, "'%s' is a service account of '%s' with the role %s",
				     account->name, org->name, role_name(account->role));
	return turn_refused(turn, REASON_SERVICE_ACCOUNT_EXISTS,
			    "'%s' was there before, %s%s, and was not changed; see "
			    "service_account.update and .enable",
			    account->name, role_name(account->role),
			    account->is_disabled ? " and disabled" : "");
}

/* The name is taken, or the answer was lost: is it the account that was asked for? */
static int find_made(struct turn *turn, const struct grafana_org *org,
		     const struct answer *written, struct grafana_service_account *account,
		     struct error *err)
{
	bool found = false;
	int rc = service_account_find(turn, org, account, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found && written->code == ANSWER_DOUBT)
		return turn_in_doubt(written, "create the service account", err);
	if (!found)
		return turn_refused(turn, REASON_SERVICE_ACCOUNT_EXISTS,
				    "the login that Grafana makes of '%s' is taken, perhaps in "
				    "another org or by another spelling; choose another name",
				    turn->request->service_account.name);
	return written->code == ANSWER_EXISTS ? settle_existing(turn, org, account) : TURN_GO_ON;
}

/* What Grafana has made is what it says now, not what was asked for. Who may be touched does
 * not matter any more: it is made. */
static int read_made(struct turn *turn, const struct grafana_org *org,
		     struct grafana_service_account *account, struct error *err)
{
	bool found = false;
	int rc = service_account_find(turn, org, account, &found, err);

	if (rc != TURN_GO_ON || found)
		return rc;
	return turn_refused(turn, REASON_SERVICE_ACCOUNT_NOT_FOUND,
			    "the service account '%s' was deleted as soon as it was made",
			    turn->request->service_account.name);
}

static int make(struct turn *turn, const struct grafana_org *org,
		struct grafana_service_account *account, struct error *err)
{
	const char *name = turn->request->service_account.name;
	enum role role = wanted_role(turn->request);
	struct answer answer = {0};
	int64_t id = 0;
	int rc;

	if (turn_skips(turn)) {
		*account = (struct grafana_service_account){.role = role};
		text_copy(account->name, sizeof(account->name), name);
		service_account_target(turn, account);
		return TURN_GO_ON;
	}
	rc = turn_begin_step(turn, "create", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_service_account_create(turn->grafana, org->id, name, role, &id, &answer,
					   err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_EXISTS)
		return find_made(turn, org, &answer, account, err);
	if (answer.code != ANSWER_OK)
		return service_account_refused(turn, org, &answer, "create the service account",
					       err);
	turn->outcome.target.service_account_id = id;
	turn_wrote(turn, &answer);
	return read_made(turn, org, account, err);
}

static int run_create(struct turn *turn, struct error *err)
{
	struct grafana_service_account account;
	struct grafana_org org;
	bool found = false;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = service_account_find(turn, &org, &account, &found, err)) != TURN_GO_ON)
		return rc;
	if (found)
		return settle_existing(turn, &org, &account);
	turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
	if ((rc = make(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	service_account_evidence(&account, &turn->outcome.after);
	return turn_applied(turn, "the service account '%s' was created in '%s' as %s",
			    account.name, org.name, role_name(account.role));
}

static int validate_create(const struct request *request, struct error *err)
{
	if (request->service_account.id == 0 && request->service_account.name != NULL)
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0, "%s",
		  request->service_account.name == NULL
			  ? "data.service_account.name: missing (for service_account.create)"
			  : "data.service_account.id: a new service account has none yet");
	return -1;
}

const struct operation operation_service_account_create = {
	.action = "service_account.create",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.gives = GIVES_MACHINE_ROLE,
	.validate = validate_create,
	.run = run_create,
};

/* ---- update ---- */

static bool is_as_asked(const struct request *request,
			const struct grafana_service_account *account)
{
	return (request->role == ROLE_UNSET || request->role == account->role) &&
	       (request->set.name == NULL || strcmp(request->set.name, account->name) == 0);
}

static int check_expected(struct turn *turn, const struct grafana_service_account *account)
{
	enum role expected = turn->request->expected_role;

	if (expected == ROLE_UNSET || expected == account->role)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ROLE_UNEXPECTED, "'%s' holds %s, not %s", account->name,
			    role_name(account->role), role_name(expected));
}

/* Grafana lets names repeat; then nobody could be found by name any more. */
static int check_free(struct turn *turn, const struct grafana_org *org,
		      const struct grafana_service_account *account, struct error *err)
{
	const char *name = turn->request->set.name;
	struct grafana_service_account holder;
	struct answer answer = {0};
	size_t count = 0;

	if (name == NULL || strcmp(name, account->name) == 0)
		return TURN_GO_ON;
	if (grafana_service_account_by_name(turn->grafana, org->id, name, &holder, &count, &answer,
					    err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	if (answer.code != ANSWER_OK)
		return service_account_refused(turn, org, &answer, "look for the new name", err);
	return turn_refused(turn, REASON_SERVICE_ACCOUNT_EXISTS,
			    "another service account of '%s' is named '%s'", org->name, name);
}

static int change_planned(struct turn *turn, struct grafana_service_account *account,
			  const struct grafana_service_account_change *change)
{
	if (change->name != NULL)
		text_copy(account->name, sizeof(account->name), change->name);
	if (change->role != ROLE_UNSET)
		account->role = change->role;
	service_account_evidence(account, &turn->outcome.after);
	return TURN_GO_ON;
}

static int write_update(struct turn *turn, const struct grafana_org *org,
			struct grafana_service_account *account, struct error *err)
{
	const struct grafana_service_account_change change = {
		.name = turn->request->set.name,
		.role = turn->request->role,
	};
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return change_planned(turn, account, &change);
	rc = turn_begin_step(turn, "update", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_service_account_update(turn->grafana, org->id, account->id, &change, &answer,
					   err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_DOUBT)
		return service_account_refused(turn, org, &answer, "update the service account",
					       err);
	if (answer.code == ANSWER_OK)
		turn_wrote(turn, &answer);
	if ((rc = service_account_find_existing(turn, org, account, err)) != TURN_GO_ON)
		return rc;
	service_account_evidence(account, &turn->outcome.after);
	if (is_as_asked(turn->request, account))
		return TURN_GO_ON;
	return turn_in_doubt(&answer, "update the service account", err);
}

static int run_update(struct turn *turn, struct error *err)
{
	const struct request *request = turn->request;
	struct grafana_service_account account;
	struct grafana_org org;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = service_account_find_existing(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	service_account_evidence(&account, &turn->outcome.after);
	turn_set_before(turn, &turn->outcome.after);
	if (is_as_asked(request, &account))
		return turn_as_asked(turn, "'%s' is as asked", account.name);
	if ((rc = check_expected(turn, &account)) != TURN_GO_ON)
		return rc;
	if ((rc = check_free(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	if (request->role != ROLE_UNSET && request->role != ROLE_ADMIN &&
	    (rc = service_account_guard_admin(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	if ((rc = write_update(turn, &org, &account, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' was updated", account.name);
}

static int validate_update(const struct request *request, struct error *err)
{
	if (request->set.login != NULL || request->set.email != NULL)
		error_set(err, ERROR_REFUSED, "op", 0,
			  "data.set: a service account has a name only, no login or email to set");
	else if (request->role == ROLE_UNSET && request->set.name == NULL)
		error_set(err, ERROR_REFUSED, "op", 0,
			  "data.set: missing: say role, or set.name (for service_account.update)");
	else
		return 0;
	return -1;
}

const struct operation operation_service_account_update = {
	.action = "service_account.update",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.gives = GIVES_MACHINE_CHANGE,
	.validate = validate_update,
	.run = run_update,
};
