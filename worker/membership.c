/* SPDX-License-Identifier: Apache-2.0 */
/*
 * membership.c - giving a user a place in an org, changing it, ending it.
 *
 * Called by op_org_role.c and op_account_create.c. A role is changed by one PATCH,
 * never by removing and adding: removal also drops team memberships and
 * permissions in that org. Each write is preceded by a step in the ledger; one
 * whose answer was lost is settled by reading the role back.
 *
 * With a token nobody but the org's members can be seen. Who is no member is then a
 * user with id 0 and the name that was said, and Grafana says when he is added
 * whether there is an account at all. And its one way to remove a member deletes the
 * account of who belongs to no other org, which a token cannot know beforehand.
 */
#include "worker/membership.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "grafana/members.h"
#include "grafana/people.h"
#include "worker/foresee.h"

static const char STEP_ROLE[] = "role";

int membership_read(struct turn *turn, int64_t org_id, int64_t user_id,
		    struct membership *membership, struct error *err)
{
	const struct outcome_target *target = &turn->outcome.target;
	const char *login = target->user_id == user_id ? target->login : "";
	struct answer answer = {0};

	*membership = (struct membership){false, ROLE_UNSET};
	/* Seen by nobody, or of an org that is only planned: so no member. */
	if (user_id == 0 || org_id == 0)
		return TURN_GO_ON;
	if (grafana_person_role(turn->grafana, org_id, user_id, login, &membership->member,
				&membership->role, &answer, err) < 0)
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

	if (user->id == 0)
		return TURN_GO_ON;
	if (grafana_person_get(turn->grafana, user->id, &detail, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND && turn_has_one_org(turn))
		return TURN_GO_ON; /* no member now, so nothing is known of him */
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "read the account");
	if (!detail.is_externally_synced)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ORG_EXTERNALLY_SYNCED,
			    "the roles of '%s' come from an identity provider; change them there, "
			    "or set skip_org_role_sync for that provider", user->login);
}

/* ---- who cannot be seen ---- */

static const char *said_name(const struct turn *turn)
{
	const struct request_user *said = &turn->request->user;

	return said->email != NULL ? said->email : said->login;
}

int membership_find_unseen(struct turn *turn, struct grafana_user *user)
{
	const struct request_user *said = &turn->request->user;

	if (!turn_has_one_org(turn))
		return turn_refused_missing(turn);
	/* After the fact it would be too late: taking away again can delete an account. */
	if (said->email != NULL && said->login != NULL)
		return turn_refused(turn, REASON_ACCOUNT_AMBIGUOUS,
				    "no member of the org has login '%s' and e-mail '%s', and a "
				    "token cannot see whether they name one account; say one of them",
				    said->login, said->email);
	*user = (struct grafana_user){.id = 0};
	text_copy(user->login, sizeof(user->login), said_name(turn));
	return TURN_GO_ON;
}

/* He is a member now, so he can be seen. */
static int meet(struct turn *turn, const struct answer *answer, struct error *err)
{
	struct grafana_user user;
	bool found = false;
	int rc = turn_find_user(turn, &turn->request->user, &user, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found)
		return turn_in_doubt(answer, "find the new member", err);
	turn_target_user(turn, &user);
	return TURN_GO_ON;
}

static int refuse_no_account(struct turn *turn, const struct answer *answer)
{
	const char *who = said_name(turn);

	if (turn->request->if_no_account == IF_NO_ACCOUNT_CREATE)
		turn_refused(turn, REASON_GRAFANA_UNSUPPORTED,
			     "there is no account '%s', and a token cannot create one: configure "
			     "user and password of a server admin, or have it invited", who);
	else
		turn_refused(turn, REASON_ACCOUNT_NOT_FOUND, "there is no account '%s'", who);
	turn->outcome.before.account = FACT_NO;
	turn->outcome.grafana_status = answer->status;
	return TURN_ENDED;
}

/* Is it the org that has the name today? Grafana answers 500 for one that is gone (grafana-api:
 * add to, or PATCH in, a missing org), and 10.0 to 10.3 say 403; what was remembered of the
 * name may be of it. Nothing can have been done there, so the next attempt is about today's. */
static int look_at_org(struct turn *turn, const struct grafana_org *org, bool *is_another,
		       struct error *err)
{
	struct grafana_org today;
	int rc = turn_find_org(turn, GRAFANA_FRESH, &today, err);

	*is_another = rc == TURN_GO_ON && today.id != org->id;
	return *is_another ? turn_begin_step(turn, STEP_ROLE, err) : rc;
}

/* After a write whose answer left it open: is it so now? */
static int read_back(struct turn *turn, const struct grafana_org *org,
		     const struct grafana_user *user, const struct membership *wanted,
		     const struct answer *answer, const char *doing, struct error *err)
{
	struct membership now;
	bool is_another;
	int rc;

	turn->in_doubt = true;
	rc = user->id != 0 ? TURN_GO_ON : meet(turn, answer, err);
	if (rc != TURN_GO_ON)
		return rc;
	rc = membership_read(turn, org->id,
			     user->id != 0 ? user->id : turn->outcome.target.user_id, &now, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (now.member == wanted->member && (!now.member || now.role == wanted->role))
		return TURN_GO_ON;
	rc = look_at_org(turn, org, &is_another, err);
	return rc == TURN_GO_ON ? turn_in_doubt(answer, doing, err) : rc;
}

static int refuse_role(struct turn *turn, const struct grafana_org *org,
		       const struct answer *answer, struct error *err)
{
	bool is_another = false;
	int rc = answer->code == ANSWER_PERMISSION ? look_at_org(turn, org, &is_another, err)
						   : TURN_GO_ON;

	if (rc != TURN_GO_ON)
		return rc;
	return is_another ? turn_in_doubt(answer, "change the role", err)
			  : turn_refused_by(turn, answer, "change the role");
}

/* ---- by which name who is no member is added ---- */

/* Does Grafana take it for this account? */
static int is_taken_for(struct turn *turn, const struct grafana_user *user, const char *name,
			bool *is_so, struct error *err)
{
	struct grafana_user taken;
	struct answer answer = {0};

	*is_so = false;
	if (grafana_user_lookup(turn->grafana, name, &taken, &answer, err) < 0)
		return TURN_FAILED;
	*is_so = answer.code == ANSWER_OK && taken.id == user->id;
	return TURN_GO_ON;
}

/* Grafana is told a name and no id. From 8 on it takes what has an '@' for an e-mail
 * first, so a login that is somebody else's e-mail would let that one in. */
static int choose_name(struct turn *turn, const struct grafana_user *user, const char **name,
		       struct error *err)
{
	const char *const names[] = {user->login, user->email};
	bool is_so = false;

	*name = user->login;
	if (user->id == 0 || turn_has_one_org(turn) || strchr(user->login, '@') == NULL ||
	    text_equal_nocase(user->login, user->email))
		return TURN_GO_ON;
	for (size_t i = 0; i < ARRAY_COUNT(names) && !is_so; i++) {
		*name = names[i];
		if (names[i][0] != '\0' && is_taken_for(turn, user, names[i], &is_so, err) < 0)
			return TURN_FAILED;
	}
	if (is_so)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_AMBIGUOUS,
			    "Grafana takes both the login '%s' and the e-mail '%s' for other accounts, "
			    "so '%s' cannot be given a place; change one of them",
			    user->login, user->email, user->login);
}

/* Between the look and the write somebody took the name. */
static int refuse_stranger(struct turn *turn, const struct grafana_org *org,
			   const char *name, int64_t user_id, enum role role)
{
	return turn_refused(turn, REASON_ACCOUNT_AMBIGUOUS,
			    "Grafana took '%s' for the account with the id %" PRId64
			    " and made that one %s in '%s': take that back, and give the account "
			    "that is meant another login or e-mail",
			    name, user_id, role_name(role), org->name);
}

static int add_member(struct turn *turn, const struct grafana_org *org,
		      const struct grafana_user *user, const char *name, enum role role,
		      struct answer *answer, struct error *err)
{
	int64_t user_id = 0;

	if (grafana_member_add(turn->grafana, org->id, name, role, &user_id, answer, err) < 0)
		return TURN_FAILED;
	if (answer->code == ANSWER_OK && user->id != 0 && user_id != user->id)
		return refuse_stranger(turn, org, name, user_id, role);
	return TURN_GO_ON;
}

static int write_role(struct turn *turn, const struct grafana_org *org,
		      const struct grafana_user *user, const struct membership *now,
		      const char *name, enum role role, struct answer *answer,
		      struct error *err)
{
	int rc = turn_begin_step(turn, STEP_ROLE, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!now->member)
		return add_member(turn, org, user, name, role, answer, err);
	return grafana_member_set_role(turn->grafana, org->id, user->id, role, answer, err) < 0
		       ? TURN_FAILED
		       : TURN_GO_ON;
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
	const char *name = user->login;
	int rc;

	/* PATCH would say it itself, but a plan sends none. */
	rc = now->member && turn->request->mode != MODE_PLAN ? TURN_GO_ON
							     : refuse_synced(turn, user, err);
	if (rc == TURN_GO_ON)
		rc = foresee_last_admin(turn, org, user, &wanted, err);
	if (rc == TURN_GO_ON && !now->member)
		rc = choose_name(turn, user, &name, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (turn_skips(turn)) {
		membership_evidence(&wanted, &turn->outcome.after);
		return TURN_GO_ON;
	}
	rc = write_role(turn, org, user, now, name, role, &answer, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (answer.code == ANSWER_DOUBT || is_outrun(answer.code))
		rc = read_back(turn, org, user, &wanted, &answer, "change the role", err);
	else if (answer.code == ANSWER_NOT_FOUND && user->id == 0)
		rc = refuse_no_account(turn, &answer);
	else if (answer.code != ANSWER_OK)
		rc = refuse_role(turn, org, &answer, err);
	else
		rc = turn_wrote(turn, &answer);
	if (rc == TURN_GO_ON && user->id == 0 && turn->outcome.target.user_id == 0)
		rc = meet(turn, &answer, err);
	if (rc == TURN_GO_ON)
		membership_evidence(&wanted, &turn->outcome.after);
	return rc;
}

/* A token cannot see whether it is the account's last org, so it always may be. */
static int refuse_removal(struct turn *turn, const struct grafana_user *user)
{
	if (!turn_has_one_org(turn) || turn->request->allow_account_removal)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_MAY_GO,
			    "if '%s' belongs to no other org, Grafana deletes the account with the "
			    "membership, and a token cannot see others; say to_role, or "
			    "allow_account_removal, or configure user and password of a server admin",
			    user->login);
}

static enum fact account_is_left(struct turn *turn, enum account_fate fate)
{
	static const enum fact facts[] = {
		[ACCOUNT_FATE_UNKNOWN] = FACT_UNSAID,
		[ACCOUNT_STAYS] = FACT_YES,
		[ACCOUNT_DELETED] = FACT_NO,
	};

	return turn_has_one_org(turn) ? facts[fate] : FACT_YES;
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

static int end_membership(struct turn *turn, enum account_fate fate)
{
	membership_evidence(&(struct membership){.member = false}, &turn->outcome.after);
	turn->outcome.after.account = account_is_left(turn, fate);
	return TURN_GO_ON;
}

int membership_end(struct turn *turn, const struct grafana_org *org,
		   const struct grafana_user *user, struct error *err)
{
	const struct membership wanted = {false, ROLE_UNSET};
	enum account_fate fate = ACCOUNT_FATE_UNKNOWN;
	struct answer answer = {0};
	int rc;

	rc = refuse_removal(turn, user);
	if (rc != TURN_GO_ON)
		return rc;
	rc = refuse_synced(turn, user, err);
	if (rc == TURN_GO_ON)
		rc = foresee_last_admin(turn, org, user, &wanted, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (turn_skips(turn))
		return end_membership(turn, fate);
	rc = turn_begin_step(turn, "remove", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_member_remove(turn->grafana, org->id, user->id, &fate, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_NOT_FOUND)
		rc = read_back(turn, org, user, &wanted, &answer, "remove the member", err);
	else if (answer.code == ANSWER_LAST_ADMIN)
		rc = explain_last_admin(turn, org, user, &answer, err);
	else if (answer.code != ANSWER_OK)
		rc = turn_refused_by(turn, &answer, "remove the member");
	else
		rc = turn_wrote(turn, &answer);
	if (rc != TURN_GO_ON)
		return rc;
	return end_membership(turn, fate);
}
