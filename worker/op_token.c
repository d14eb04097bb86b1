/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_token.c - service_account_token.create, .rotate and .delete.
 *
 * A rotation makes a new token first, by a name that is made of the request's id, and
 * takes the old one away last: at once when no overlap is asked for, else by a request
 * that comes due, which names it by id and name. Which token is the old one is settled
 * before the first write and noted, so nothing else is ever deleted.
 *
 * Limit: which token grantd itself uses, if it uses one, Grafana does not tell; its
 * service account as a whole is protected, where Grafana or the settings tell that.
 */
#include "worker/operations.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "worker/minting.h"
#include "worker/service_account.h"

enum { MS_PER_S = 1000 };

/* Where the tokens of the request are: the org and the service account, which must be there. */
static int find_place(struct turn *turn, struct grafana_org *org,
		      struct grafana_service_account *account,
		      struct grafana_token_place *place, struct error *err)
{
	int rc = turn_find_org(turn, GRAFANA_CACHED, org, err);

	if (rc != TURN_GO_ON)
		return rc;
	rc = service_account_find_existing(turn, org, account, err);
	*place = (struct grafana_token_place){.org_id = org->id, .account_id = account->id};
	return rc;
}

static void target_token(struct turn *turn, const struct grafana_token *token)
{
	struct outcome_target *target = &turn->outcome.target;

	target->token_id = token->id;
	text_copy(target->token_name, sizeof(target->token_name), token->name);
}

static void note_token(struct evidence *evidence, const struct grafana_token *token)
{
	evidence->exists = FACT_YES;
	text_copy(evidence->name, sizeof(evidence->name), token->name);
}

/* ---- create ---- */

static int run_create(struct turn *turn, struct error *err)
{
	struct minting minting = {.kind = CREDENTIAL_TOKEN};
	struct grafana_service_account account;
	struct grafana_token token;
	struct grafana_org org;
	int rc;

	if ((rc = find_place(turn, &org, &account, &minting.place, err)) != TURN_GO_ON)
		return rc;
	if ((rc = minting_set_life(turn, &minting)) != TURN_GO_ON)
		return rc;
	minting_set_name(&minting, turn->request, turn->request->token.name);
	turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
	if ((rc = minting_ensure(turn, &minting, &token, err)) != TURN_GO_ON)
		return rc;
	note_token(&turn->outcome.after, &token);
	return turn_applied(turn, "'%s' has a new token '%s'", account.name,
			    minting_token_name(&token));
}

static int validate_create(const struct request *request, struct error *err)
{
	if (request->token.id == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0, "data.token.id: a new token has none yet");
	return -1;
}

const struct operation operation_service_account_token_create = {
	.action = "service_account_token.create",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.validate = validate_create,
	.run = run_create,
};

/* ---- rotate ---- */

static int refuse_old(struct turn *turn, const struct grafana_service_account *account,
		      size_t count)
{
	const struct request_named *named = &turn->request->token;

	if (count > 1)
		return turn_refused(turn, REASON_TOKEN_AMBIGUOUS,
				    "'%s' has %zu tokens; say which by id or name", account->name,
				    count);
	if (named->name != NULL)
		return turn_refused(turn, REASON_TOKEN_NOT_FOUND, "'%s' has no token '%s'",
				    account->name, named->name);
	if (named->id != 0)
		return turn_refused(turn, REASON_TOKEN_NOT_FOUND,
				    "'%s' has no token with id %" PRId64, account->name, named->id);
	return turn_refused(turn, REASON_TOKEN_NOT_FOUND, "'%s' has no token to rotate",
			    account->name);
}

static bool fits_name(const struct turn *turn, const struct grafana_token *token)
{
	const char *name = turn->request->token.name;

	return name == NULL || strcmp(name, token->name) == 0;
}

/* Redis was emptied, and the old token is not there: if the new one is, it was replaced. */
static int find_own(struct turn *turn, const struct grafana_service_account *account,
		    const struct minting *minting, size_t others, struct error *err)
{
	const struct grafana_token_wish wish = {.name = minting->name};
	struct grafana_token token;
	struct answer answer = {0};
	size_t count;

	if (grafana_token_find(turn->grafana, &minting->place, &wish, &token, &count, &answer,
			       err) < 0)
		return TURN_FAILED;
	return answer.code == ANSWER_OK ? TURN_GO_ON : refuse_old(turn, account, others);
}

/* The token that is replaced: what the request names, or the only one. After an earlier
 * attempt it is the one that was noted, and may be gone. */
static int find_old(struct turn *turn, const struct grafana_service_account *account,
		    const struct minting *minting, bool *found, struct error *err)
{
	const struct request_named *named = &turn->request->token;
	const struct grafana_token_wish wish = {
		.id = turn->old_token_id != 0 ? turn->old_token_id : named->id,
		.name = named->name,
		.but_name = minting->name,
	};
	struct evidence before = {0};
	struct grafana_token token;
	struct answer answer = {0};
	size_t count;

	if (grafana_token_find(turn->grafana, &minting->place, &wish, &token, &count, &answer,
			       err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return minting_refused(turn, &minting->place, &answer, "look for the old token");
	*found = count == 1 && (turn->old_token_id != 0 || fits_name(turn, &token));
	if (turn->old_token_id != 0)
		return TURN_GO_ON;
	if (!*found && !turn->resumed)
		return refuse_old(turn, account, count);
	if (!*found)
		return find_own(turn, account, minting, count, err);
	note_token(&before, &token);
	turn_set_before(turn, &before);
	turn->old_token_id = token.id;
	return TURN_GO_ON;
}

static int64_t overlap_s(const struct turn *turn)
{
	return turn->request->overlap_s != NUMBER_NOT_SAID ? turn->request->overlap_s
							   : turn->settings->tokens.overlap_s;
}

/* The new one is there: what becomes of the old one. */
static int end_old(struct turn *turn, const struct grafana_token_place *place,
		   const struct grafana_service_account *account,
		   const struct grafana_token *token, struct error *err)
{
	const char *old_name = turn->outcome.before.name;
	int64_t wait_s = overlap_s(turn);
	struct request *later;
	int rc;

	if (wait_s > 0) {
		later = turn_follow_up(turn, "overlap", "service_account_token.delete",
				       clock_wall_ms(turn->clock) + wait_s * MS_PER_S);
		later->org.id = place->org_id;
		later->service_account.id = place->account_id;
		later->token.id = turn->old_token_id;
		later->token.name = mem_strdup(old_name);
		return turn_applied(turn,
				    "'%s' has a new token '%s'; '%s' will be deleted in %" PRId64
				    " s",
				    account->name, minting_token_name(token), old_name, wait_s);
	}
	if ((rc = minting_remove(turn, place, turn->old_token_id, err)) != TURN_GO_ON)
		return rc;
	return turn_applied(turn, "'%s' has a new token '%s'; '%s' was deleted", account->name,
			    minting_token_name(token), old_name);
}

static int run_rotate(struct turn *turn, struct error *err)
{
	struct minting minting = {.kind = CREDENTIAL_TOKEN};
	struct grafana_service_account account;
	struct grafana_token token;
	struct grafana_org org;
	bool found = false;
	int rc;

	if ((rc = find_place(turn, &org, &account, &minting.place, err)) != TURN_GO_ON)
		return rc;
	if ((rc = minting_set_life(turn, &minting)) != TURN_GO_ON)
		return rc;
	minting_set_name(&minting, turn->request, NULL);
	if ((rc = find_old(turn, &account, &minting, &found, err)) != TURN_GO_ON)
		return rc;
	if ((rc = minting_ensure(turn, &minting, &token, err)) != TURN_GO_ON)
		return rc;
	note_token(&turn->outcome.after, &token);
	if (!found)
		return turn_applied(turn, "'%s' has a new token '%s'; the old one is gone",
				    account.name, minting_token_name(&token));
	return end_old(turn, &minting.place, &account, &token, err);
}

const struct operation operation_service_account_token_rotate = {
	.action = "service_account_token.rotate",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT,
	.run = run_rotate,
};

/* ---- delete ---- */

static int end_without(struct turn *turn, const struct grafana_org *org)
{
	turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	return turn_as_asked(turn, "there is no such token in '%s'", org->name);
}

/* An id that belongs to another name is a mistake: that account is there. */
static bool is_without_account(const struct turn *turn)
{
	return turn->outcome.reason == REASON_SERVICE_ACCOUNT_NOT_FOUND &&
	       (turn_was_begun(turn) || turn->outcome.before.exists == FACT_NO);
}

/* By id, or by name; with both, the id counts and the name must match. */
static int find_token(struct turn *turn, const struct grafana_token_place *place,
		      struct grafana_token *token, bool *found, struct error *err)
{
	const struct request_named *named = &turn->request->token;
	int64_t known_id = turn->outcome.target.token_id;
	const struct grafana_token_wish wish = {
		.id = known_id != 0 ? known_id : named->id,
		.name = named->name,
	};
	struct answer answer = {0};
	size_t count;

	if (grafana_token_find(turn->grafana, place, &wish, token, &count, &answer, err) < 0)
		return TURN_FAILED;
	*found = answer.code == ANSWER_OK;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return minting_refused(turn, place, &answer, "look for the token");
	if (!*found || fits_name(turn, token))
		return TURN_GO_ON;
	return turn_refused(turn, REASON_TOKEN_NOT_FOUND,
			    "token %" PRId64 " is named '%s', not '%s'", token->id, token->name,
			    named->name);
}

static int run_delete(struct turn *turn, struct error *err)
{
	struct grafana_service_account account;
	struct grafana_token_place place;
	struct grafana_token token;
	struct grafana_org org;
	bool found = false;
	int rc;

	rc = find_place(turn, &org, &account, &place, err);
	if (rc == TURN_ENDED && is_without_account(turn))
		return end_without(turn, &org);
	if (rc != TURN_GO_ON)
		return rc;
	if ((rc = find_token(turn, &place, &token, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found)
		return end_without(turn, &org);
	target_token(turn, &token);
	note_token(&turn->outcome.after, &token);
	turn_set_before(turn, &turn->outcome.after);
	if ((rc = minting_delete(turn, &place, token.id, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	return turn_applied(turn, "the token '%s' of '%s' was deleted", token.name, account.name);
}

const struct operation operation_service_account_token_delete = {
	.action = "service_account_token.delete",
	.needs = NEED_ORG | NEED_SERVICE_ACCOUNT | NEED_TOKEN,
	.removes = true,
	.run = run_delete,
};
