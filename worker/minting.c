/* SPDX-License-Identifier: Apache-2.0 */
/*
 * minting.c - a new token, of which exactly one is left and the vault has the key.
 *
 * Called by op_token*.c and op_api_key.c. Grafana makes the secret and tells it once, so the order
 * is: note "mint" in the ledger, ask Grafana, seal what it told, note "sealed" with it. A
 * token whose key was lost in between (a crash, a lost answer) is of no use to
 * anybody: it is found by its name, deleted, and made anew. So the credential that is
 * published is always one that works.
 *
 * Whose is a token of that name?
 *  - Names made of the request's id are the request's.
 *  - An earlier attempt noted "mint" after seeing that there was none: it is that attempt's.
 *  - The ledger cannot know (Redis was emptied): it is taken as ours only if it was made
 *    after the request was written and was never used.
 *  - Otherwise it was there before.
 */
#include "worker/minting.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "codec/event_frame.h"
#include "worker/verdict.h"

enum { CLOCK_SKEW_MS = 60 * 1000, HASH_DIGITS = 16, MS_PER_S = 1000 };

static const char STEP_MINT[] = "mint";	    /* asked Grafana for it */
static const char STEP_SEALED[] = "sealed"; /* the sealed key is in force */

/* ---- what is asked ---- */

void minting_set_name(struct minting *minting, const struct request *request, const char *said)
{
	char id[EVENT_FRAME_ID_CAPACITY];

	minting->is_own_name = said == NULL;
	if (said != NULL) {
		text_copy(minting->name, sizeof(minting->name), said);
		return;
	}
	event_frame_id(request, "token", 0, id);
	text_format(minting->name, sizeof(minting->name), "grantd-%.*s", HASH_DIGITS, id);
}

int minting_set_life(struct turn *turn, struct minting *minting)
{
	const struct request *request = turn->request;
	const struct settings *settings = turn->settings;

	if (request->never_expires && settings->tokens.never_expiring == 0)
		return turn_refused(turn, REASON_TOKEN_LIFETIME,
				    "never_expires: not allowed by [tokens] never_expiring");
	if (request->ttl_s != NUMBER_NOT_SAID && request->ttl_s > settings->tokens.max_ttl_s)
		return turn_refused(turn, REASON_TOKEN_LIFETIME,
				    "ttl_s: %" PRId64 " is above [tokens] max_ttl_s, %" PRId64,
				    request->ttl_s, settings->tokens.max_ttl_s);
	if (request->never_expires)
		minting->ttl_s = 0;
	else
		minting->ttl_s = request->ttl_s != NUMBER_NOT_SAID ? request->ttl_s
								   : settings->tokens.ttl_s;
	return TURN_GO_ON;
}

/* ---- what Grafana says ---- */

static const char *thing(const struct grafana_token_place *place)
{
	return place->account_id != 0 ? "token" : "API key";
}

static enum reason reason_of(const struct answer *answer,
			     const struct grafana_token_place *place)
{
	if (answer->code == ANSWER_NOT_FOUND)
		return place->account_id != 0 ? REASON_SERVICE_ACCOUNT_NOT_FOUND
					      : REASON_TOKEN_NOT_FOUND;
	return answer->code == ANSWER_EXISTS ? REASON_TOKEN_EXISTS
					     : verdict_of_answer(answer->code);
}

int minting_refused(struct turn *turn, const struct grafana_token_place *place,
		    const struct answer *answer, const char *doing)
{
	if (answer->code == ANSWER_UNSUPPORTED && place->account_id == 0 && answer->status >= 300)
		return turn_refused(turn, REASON_GRAFANA_UNSUPPORTED,
				    "%s: this Grafana no longer has legacy API keys (gone since "
				    "11.3); ask for a service_account_token instead. Grafana said "
				    "%d: %s",
				    doing, answer->status, answer->message);
	return turn_refused_as(turn, reason_of(answer, place), answer, doing);
}

static int find_named(struct turn *turn, const struct minting *minting,
		      struct grafana_token *token, bool *found, struct error *err)
{
	const struct grafana_token_wish wish = {.name = minting->name};
	struct answer answer = {0};
	size_t count;

	*found = false;
	if (grafana_token_find(turn->grafana, &minting->place, &wish, token, &count, &answer,
			       err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	if (answer.code != ANSWER_OK)
		return minting_refused(turn, &minting->place, &answer, "look for the token");
	*found = true;
	return TURN_GO_ON;
}

/* ---- taking away ---- */

static int is_gone(struct turn *turn, const struct grafana_token_place *place, int64_t id,
		   const struct answer *written, struct error *err)
{
	const struct grafana_token_wish wish = {.id = id, .was_listed = true};
	struct grafana_token token;
	struct answer answer = {0};
	size_t count;

	if (grafana_token_find(turn->grafana, place, &wish, &token, &count, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	return turn_in_doubt(written, "delete the token", err);
}

int minting_remove(struct turn *turn, const struct grafana_token_place *place, int64_t id,
		   struct error *err)
{
	struct answer answer = {0};

	if (turn_skips(turn))
		return TURN_GO_ON;
	if (grafana_token_delete(turn->grafana, place, id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return is_gone(turn, place, id, &answer, err);
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return minting_refused(turn, place, &answer, "delete the token");
	return turn_wrote(turn, &answer);
}

int minting_delete(struct turn *turn, const struct grafana_token_place *place, int64_t id,
		   struct error *err)
{
	int rc = turn_skips(turn) ? TURN_GO_ON : turn_begin_step(turn, "delete", err);

	return rc == TURN_GO_ON ? minting_remove(turn, place, id, err) : rc;
}

/* ---- making ---- */

static bool is_ours(const struct turn *turn, const struct minting *minting,
		    const struct grafana_token *token)
{
	if (minting->is_own_name || turn_step_was(turn, STEP_MINT) ||
	    turn_step_was(turn, STEP_SEALED))
		return true;
	return turn->resumed && !turn_was_begun(turn) && !token->was_used &&
	       token->created_ms != 0 && turn->record_time_ms >= 0 &&
	       token->created_ms >= turn->record_time_ms - CLOCK_SKEW_MS;
}

static int refuse_existing(struct turn *turn, const struct minting *minting,
			   const struct grafana_token *token)
{
	turn_set_before(turn, &(struct evidence){.exists = FACT_YES});
	turn->outcome.after.exists = FACT_YES;
	return turn_refused(turn, REASON_TOKEN_EXISTS,
			    "there was a %s '%s' before (id %" PRId64 "), which was not changed",
			    thing(&minting->place), minting->name, token->id);
}

/* What the name stands for must make room, if it is a token whose key is lost. Its key may
 * even be published, if Redis was emptied: so the version is raised first, and noted. */
static int clear_name(struct turn *turn, const struct minting *minting,
		      const struct grafana_token *token, struct error *err)
{
	int rc;

	if (!is_ours(turn, minting, token))
		return refuse_existing(turn, minting, token);
	if (turn_skips(turn))
		return TURN_GO_ON;
	turn->outcome.credential_version++;
	if ((rc = turn_begin_step(turn, STEP_MINT, err)) != TURN_GO_ON)
		return rc;
	return minting_remove(turn, &minting->place, token->id, err);
}

/* The name is taken, though a look had shown that it is free. */
static int settle_taken(struct turn *turn, const struct minting *minting,
			const struct answer *written, struct error *err)
{
	struct grafana_token token;
	bool found = false;
	int rc = find_named(turn, minting, &token, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	/* An earlier attempt's call came late: the next attempt starts over. */
	if (found && (minting->is_own_name || turn_step_was(turn, STEP_MINT)))
		return turn_in_doubt(written, "make the token", err);
	if (found)
		return refuse_existing(turn, minting, &token);
	return turn_refused(turn, REASON_TOKEN_EXISTS,
			    "'%s' is taken by a token or key elsewhere in the org; choose another "
			    "name, or leave it to grantd", minting->name);
}

/* Asks Grafana, and keeps what it told before anything else is done. */
static int mint(struct turn *turn, const struct minting *minting, struct error *err)
{
	const struct grafana_new_token wanted = {minting->name, minting->role, minting->ttl_s};
	struct secret key = {0};
	struct answer answer = {0};
	int64_t id = 0;
	int rc = turn_begin_step(turn, STEP_MINT, err);

	if (rc != TURN_GO_ON)
		return rc;
	rc = TURN_FAILED;
	if (grafana_token_create(turn->grafana, &minting->place, &wanted, &key, &id, &answer,
				 err) < 0)
		goto out;
	if (answer.code == ANSWER_EXISTS)
		rc = settle_taken(turn, minting, &answer, err);
	else if (answer.code == ANSWER_DOUBT)
		rc = turn_in_doubt(&answer, "make the token", err);
	else if (answer.code != ANSWER_OK)
		rc = minting_refused(turn, &minting->place, &answer, "make the token");
	else
		rc = turn_take_secret(turn, minting->kind, &key, 0, err);
	if (rc != TURN_GO_ON)
		goto out;
	turn_wrote(turn, &answer);
	turn->outcome.target.token_id = id;
	rc = turn_begin_step(turn, STEP_SEALED, err);
out:
	secret_clear(&key);
	return rc;
}

static bool is_sealed(const struct turn *turn, const struct minting *minting,
		      const struct grafana_token *token)
{
	return turn_has_secret(turn) && turn->secret_kind == minting->kind &&
	       token->id == turn->outcome.target.token_id;
}

/* The end of its life is Grafana's to say. */
static int read_back(struct turn *turn, const struct minting *minting,
		     struct grafana_token *token, struct error *err)
{
	bool found = false;
	int rc = find_named(turn, minting, token, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (found && token->id == turn->outcome.target.token_id)
		return TURN_GO_ON;
	error_set(err, ERROR_RETRY, "minting", 0, "the new token '%s' is gone again",
		  minting->name);
	return TURN_FAILED;
}

const char *minting_token_name(const struct grafana_token *token)
{
	return token->name[0] != '\0' ? token->name : "(named after the request)";
}

void minting_plan_end(struct turn *turn, int64_t ttl_s)
{
	if (ttl_s != 0)
		turn->outcome.expires_ms = clock_wall_ms(turn->clock) + ttl_s * MS_PER_S;
}

/* No secret is made. */
static int mint_planned(struct turn *turn, const struct minting *minting,
			struct grafana_token *token)
{
	char *target = turn->outcome.target.token_name;

	/* A name of ours would be made of another id, that of the real request. */
	if (minting->is_own_name)
		target[0] = '\0';
	*token = (struct grafana_token){.role = minting->role};
	text_copy(token->name, sizeof(token->name), target);
	minting_plan_end(turn, minting->ttl_s);
	return TURN_GO_ON;
}

int minting_ensure(struct turn *turn, const struct minting *minting,
		   struct grafana_token *token, struct error *err)
{
	bool found = false;
	int rc;

	if ((rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	text_copy(turn->outcome.target.token_name, sizeof(turn->outcome.target.token_name),
		  minting->name);
	if ((rc = find_named(turn, minting, token, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found || !is_sealed(turn, minting, token)) {
		if (found && (rc = clear_name(turn, minting, token, err)) != TURN_GO_ON)
			return rc;
		if (turn_skips(turn))
			return mint_planned(turn, minting, token);
		if ((rc = mint(turn, minting, err)) != TURN_GO_ON)
			return rc;
		if ((rc = read_back(turn, minting, token, err)) != TURN_GO_ON)
			return rc;
	}
	turn->secret_expires_ms = turn->outcome.expires_ms = token->expires_ms;
	return TURN_GO_ON;
}
