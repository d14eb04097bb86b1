/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_account_update.c - account.update: login, e-mail, name.
 *
 * Grafana answers 200 to an update of an id it does not know, 500 to a login that
 * is taken, and 200 when it has only sent a mail to confirm a new address. So the
 * new values are looked for before, and read back after, every write.
 */
#include "worker/operations.h"

#include <string.h>

#include "base/text.h"
#include "grafana/people.h"
#include "worker/foresee.h"
#include "worker/turn.h"

static bool is_so(const char *asked, const char *now)
{
	return asked == NULL || strcmp(asked, now) == 0;
}

/* Grafana from 10 on stores login and e-mail in lower case, whatever was sent. */
static bool is_so_nocase(const char *asked, const char *now)
{
	return asked == NULL || text_equal_nocase(asked, now);
}

static bool is_as_asked(const struct request_user *set, const struct grafana_user *user)
{
	return is_so_nocase(set->login, user->login) && is_so_nocase(set->email, user->email) &&
	       is_so(set->name, user->name);
}

/* Does somebody else hold it already, as either of his names, in any letter case? Before
 * 10 Grafana lets names differ in that alone, and then nobody could be found by them. */
static int check_free(struct turn *turn, const struct grafana_user *user, const char *wanted,
		      enum grafana_name name, struct error *err)
{
	struct grafana_user holder;
	struct answer answer = {0};

	if (wanted == NULL)
		return TURN_GO_ON;
	if (grafana_person_find(turn->grafana, wanted, name, &holder, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "look for the new login or e-mail");
	if (holder.id == 0 || holder.id == user->id)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_CONFLICT, "'%s' belongs to the account '%s'",
			    wanted, holder.login);
}

static int read_after(struct turn *turn, int64_t user_id, struct grafana_user *user,
		      struct error *err)
{
	struct answer answer = {0};

	if (grafana_user_get(turn->grafana, user_id, user, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "read the account back");
	turn_evidence_of_user(user, &turn->outcome.after);
	return TURN_GO_ON;
}

static int write_update(struct turn *turn, const struct grafana_user *user,
			struct answer *answer, struct error *err)
{
	const struct request_user *set = &turn->request->set;
	int rc = turn_begin_step(turn, "update", err);

	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_user_update(turn->grafana, user->id,
				set->login != NULL ? set->login : user->login,
				set->email != NULL ? set->email : user->email,
				set->name != NULL ? set->name : user->name, answer, err) < 0)
		return TURN_FAILED;
	if (answer->code == ANSWER_EXISTS)
		return turn_refused(turn, REASON_ACCOUNT_CONFLICT,
				    "login or e-mail is taken: %s", answer->message);
	if (answer->code == ANSWER_DOUBT)
		return TURN_GO_ON;
	return answer->code == ANSWER_OK ? turn_wrote(turn, answer)
					 : turn_refused_by(turn, answer, "update the account");
}

/* Grafana 10 and later would store login and e-mail in lower case. */
static int end_planned(struct turn *turn)
{
	const struct request_user *set = &turn->request->set;
	struct evidence *after = &turn->outcome.after;

	if (set->login != NULL)
		text_copy(after->login, sizeof(after->login), set->login);
	if (set->email != NULL)
		text_copy(after->email, sizeof(after->email), set->email);
	if (set->name != NULL)
		text_copy(after->name, sizeof(after->name), set->name);
	return turn_applied(turn, "'%s' was updated", turn_who(turn));
}

static int run_update(struct turn *turn, struct error *err)
{
	const struct request_user *set = &turn->request->set;
	struct evidence before = {0};
	struct grafana_user user;
	struct answer answer = {0};
	int rc;

	if ((rc = turn_find_account(turn, &user, err)) != TURN_GO_ON)
		return rc;
	turn_evidence_of_user(&user, &before);
	turn_set_before(turn, &before);
	turn->outcome.after = before;
	if (is_as_asked(set, &user))
		return turn_as_asked(turn, "'%s' is as asked", turn_who(turn));
	if ((rc = check_free(turn, &user, set->login, GRAFANA_LOGIN, err)) != TURN_GO_ON)
		return rc;
	if ((rc = check_free(turn, &user, set->email, GRAFANA_EMAIL, err)) != TURN_GO_ON)
		return rc;
	if ((rc = foresee_external(turn, &user, 9, err)) != TURN_GO_ON)
		return rc;
	if (turn_skips(turn))
		return end_planned(turn);
	if ((rc = write_update(turn, &user, &answer, err)) != TURN_GO_ON)
		return rc;
	if ((rc = read_after(turn, user.id, &user, err)) != TURN_GO_ON)
		return rc;
	if (is_as_asked(set, &user))
		return turn_applied(turn, "'%s' was updated", turn_who(turn));
	if (answer.code == ANSWER_DOUBT)
		return turn_in_doubt(&answer, "update the account", err);
	return turn_refused(turn, REASON_GRAFANA_REJECTED,
			    "Grafana answered '%s', but the account is not as asked",
			    answer.message);
}

const struct operation operation_account_update = {
	.action = "account.update",
	.needs = NEED_USER | NEED_SET,
	.run = run_update,
};
