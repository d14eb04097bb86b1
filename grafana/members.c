/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members.c - who belongs to an org, and as what.
 *
 * Called by the worker's operations. Owns nothing. With user and password only the
 * /api/orgs/:id/users routes are used: their twins under /api/org delete an account
 * that has lost its last org. A token has only those, so whoever removes a member
 * with one must want that. Some of Grafana's definite answers here are 500s; the
 * tables say which.
 *
 * Limit: those 500s can also be a database's trouble, so callers look before they
 * believe them.
 */
#include "grafana/members.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"

/* Grafana before 10.2 does not know "None", and says so in the words it has for any
 * unreadable body; ours is always readable. Before 8.4 it said 422, or
 * named the role. */
static const struct answer_rule role_rules[] = {
	{400, NULL, "Invalid role", ANSWER_ROLE_INVALID},
	{400, NULL, "bad request data", ANSWER_ROLE_INVALID},
	{422, NULL, NULL, ANSWER_ROLE_INVALID},
	{400, NULL, "JSON validation error: invalid role", ANSWER_ROLE_INVALID},
};

/* The members of an org, or with 'user_id' one of them. */
static void format_path(struct grafana_session *session, int64_t org_id, int64_t user_id,
			char path[CALL_PATH_BYTES])
{
	char org[32] = "", user[32] = "";

	if (grafana_session_mode(session) == GRAFANA_ALL_ORGS)
		text_format(org, sizeof(org), "s/%" PRId64, org_id);
	if (user_id != 0)
		text_format(user, sizeof(user), "/%" PRId64, user_id);
	text_format(path, CALL_PATH_BYTES, "/api/org%s/users%s", org, user);
}

static void refine_role_write(struct answer *answer, const struct reply *reply,
			      const struct answer_rule *rules, size_t count)
{
	answer_refine(answer, reply, role_rules, ARRAY_COUNT(role_rules));
	answer_refine(answer, reply, rules, count);
}

int grafana_member_add(struct grafana_session *session, int64_t org_id,
		       const char *login_or_email, enum role role, int64_t *user_id,
		       struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{409, NULL, NULL, ANSWER_EXISTS},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	format_path(session, org_id, 0, path);
	rc = call_write_json(session, "POST", path,
			     json_pack("{s:s, s:s}", "loginOrEmail", login_or_email, "role",
				       role_name(role)),
			     &reply, answer, err);
	if (rc == 0)
		refine_role_write(answer, &reply, rules, ARRAY_COUNT(rules));
	/* Both yeses name the user; one that does not is no answer to this call. */
	if (rc == 0 && (answer->code == ANSWER_OK || answer->code == ANSWER_EXISTS) &&
	    !json_get_id(reply.json, "userId", user_id))
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	return rc;
}

int grafana_member_set_role(struct grafana_session *session, int64_t org_id, int64_t user_id,
			    enum role role, struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "Cannot change role so that there is no organization admin left",
		 ANSWER_LAST_ADMIN},
		{403, "org.externallySynced", NULL, ANSWER_EXTERNALLY_SYNCED},
		{403, NULL, "cannot change role for externally synced user",
		 ANSWER_EXTERNALLY_SYNCED},
		{404, NULL, "User not found", ANSWER_NOT_MEMBER},
		{500, NULL, "Failed update org user", ANSWER_NOT_MEMBER},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	format_path(session, org_id, user_id, path);
	rc = call_write_json(session, "PATCH", path,
			     json_pack("{s:s}", "role", role_name(role)), &reply, answer, err);
	if (rc == 0)
		refine_role_write(answer, &reply, rules, ARRAY_COUNT(rules));
	reply_clear(&reply);
	return rc;
}

/* Grafana says which of the two it was in words only. */
static enum account_fate read_fate(const struct answer *answer)
{
	if (answer->code != ANSWER_OK)
		return ACCOUNT_FATE_UNKNOWN;
	return text_equal_nocase(answer->message, "User deleted") ? ACCOUNT_DELETED : ACCOUNT_STAYS;
}

int grafana_member_remove(struct grafana_session *session, int64_t org_id, int64_t user_id,
			  enum account_fate *fate, struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "Cannot remove last organization admin", ANSWER_LAST_ADMIN},
		/* an account that is not there (any more) */
		{500, NULL, "Failed to remove user from organization", ANSWER_NOT_FOUND},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	format_path(session, org_id, user_id, path);
	rc = call_write(session, "DELETE", path, NULL, &reply, answer, err);
	*fate = read_fate(answer);
	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	reply_clear(&reply);
	return rc;
}
