/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rights.c - how far the credentials reach inside the orgs.
 *
 * Called by the operator's tool. Owns nothing. A server admin may list all orgs and
 * change their members, but what lies within (teams, service accounts, dashboards) takes
 * an Admin of the org; a token's rights are those of its service account, of which only
 * an attempt tells.
 *
 * Limit: the first 1000 orgs are looked at.
 */
#include "grafana/rights.h"

#include <jansson.h>
#include <string.h>

#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"

/* ---- with user and password ---- */

static bool is_admin_of(const json_t *memberships, int64_t org_id)
{
	const json_t *membership;
	size_t index;
	int64_t id;
	char role[16];

	json_array_foreach(memberships, index, membership)
	{
		if (json_get_id(membership, "orgId", &id) && id == org_id)
			return json_get_text(membership, "role", role, sizeof(role)) &&
			       strcmp(role, "Admin") == 0;
	}
	return false;
}

static void compare(const json_t *orgs, const json_t *memberships, struct grafana_rights *rights)
{
	const json_t *org;
	size_t index;
	int64_t id;

	json_array_foreach(orgs, index, org)
	{
		if (!json_get_id(org, "id", &id))
			continue;
		rights->org_count++;
		if (is_admin_of(memberships, id)) {
			rights->admin_count++;
		} else if (rights->elsewhere.id == 0) {
			rights->elsewhere.id = id;
			json_cut_text(org, "name", rights->elsewhere.name,
				      sizeof(rights->elsewhere.name));
		}
	}
}

static int probe_orgs(struct grafana_session *session, struct grafana_rights *rights,
		      struct error *err)
{
	struct reply own = {0}, all = {0};
	struct answer answer;
	int rc = -1;

	if (call_read(session, "/api/user/orgs", &own, &answer, err) < 0)
		goto out;
	rc = answer.code == ANSWER_OK ? call_read(session, "/api/orgs?perpage=1000&page=0", &all,
						  &answer, err)
				      : 0;
	if (rc == 0 && answer.code == ANSWER_OK)
		compare(all.json, own.json, rights);
out:
	reply_clear(&own);
	reply_clear(&all);
	return rc;
}

/* ---- with a token ---- */

static int probe_route(struct grafana_session *session, const char *path, enum server_fact *may,
		       struct error *err)
{
	struct reply reply = {0};
	struct answer answer;
	int rc = call_read(session, path, &reply, &answer, err);

	if (rc == 0 && answer.code == ANSWER_OK)
		*may = SERVER_YES;
	else if (rc == 0 && answer.code == ANSWER_PERMISSION)
		*may = SERVER_NO;
	reply_clear(&reply);
	return rc;
}

int grafana_rights_probe(struct grafana_session *session, struct grafana_rights *rights,
			 struct error *err)
{
	memset(rights, 0, sizeof(*rights));
	if (grafana_session_mode(session) == GRAFANA_ALL_ORGS)
		return probe_orgs(session, rights, err);
	if (probe_route(session, "/api/org/users?limit=1", &rights->reads_members, err) < 0)
		return -1;
	return probe_route(session, "/api/serviceaccounts/search?perpage=1",
			   &rights->reads_service_accounts, err);
}
