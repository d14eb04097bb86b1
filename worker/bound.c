/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound.c - giving for a while, and taking back what was given.
 *
 * Called by op_org_role.c, op_team_member.c and op_server_admin.c, and by what gives a role
 * for good as well (op_account_create.c, invitation.c). Which grants are alive
 * is kept in the ledger under the subject: what it is about and the person's id, so that
 * it does not matter by which name or key a request came. A request has the subject to
 * itself until it is completed, and the change of the grants, the outcome and the
 * request that is due at the end are one write. What is given for good, or taken away,
 * ends all grants that are bound in time; so does a change by hand, once it is noticed.
 *
 * Limits: a change by hand to what the grants give anyhow cannot be noticed.
 */
#include "worker/bound.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "worker/fuse.h"
#include "worker/bound_kind.h"

enum { MS_PER_S = 1000 };

/* ---- what can be bound ---- */

static const struct bound_kind *kind_of(const struct turn *turn)
{
	return bound_kind_of(turn->request->action);
}

static const char *word(const struct turn *turn, int level)
{
	return bound_kind_word(kind_of(turn), level);
}

static int held_before(const struct turn *turn)
{
	return kind_of(turn)->level(&turn->outcome.before);
}

static bool is_bound(const struct turn *turn)
{
	return turn->request->duration_s != NUMBER_NOT_SAID || turn->request->expires_ms != 0;
}

bool bound_is_end(const struct turn *turn)
{
	return turn->request->grant.id != NULL;
}

/* ---- until when ---- */

static int64_t expires_ms(const struct turn *turn)
{
	const struct request *request = turn->request;

	return request->expires_ms != 0 ? request->expires_ms
					: request->time_ms + request->duration_s * MS_PER_S;
}

int bound_check(struct turn *turn)
{
	char text[TEXT_TIME_CAPACITY];

	/* What was begun is brought to its end, and then ends by itself. */
	if (!is_bound(turn) || turn_was_begun(turn) ||
	    expires_ms(turn) > clock_wall_ms(turn->clock))
		return TURN_GO_ON;
	text_from_time_ms(expires_ms(turn), text);
	return turn_refused(turn, REASON_GRANT_OVER,
			    "it was asked until %s, which has passed; nothing was given", text);
}

const char *bound_until(const struct turn *turn, char out[BOUND_UNTIL_CAPACITY])
{
	char text[TEXT_TIME_CAPACITY];

	out[0] = '\0';
	if (!is_bound(turn))
		return out;
	text_from_time_ms(expires_ms(turn), text);
	text_format(out, BOUND_UNTIL_CAPACITY, " until %s", text);
	return out;
}

/* ---- the subject ---- */

static void name_subject(struct turn *turn)
{
	bound_kind_subject(kind_of(turn), turn->request->instance, &turn->outcome.target,
			   turn->subject);
}

static int take_grants(struct turn *turn, const struct ledger_grants *kept, struct error *err)
{
	turn->has_subject = true;
	turn->grants_epoch_ms = kept->epoch_ms;
	turn->before_is_old = !kept->was_ours && (turn_was_begun(turn) || turn->has_begun);
	turn->grants = (struct grants){0};
	if (kept->length == 0 ||
	    grants_read(&turn->grants, (struct slice){kept->bytes, kept->length}))
		return TURN_GO_ON;
	error_set(err, ERROR_RETRY, "bound", 0,
		  "the time-bound grants in the ledger are not understood; is it another version's?");
	return TURN_FAILED;
}

static int begin_step(struct turn *turn, const char *step, struct slice intent,
		      enum ledger_taking taking, struct error *err)
{
	struct ledger_step note = {.name = step, .intent = intent, .taking = taking};
	int rc = TURN_GO_ON;

	if (turn->subject[0] != '\0')
		note.subject = turn->subject;
	fuse_ask(turn, &note);
	if (turn->begin_step(turn->context, &note, err) < 0)
		return TURN_FAILED;
	if (note.answer != LEDGER_HELD)
		return fuse_answer(turn, &note);
	turn->has_begun = turn->has_begun || step[0] != '\0';
	if (note.subject != NULL && taking != TAKE_KEPT)
		rc = take_grants(turn, &note.grants, err);
	free(note.grants.bytes);
	return rc;
}

/* A worker that was paused may have lost it meanwhile. */
int bound_begin_step(struct turn *turn, const char *step, struct slice intent,
		     struct error *err)
{
	return begin_step(turn, step, intent, turn->has_subject ? TAKE_KEPT : TAKE_LATE, err);
}

static int hold(struct turn *turn, enum ledger_taking taking, struct error *err)
{
	/* A plan for an account that is not made. */
	if (turn->has_subject || (turn->skipped && turn->outcome.target.user_id == 0))
		return TURN_GO_ON;
	name_subject(turn);
	return begin_step(turn, "", (struct slice){"", 0}, taking, err);
}

int bound_take(struct turn *turn, struct error *err)
{
	if (turn->outcome.target.user_id == 0) /* not seen yet: see bound_settle() */
		return TURN_GO_ON;
	if (is_bound(turn) || bound_is_end(turn))
		return hold(turn, TAKE_FIRST, err);
	name_subject(turn);
	return TURN_GO_ON;
}

int bound_take_alone(struct turn *turn, const char *name, struct error *err)
{
	if (turn->has_subject)
		return TURN_GO_ON;
	text_format(turn->subject, sizeof(turn->subject), "%s:%s", turn->request->instance, name);
	return begin_step(turn, "", (struct slice){"", 0}, TAKE_FIRST, err);
}

/* ---- giving ---- */

static void own_key(const struct turn *turn, char out[GRANT_KEY_CAPACITY])
{
	grants_key(turn->request->source, turn->request->id, out);
}

/* A token's only way out of an org may delete the account. */
static bool has_no_way_back(const struct turn *turn)
{
	return strcmp(kind_of(turn)->name, "org") == 0 && turn_has_one_org(turn) &&
	       turn->grants.base == 0 && !turn->request->allow_account_removal;
}

static bool add(struct turn *turn, int asked)
{
	struct grant grant = {.level = asked, .expires_ms = expires_ms(turn)};

	own_key(turn, grant.key);
	if (grants_find(&turn->grants, grant.key) != NULL)
		return true;
	if (turn->before_is_old && turn->grants.count > 0)
		grants_lower_base(&turn->grants, held_before(turn));
	else
		grants_observe(&turn->grants, held_before(turn));
	return grants_add(&turn->grants, held_before(turn), &grant);
}

int bound_decide(struct turn *turn, int asked, int *wanted)
{
	*wanted = asked;
	turn->in_doubt = false; /* what is held was read */
	if (!is_bound(turn))
		return TURN_GO_ON;
	if (!add(turn, asked))
		return turn_refused(turn, REASON_GRANT_TOO_MANY,
				    "%d time-bound grants of this to '%s' are alive; let some end "
				    "first", LIMIT_GRANTS, turn_who(turn));
	if (has_no_way_back(turn))
		return turn_refused(turn, REASON_ACCOUNT_MAY_GO,
				    "when this ends, '%s' leaves the org, and if that is the "
				    "account's last, Grafana deletes it with the membership, which a "
				    "token cannot see beforehand; say allow_account_removal, or give "
				    "a role for good first", turn_who(turn));
	*wanted = grants_level(&turn->grants);
	return TURN_GO_ON;
}

/* For people to read, and because a request must name somebody. An attempt that asked
 * nothing of Grafana knows only what was said. */
static void name_person(struct request *later, const struct outcome_target *target,
			const struct request_user *said)
{
	const char *known = target->login[0] != '\0' ? target->login : target->email;

	if (known[0] == '\0' && said->login == NULL)
		later->user.email = mem_strdup(said->email);
	else
		later->user.login = mem_strdup(known[0] != '\0' ? known : said->login);
}

/* Ids where there are ids: names may change until then. */
static void ask_for_end(struct turn *turn, int asked)
{
	const struct outcome_target *target = &turn->outcome.target;
	const struct request *request = turn->request;
	const struct bound_kind *kind = kind_of(turn);
	struct request *later = turn_follow_up(turn, "expiry", kind->takes, expires_ms(turn));

	later->org.id = target->org_id;
	later->team.id = target->team_id;
	name_person(later, target, &request->user);
	if (kind->most == ROLE_ADMIN) {
		later->role = (enum role)asked;
		later->to_role = (enum role)turn->grants.base;
	}
	later->allow_account_removal = request->allow_account_removal;
	later->grant = (struct request_grant){.id = mem_strdup(request->id),
					      .source = mem_strdup(request->source),
					      .user_id = target->user_id,
					      .at_ms = turn->started_ms};
}

static int asked_level(const struct turn *turn)
{
	return kind_of(turn)->most == ROLE_ADMIN ? (int)turn->request->role : 1;
}

static int settle_given(struct turn *turn, struct error *err)
{
	int rc = hold(turn, TAKE_LATE, err);

	if (rc != TURN_GO_ON)
		return rc;
	/* bound_decide() has made sure of it; of who was not seen then, nothing is alive. */
	if (!add(turn, asked_level(turn))) {
		error_set(err, ERROR_RETRY, "bound", 0, "too many time-bound grants are alive");
		return TURN_FAILED;
	}
	turn->grants_changed = true;
	turn->outcome.expires_ms = expires_ms(turn);
	kind_of(turn)->put(turn->grants.base, &turn->outcome.reverts_to);
	ask_for_end(turn, asked_level(turn));
	return TURN_GO_ON;
}

/* ---- taking back ---- */

static int end_without(struct turn *turn, const char *why)
{
	return turn_as_asked(turn, "nothing was taken back from '%s': %s", turn_who(turn), why);
}

/* Of what is gone Grafana tells no ids; the request does. */
static void target_said(struct turn *turn)
{
	struct outcome_target *target = &turn->outcome.target;
	const struct request *request = turn->request;

	if (target->org_id == 0)
		target->org_id = request->org.id;
	if (target->team_id == 0)
		target->team_id = request->team.id;
	if (target->user_id == 0)
		target->user_id = request->grant.user_id;
}

int bound_end_gone(struct turn *turn, const char *what, struct error *err)
{
	char why[LIMIT_ORG_NAME_BYTES], key[GRANT_KEY_CAPACITY];
	int rc;

	target_said(turn);
	/* Or it would be kept for ever. */
	if (turn->outcome.target.user_id != 0 && (rc = hold(turn, TAKE_FIRST, err)) != TURN_GO_ON)
		return rc;
	grants_key(turn->request->grant.source, turn->request->grant.id, key);
	turn->grants_changed = grants_end(&turn->grants, key);
	if (turn->grants.count == 0)
		grants_end_all(&turn->grants);
	text_format(why, sizeof(why), "%s is gone", what);
	return end_without(turn, why);
}

int bound_find_user(struct turn *turn, struct grafana_user *user, struct error *err)
{
	int64_t id = turn->request->grant.user_id;
	bool found = false;
	int rc;

	if (!bound_is_end(turn) || id == 0)
		return turn_find_account(turn, user, err);
	rc = turn_find_by_id(turn, id, user, &found, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (!found)
		return bound_end_gone(turn, turn_has_one_org(turn) ? "the membership"
								   : "the account", err);
	turn_target_user(turn, user);
	return turn_protect_self(turn, user);
}

/* Was this grant written down in a ledger that has been emptied since? Both times are of
 * the ledger's clock, and the first claim of an epoch makes it. */
static bool is_lost(const struct turn *turn)
{
	int64_t at_ms = turn->request->grant.at_ms;

	return at_ms != 0 && at_ms < turn->grants_epoch_ms;
}

int bound_end(struct turn *turn, int *wanted, struct error *err)
{
	int now = kind_of(turn)->level(&turn->outcome.after), given = turn->grants.given;
	int held = turn->before_is_old ? now : held_before(turn);
	char key[GRANT_KEY_CAPACITY], why[256];

	grants_key(turn->request->grant.source, turn->request->grant.id, key);
	if (grants_find(&turn->grants, key) == NULL && is_lost(turn)) {
		error_set(err, ERROR_RETRY, "bound", 0,
			  "the ledger was emptied after this was given: what else was given and "
			  "taken since has to be read from the outcomes first (grantctl due "
			  "restore)");
		return TURN_FAILED;
	}
	if (grants_find(&turn->grants, key) == NULL)
		return end_without(turn, "the grant is not alive any more; it was revoked, replaced "
					 "by one for good, or changed by hand");
	turn->grants_changed = true;
	if (!grants_observe(&turn->grants, held)) {
		grants_end(&turn->grants, key);
		*wanted = grants_level(&turn->grants);
		/* What an earlier attempt was about to write came about, or did not. */
		if (now == held || now == *wanted)
			return TURN_GO_ON;
		grants_end_all(&turn->grants);
	}
	text_format(why, sizeof(why),
		    "held now is '%s', not the '%s' that was given, so somebody else changed it",
		    word(turn, now), word(turn, given));
	return end_without(turn, why);
}

static void settle_ended(struct turn *turn)
{
	turn->grants.given = grants_level(&turn->grants);
	if (turn->grants.count == 0)
		grants_end_all(&turn->grants);
}

/* ---- settling ---- */

static int settle_for_good(struct turn *turn, struct error *err)
{
	int rc = turn->outcome.target.user_id == 0 ? TURN_GO_ON
							 : hold(turn, TAKE_LATE, err);

	if (rc != TURN_GO_ON || turn->grants.count == 0)
		return rc;
	grants_end_all(&turn->grants);
	turn->grants_changed = true;
	return TURN_GO_ON;
}

int bound_settle(struct turn *turn, struct error *err)
{
	if (is_bound(turn))
		return settle_given(turn, err);
	if (!bound_is_end(turn))
		return settle_for_good(turn, err);
	settle_ended(turn);
	return TURN_GO_ON;
}

int bound_give_up(struct turn *turn, struct error *err)
{
	if (kind_of(turn) == NULL || !is_bound(turn) || turn->outcome.target.user_id == 0 ||
	    !(turn_was_begun(turn) || turn->has_begun))
		return 0;
	return bound_settle(turn, err) == TURN_GO_ON ? 0 : -1;
}

/* With these nothing is left that could have been given. */
static bool is_gone(enum reason reason)
{
	return reason == REASON_ORG_NOT_FOUND || reason == REASON_TEAM_NOT_FOUND ||
	       reason == REASON_ACCOUNT_NOT_FOUND;
}

int bound_refused(struct turn *turn, struct error *err)
{
	struct outcome *outcome = &turn->outcome;
	char why[sizeof(outcome->message)];

	if (outcome->result != RESULT_REFUSED || !turn->in_doubt || is_gone(outcome->reason))
		return 0;
	if (bound_give_up(turn, err) < 0)
		return -1;
	if (turn->follow_up.kind == NULL)
		return 0;
	text_copy(why, sizeof(why), outcome->message);
	outcome->result = RESULT_FAILED;
	text_format(outcome->message, sizeof(outcome->message),
		    "an earlier attempt may have given it, which cannot be seen now; if so, it "
		    "ends in time. %s", why);
	return 0;
}

void bound_store(const struct turn *turn, int64_t horizon_s, struct job *job)
{
	if (!turn->has_subject)
		return;
	job->subject = mem_strdup(turn->subject);
	if (!turn->grants_changed)
		return;
	grants_write(&turn->grants, &job->stored_grants);
	job->grants_until_ms =
		turn->grants.count > 0 ? 0 : turn->grants.until_ms + horizon_s * MS_PER_S;
}
