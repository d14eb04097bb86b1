/* SPDX-License-Identifier: Apache-2.0 */
/*
 * teams.c - the teams of an org, and who is in them.
 *
 * Called by the worker's operations. Owns nothing. A team that is not wholly
 * understood is refused, never guessed at.
 *
 * Limit: up to Grafana 11 an addition to a team that is not there, or of a user that
 * is not there, is a 500 like a database's trouble; callers look what it was.
 */
#include "grafana/teams.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

/* ---- finding ---- */

static int team_from_json(const json_t *json, const char *path, struct grafana_team *team,
			  struct answer *answer, struct error *err)
{
	if (!json_get_id(json, "id", &team->id))
		return call_unusable(path, "is not a team", err);
	if (!json_get_text(json, "name", team->name, sizeof(team->name)))
		answer_reject(answer, answer->status, "the team's name is no text, or too long");
	return 0;
}

int grafana_team_by_id(struct grafana_session *session, int64_t org_id, int64_t team_id,
		       struct grafana_team *team, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	memset(team, 0, sizeof(*team));
	text_format(path, sizeof(path), "/api/teams/%" PRId64, team_id);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = team_from_json(reply.json, path, team, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK && team->id != team_id)
		rc = call_unusable(path, "names another team", err);
	reply_clear(&reply);
	return rc;
}

/* The server compares as its database does, which may ignore letter case. */
static const json_t *find_exact(const json_t *teams, const char *name)
{
	char found[LIMIT_NAME_BYTES + 1];
	const json_t *team;
	size_t i;

	json_array_foreach(teams, i, team)
		if (json_get_text(team, "name", found, sizeof(found)) && strcmp(found, name) == 0)
			return team;
	return NULL;
}

static int pick_team(const json_t *page, const char *name, struct grafana_team *team,
		     struct answer *answer, struct error *err)
{
	static const char path[] = "/api/teams/search";
	const json_t *teams = json_object_get(page, "teams"), *found;

	if (!json_is_array(teams))
		return call_unusable(path, "is not a list of teams", err);
	found = find_exact(teams, name);
	if (found != NULL)
		return team_from_json(found, path, team, answer, err);
	answer->code = ANSWER_NOT_FOUND;
	return 0;
}

int grafana_team_by_name(struct grafana_session *session, int64_t org_id, const char *name,
			 struct grafana_team *team, struct answer *answer, struct error *err)
{
	char *escaped = grafana_escape(name);
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc = 0;

	memset(team, 0, sizeof(*team));
	if (!text_format(path, sizeof(path), "/api/teams/search?name=%s", escaped)) {
		answer_reject(answer, 0, "the team's name is too long");
		goto out;
	}
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = pick_team(reply.json, name, team, answer, err);
out:
	reply_clear(&reply);
	free(escaped);
	return rc;
}

/* ---- the team itself ---- */

int grafana_team_create(struct grafana_session *session, int64_t org_id, const char *name,
			const char *email, int64_t *team_id, struct answer *answer,
			struct error *err)
{
	static const struct answer_rule rules[] = {
		{409, NULL, NULL, ANSWER_EXISTS},
	};
	struct reply reply;
	int rc = call_write_json_in_org(session, org_id, "POST", "/api/teams",
					json_pack("{s:s, s:s}", "name", name, "email",
						  email != NULL ? email : ""),
					&reply, answer, err);

	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	if (rc == 0 && answer->code == ANSWER_OK && !json_get_id(reply.json, "teamId", team_id))
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	return rc;
}

/* Shared by the writes without a body. */
static int remove_by_path(struct grafana_session *session, int64_t org_id, const char *path,
			  struct answer *answer, struct error *err)
{
	struct reply reply;
	int rc = call_write_in_org(session, org_id, "DELETE", path, NULL, &reply, answer, err);

	reply_clear(&reply);
	return rc;
}

int grafana_team_delete(struct grafana_session *session, int64_t org_id, int64_t team_id,
			struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];

	text_format(path, sizeof(path), "/api/teams/%" PRId64, team_id);
	return remove_by_path(session, org_id, path, answer, err);
}

/* ---- members ---- */

/* 1 in it, 0 not, -1 unusable. */
static int find_member(const json_t *members, int64_t user_id)
{
	const json_t *member;
	int64_t id;
	size_t i;

	if (!json_is_array(members))
		return -1;
	json_array_foreach(members, i, member)
	{
		if (!json_get_id(member, "userId", &id))
			return -1;
		if (id == user_id)
			return 1;
	}
	return 0;
}

int grafana_team_has_member(struct grafana_session *session, int64_t org_id, int64_t team_id,
			    int64_t user_id, bool *member, struct answer *answer,
			    struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int found = 0, rc;

	*member = false;
	text_format(path, sizeof(path), "/api/teams/%" PRId64 "/members", team_id);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		found = find_member(reply.json, user_id);
	if (found < 0)
		rc = call_unusable(path, "is not a list of members", err);
	*member = found > 0;
	reply_clear(&reply);
	return rc;
}

static bool is_called(const json_t *member, const char *login, const char *email,
		      struct grafana_user *user)
{
	memset(user, 0, sizeof(*user));
	return json_get_id(member, "userId", &user->id) &&
	       json_get_text(member, "login", user->login, sizeof(user->login)) &&
	       json_get_text(member, "email", user->email, sizeof(user->email)) &&
	       (login == NULL || text_equal_nocase(user->login, login)) &&
	       (email == NULL || text_equal_nocase(user->email, email));
}

static void pick_member(const json_t *members, const char *login, const char *email,
			struct grafana_user *user, struct answer *answer)
{
	struct grafana_user seen;
	const json_t *member;
	int hits = 0;
	size_t i;

	json_array_foreach(members, i, member)
		if (is_called(member, login, email, &seen) && hits++ == 0)
			*user = seen;
	if (hits == 0)
		answer->code = ANSWER_NOT_FOUND;
	if (hits > 1)
		answer_reject(answer, answer->status, "more than one member of the team is '%s', "
			      "letter case aside; rename one of them",
			      email != NULL ? email : login);
}

int grafana_team_find_member(struct grafana_session *session, int64_t org_id, int64_t team_id,
			     const char *login, const char *email, struct grafana_user *user,
			     struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	memset(user, 0, sizeof(*user));
	text_format(path, sizeof(path), "/api/teams/%" PRId64 "/members", team_id);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK && !json_is_array(reply.json))
		rc = call_unusable(path, "is not a list of members", err);
	if (rc == 0 && answer->code == ANSWER_OK)
		pick_member(reply.json, login, email, user, answer);
	reply_clear(&reply);
	return rc;
}

int grafana_team_add_member(struct grafana_session *session, int64_t org_id, int64_t team_id,
			    int64_t user_id, struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "User is already added to this team", ANSWER_EXISTS},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/teams/%" PRId64 "/members", team_id);
	rc = call_write_json_in_org(session, org_id, "POST", path,
				    json_pack("{s:I}", "userId", (json_int_t)user_id), &reply,
				    answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	reply_clear(&reply);
	return rc;
}

int grafana_team_remove_member(struct grafana_session *session, int64_t org_id,
			       int64_t team_id, int64_t user_id, struct answer *answer,
			       struct error *err)
{
	char path[CALL_PATH_BYTES];

	text_format(path, sizeof(path), "/api/teams/%" PRId64 "/members/%" PRId64, team_id,
		    user_id);
	return remove_by_path(session, org_id, path, answer, err);
}
