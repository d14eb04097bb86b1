/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn.c - what operations share: how they end, how they find what a request
 * names, and what they leave in the ledger before they write.
 *
 * Called by op_*.c. Owns nothing but turn->sealed. Grafana's answers become
 * reasons through verdict.c; nothing here decides whether to retry.
 */
#include "worker/turn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/follow_up.h"
#include "codec/password.h"
#include "grafana/mode.h"
#include "grafana/people.h"
#include "worker/bound.h"
#include "worker/intent.h"
#include "worker/parts.h"
#include "worker/permit.h"
#include "worker/verdict.h"

/* In the intent: is the sealed secret known to be the account's ("set"), or only
 * about to be ("doubt")? */
static const char SECRET_SET[] = "set";
static const char SECRET_IN_DOUBT[] = "doubt";

/* ---- taking over from an earlier attempt ---- */

bool turn_was_begun(const struct turn *turn)
{
	return turn->step != NULL;
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
	if (!turn_was_begun(turn))
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
	turn->sealed = NULL;
	turn->parts = NULL;
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

/* ---- finding ---- */

static int refuse_missing_org(struct turn *turn, int64_t id, const char *name)
{
	if (id != 0)
		return turn_refused(turn, REASON_ORG_NOT_FOUND, "there is no org with id %lld",
				    (long long)id);
	return turn_refused(turn, REASON_ORG_NOT_FOUND, "there is no org named '%s'", name);
}

bool turn_has_one_org(const struct turn *turn)
{
	return grafana_session_mode(turn->grafana) == GRAFANA_ONE_ORG;
}

/* 'own' is what Grafana said the token's org is. */
static int refuse_other_org(struct turn *turn, const struct grafana_org *own)
{
	return turn_refused(turn, REASON_GRAFANA_UNSUPPORTED,
			    "the token of instance '%s' works in the org %lld '%s' only; name that "
			    "one, an instance with a token of the other org, or give this one user "
			    "and password of a server admin",
			    turn->request->instance, (long long)own->id, own->name);
}

/* After an earlier attempt it is the org with that id and no other: its name may be
 * what that attempt changed, and may by now be another's. */
int turn_find_org(struct turn *turn, enum grafana_cache cache, struct grafana_org *org,
		  struct error *err)
{
	const struct request_org *named = &turn->request->org;
	int64_t known_id = turn_was_begun(turn) ? turn->outcome.target.org_id : 0;
	int64_t id = known_id != 0 ? known_id : named->id;
	struct answer answer = {0};
	int rc = id != 0 ? grafana_org_by_id(turn->grafana, id, cache, org, &answer, err)
			 : grafana_org_by_name(turn->grafana, named->name, cache, org, &answer,
					       err);

	if (rc < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND && turn_has_one_org(turn))
		return refuse_other_org(turn, org);
	if (answer.code == ANSWER_NOT_FOUND)
		return refuse_missing_org(turn, id, named->name);
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "find the org");
	if (known_id == 0 && named->id != 0 && named->name != NULL &&
	    strcmp(named->name, org->name) != 0)
		return turn_refused(turn, REASON_ORG_NOT_FOUND,
				    "org %lld is named '%s', not '%s'", (long long)named->id,
				    org->name, named->name);
	turn_target_org(turn, org);
	return permit_org(turn, org->id, org->name);
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

/* An account that merely has our e-mail as its login is not meant. */
static int look_up(struct turn *turn, const char *said, bool by_email,
		   struct grafana_user *user, bool *found, struct error *err)
{
	struct answer answer = {0};

	*found = false;
	if (grafana_person_find(turn->grafana, said, user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "find the account");
	*found = text_equal_nocase(by_email ? user->email : user->login, said);
	return TURN_GO_ON;
}

static int refuse_two_accounts(struct turn *turn, const struct request_user *named)
{
	return turn_refused(turn, REASON_ACCOUNT_AMBIGUOUS,
			    "login '%s' and e-mail '%s' do not name one account", named->login,
			    named->email);
}

int turn_find_user(struct turn *turn, const struct request_user *named,
		   struct grafana_user *user, bool *found, struct error *err)
{
	struct grafana_user other;
	bool other_found = false;
	int rc;

	rc = look_up(turn, named->email != NULL ? named->email : named->login,
		     named->email != NULL, user, found, err);
	if (rc != TURN_GO_ON || named->email == NULL || named->login == NULL)
		return rc;
	if (*found && text_equal_nocase(user->login, named->login))
		return TURN_GO_ON;
	rc = look_up(turn, named->login, false, &other, &other_found, err);
	if (rc != TURN_GO_ON)
		return rc;
	return *found || other_found ? refuse_two_accounts(turn, named) : TURN_GO_ON;
}

/* Details that a lookup does not tell, by id. */
static int get_account(struct turn *turn, int64_t user_id, struct grafana_user *user,
		       bool *found, struct error *err)
{
	struct answer answer = {0};

	if (grafana_person_get(turn->grafana, user_id, user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "find the account");
	*found = answer.code == ANSWER_OK;
	return TURN_GO_ON;
}

/* After an earlier attempt the account is the one with that id and no other: its
 * login may be what that attempt changed, and may by now be somebody else's. */
static int find_once_more(struct turn *turn, struct grafana_user *user, bool *found,
			  struct error *err)
{
	int rc;

	if (turn->outcome.target.user_id != 0)
		return get_account(turn, turn->outcome.target.user_id, user, found, err);
	rc = turn_find_user(turn, &turn->request->user, user, found, err);
	if (rc != TURN_GO_ON || !*found)
		return rc;
	return get_account(turn, user->id, user, found, err);
}

int turn_refused_missing(struct turn *turn)
{
	if (turn_has_one_org(turn)) {
		turn_set_before(turn, &(struct evidence){.member = FACT_NO});
		return turn_refused(turn, REASON_ACCOUNT_NOT_FOUND,
				    "no member of the org is '%s', and a token sees no others",
				    turn_who(turn));
	}
	turn_set_before(turn, &(struct evidence){.account = FACT_NO});
	return turn_refused(turn, REASON_ACCOUNT_NOT_FOUND, "there is no account '%s'",
			    turn_who(turn));
}

int turn_find_by_id(struct turn *turn, int64_t user_id, struct grafana_user *user, bool *found,
		    struct error *err)
{
	return get_account(turn, user_id, user, found, err);
}

int turn_find_account(struct turn *turn, struct grafana_user *user, struct error *err)
{
	bool found = false;
	int rc = find_once_more(turn, user, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found) {
		return turn_refused_missing(turn);
	}
	turn_target_user(turn, user);
	return turn_protect_self(turn, user);
}

int turn_protect_self(struct turn *turn, const struct grafana_user *user)
{
	/* A token is nobody's login. */
	if (turn->own_login[0] == '\0' ||
	    (!text_equal_nocase(user->login, turn->own_login) &&
	     !text_equal_nocase(user->email, turn->own_login)))
		return permit_user(turn, user->login, user->email);
	return turn_refused(turn, REASON_ACCOUNT_PROTECTED,
			    "'%s' is the login grantd itself uses", user->login);
}

void turn_target_user(struct turn *turn, const struct grafana_user *user)
{
	struct outcome_target *target = &turn->outcome.target;

	target->user_id = user->id;
	text_copy(target->login, sizeof(target->login), user->login);
	text_copy(target->email, sizeof(target->email), user->email);
}

void turn_target_org(struct turn *turn, const struct grafana_org *org)
{
	struct outcome_target *target = &turn->outcome.target;

	target->org_id = org->id;
	text_copy(target->org_name, sizeof(target->org_name), org->name);
}

void turn_set_before(struct turn *turn, const struct evidence *before)
{
	if (!turn_was_begun(turn))
		turn->outcome.before = *before;
}

void turn_evidence_of_user(const struct grafana_user *user, struct evidence *evidence)
{
	evidence->account = FACT_YES;
	text_copy(evidence->login, sizeof(evidence->login), user->login);
	text_copy(evidence->email, sizeof(evidence->email), user->email);
	text_copy(evidence->name, sizeof(evidence->name), user->name);
}

const char *turn_who(const struct turn *turn)
{
	const struct request_user *said = &turn->request->user;

	if (turn->outcome.target.login[0] != '\0')
		return turn->outcome.target.login;
	return said->email != NULL ? said->email : said->login != NULL ? said->login : "";
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

int turn_need_vault(struct turn *turn)
{
	if (turn->vault->key != NULL)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_VAULT_NO_KEY, "%s", reason_prose(REASON_VAULT_NO_KEY));
}

static int seal(struct turn *turn, enum credential_kind kind, const struct secret *secret,
		struct error *err)
{
	char *sealed = NULL;

	if (seal_secret(turn->vault->key, secret, &sealed, err) < 0) {
		error_prefix(err, "seal the %s", credential_kind_name(kind));
		return TURN_FAILED;
	}
	free(turn->sealed);
	turn->sealed = sealed;
	turn->secret_kind = kind;
	turn->secret_expires_ms = 0;
	turn->secret_is_set = false;
	turn->outcome.credential_version++;
	return TURN_GO_ON;
}

int turn_new_secret(struct turn *turn, struct secret *password, struct error *err)
{
	password_generate(password, turn->vault->password_length);
	return seal(turn, CREDENTIAL_PASSWORD, password, err);
}

int turn_take_secret(struct turn *turn, enum credential_kind kind, const struct secret *secret,
		     int64_t expires_ms, struct error *err)
{
	int rc = seal(turn, kind, secret, err);

	if (rc != TURN_GO_ON)
		return rc;
	turn->secret_expires_ms = expires_ms;
	turn->secret_is_set = true;
	return TURN_GO_ON;
}

void turn_secret_is_set(struct turn *turn)
{
	turn->secret_is_set = true;
}

bool turn_has_secret(const struct turn *turn)
{
	return turn->sealed != NULL && turn->secret_is_set;
}
