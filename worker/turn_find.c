/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn_find.c - finding what a request names, its org and its account, and whether
 * it may be touched.
 *
 * Called by op_*.c and what they share. Owns nothing. After an earlier attempt a thing
 * is found by the id it had then and by nothing else: names are what requests change.
 * What is found goes into the outcome's target. "Not there", "two different ones" and
 * "not allowed" end the attempt; a Grafana that can't be asked fails it.
 */
#include "worker/turn.h"

#include <string.h>

#include "base/text.h"
#include "grafana/mode.h"
#include "grafana/people.h"
#include "worker/permit.h"
#include "worker/verdict.h"

/* ---- orgs ---- */

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

/* ---- accounts ---- */

static int look_up(struct turn *turn, const char *said, enum grafana_name name,
		   struct grafana_user *user, bool *found, struct error *err)
{
	struct answer answer = {0};

	*found = false;
	if (grafana_person_find(turn->grafana, said, name, user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "find the account");
	*found = answer.code == ANSWER_OK;
	return TURN_GO_ON;
}

static int refuse_two_accounts(struct turn *turn, const struct request_user *named)
{
	return turn_refused(turn, REASON_ACCOUNT_AMBIGUOUS,
			    "login '%s' and e-mail '%s' do not name one account", named->login,
			    named->email);
}

int turn_look_for_user(struct turn *turn, const struct request_user *named,
		       struct grafana_user *user, bool *found, struct error *err)
{
	struct grafana_user other;
	bool other_found = false;
	int rc;

	rc = named->email != NULL ? look_up(turn, named->email, GRAFANA_EMAIL, user, found, err)
				  : look_up(turn, named->login, GRAFANA_LOGIN, user, found, err);
	if (rc != TURN_GO_ON || named->email == NULL || named->login == NULL)
		return rc;
	if (*found && text_equal_nocase(user->login, named->login))
		return TURN_GO_ON;
	rc = look_up(turn, named->login, GRAFANA_LOGIN, &other, &other_found, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (*found || other_found)
		return refuse_two_accounts(turn, named);
	if (user->id == 0)
		*user = other;
	return TURN_GO_ON;
}

/* Whether that account is meant only who asked can say: to take it for meant could change
 * a stranger's, and to take it for another could leave access where it was to end. */
static int refuse_namesake(struct turn *turn, const struct request_user *named,
			   const struct grafana_user *other)
{
	return turn_refused(turn, REASON_ACCOUNT_AMBIGUOUS,
			    "no account has the %s '%s', but Grafana would take that for the account "
			    "with the login '%s' and the e-mail '%s'; say one of these as what it is, "
			    "if that account is meant",
			    named->email != NULL ? "e-mail" : "login",
			    named->email != NULL ? named->email : named->login, other->login,
			    other->email);
}

int turn_find_user(struct turn *turn, const struct request_user *named,
		   struct grafana_user *user, bool *found, struct error *err)
{
	int rc = turn_look_for_user(turn, named, user, found, err);

	if (rc != TURN_GO_ON || *found || user->id == 0)
		return rc;
	return refuse_namesake(turn, named, user);
}

/* Details that a lookup does not tell, by id. */
int turn_find_by_id(struct turn *turn, int64_t user_id, struct grafana_user *user, bool *found,
		    struct error *err)
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
		return turn_find_by_id(turn, turn->outcome.target.user_id, user, found, err);
	rc = turn_find_user(turn, &turn->request->user, user, found, err);
	if (rc != TURN_GO_ON || !*found)
		return rc;
	return turn_find_by_id(turn, user->id, user, found, err);
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

int turn_find_account(struct turn *turn, struct grafana_user *user, struct error *err)
{
	bool found = false;
	int rc = find_once_more(turn, user, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found)
		return turn_refused_missing(turn);
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

/* ---- for the outcome ---- */

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
