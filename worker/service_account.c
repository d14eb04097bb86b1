/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_account.c - finding the service account a request names, guarding the
 * last Admin of an org, and Grafana's noes about service accounts.
 *
 * Called by op_service_account*.c, op_token*.c. Owns nothing.
 */
#include "worker/service_account.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "grafana/guards.h"
#include "worker/permit.h"

void service_account_target(struct turn *turn, const struct grafana_service_account *account)
{
	struct outcome_target *target = &turn->outcome.target;

	target->service_account_id = account->id;
	text_copy(target->service_account_name, sizeof(target->service_account_name),
		  account->name);
}

void service_account_evidence(const struct grafana_service_account *account,
			      struct evidence *evidence)
{
	evidence->exists = FACT_YES;
	evidence->member = FACT_YES;
	evidence->role = account->role;
	evidence->disabled = account->is_disabled ? FACT_YES : FACT_NO;
	text_copy(evidence->name, sizeof(evidence->name), account->name);
}

int service_account_refused(struct turn *turn, const struct grafana_org *org,
			    const struct answer *answer, const char *doing, struct error *err)
{
	if (answer->code == ANSWER_UNSUPPORTED)
		return turn_refused_as(turn, REASON_GRAFANA_UNSUPPORTED, answer, doing);
	if (answer->code == ANSWER_NOT_FOUND)
		return turn_refused_as(turn, REASON_SERVICE_ACCOUNT_NOT_FOUND, answer, doing);
	if (answer->code == ANSWER_EXISTS)
		return turn_refused_as(turn, REASON_SERVICE_ACCOUNT_EXISTS, answer, doing);
	return turn_refused_in_org(turn, org, answer, doing, err);
}

/* ---- finding ---- */

static int check_name(struct turn *turn, const struct grafana_service_account *account)
{
	const struct request_named *named = &turn->request->service_account;

	if (named->id == 0 || named->name == NULL || strcmp(named->name, account->name) == 0)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_SERVICE_ACCOUNT_NOT_FOUND,
			    "service account %" PRId64 " is named '%s', not '%s'", account->id,
			    account->name, named->name);
}

static int look_up(struct turn *turn, const struct grafana_org *org, int64_t id,
		   struct grafana_service_account *account, struct answer *answer,
		   struct error *err)
{
	const char *name = turn->request->service_account.name;
	size_t count = 0;

	if (id != 0)
		return grafana_service_account_by_id(turn->grafana, org->id, id, account, answer,
						     err) < 0
			       ? TURN_FAILED
			       : TURN_GO_ON;
	if (grafana_service_account_by_name(turn->grafana, org->id, name, account, &count, answer,
					    err) < 0)
		return TURN_FAILED;
	if (answer->code == ANSWER_OK && count > 1)
		return turn_refused(turn, REASON_SERVICE_ACCOUNT_AMBIGUOUS,
				    "several service accounts of '%s' are named '%s'; say the id",
				    org->name, name);
	return TURN_GO_ON;
}

int service_account_find(struct turn *turn, const struct grafana_org *org,
			 struct grafana_service_account *account, bool *found,
			 struct error *err)
{
	int64_t known_id = turn->outcome.target.service_account_id;
	int64_t id = known_id != 0 ? known_id : turn->request->service_account.id;
	struct answer answer = {0};
	int rc = look_up(turn, org, id, account, &answer, err);

	*found = false;
	if (rc != TURN_GO_ON || answer.code == ANSWER_NOT_FOUND)
		return rc;
	if (answer.code != ANSWER_OK)
		return service_account_refused(turn, org, &answer, "find the service account", err);
	if (known_id == 0 && (rc = check_name(turn, account)) != TURN_GO_ON)
		return rc;
	*found = true;
	service_account_target(turn, account);
	return TURN_GO_ON;
}

static int refuse_missing(struct turn *turn, const struct grafana_org *org)
{
	const struct request_named *named = &turn->request->service_account;

	turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
	if (named->name != NULL)
		return turn_refused(turn, REASON_SERVICE_ACCOUNT_NOT_FOUND,
				    "there is no service account '%s' in the org '%s'",
				    named->name, org->name);
	return turn_refused(turn, REASON_SERVICE_ACCOUNT_NOT_FOUND,
			    "there is no service account with id %" PRId64 " in the org '%s'",
			    named->id, org->name);
}

/* Is it the one whose token grantd works with? With user and password it uses none. */
static int protect_own(struct turn *turn, const struct grafana_service_account *account,
		       struct error *err)
{
	const struct grafana *grafana = grafana_session_instance(turn->grafana);
	const char *said = grafana_settings(grafana)->service_account;
	char own[LIMIT_NAME_BYTES + 1] = "";

	if (!turn_has_one_org(turn))
		return TURN_GO_ON;
	if (said[0] != '\0')
		text_copy(own, sizeof(own), said);
	else if (grafana_service_account_own(turn->grafana, own, err) < 0)
		return TURN_FAILED;
	if (own[0] == '\0' || (!text_equal_nocase(account->login, own) &&
			       strcmp(account->name, own) != 0))
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_PROTECTED,
			    "'%s' is the service account grantd itself uses", account->name);
}

int service_account_find_existing(struct turn *turn, const struct grafana_org *org,
				  struct grafana_service_account *account, struct error *err)
{
	bool found = false;
	int rc = service_account_find(turn, org, account, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found)
		return refuse_missing(turn, org);
	if ((rc = protect_own(turn, account, err)) != TURN_GO_ON)
		return rc;
	return permit_user(turn, account->login, NULL);
}

/* ---- the last Admin ---- */

int service_account_guard_admin(struct turn *turn, const struct grafana_org *org,
				const struct grafana_service_account *account,
				struct error *err)
{
	struct answer answer = {0};
	bool other = false;

	if (account->role != ROLE_ADMIN || account->is_disabled)
		return TURN_GO_ON;
	if (grafana_org_has_admin(turn->grafana, org->id, &other, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_OK && !other &&
	    grafana_service_account_other_admin(turn->grafana, org->id, account->id, &other,
						&answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return service_account_refused(turn, org, &answer, "look for another Admin", err);
	if (other)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ORG_LAST_ADMIN,
			    "'%s' is the only Admin of the org '%s'; give a member that role first",
			    account->name, org->name);
}
