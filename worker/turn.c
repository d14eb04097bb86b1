/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.c - how an attempt at a request begins, what it leaves in the ledger before
 * it writes, and how it ends.
 *
 * Called by op_*.c and what they share; turn_init(), turn_run() and turn_clear() by the
 * pipeline.
 * Owns turn->sealed, turn->parts and the follow-up. Grafana's answers become reasons
 * through verdict.c; nothing here decides whether to retry. Finding what the request
 * names is turn_find.c, secrets are turn_secret.c.
 */
#include "worker/turn.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/follow_up.h"
#include "worker/bound.h"
#include "worker/intent.h"
#include "worker/parts.h"
#include "worker/verdict.h"

/* In the intent: is the sealed secret known to be the account's ("set"), or only
 * about to be ("doubt")? */
static const char SECRET_SET[] = "set";
static const char SECRET_IN_DOUBT[] = "doubt";

static const char STEP_NOTHING[] = "nothing";

/* ---- taking over from an earlier attempt ---- */

bool turn_step_counts(const char *step)
{
	return step != NULL && strcmp(step, STEP_NOTHING) != 0;
}

bool turn_was_begun(const struct turn *turn)
{
	return turn_step_counts(turn->step);
}

bool turn_step_was(const struct turn *turn, const char *step)
{
	return turn->step != NULL && strcmp(turn->step, step) == 0;
}

static enum credential_kind get_kind(struct slice intent)
{
	int64_t kind = intent_get_number(intent, "secret_kind", CREDENTIAL_PASSWORD);

	return kind >= 0 && kind < CREDENTIAL_KINDS ? (enum credential_kind)kind
						    : CREDENTIAL_PASSWORD;
}

void turn_init(struct turn *turn)
{
	char sealed[LIMIT_SEALED_BYTES + 1], state[8];

	turn->parts = parts_plan(turn->request, &turn->outcome.part_count);
	turn->outcome.parts = turn->parts;
	turn->in_doubt = turn_was_begun(turn);
	if (!turn->in_doubt)
		return;
	intent_get_evidence(turn->intent, &turn->outcome.before);
	parts_get(turn->intent, turn->parts, turn->outcome.part_count);
	turn->outcome.target.user_id = intent_get_number(turn->intent, "user_id", 0);
	turn->outcome.target.org_id = intent_get_number(turn->intent, "org_id", 0);
	turn->outcome.credential_version = intent_get_number(turn->intent, "version", 0);
	turn->outcome.target.team_id = intent_get_number(turn->intent, "team_id", 0);
	turn->outcome.target.service_account_id =
		intent_get_number(turn->intent, "service_account_id", 0);
	turn->outcome.target.token_id = intent_get_number(turn->intent, "token_id", 0);
	turn->old_token_id = intent_get_number(turn->intent, "old_token_id", 0);
	turn->secret_kind = get_kind(turn->intent);
	turn->secret_expires_ms = intent_get_number(turn->intent, "secret_expires_ms", 0);
	intent_get(turn->intent, "secret", state, sizeof(state));
	if (strcmp(state, SECRET_SET) == 0 &&
	    intent_get(turn->intent, "sealed", sealed, sizeof(sealed))) {
		turn->sealed = mem_strdup(sealed);
		turn->secret_is_set = true;
	}
}

void turn_clear(struct turn *turn)
{
	follow_up_clear(&turn->follow_up);
	free(turn->sealed);
	free(turn->parts);
	record_clear(&turn->closing);
	turn->sealed = NULL;
	turn->parts = NULL;
}

/* ---- before a write ---- */

static void put_secret(struct buffer *intent, const struct turn *turn)
{
	intent_put_number(intent, "version", turn->outcome.credential_version);
	if (turn->sealed == NULL)
		return;
	intent_put_number(intent, "secret_kind", turn->secret_kind);
	intent_put_number(intent, "secret_expires_ms", turn->secret_expires_ms);
	intent_put(intent, "secret", turn->secret_is_set ? SECRET_SET : SECRET_IN_DOUBT);
	intent_put(intent, "sealed", turn->sealed);
}

int turn_begin_step(struct turn *turn, const char *step, struct error *err)
{
	struct buffer intent;
	int rc = TURN_FAILED;

	/* Whoever writes should have asked; what is not known is not told. */
	if (turn_skips(turn))
		return turn_applied(turn, "done (%s)", step);
	buffer_init(&intent, LIMIT_INTENT_BYTES);
	intent_put_evidence(&intent, &turn->outcome.before);
	intent_put_number(&intent, "user_id", turn->outcome.target.user_id);
	intent_put_number(&intent, "org_id", turn->outcome.target.org_id);
	intent_put_number(&intent, "team_id", turn->outcome.target.team_id);
	intent_put_number(&intent, "service_account_id",
			  turn->outcome.target.service_account_id);
	intent_put_number(&intent, "token_id", turn->outcome.target.token_id);
	parts_put(&intent, turn->parts, turn->outcome.part_count);
	intent_put_number(&intent, "old_token_id", turn->old_token_id);
	put_secret(&intent, turn);
	if (intent.overflowed) {
		error_set(err, ERROR_FATAL, "turn", 0, "step '%s': intent is too long", step);
		goto out;
	}
	rc = bound_begin_step(turn, step, (struct slice){intent.bytes, intent.length}, err);
out:
	buffer_clear(&intent);
	return rc;
}

int turn_take_back_steps(struct turn *turn, struct error *err)
{
	int rc;

	free(turn->sealed);
	turn->sealed = NULL;
	rc = turn_begin_step(turn, STEP_NOTHING, err);
	turn->has_begun = false;
	return rc;
}

/* Of what the ledger has forgotten nobody knows that. */
static bool is_first(const struct turn *turn)
{
	return !turn_was_begun(turn) && (turn->step != NULL || !turn->resumed);
}

int turn_run(struct turn *turn, struct error *err)
{
	bool first = is_first(turn);
	struct error unused = {0};
	int rc = turn->operation->run(turn, err);

	if (rc != TURN_FAILED || !first || !turn->has_begun ||
	    grafana_session_tally(turn->grafana).writes > 0)
		return rc;
	/* A ledger that cannot be told goes on as if it may have been done. */
	return turn_take_back_steps(turn, &unused) == TURN_FAILED ? TURN_FAILED : rc;
}

void turn_closes_with(struct turn *turn, struct record *record)
{
	assert(!turn->has_closing && !turn->secret_is_set);
	turn->closing = *record;
	turn->has_closing = true;
	memset(record, 0, sizeof(*record));
}

/* ---- later ---- */

struct request *turn_follow_up(struct turn *turn, const char *kind, const char *action,
			       int64_t at_ms)
{
	struct follow_up *follow_up = &turn->follow_up;

	follow_up_clear(follow_up);
	follow_up->kind = kind;
	follow_up->at_ms = at_ms;
	follow_up->asked.action = mem_strdup(action);
	return &follow_up->asked;
}

void turn_set_before(struct turn *turn, const struct evidence *before)
{
	if (!turn_was_begun(turn))
		turn->outcome.before = *before;
}

/* ---- plans ---- */

static const char PLAN_WORDS[] = "asked without a plan, this would say: ";

static bool is_plan(const struct turn *turn)
{
	return turn->request->mode == MODE_PLAN;
}

bool turn_skips(struct turn *turn)
{
	if (is_plan(turn))
		turn->skipped = true;
	return is_plan(turn);
}

/* ---- ends ---- */

static void set_end(struct turn *turn, enum result result, enum reason reason,
		    const char *format, va_list args) PRINTF_LIKE(4, 0);

static void set_end(struct turn *turn, enum result result, enum reason reason,
		    const char *format, va_list args)
{
	char *message = turn->outcome.message;
	const size_t capacity = sizeof(turn->outcome.message);
	bool planned = turn->skipped && result != RESULT_REFUSED;

	turn->outcome.result = planned ? RESULT_PLANNED : result;
	turn->outcome.reason = reason;
	text_copy(message, capacity, planned ? PLAN_WORDS : "");
	if (vsnprintf(message + strlen(message), capacity - strlen(message), format, args) < 0)
		message[0] = '\0';
	text_replace_control(message);
}

int turn_applied(struct turn *turn, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_end(turn, RESULT_APPLIED, REASON_OK, format, args);
	va_end(args);
	return TURN_ENDED;
}

int turn_as_asked(struct turn *turn, const char *format, ...)
{
	enum result result = turn_was_begun(turn) ? RESULT_APPLIED : RESULT_ALREADY_SO;
	va_list args;

	va_start(args, format);
	set_end(turn, result, REASON_OK, format, args);
	va_end(args);
	return TURN_ENDED;
}

int turn_needs_action(struct turn *turn, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_end(turn, RESULT_NEEDS_ACTION, REASON_OK, format, args);
	va_end(args);
	return TURN_ENDED;
}

int turn_refused(struct turn *turn, enum reason reason, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_end(turn, RESULT_REFUSED, reason, format, args);
	va_end(args);
	return TURN_ENDED;
}

static void note_answer(struct turn *turn, const struct answer *answer)
{
	turn->outcome.grafana_status = answer->status;
	text_copy(turn->outcome.grafana_message_id, sizeof(turn->outcome.grafana_message_id),
		  answer->message_id);
}

int turn_wrote(struct turn *turn, const struct answer *answer)
{
	note_answer(turn, answer);
	return TURN_GO_ON;
}

int turn_refused_by(struct turn *turn, const struct answer *answer, const char *doing)
{
	return turn_refused_as(turn, verdict_of_answer(answer->code), answer, doing);
}

int turn_refused_as(struct turn *turn, enum reason reason, const struct answer *answer,
		    const char *doing)
{
	turn_refused(turn, reason, "%s: %s Grafana said %d: %s", doing, reason_prose(reason),
		     answer->status, answer->message);
	note_answer(turn, answer);
	return TURN_ENDED;
}

int turn_in_doubt(const struct answer *answer, const char *doing, struct error *err)
{
	error_set(err, ERROR_RETRY, "turn", answer->status,
		  "%s: may or may not have happened (%d %s)", doing, answer->status,
		  answer->message);
	return TURN_FAILED;
}

int turn_refused_in_org(struct turn *turn, const struct grafana_org *org,
			const struct answer *answer, const char *doing, struct error *err)
{
	char who[LIMIT_LOGIN_BYTES + 32] = "service account";
	int rc;

	if (answer->code != ANSWER_PERMISSION)
		return turn_refused_by(turn, answer, doing);
	if (turn->own_login[0] != '\0')
		text_format(who, sizeof(who), "login '%s'", turn->own_login);
	/* The same no comes for an org that is gone. */
	rc = turn_find_org(turn, GRAFANA_FRESH, &(struct grafana_org){0}, err);
	if (rc != TURN_GO_ON)
		return rc;
	turn_refused(turn, REASON_GRAFANA_PERMISSION,
		     "%s: make grantd's own %s an Admin of the org '%s', then ask again. "
		     "Grafana said %d: %s",
		     doing, who, org->name, answer->status, answer->message);
	note_answer(turn, answer);
	return TURN_ENDED;
}
