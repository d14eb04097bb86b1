/* SPDX-License-Identifier: Apache-2.0 */
/*
 * people.c - finding people in either mode.
 *
 * Called by the worker's operations. Owns nothing. With user and password the whole
 * server's accounts are asked (users.c). A token is refused there; what it has is
 * the list of its org's members, so who is no member cannot be told from who has no
 * account.
 *
 * Limits: members that Grafana hides ([security] hidden_users) are not found. The
 * list is never paged; a query keeps it short wherever a name is known.
 */
#include "grafana/people.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"

/* ---- all accounts ---- */

/* Servers before 10 compare exactly, so a lookup that found nobody is no proof. Nor is one
 * that found somebody else: the server looks for a login first up to 7.5, then for an
 * e-mail if there is an '@' in it, and what comes second stands behind what comes first. */
static int find_account(struct grafana_session *session, const char *said,
			enum grafana_name name, struct grafana_user *user,
			struct answer *answer, struct error *err)
{
	struct grafana_user other;

	if (grafana_user_lookup(session, said, user, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_NOT_FOUND &&
	    (answer->code != ANSWER_OK || grafana_user_is_called(user, said, name)))
		return 0;
	other = *user;
	if (grafana_user_find_nocase(session, said, name, user, answer, err) < 0)
		return -1;
	if (answer->code == ANSWER_NOT_FOUND)
		*user = other;
	return 0;
}

static int role_of_account(struct grafana_session *session, int64_t org_id, int64_t user_id,
			   const char *login, bool *member, enum role *role,
			   struct answer *answer, struct error *err)
{
	(void)login;
	return grafana_user_role_in_org(session, user_id, org_id, member, role, NULL, answer, err);
}

/* ---- members only ---- */

/* Who is looked for: by id, or by a name (then id is 0). */
struct wanted {
	int64_t id;
	const char *said;
	enum grafana_name name;
	int hits;
	const json_t *member; /* the last hit */
	const json_t *other;  /* who has what is said as the other of his two names */
};

static bool has_name(const json_t *member, const char *said, enum grafana_name name)
{
	char text[LIMIT_LOGIN_BYTES + LIMIT_EMAIL_BYTES];

	json_get_text(member, name == GRAFANA_LOGIN ? "login" : "email", text, sizeof(text));
	return text_equal_nocase(text, said);
}

static bool is_wanted(const struct wanted *wanted, const json_t *member)
{
	int64_t id = 0;

	if (wanted->id != 0)
		return json_get_id(member, "userId", &id) && id == wanted->id;
	return has_name(member, wanted->said, wanted->name);
}

static bool is_other(const struct wanted *wanted, const json_t *member)
{
	return wanted->id == 0 &&
	       has_name(member, wanted->said,
			wanted->name == GRAFANA_LOGIN ? GRAFANA_EMAIL : GRAFANA_LOGIN);
}

static void look_through(const json_t *members, struct wanted *wanted)
{
	const json_t *member;
	size_t index;

	json_array_foreach(members, index, member)
	{
		if (is_wanted(wanted, member)) {
			wanted->member = member;
			wanted->hits++;
		} else if (is_other(wanted, member)) {
			wanted->other = member;
		}
	}
}

/* 'query' is what Grafana filters by: a part of login, e-mail or name; "" = all. */
static int read_member(struct grafana_session *session, const char *query,
		       struct wanted *wanted, struct reply *reply, struct answer *answer,
		       struct error *err)
{
	char *escaped = grafana_escape_search(query);
	char path[CALL_PATH_BYTES];
	int rc = 0;

	if (!text_format(path, sizeof(path), "/api/org/users?query=%s", escaped)) {
		answer_reject(answer, 0, "the login or e-mail is too long");
		goto out;
	}
	rc = call_read(session, path, reply, answer, err);
	if (rc < 0 || answer->code != ANSWER_OK)
		goto out;
	if (!json_is_array(reply->json))
		rc = call_unusable(path, "is not a list of members", err);
	look_through(reply->json, wanted);
	if (rc == 0 && wanted->hits == 0)
		answer->code = ANSWER_NOT_FOUND;
	if (rc == 0 && wanted->hits > 1)
		answer_reject(answer, answer->status, "more than one member is '%s', letter case "
			      "aside; rename one of them", wanted->said);
out:
	free(escaped);
	return rc;
}

static int member_to_user(const json_t *member, struct grafana_user *user,
			  struct answer *answer, struct error *err)
{
	if (!json_get_id(member, "userId", &user->id))
		return call_unusable("/api/org/users", "has a member without an id", err);
	if (!json_get_text(member, "login", user->login, sizeof(user->login)) ||
	    !json_get_text(member, "email", user->email, sizeof(user->email)) ||
	    !json_get_text(member, "name", user->name, sizeof(user->name)) ||
	    user->login[0] == '\0')
		answer_reject(answer, answer->status,
			      "the member's login, e-mail or name is no text, or too long");
	user->is_disabled = json_get_true(member, "isDisabled");
	user->is_externally_synced = json_get_true(member, "isExternallySynced");
	return 0;
}

static int read_member_as_user(struct grafana_session *session, const char *query,
			       struct wanted *wanted, struct grafana_user *user,
			       struct answer *answer, struct error *err)
{
	struct reply reply = {0};
	struct answer unused;
	int rc;

	memset(user, 0, sizeof(*user));
	rc = read_member(session, query, wanted, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = member_to_user(wanted->member, user, answer, err);
	else if (rc == 0 && answer->code == ANSWER_NOT_FOUND && wanted->other != NULL)
		rc = member_to_user(wanted->other, user, &unused, err);
	reply_clear(&reply);
	return rc;
}

static int find_member(struct grafana_session *session, const char *said,
		       enum grafana_name name, struct grafana_user *user,
		       struct answer *answer, struct error *err)
{
	struct wanted wanted = {.said = said, .name = name};

	return read_member_as_user(session, said, &wanted, user, answer, err);
}

static int get_member(struct grafana_session *session, int64_t user_id,
		      struct grafana_user *user, struct answer *answer, struct error *err)
{
	struct wanted wanted = {.id = user_id, .said = ""};

	return read_member_as_user(session, "", &wanted, user, answer, err);
}

static int role_of_member(struct grafana_session *session, int64_t org_id, int64_t user_id,
			  const char *login, bool *member, enum role *role,
			  struct answer *answer, struct error *err)
{
	struct wanted wanted = {.id = user_id, .said = login};
	struct reply reply = {0};
	char text[32];
	int rc;

	(void)org_id; /* there is only one */
	*member = false;
	*role = ROLE_UNSET;
	rc = read_member(session, login, &wanted, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_NOT_FOUND)
		answer->code = ANSWER_OK;
	else if (rc == 0 && answer->code == ANSWER_OK &&
		 (!json_get_text(wanted.member, "role", text, sizeof(text)) ||
		  role_parse(text, role) < 0))
		answer_reject(answer, answer->status,
			      "the member has a role that is unknown here");
	else
		*member = rc == 0 && answer->code == ANSWER_OK;
	reply_clear(&reply);
	return rc;
}

/* ---- the seam ---- */

static const struct {
	int (*find)(struct grafana_session *session, const char *said, enum grafana_name name,
		    struct grafana_user *user, struct answer *answer, struct error *err);
	int (*get)(struct grafana_session *session, int64_t user_id, struct grafana_user *user,
		   struct answer *answer, struct error *err);
	int (*role)(struct grafana_session *session, int64_t org_id, int64_t user_id,
		    const char *login, bool *member, enum role *role, struct answer *answer,
		    struct error *err);
} by_mode[GRAFANA_MODES] = {
	[GRAFANA_ALL_ORGS] = {find_account, grafana_user_get, role_of_account},
	[GRAFANA_ONE_ORG] = {find_member, get_member, role_of_member},
};

int grafana_person_find(struct grafana_session *session, const char *said,
			enum grafana_name name, struct grafana_user *user,
			struct answer *answer, struct error *err)
{
	return by_mode[grafana_session_mode(session)].find(session, said, name, user, answer,
							   err);
}

int grafana_person_get(struct grafana_session *session, int64_t user_id,
		       struct grafana_user *user, struct answer *answer, struct error *err)
{
	return by_mode[grafana_session_mode(session)].get(session, user_id, user, answer, err);
}

int grafana_person_role(struct grafana_session *session, int64_t org_id, int64_t user_id,
			const char *login, bool *member, enum role *role,
			struct answer *answer, struct error *err)
{
	return by_mode[grafana_session_mode(session)].role(session, org_id, user_id, login,
							   member, role, answer, err);
}
