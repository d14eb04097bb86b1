/* SPDX-License-Identifier: Apache-2.0 */
/*
 * new_account.c - making an account whose password nobody but the vault gets to
 * know, so that the password is never lost.
 *
 * Called by op_account_create.c, op_org_role.c and op_account_password.c. The order
 * is everything: generate, seal, note the sealed secret in the ledger, only then
 * ask Grafana. The plaintext lives in one locked buffer for one call. Whenever it
 * is not sure that Grafana took exactly that password, a new one is set and the
 * credential's version raised; the doubtful one is never published.
 *
 * Whose account is it, when one is there that this attempt did not make?
 *  - An earlier attempt noted the step "create" after seeing that there was none:
 *    it is that attempt's.
 *  - The ledger cannot know (Redis was emptied): it is taken as ours only if it
 *    was created after the request was written and nobody has ever logged in.
 *  - Otherwise it was there before.
 */
#include "worker/new_account.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "grafana/accounts.h"

/* Clocks of broker and Grafana differ; an account made this much before its
 * request may still be the request's. */
enum { CLOCK_SKEW_MS = 60 * 1000 };

static const char STEP_CREATE[] = "create";   /* asked Grafana to create */
static const char STEP_RESET[] = "reset";     /* asked Grafana for a new password */
static const char STEP_SECRET[] = "secret";   /* the sealed password is in force */

static bool step_is(const struct turn *turn, const char *step)
{
	return turn->step != NULL && strcmp(turn->step, step) == 0;
}

bool new_account_is_due(const struct turn *turn, bool found)
{
	const struct request *request = turn->request;

	if (request->if_no_account != IF_NO_ACCOUNT_CREATE || turn_has_one_org(turn))
		return false;
	/* Found now: only of interest if an attempt of ours may have made it. */
	return !found || turn->resumed;
}

/* ---- a new password ---- */

static int end_sessions(struct turn *turn, const struct grafana_user *user, struct error *err)
{
	struct answer answer = {0};

	if (grafana_account_logout(turn->grafana, user->id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return turn_in_doubt(&answer, "end the sessions", err);
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "end the sessions");
	return TURN_GO_ON;
}

static int set_new_password(struct turn *turn, const struct grafana_user *user,
			    struct error *err)
{
	struct secret password = {0};
	struct answer answer = {0};
	int rc;

	if ((rc = turn_new_secret(turn, &password, err)) != TURN_GO_ON)
		goto out;
	if ((rc = turn_begin_step(turn, STEP_RESET, err)) != TURN_GO_ON)
		goto out;
	rc = TURN_FAILED;
	if (grafana_account_set_password(turn->grafana, user->id, &password, &answer, err) < 0)
		goto out;
	if (answer.code == ANSWER_DOUBT)
		rc = turn_in_doubt(&answer, "set the password", err);
	else if (answer.code != ANSWER_OK && answer.code != ANSWER_SESSIONS_REMAIN)
		rc = turn_refused_by(turn, &answer, "set the password");
	else
		rc = turn_wrote(turn, &answer);
out:
	secret_clear(&password);
	if (rc == TURN_GO_ON)
		turn_secret_is_set(turn);
	return rc;
}

int new_account_reset(struct turn *turn, const struct grafana_user *user, struct error *err)
{
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	if (!turn_has_secret(turn)) {
		if ((rc = set_new_password(turn, user, err)) != TURN_GO_ON)
			return rc;
		/* From here on a later attempt need not set it once more. */
		if ((rc = turn_begin_step(turn, STEP_SECRET, err)) != TURN_GO_ON)
			return rc;
	}
	/* Grafana up to 10 keeps sessions alive when a password is reset. */
	return end_sessions(turn, user, err);
}

/* ---- a new account ---- */

static bool is_exactly(const struct request_user *named, const struct grafana_user *user)
{
	return (named->login == NULL || text_equal_nocase(named->login, user->login)) &&
	       (named->email == NULL || text_equal_nocase(named->email, user->email));
}

/* Redis was emptied, so the ledger cannot say who made the account: evidence does. */
static int looks_ours(struct turn *turn, const struct grafana_user *user, bool *ours,
		      struct error *err)
{
	struct grafana_user detail;
	struct answer answer = {0};
	bool seen = true;

	*ours = false;
	if (!turn->resumed || turn->step != NULL)
		return TURN_GO_ON;
	if (grafana_user_get(turn->grafana, user->id, &detail, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK || !is_exactly(&turn->request->user, &detail) ||
	    detail.created_ms == 0 || turn->record_time_ms < 0 ||
	    detail.created_ms < turn->record_time_ms - CLOCK_SKEW_MS)
		return TURN_GO_ON;
	if (grafana_user_ever_seen(turn->grafana, &detail, &seen, &answer, err) < 0)
		return TURN_FAILED;
	*ours = answer.code == ANSWER_OK && !seen;
	return TURN_GO_ON;
}

static int make_ours(struct turn *turn, const struct grafana_user *user, struct error *err)
{
	int rc;

	turn_target_user(turn, user);
	turn->outcome.before.account = FACT_NO;
	if (turn_has_secret(turn))
		return TURN_GO_ON;
	if ((rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	return new_account_reset(turn, user, err);
}

static int refuse_existing(struct turn *turn, const struct grafana_user *user)
{
	struct evidence before = {0};

	turn_target_user(turn, user);
	turn_evidence_of_user(user, &before);
	turn_set_before(turn, &before);
	turn->outcome.after = turn->outcome.before;
	return turn_refused(turn, REASON_ACCOUNT_EXISTS,
			    "the account '%s' was there before and was not changed", user->login);
}

static int settle_others(struct turn *turn, const struct grafana_user *user)
{
	if (turn->request->if_no_account != IF_NO_ACCOUNT_CREATE)
		return refuse_existing(turn, user);
	/* A grant: the account being there is all that is asked. */
	turn_target_user(turn, user);
	return turn_protect_self(turn, user);
}

static int settle_existing(struct turn *turn, const struct grafana_user *user,
			   struct error *err)
{
	bool ours = step_is(turn, STEP_CREATE) || turn_has_secret(turn) ||
		    (step_is(turn, STEP_RESET) && turn->outcome.before.account == FACT_NO);
	int rc = ours ? TURN_GO_ON : looks_ours(turn, user, &ours, err);

	if (rc != TURN_GO_ON)
		return rc;
	return ours ? make_ours(turn, user, err) : settle_others(turn, user);
}

/* Grafana 10 and later store both in lower case; earlier ones compare case-sensitively. */
static void lower_copy(char *out, size_t capacity, const char *said, const char *otherwise)
{
	text_copy(out, capacity, said != NULL ? said : otherwise);
	text_lower(out);
}

static int ask_for_account(struct turn *turn, int64_t org_id, struct grafana_user *user,
			   struct answer *answer, struct error *err)
{
	const struct request_user *named = &turn->request->user;
	struct secret password = {0};
	struct grafana_new_account account = {.org_id = org_id, .password = &password};
	int rc;

	memset(user, 0, sizeof(*user));
	lower_copy(user->login, sizeof(user->login), named->login, named->email);
	lower_copy(user->email, sizeof(user->email), named->email, named->login);
	text_copy(user->name, sizeof(user->name), named->name != NULL ? named->name : "");
	if (turn_skips(turn))
		return TURN_GO_ON;
	account.login = user->login;
	account.email = user->email;
	account.name = user->name;
	if ((rc = turn_new_secret(turn, &password, err)) != TURN_GO_ON)
		goto out;
	if ((rc = turn_begin_step(turn, STEP_CREATE, err)) != TURN_GO_ON)
		goto out;
	if (grafana_account_create(turn->grafana, &account, &user->id, answer, err) < 0)
		rc = TURN_FAILED;
out:
	secret_clear(&password);
	return rc;
}

/* The creating call left it open, or said that somebody was faster: look. */
static int look_after_create(struct turn *turn, const struct answer *answer,
			     struct grafana_user *user, struct error *err)
{
	bool found = false;
	int rc = turn_look_for_user(turn, &turn->request->user, user, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found && answer->code == ANSWER_DOUBT)
		return turn_in_doubt(answer, "create the account", err);
	/* Login or e-mail is taken by an account that is not the one named. */
	if (!found)
		return turn_refused_by(turn, answer, "create the account");
	/* Ours if this attempt's call was in doubt, or an earlier attempt's call came late. */
	if (answer->code == ANSWER_DOUBT || step_is(turn, STEP_CREATE))
		return make_ours(turn, user, err);
	/* Or a later attempt would take it for its own. */
	rc = turn_take_back_steps(turn, err);
	return rc == TURN_GO_ON ? settle_others(turn, user) : rc;
}

/* Grafana keeps logins apart, and e-mails, but lets a login be somebody's e-mail; and up to
 * 7.5 it would then take that e-mail for the new account. */
static int refuse_shadow(struct turn *turn, const struct grafana_user *other)
{
	return turn_refused(turn, REASON_ACCOUNT_CONFLICT,
			    "the account with the login '%s' and the e-mail '%s' has one of these "
			    "names as the other of its two; choose another", other->login,
			    other->email);
}

int new_account_ensure(struct turn *turn, int64_t org_id, struct grafana_user *user,
		       bool found, struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (found)
		return settle_existing(turn, user, err);
	if ((rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	if (user->id != 0)
		return refuse_shadow(turn, user);
	turn_set_before(turn, &(struct evidence){.account = FACT_NO});
	if ((rc = ask_for_account(turn, org_id, user, &answer, err)) != TURN_GO_ON)
		return rc;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_EXISTS)
		return look_after_create(turn, &answer, user, err);
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "create the account");
	turn_target_user(turn, user);
	if (turn->skipped)
		return TURN_GO_ON;
	turn_secret_is_set(turn);
	return turn_wrote(turn, &answer);
}
