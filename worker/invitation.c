/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invitation.c - invites, so that in the end there is one, with the right role.
 *
 * Called by op_invite.c and op_org_role.c. Grafana accepts any number of invites for
 * one person, so the list is read before one is made, and again after a lost answer;
 * what is too many or has another role is revoked. By mail or, where that is asked
 * for or Grafana sends no mail, as a link that is sealed for the vault: it can be read
 * again from the list, so nothing is lost by a crash.
 *
 * Grafana does not tell when an invite ends; by default it is a day after it was made
 * (user_invite_max_lifetime_duration). One that is older is made anew. Limit: on a server
 * that lets them live longer, a good one is replaced.
 */
#include "worker/invitation.h"

#include <string.h>

#include "base/text.h"
#include "grafana/invites.h"
#include "worker/bound.h"
#include "worker/membership.h"

enum { LIFETIME_MS = 24 * 3600 * 1000 };

static const char STEP_REVOKE[] = "revoke";
static const char STEP_INVITE[] = "invite";
static const char STEP_LINK[] = "link"; /* the sealed link is the invite's */

static const char *person(const struct turn *turn)
{
	const struct request_user *user = &turn->request->user;

	return user->email != NULL ? user->email : user->login;
}

static void target_person(struct turn *turn)
{
	struct outcome_target *target = &turn->outcome.target;
	const struct request_user *user = &turn->request->user;

	text_copy(target->login, sizeof(target->login), user->login != NULL ? user->login : "");
	text_copy(target->email, sizeof(target->email), user->email != NULL ? user->email : "");
}

static int find(struct turn *turn, const struct grafana_org *org,
		struct grafana_invites *pending, struct error *err)
{
	struct answer answer = {0};

	grafana_invites_clear(pending);
	if (grafana_invites_find(turn->grafana, org->id, person(turn), pending, &answer, err) <
	    0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_in_org(turn, org, &answer, "list the invites", err);
	return TURN_GO_ON;
}

static int revoke_one(struct turn *turn, const struct grafana_org *org,
		      const struct grafana_invite *invite, struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, STEP_REVOKE, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_invite_revoke(turn->grafana, org->id, &invite->code, &answer, err) < 0)
		return TURN_FAILED;
	/* Looking again when the turn is resumed shows what came of it. */
	if (answer.code == ANSWER_DOUBT)
		return turn_in_doubt(&answer, "revoke the invite", err);
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_in_org(turn, org, &answer, "revoke the invite", err);
	return turn_wrote(turn, &answer);
}

static int64_t end_of(const struct grafana_invite *invite)
{
	return invite->created_ms == 0 ? 0 : invite->created_ms + LIFETIME_MS;
}

/* Grafana lists it until a clean-up that runs now and then; nobody may get in by it. */
static bool is_overdue(const struct turn *turn, const struct grafana_invite *invite)
{
	int64_t end_ms = end_of(invite);

	return end_ms != 0 && end_ms <= clock_wall_ms(turn->clock);
}

static size_t find_newest(const struct grafana_invites *pending, enum role role)
{
	size_t newest = pending->count;

	for (size_t i = 0; i < pending->count; i++)
		if (pending->items[i].role == role &&
		    (newest == pending->count ||
		     pending->items[i].created_ms >= pending->items[newest].created_ms))
			newest = i;
	return newest;
}

/* 'kept' is the count where none is to stay. */
static int revoke_all_but(struct turn *turn, const struct grafana_org *org,
			  const struct grafana_invites *pending, size_t kept, struct error *err)
{
	int rc;

	for (size_t i = 0; i < pending->count; i++)
		if (i != kept &&
		    (rc = revoke_one(turn, org, &pending->items[i], err)) != TURN_GO_ON)
			return rc;
	return TURN_GO_ON;
}

/* ---- an invite that waits ---- */

static int hand_out_link(struct turn *turn, const struct grafana_invite *invite,
			 struct error *err)
{
	int rc;

	if (invite->link.bytes == NULL)
		return turn_refused(turn, REASON_GRAFANA_UNSUPPORTED,
				    "this Grafana does not tell the invite's link");
	/* What the vault gets is no write, but no plan either. */
	if (turn->request->mode == MODE_PLAN)
		return TURN_GO_ON;
	rc = turn_take_secret(turn, CREDENTIAL_INVITE_LINK, &invite->link, end_of(invite), err);
	return rc == TURN_GO_ON ? turn_begin_step(turn, STEP_LINK, err) : rc;
}

/* 'ours': this request has made it, or taken others away. 'link': it has to reach its
 * person through the vault. */
static int end_waiting(struct turn *turn, const struct grafana_org *org,
		       const struct grafana_invite *invite, bool ours, bool link,
		       struct error *err)
{
	int rc;

	if (link && (rc = hand_out_link(turn, invite, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.expires_ms = end_of(invite);
	turn->outcome.after.exists = FACT_YES;
	if (!ours)
		return turn_as_asked(turn,
				     "an invite for '%s' as %s in '%s' is pending already",
				     person(turn), role_name(invite->role), org->name);
	return turn_needs_action(
		turn, "'%s' is invited as %s to '%s'%s", person(turn), role_name(invite->role),
		org->name, link ? "; the link is in the vault" : "; Grafana has sent a mail");
}

/* ---- making one ---- */

static int end_added(struct turn *turn, const struct grafana_org *org)
{
	return turn_applied(turn,
			    "'%s' has an account, so no invite was made; it is now %s in '%s'",
			    turn_who(turn), role_name(turn->request->role), org->name);
}

/* There is an account after all, or has been meanwhile. 'added': Grafana has just said
 * that it gave the account its place, so it had none before. */
static int add_account(struct turn *turn, const struct grafana_org *org, bool added,
		       bool *there, struct error *err)
{
	struct evidence before = {.account = FACT_YES, .member = FACT_NO};
	struct grafana_user user;
	struct membership now;
	int rc = turn_find_user(turn, &turn->request->user, &user, there, err);

	if (rc != TURN_GO_ON || !*there)
		return rc;
	turn_target_user(turn, &user);
	if ((rc = turn_protect_self(turn, &user)) != TURN_GO_ON)
		return rc;
	if ((rc = bound_take(turn, err)) != TURN_GO_ON)
		return rc;
	if ((rc = membership_read(turn, org->id, user.id, &now, err)) != TURN_GO_ON)
		return rc;
	if (!added)
		membership_evidence(&now, &before);
	turn_set_before(turn, &before);
	turn->outcome.after.account = FACT_YES;
	if (now.member && now.role == turn->request->role) {
		if ((rc = bound_settle(turn, err)) != TURN_GO_ON)
			return rc;
		membership_evidence(&now, &turn->outcome.after);
		return added ? end_added(turn, org)
			     : turn_as_asked(turn, "'%s' has an account and is %s in '%s'",
					     turn_who(turn), role_name(now.role), org->name);
	}
	rc = membership_set(turn, org, &user, &now, turn->request->role, err);
	if (rc == TURN_GO_ON)
		rc = bound_settle(turn, err);
	return rc == TURN_GO_ON ? end_added(turn, org) : rc;
}

static int add_late(struct turn *turn, const struct grafana_org *org, bool added,
		    const struct answer *answer, struct error *err)
{
	bool there = false;
	int rc;

	if (added)
		turn_wrote(turn, answer);
	rc = add_account(turn, org, added, &there, err);
	return rc == TURN_GO_ON ? turn_in_doubt(answer, "find the account", err) : rc;
}

static int refuse(struct turn *turn, const struct grafana_org *org, const struct answer *answer,
		  struct error *err)
{
	if (answer->code == ANSWER_LOGIN_FORM_OFF)
		return turn_refused_as(turn, REASON_GRAFANA_UNSUPPORTED, answer,
				       "invite: people without an account sign in through the "
				       "identity provider here; grant the role when they have");
	return turn_refused_in_org(turn, org, answer, "invite", err);
}

/* GO_ON: an invite was asked for; *link becomes true when Grafana sends no mail. */
static int ask(struct turn *turn, const struct grafana_org *org, bool *link, struct error *err)
{
	const struct request *request = turn->request;
	const struct grafana_new_invite invite = {
		.login_or_email = person(turn),
		.name = request->user.name != NULL ? request->user.name : "",
		.role = request->role,
		.mail = !*link,
	};
	struct answer answer = {0};
	bool added = false;
	int rc = turn_begin_step(turn, STEP_INVITE, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_invite_create(turn->grafana, org->id, &invite, &added, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_EXISTS || added)
		return add_late(turn, org, added, &answer, err);
	if (answer.code == ANSWER_MAIL_OFF)
		*link = true;
	else if (answer.code != ANSWER_OK && answer.code != ANSWER_DOUBT)
		return refuse(turn, org, &answer, err);
	return turn_wrote(turn, &answer);
}

static bool has_address(const struct turn *turn)
{
	return strchr(person(turn), '@') != NULL;
}

/* Grafana was asked, whatever it answered: what is pending now counts. */
static int end_asked(struct turn *turn, const struct grafana_org *org,
		     struct grafana_invites *pending, bool link, struct error *err)
{
	size_t kept;
	int rc;

	if ((rc = find(turn, org, pending, err)) != TURN_GO_ON)
		return rc;
	kept = find_newest(pending, turn->request->role);
	if ((rc = revoke_all_but(turn, org, pending, kept, err)) != TURN_GO_ON)
		return rc;
	if (kept == pending->count) {
		error_set(err, ERROR_RETRY, "invitation", 0,
			  "invite: it is not among the pending");
		return TURN_FAILED;
	}
	if (!link || turn->vault->key != NULL)
		return end_waiting(turn, org, &pending->items[kept], true, link, err);
	/* Nobody would ever get to see it. */
	rc = revoke_one(turn, org, &pending->items[kept], err);
	return rc == TURN_GO_ON ? turn_need_vault(turn) : rc;
}

/* Whether Grafana sends mails shows only when it is asked to. */
static int end_planned(struct turn *turn, const struct grafana_org *org, bool link)
{
	turn->outcome.after.exists = FACT_YES;
	return turn_needs_action(turn, "'%s' is invited as %s to '%s'%s", person(turn),
				 role_name(turn->request->role), org->name,
				 link ? "; the link is in the vault" : "");
}

/* Without a mail somebody else has to hand out the link. That it can be sealed is seen
 * to before it is needed, where that can be known. */
static int make(struct turn *turn, const struct grafana_org *org,
		struct grafana_invites *pending, struct error *err)
{
	bool link = turn->request->delivery == DELIVERY_LINK || !has_address(turn);
	size_t kept;
	int rc;

	if (link && (rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	if ((rc = find(turn, org, pending, err)) != TURN_GO_ON)
		return rc;
	turn_set_before(turn,
			&(struct evidence){.exists = pending->count > 0 ? FACT_YES : FACT_NO});
	kept = find_newest(pending, turn->request->role);
	if (kept < pending->count && is_overdue(turn, &pending->items[kept]))
		kept = pending->count;
	if ((rc = revoke_all_but(turn, org, pending, kept, err)) != TURN_GO_ON)
		return rc;
	if (kept < pending->count)
		return end_waiting(turn, org, &pending->items[kept],
				   turn_was_begun(turn) || pending->count > 1, link, err);
	if (turn_skips(turn))
		return end_planned(turn, org, link);
	if ((rc = ask(turn, org, &link, err)) != TURN_GO_ON)
		return rc;
	return end_asked(turn, org, pending, link, err);
}

int invitation_make(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	struct grafana_invites pending = {0};
	bool there = false;
	int rc = add_account(turn, org, false, &there, err);

	if (rc == TURN_GO_ON) {
		target_person(turn);
		rc = make(turn, org, &pending, err);
	}
	grafana_invites_clear(&pending);
	return rc;
}

int invitation_revoke(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	struct grafana_invites pending = {0};
	int rc;

	target_person(turn);
	rc = find(turn, org, &pending, err);
	if (rc != TURN_GO_ON)
		goto out;
	turn_set_before(turn,
			&(struct evidence){.exists = pending.count > 0 ? FACT_YES : FACT_NO});
	turn->outcome.after.exists = FACT_NO;
	if (pending.count == 0) {
		rc = turn_as_asked(turn, "no invite for '%s' is pending in '%s'", person(turn),
				   org->name);
		goto out;
	}
	rc = revoke_all_but(turn, org, &pending, pending.count, err);
	if (rc == TURN_GO_ON)
		rc = turn_applied(turn, "%zu invites for '%s' in '%s' were revoked",
				  pending.count, person(turn), org->name);
out:
	grafana_invites_clear(&pending);
	return rc;
}
