/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_org_role.c - org_role.grant and org_role.revoke.
 *
 * Straight-line: find the org, find the account, read the role held now, compare,
 * change it in place. What is so already ends without a write. Nothing here
 * deletes an account, but for a revoke with a token that the request allows to.
 */
#include "worker/operations.h"

#include "worker/bound.h"
#include "worker/invitation.h"
#include "worker/membership.h"
#include "worker/new_account.h"

/* The role the request says must be held now; both names for it count. */
static int check_expected(struct turn *turn, enum role expected,
			  const struct membership *now)
{
	if (expected == ROLE_UNSET || (now->member && now->role == expected))
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ROLE_UNEXPECTED, "'%s' holds %s, not %s",
			    turn_who(turn), membership_name(now), role_name(expected));
}

static void note_before(struct turn *turn, const struct grafana_user *user,
			const struct membership *now)
{
	struct evidence before = {.account = user->id != 0 ? FACT_YES : FACT_UNSAID};

	membership_evidence(now, &before);
	turn_set_before(turn, &before);
}

/* ---- grant ---- */

static int find_or_create(struct turn *turn, const struct grafana_org *org,
			  struct grafana_user *user, struct error *err)
{
	const struct request *request = turn->request;
	bool found = false;
	bool may_create = request->if_no_account == IF_NO_ACCOUNT_CREATE && !turn_has_one_org(turn);
	int rc = may_create ? turn_look_for_user(turn, &request->user, user, &found, err)
			    : turn_find_user(turn, &request->user, user, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (new_account_is_due(turn, found))
		return new_account_ensure(turn, org->id, user, found, err);
	if (!found && request->if_no_account == IF_NO_ACCOUNT_INVITE)
		return invitation_make(turn, org, err);
	if (!found)
		return membership_find_unseen(turn, user);
	turn_target_user(turn, user);
	return turn_protect_self(turn, user);
}

/* It is as asked, without a write just now. */
static int end_as_held(struct turn *turn, const struct grafana_org *org,
		       const struct membership *now, struct error *err)
{
	char until[BOUND_UNTIL_CAPACITY];
	int rc = bound_settle(turn, err);

	if (rc != TURN_GO_ON)
		return rc;
	turn->outcome.after.account = FACT_YES;
	membership_evidence(now, &turn->outcome.after);
	if (turn->sealed != NULL)
		return turn_applied(turn, "'%s' was created as %s in '%s'%s", turn_who(turn),
				    role_name(now->role), org->name, bound_until(turn, until));
	if (now->role != turn->request->role)
		return turn_as_asked(turn, "'%s' stays %s in '%s' by a stronger grant; %s counts%s",
				     turn_who(turn), role_name(now->role), org->name,
				     role_name(turn->request->role), bound_until(turn, until));
	return turn_as_asked(turn, "'%s' is %s in '%s'%s", turn_who(turn), role_name(now->role),
			     org->name, bound_until(turn, until));
}

static int run_grant(struct turn *turn, struct error *err)
{
	const struct request *request = turn->request;
	char until[BOUND_UNTIL_CAPACITY];
	struct grafana_org org;
	struct grafana_user user;
	struct membership now;
	int rc, wanted;

	if ((rc = bound_check(turn)) != TURN_GO_ON)
		return rc;
	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = find_or_create(turn, &org, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = membership_read(turn, org.id, user.id, &now, err)) != TURN_GO_ON)
		return rc;
	/* What was made just now was not there before. */
	if (turn->sealed == NULL && !turn->skipped)
		note_before(turn, &user, &now);
	if ((rc = bound_decide(turn, (int)request->role, &wanted)) != TURN_GO_ON)
		return rc;
	if (now.member && (int)now.role == wanted)
		return end_as_held(turn, &org, &now, err);
	if ((rc = check_expected(turn, request->expected_role, &now)) != TURN_GO_ON)
		return rc;
	if ((rc = membership_set(turn, &org, &user, &now, (enum role)wanted, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_settle(turn, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after.account = FACT_YES;
	return turn_applied(turn, "'%s' is now %s in '%s'%s (was %s)", turn_who(turn),
			    role_name((enum role)wanted), org.name, bound_until(turn, until),
			    membership_name(&now));
}

static int validate_grant(const struct request *request, struct error *err)
{
	if (request->if_no_account != IF_NO_ACCOUNT_FAIL &&
	    request->expected_role != ROLE_UNSET) {
		error_set(err, ERROR_REFUSED, "op", 0,
			  "data.expected_role: cannot be expected of an account that "
			  "if_no_account may create or invite");
		return -1;
	}
	if (request->if_no_account == IF_NO_ACCOUNT_INVITE &&
	    (request->duration_s != NUMBER_NOT_SAID || request->expires_ms != 0)) {
		error_set(err, ERROR_REFUSED, "op", 0,
			  "data.if_no_account: what an invite gives cannot be bound in time; "
			  "invite first, and grant when it was accepted");
		return -1;
	}
	return 0;
}

const struct operation operation_org_role_grant = {
	.action = "org_role.grant",
	.needs = NEED_ORG | NEED_USER | NEED_ROLE,
	.gives = GIVES_ROLE,
	.validate = validate_grant,
	.takes = TAKES_BOUND,
	.run = run_grant,
};

/* ---- revoke ---- */

/* Is there nothing left to take away? */
static bool is_revoked(const struct request *request, const struct membership *now)
{
	return !now->member || (request->to_role != ROLE_UNSET && now->role == request->to_role);
}

static int check_fall(struct turn *turn, const struct membership *now)
{
	enum role to_role = turn->request->to_role;

	if (to_role == ROLE_UNSET || to_role < now->role)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ROLE_UNEXPECTED,
			    "'%s' holds %s; a revoke cannot raise that to %s", turn_who(turn),
			    role_name(now->role), role_name(to_role));
}

static int take_away(struct turn *turn, const struct grafana_org *org,
		     const struct grafana_user *user, const struct membership *now,
		     struct error *err)
{
	const struct request *request = turn->request;
	int rc;

	if ((rc = check_expected(turn, request->role, now)) != TURN_GO_ON)
		return rc;
	if ((rc = check_expected(turn, request->expected_role, now)) != TURN_GO_ON)
		return rc;
	if ((rc = check_fall(turn, now)) != TURN_GO_ON)
		return rc;
	return request->to_role != ROLE_UNSET
		       ? membership_set(turn, org, user, now, request->to_role, err)
		       : membership_end(turn, org, user, err);
}

static int end_as_absent(struct turn *turn, const struct grafana_org *org)
{
	bool sees_all = !turn_has_one_org(turn);

	turn_set_before(turn, &(struct evidence){.account = sees_all ? FACT_NO : FACT_UNSAID,
						 .member = FACT_NO});
	turn->outcome.after = (struct evidence){.account = sees_all ? FACT_NO : FACT_UNSAID,
						.member = FACT_NO};
	return turn_as_asked(turn, sees_all ? "there is no account '%s', so it has no role in '%s'"
					    : "'%s' is no member of '%s'",
			     turn_who(turn), org->name);
}

/* What became of the account; only a token's removal leaves that open. */
static const char *account_left(enum fact account)
{
	static const char *const texts[] = {
		[FACT_YES] = "",
		[FACT_NO] = "; it was the account's last org, so Grafana deleted the account",
		[FACT_UNSAID] = "; whether the account is left is not known",
	};

	return texts[account];
}

static int end_as_left(struct turn *turn, const struct grafana_org *org,
		       const struct membership *now, struct error *err)
{
	int rc = bound_settle(turn, err);

	if (rc != TURN_GO_ON)
		return rc;
	return turn_as_asked(turn, "'%s' is %s in '%s'", turn_who(turn), membership_name(now),
			     org->name);
}

/* The end of one time-bound grant: what the others give is left, or what was before. */
static int run_end(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	struct grafana_user user;
	struct membership now;
	int rc = turn_find_org(turn, GRAFANA_CACHED, &org, err), wanted;

	if (rc == TURN_ENDED && turn->outcome.reason == REASON_ORG_NOT_FOUND)
		return bound_end_gone(turn, "the org", err);
	if (rc != TURN_GO_ON || (rc = bound_find_user(turn, &user, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = membership_read(turn, org.id, user.id, &now, err)) != TURN_GO_ON)
		return rc;
	note_before(turn, &user, &now);
	turn->outcome.after.account = FACT_YES;
	membership_evidence(&now, &turn->outcome.after);
	if ((rc = bound_end(turn, &wanted, err)) != TURN_GO_ON)
		return rc;
	if (wanted == (now.member ? (int)now.role : 0))
		return end_as_left(turn, &org, &now, err);
	rc = wanted > 0 ? membership_set(turn, &org, &user, &now, (enum role)wanted, err)
			: membership_end(turn, &org, &user, err);
	if (rc != TURN_GO_ON || (rc = bound_settle(turn, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' is no longer %s in '%s'; back to %s", turn_who(turn),
			    membership_name(&now), org.name,
			    wanted > 0 ? role_name((enum role)wanted) : "no member");
}

/* What is remembered of a name may be another org's by now: that there is nothing to take
 * away is said of the org that has the name today. */
static int confirm_org(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	struct grafana_org now;
	int rc;

	if (turn->request->org.id != 0 || turn_was_begun(turn))
		return TURN_GO_ON;
	rc = turn_find_org(turn, GRAFANA_FRESH, &now, err);
	if (rc != TURN_GO_ON || now.id == org->id)
		return rc;
	error_set(err, ERROR_RETRY, "op", 0, "the org '%s' is another one than a moment ago",
		  org->name);
	return TURN_FAILED;
}

static int run_revoke(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	struct grafana_user user;
	struct membership now;
	bool found = false;
	int rc;

	if (bound_is_end(turn))
		return run_end(turn, err);
	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = turn_find_user(turn, &turn->request->user, &user, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found)
		return end_as_absent(turn, &org);
	turn_target_user(turn, &user);
	if ((rc = turn_protect_self(turn, &user)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = membership_read(turn, org.id, user.id, &now, err)) != TURN_GO_ON)
		return rc;
	note_before(turn, &user, &now);
	turn->outcome.after.account = FACT_YES;
	membership_evidence(&now, &turn->outcome.after);
	if (!now.member && (rc = confirm_org(turn, &org, err)) != TURN_GO_ON)
		return rc;
	if (is_revoked(turn->request, &now))
		return end_as_left(turn, &org, &now, err);
	if ((rc = take_away(turn, &org, &user, &now, err)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_settle(turn, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' is no longer %s in '%s'%s", turn_who(turn),
			    membership_name(&now), org.name,
			    account_left(turn->outcome.after.account));
}

const struct operation operation_org_role_revoke = {
	.action = "org_role.revoke",
	.needs = NEED_ORG | NEED_USER,
	.gives = GIVES_FALL,
	.removes = true,
	.takes = TAKES_GRANT,
	.run = run_revoke,
};
