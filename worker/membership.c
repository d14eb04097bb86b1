/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership.c - giving a user a place in an org, changing it, ending it.
 *
 * Called by op_org_role.c and op_account_create.c. A role is changed by one PATCH,
 * never by removing and adding: removal also drops team memberships and
 * permissions in that org. Each write is preceded by a step in the ledger; one
 * whose answer was lost is settled by reading the role back.
 */
#include "worker/membership.h"

#include <inttypes.h>

#include "grafana/members.h"

int membership_read(struct turn *turn, int64_t org_id, int64_t user_id,
		    struct membership *membership, struct error *err)
{
	char org_name[LIMIT_ORG_NAME_BYTES + 1];
	struct answer answer = {0};

	if (grafana_user_role_in_org(turn->grafana, user_id, org_id, &membership->member,
				     &membership->role, org_name, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "read the role");
	return TURN_GO_ON;
}

void membership_evidence(const struct membership *membership, struct evidence *evidence)
{
	evidence->member = membership->member ? FACT_YES : FACT_NO;
	evidence->role = membership->member ? membership->role : ROLE_UNSET;
}

const char *membership_name(const struct membership *membership)
{
	return membership->member ? role_name(membership->role) : "no member";
}

/* Adding, removing and Grafana's PATCH differ: only PATCH looks whether the role
 * comes from an identity provider. Without this check an addition or removal
 * would be undone at the person's next login, after we had said it was done. */
static int refuse_synced(struct turn *turn, const struct grafana_user *user,
			 struct error *err)
{
	struct grafana_user detail;
	struct answer answer = {0};

	if (grafana_user_get(turn->grafana, user->id, &detail, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "read the account");
	if (!detail.is_externally_synced)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ORG_EXTERNALLY_SYNCED,
			    "the roles of '%s' come from an identity provider; change them there, "
			    "or set skip_org_role_sync for that provider", user->login);
}

/* After a write whose answer left it open: is it so now? */
static int read_back(struct turn *turn, const struct grafana_org *org,
		     const struct grafana_user *user, const struct membership *wanted,
		     const struct answer *answer, const char *doing, struct error *err)
{
	struct membership now;
	int rc = membership_read(turn, org->id, user->id, &now, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (now.member == wanted->member && (!now.member || now.role == wanted->role))
		return TURN_GO_ON;
	/* Grafana answers 500 for an org that is gone (grafana-api: add to, or PATCH
	 * in, a missing org), so the org is looked for past the cache. */
	rc = turn_find_org(turn, GRAFANA_FRESH, &(struct grafana_org){0}, err);
	if (rc != TURN_GO_ON)
		return rc;
	return turn_in_doubt(answer, doing, err);
}

static int write_role(struct turn *turn, const struct grafana_org *org,
		      const struct grafana_user *user, const struct membership *now,
		      enum role role, struct answer *answer, struct error *err)
{
	int64_t user_id = 0;

	if (now->member)
		return grafana_member_set_role(turn->grafana, org->id, user->id, role, answer,
					       err);
	return grafana_member_add(turn->grafana, org->id, user->login, role, &user_id, answer,
				  err);
}

/* Answers that mean "what was read a moment ago is no longer so". */
static bool is_outrun(enum answer_code code)
{
	return code == ANSWER_NOT_MEMBER || code == ANSWER_EXISTS;
}

int membership_set(struct turn *turn, const struct grafana_org *org,
		   const struct grafana_user *user, const struct membership *now,
		   enum role role, struct error *err)
{
	const struct membership wanted = {true, role};
	struct answer answer = {0};
	int rc;

	rc = now->member ? TURN_GO_ON : refuse_synced(turn, user, err);
	if (rc != TURN_GO_ON)
		return rc;
	rc = turn_begin_step(turn, "role", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (write_role(turn, org, user, now, role, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || is_outrun(answer.code))
		rc = read_back(turn, org, user, &wanted, &answer, "change the role", err);
	else if (answer.code != ANSWER_OK)
		rc = turn_refused_by(turn, &answer, "change the role");
	else
		rc = turn_wrote(turn, &answer);
	if (rc == TURN_GO_ON)
		membership_evidence(&wanted, &turn->outcome.after);
	return rc;
}

/* "Cannot remove last organization admin" is also Grafana's answer when the org is
 * gone, or has no Admin at all and the user is no member (grafana-api: removal). */
static int explain_last_admin(struct turn *turn, const struct grafana_org *org,
			      const struct grafana_user *user, const struct answer *answer,
			      struct error *err)
{
	struct membership now;
	int rc = turn_find_org(turn, GRAFANA_FRESH, &(struct grafana_org){0}, err);

	if (rc != TURN_GO_ON)
		return rc;
	rc = membership_read(turn, org->id, user->id, &now, err);
	if (rc != TURN_GO_ON || !now.member)
		return rc;
	return turn_refused_by(turn, answer, "remove the member");
}

int membership_end(struct turn *turn, const struct grafana_org *org,
		   const struct grafana_user *user, struct error *err)
{
	const struct membership wanted = {false, ROLE_UNSET};
	struct answer answer = {0};
	int rc;

	rc = refuse_synced(turn, user, err);
	if (rc != TURN_GO_ON)
		return rc;
	rc = turn_begin_step(turn, "remove", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_member_remove(turn->grafana, org->id, user->id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_NOT_FOUND)
		rc = read_back(turn, org, user, &wanted, &answer, "remove the member", err);
	else if (answer.code == ANSWER_LAST_ADMIN)
		rc = explain_last_admin(turn, org, user, &answer, err);
	else if (answer.code != ANSWER_OK)
		rc = turn_refused_by(turn, &answer, "remove the member");
	else
		rc = turn_wrote(turn, &answer);
	if (rc == TURN_GO_ON)
		membership_evidence(&wanted, &turn->outcome.after);
	return rc;
}
