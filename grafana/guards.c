/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guards.c - reads that answer "who would be left without?".
 *
 * Called by operations before they delete or disable. Grafana looks after the last
 * Admin of an org only when a role is changed or a member removed, not when an
 * account is deleted. Service accounts are not in the lists read here, so one that
 * is Admin does not count: no person can act through it.
 */
#include "grafana/guards.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"

/* A list, or what the answer says instead. */
static int get_list_in_org(struct grafana_session *session, int64_t org_id, const char *path,
			   struct reply *reply, struct answer *answer, struct error *err)
{
	if (grafana_request_in_org(session, org_id, GRAFANA_READ, "GET", path, NULL, reply,
				   err) < 0)
		return -1;
	answer_from_reply(answer, reply);
	if (answer->code != ANSWER_OK || json_is_array(reply->json))
		return 0;
	error_set(err, ERROR_RETRY, "grafana", reply->status, "GET %s: not a list", path);
	return -1;
}

static int get_list(struct grafana_session *session, const char *path, struct reply *reply,
		    struct answer *answer, struct error *err)
{
	return get_list_in_org(session, 0, path, reply, answer, err);
}

static bool is_admin(const json_t *entry)
{
	char role[16];

	return json_get_text(entry, "role", role, sizeof(role)) && strcmp(role, "Admin") == 0;
}

static bool has_other_admin(const json_t *members, int64_t user_id, bool also_disabled)
{
	const json_t *member;
	size_t i;

	json_array_foreach(members, i, member) {
		int64_t id = 0;

		if (json_get_id(member, "userId", &id) && id != user_id && is_admin(member) &&
		    (also_disabled || !json_get_true(member, "isDisabled")))
			return true;
	}
	return false;
}

static int read_other_admin(struct grafana_session *session, int64_t org_id, int64_t user_id,
			    bool *other, struct answer *answer, struct error *err)
{
	char path[64];
	struct reply reply = {0};
	int rc;

	text_format(path, sizeof(path), "/api/orgs/%" PRId64 "/users", org_id);
	rc = get_list(session, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		*other = has_other_admin(reply.json, user_id, false);
	reply_clear(&reply);
	return rc;
}

int grafana_sole_admin_of(struct grafana_session *session, int64_t user_id, int64_t *org_id,
			  char *org_name, struct answer *answer, struct error *err)
{
	char path[64];
	struct reply reply = {0};
	const json_t *org;
	size_t i;
	int rc;

	*org_id = 0;
	org_name[0] = '\0';
	text_format(path, sizeof(path), "/api/users/%" PRId64 "/orgs", user_id);
	rc = get_list(session, path, &reply, answer, err);
	if (rc < 0 || answer->code != ANSWER_OK)
		goto out;
	json_array_foreach(reply.json, i, org) {
		bool other = false;
		int64_t id = 0;

		if (!is_admin(org) || !json_get_id(org, "orgId", &id))
			continue;
		rc = read_other_admin(session, id, user_id, &other, answer, err);
		if (rc < 0 || answer->code != ANSWER_OK)
			goto out;
		if (other)
			continue;
		*org_id = id;
		json_cut_text(org, "name", org_name, LIMIT_ORG_NAME_BYTES + 1);
		goto out;
	}
out:
	reply_clear(&reply);
	return rc;
}

int grafana_org_has_admin(struct grafana_session *session, int64_t org_id, bool *has_admin,
			  struct answer *answer, struct error *err)
{
	enum { NOBODY = 0 };
	struct reply reply = {0};
	int rc = get_list_in_org(session, org_id, "/api/org/users", &reply, answer, err);

	*has_admin = rc == 0 && answer->code == ANSWER_OK && has_other_admin(reply.json, NOBODY, false);
	reply_clear(&reply);
	return rc;
}

int grafana_org_other_admin(struct grafana_session *session, int64_t org_id, int64_t user_id,
			    bool *other, struct answer *answer, struct error *err)
{
	bool one_org = grafana_session_mode(session) == GRAFANA_ONE_ORG;
	char path[64];
	struct reply reply = {0};
	int rc;

	text_format(path, sizeof(path), "/api/orgs/%" PRId64 "/users", org_id);
	rc = get_list(session, one_org ? "/api/org/users" : path, &reply, answer, err);
	*other = rc == 0 && answer->code == ANSWER_OK &&
		 has_other_admin(reply.json, user_id, true);
	reply_clear(&reply);
	return rc;
}

int grafana_account_sessions(struct grafana_session *session, int64_t user_id, int64_t *count,
			     struct answer *answer, struct error *err)
{
	char path[64];
	struct reply reply = {0};
	int rc;

	*count = 0;
	text_format(path, sizeof(path), "/api/admin/users/%" PRId64 "/auth-tokens", user_id);
	rc = get_list(session, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		*count = (int64_t)json_array_size(reply.json);
	if (rc == 0 && answer->status == 404)
		answer->code = ANSWER_NOT_FOUND;
	reply_clear(&reply);
	return rc;
}
