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
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/listing.h"

/* A list, or what the answer says instead. */
static int get_list(struct grafana_session *session, const char *path, struct reply *reply,
		    struct answer *answer, struct error *err)
{
	if (call_read(session, path, reply, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK || json_is_array(reply->json))
		return 0;
	return call_unusable(path, "is not a list", err);
}

static bool is_admin(const json_t *entry)
{
	char role[16];

	return json_get_text(entry, "role", role, sizeof(role)) && strcmp(role, "Admin") == 0;
}

/* ---- among the members of an org ---- */

struct hunt {
	int64_t but_id;
	bool also_disabled;
	bool found;
};

static int see_member(void *context, const struct listed *member, struct error *err)
{
	struct hunt *hunt = context;

	(void)err;
	if (member->id != hunt->but_id && member->role == ROLE_ADMIN &&
	    (hunt->also_disabled || member->disabled != LISTED_YES))
		hunt->found = true;
	return 0;
}

/* An org may have more members than fit into one answer that is kept. */
static int hunt_admin(struct grafana_session *session, int64_t org_id, struct hunt *hunt,
		      struct answer *answer, struct error *err)
{
	const struct list_place place = {.kind = LIST_MEMBERS, .org_id = org_id};
	const struct list_visitor visitor = {see_member, hunt};
	struct list_end end;

	hunt->found = false;
	return grafana_list(session, &place, &visitor, &end, answer, err);
}

int grafana_sole_admin_of(struct grafana_session *session, int64_t user_id,
			  struct grafana_admin_of *admin, struct answer *answer,
			  struct error *err)
{
	char path[64];
	struct reply reply = {0};
	const json_t *org;
	size_t i;
	int rc;

	*admin = (struct grafana_admin_of){.any = false};
	text_format(path, sizeof(path), "/api/users/%" PRId64 "/orgs", user_id);
	rc = get_list(session, path, &reply, answer, err);
	if (rc < 0 || answer->code != ANSWER_OK)
		goto out;
	json_array_foreach(reply.json, i, org) {
		struct hunt hunt = {.but_id = user_id};
		int64_t id = 0;

		if (!is_admin(org) || !json_get_id(org, "orgId", &id))
			continue;
		admin->any = true;
		rc = hunt_admin(session, id, &hunt, answer, err);
		if (rc < 0 || answer->code != ANSWER_OK)
			goto out;
		if (hunt.found)
			continue;
		admin->org_id = id;
		json_cut_text(org, "name", admin->org_name, sizeof(admin->org_name));
		goto out;
	}
out:
	reply_clear(&reply);
	return rc;
}

int grafana_org_has_admin(struct grafana_session *session, int64_t org_id, bool *has_admin,
			  struct answer *answer, struct error *err)
{
	struct hunt hunt = {.but_id = 0};
	int rc = hunt_admin(session, org_id, &hunt, answer, err);

	*has_admin = rc == 0 && answer->code == ANSWER_OK && hunt.found;
	return rc;
}

int grafana_org_other_admin(struct grafana_session *session, int64_t org_id, int64_t user_id,
			    bool *other, struct answer *answer, struct error *err)
{
	struct hunt hunt = {.but_id = user_id, .also_disabled = true};
	int rc = hunt_admin(session, org_id, &hunt, answer, err);

	*other = rc == 0 && answer->code == ANSWER_OK && hunt.found;
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
