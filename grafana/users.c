/* SPDX-License-Identifier: Apache-2.0 */
/*
 * users.c - what Grafana knows of an account, and changing its profile.
 *
 * Called by the worker's operations and by server.c. Owns nothing. An account that
 * is not wholly understood is refused, never guessed at: a text that is longer than
 * Grafana's own columns is REJECTED, an answer without what belongs in it is RETRY.
 *
 * Limit: letter case is compared in ASCII only, so a login with other letters must
 * be named as Grafana has it.
 */
#include "grafana/users.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/role.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/user_json.h"
#include "grafana/user_search.h"

/* ---- one account ---- */

static int read_user(struct grafana_session *session, const char *path,
		     struct grafana_user *user, struct reply *reply, struct answer *answer,
		     struct error *err)
{
	if (call_read(session, path, reply, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	return user_from_json(reply->json, path, user, answer, err);
}

bool grafana_user_is_called(const struct grafana_user *user, const char *said,
			    enum grafana_name name)
{
	return text_equal_nocase(name == GRAFANA_LOGIN ? user->login : user->email, said);
}

static bool is_either(const struct grafana_user *user, const char *said)
{
	return grafana_user_is_called(user, said, GRAFANA_LOGIN) ||
	       grafana_user_is_called(user, said, GRAFANA_EMAIL);
}

struct namesakes {
	const char *said;
	bool by_login, by_email;
	int count;
	int64_t id; /* of the last one */
};

static bool count_namesake(void *context, const json_t *hit)
{
	struct namesakes *namesakes = context;
	char login[LIMIT_LOGIN_BYTES + 1], email[LIMIT_EMAIL_BYTES + 1];

	json_get_text(hit, "login", login, sizeof(login));
	json_get_text(hit, "email", email, sizeof(email));
	if (!(namesakes->by_login && text_equal_nocase(login, namesakes->said)) &&
	    !(namesakes->by_email && text_equal_nocase(email, namesakes->said)))
		return true;
	json_get_id(hit, "id", &namesakes->id);
	return ++namesakes->count < 2;
}

static void reject_namesakes(struct answer *answer, int status, const char *login_or_email)
{
	answer_reject(answer, status, "Failed to get user: more than one account is '%s', "
		      "letter case aside; rename one of them", login_or_email);
}

/* A lookup's 500 "Failed to get user" is either trouble or two accounts that differ
 * in letter case only. The latter will not pass, so it is an answer. */
static int explain_failed_lookup(struct grafana_session *session, const char *login_or_email,
				 struct answer *answer, const struct error *failed,
				 struct error *err)
{
	struct namesakes namesakes = {
		.said = login_or_email, .by_login = true, .by_email = true};

	if (user_search(session, login_or_email, count_namesake, &namesakes, answer, err) < 0)
		return -1;
	if (answer->code == ANSWER_OK && namesakes.count > 1) {
		reject_namesakes(answer, 500, login_or_email);
		return 0;
	}
	if (err != NULL)
		*err = *failed;
	return -1;
}

int grafana_user_lookup(struct grafana_session *session, const char *login_or_email,
			struct grafana_user *user, struct answer *answer, struct error *err)
{
	char *escaped = grafana_escape(login_or_email);
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	struct error failed = {0};
	int rc = 0;

	memset(user, 0, sizeof(*user));
	if (!text_format(path, sizeof(path), "/api/users/lookup?loginOrEmail=%s", escaped)) {
		answer_reject(answer, 0, "the login or e-mail is too long");
		goto out;
	}
	rc = read_user(session, path, user, &reply, answer, &failed);
	if (rc < 0 && reply.status == 500 && reply_message_is(&reply, "Failed to get user"))
		rc = explain_failed_lookup(session, login_or_email, answer, &failed, err);
	else if (rc < 0 && err != NULL)
		*err = failed;
	if (rc == 0 && answer->code == ANSWER_OK && !is_either(user, login_or_email))
		answer->code = ANSWER_NOT_FOUND;
out:
	reply_clear(&reply);
	free(escaped);
	return rc;
}

int grafana_user_get(struct grafana_session *session, int64_t user_id,
		     struct grafana_user *user, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	memset(user, 0, sizeof(*user));
	text_format(path, sizeof(path), "/api/users/%" PRId64, user_id);
	rc = read_user(session, path, user, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK && user->id != user_id)
		rc = call_unusable(path, "names another account", err);
	reply_clear(&reply);
	return rc;
}

int grafana_user_find_nocase(struct grafana_session *session, const char *said,
			     enum grafana_name name, struct grafana_user *user,
			     struct answer *answer, struct error *err)
{
	struct namesakes namesakes = {.said = said,
				      .by_login = name == GRAFANA_LOGIN,
				      .by_email = name == GRAFANA_EMAIL};

	memset(user, 0, sizeof(*user));
	if (user_search(session, said, count_namesake, &namesakes, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	if (namesakes.count > 1) {
		reject_namesakes(answer, answer->status, said);
		return 0;
	}
	if (namesakes.count == 0 || namesakes.id == 0) {
		answer->code = ANSWER_NOT_FOUND;
		return 0;
	}
	return grafana_user_get(session, namesakes.id, user, answer, err);
}

/* ---- role in an org ---- */

/* 1 found, 0 not, -1 unusable. */
static int find_org(const json_t *orgs, int64_t org_id, const json_t **found)
{
	const json_t *org;
	size_t index;
	int64_t id;

	if (!json_is_array(orgs))
		return -1;
	json_array_foreach(orgs, index, org)
	{
		if (!json_get_id(org, "orgId", &id))
			return -1;
		if (id == org_id) {
			*found = org;
			return 1;
		}
	}
	return 0;
}

static void read_membership(const json_t *org, enum role *role, char *org_name,
			    struct answer *answer)
{
	char name[LIMIT_ORG_NAME_BYTES + 1], text[32];

	if (!json_get_text(org, "role", text, sizeof(text)) || role_parse(text, role) < 0)
		answer_reject(answer, answer->status,
			      "the user has a role that is unknown here");
	else if (!json_get_text(org, "name", name, sizeof(name)))
		answer_reject(answer, answer->status, "the org's name is no text, or too long");
	else if (org_name != NULL)
		text_copy(org_name, sizeof(name), name);
}

static int read_role(struct grafana_session *session, const char *path, int64_t org_id,
		     bool *member, enum role *role, char *org_name, struct answer *answer,
		     struct error *err)
{
	const json_t *org = NULL;
	struct reply reply = {0};
	int found = 0, rc;

	*member = false;
	*role = ROLE_UNSET;
	rc = call_read(session, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		found = find_org(reply.json, org_id, &org);
	if (found < 0)
		rc = call_unusable(path, "is not a list of orgs", err);
	if (found > 0)
		read_membership(org, role, org_name, answer);
	*member = found > 0 && answer->code == ANSWER_OK;
	reply_clear(&reply);
	return rc;
}

int grafana_user_role_in_org(struct grafana_session *session, int64_t user_id, int64_t org_id,
			     bool *member, enum role *role, char *org_name,
			     struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];

	text_format(path, sizeof(path), "/api/users/%" PRId64 "/orgs", user_id);
	return read_role(session, path, org_id, member, role, org_name, answer, err);
}

int grafana_own_role_in_org(struct grafana_session *session, int64_t org_id, bool *member,
			    enum role *role, struct answer *answer, struct error *err)
{
	return read_role(session, "/api/user/orgs", org_id, member, role, NULL, answer, err);
}

/* ---- seen, and other admins ---- */

struct sighting {
	int64_t user_id;
	bool found;
	bool has_time;
	int64_t last_seen_ms;
};

static bool note_sighting(void *context, const json_t *hit)
{
	struct sighting *sighting = context;
	int64_t id;

	if (!json_get_id(hit, "id", &id) || id != sighting->user_id)
		return true;
	sighting->found = true;
	sighting->has_time = json_get_time(hit, "lastSeenAt", &sighting->last_seen_ms);
	return false;
}

/* Grafana gives an account that nobody has used "created minus ten years". What it
 * does not tell counts as seen: that is the careful side. */
static bool was_seen(const struct sighting *sighting, int64_t created_ms)
{
	const int64_t nine_years_ms = INT64_C(9) * 365 * 24 * 3600 * 1000;

	if (!sighting->has_time || created_ms == 0)
		return true;
	return sighting->last_seen_ms > created_ms - nine_years_ms;
}

int grafana_user_ever_seen(struct grafana_session *session, const struct grafana_user *user,
			   bool *seen, struct answer *answer, struct error *err)
{
	struct sighting sighting = {.user_id = user->id};

	*seen = true;
	if (user_search(session, user->login, note_sighting, &sighting, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	if (!sighting.found)
		answer->code = ANSWER_NOT_FOUND;
	else
		*seen = was_seen(&sighting, user->created_ms);
	return 0;
}

struct admin_hunt {
	int64_t except_id;
	bool found;
};

static bool hunt_admin(void *context, const json_t *hit)
{
	struct admin_hunt *hunt = context;
	int64_t id;

	hunt->found = json_get_id(hit, "id", &id) && id != hunt->except_id &&
		      json_get_true(hit, "isAdmin") && !json_get_true(hit, "isDisabled");
	return !hunt->found;
}

int grafana_user_other_admin(struct grafana_session *session, int64_t user_id, bool *other,
			     struct answer *answer, struct error *err)
{
	struct admin_hunt hunt = {user_id, false};

	*other = false;
	if (user_search(session, "", hunt_admin, &hunt, answer, err) < 0)
		return -1;
	*other = hunt.found;
	return 0;
}

/* ---- update ---- */

int grafana_user_update(struct grafana_session *session, int64_t user_id, const char *login,
			const char *email, const char *name, struct answer *answer,
			struct error *err)
{
	static const struct answer_rule rules[] = {
		{409, NULL, NULL, ANSWER_EXISTS},
		{403, NULL, "User info cannot be updated for external Users", ANSWER_EXTERNAL},
		{403, NULL, "Cannot update external User", ANSWER_EXTERNAL},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/users/%" PRId64, user_id);
	rc = call_write_json(
		session, "PUT", path,
		json_pack("{s:s, s:s, s:s}", "login", login, "email", email, "name", name),
		&reply, answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	reply_clear(&reply);
	return rc;
}
