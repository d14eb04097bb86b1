/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org_write.c - making, renaming and deleting orgs.
 *
 * Called by the worker's operations. Owns nothing. Whatever Grafana answers, what the
 * instance remembers of the org is forgotten: the write may have happened.
 *
 * Limit: other processes remember orgs as well, for org_cache_ms each.
 */
#include "grafana/org_write.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/listing.h"
#include "grafana/org_cache.h"

static struct org_cache *cache_of(struct grafana_session *session)
{
	return grafana_org_cache(grafana_session_instance(session));
}

int grafana_org_create(struct grafana_session *session, const char *name, int64_t *org_id,
		       struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{409, NULL, NULL, ANSWER_EXISTS},
	};
	struct reply reply;
	int rc = call_write_json(session, "POST", "/api/orgs", json_pack("{s:s}", "name", name),
				 &reply, answer, err);

	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	/* A yes that does not name the org is no answer to this call. */
	if (rc == 0 && answer->code == ANSWER_OK && !json_get_id(reply.json, "orgId", org_id))
		answer->code = ANSWER_DOUBT;
	org_cache_drop_name(cache_of(session), name);
	reply_clear(&reply);
	return rc;
}

/* A name that is taken is a 400 here, and a 409 when creating. */
int grafana_org_rename(struct grafana_session *session, int64_t org_id, const char *name,
		       struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "Organization name taken", ANSWER_EXISTS},
		{409, NULL, NULL, ANSWER_EXISTS},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/orgs/%" PRId64, org_id);
	rc = call_write_json(session, "PUT", path, json_pack("{s:s}", "name", name), &reply,
			     answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	org_cache_drop_id(cache_of(session), org_id);
	org_cache_drop_name(cache_of(session), name);
	reply_clear(&reply);
	return rc;
}

/* Grafana from 8.3 on will not delete the org its caller is in, which is the one of the
 * header; 1 is never deleted here, whether the caller belongs to it or not. */
int grafana_org_delete(struct grafana_session *session, int64_t org_id, struct answer *answer,
		       struct error *err)
{
	enum { ANOTHER_ORG = 1 };
	static const struct answer_rule rules[] = {
		{400, NULL, "Can not delete org for current user", ANSWER_SELF},
		{400, NULL, "Cannot delete your active organization", ANSWER_SELF},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/orgs/%" PRId64, org_id);
	rc = call_write_in_org(session, ANOTHER_ORG, "DELETE", path, NULL, &reply, answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	org_cache_drop_id(cache_of(session), org_id);
	reply_clear(&reply);
	return rc;
}

/* ---- what to look at before ---- */

/* A list, or what the answer says instead. */
static int read_list(struct grafana_session *session, const char *path, struct reply *reply,
		     struct answer *answer, struct error *err)
{
	int rc = call_read(session, path, reply, answer, err);

	if (rc < 0 || answer->code != ANSWER_OK || json_is_array(reply->json))
		return rc;
	return call_unusable(path, "is not a list", err);
}

int grafana_org_is_only(struct grafana_session *session, bool *only, struct answer *answer,
			struct error *err)
{
	struct reply reply = {0};
	int rc = read_list(session, "/api/orgs?perpage=2", &reply, answer, err);

	*only = rc == 0 && answer->code == ANSWER_OK && json_array_size(reply.json) < 2;
	reply_clear(&reply);
	return rc;
}

struct counting {
	const char *own;
	struct grafana_crowd *crowd;
};

static int count_member(void *context, const struct listed *member, struct error *err)
{
	const struct counting *counting = context;
	struct grafana_crowd *crowd = counting->crowd;

	(void)err;
	if (text_equal_nocase(member->login, counting->own) ||
	    text_equal_nocase(member->email, counting->own))
		return 0;
	crowd->count++;
	if (crowd->id_count < GRAFANA_CROWD_IDS)
		crowd->ids[crowd->id_count++] = member->id;
	return 0;
}

int grafana_org_crowd(struct grafana_session *session, int64_t org_id, const char *own,
		      struct grafana_crowd *crowd, struct answer *answer, struct error *err)
{
	const struct list_place place = {.kind = LIST_MEMBERS, .org_id = org_id};
	struct counting counting = {own, crowd};
	const struct list_visitor visitor = {count_member, &counting};
	struct list_end end;

	memset(crowd, 0, sizeof(*crowd));
	return grafana_list(session, &place, &visitor, &end, answer, err);
}

int grafana_user_count_orgs(struct grafana_session *session, int64_t user_id, size_t *count,
			    struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	text_format(path, sizeof(path), "/api/users/%" PRId64 "/orgs", user_id);
	rc = read_list(session, path, &reply, answer, err);
	*count = rc == 0 ? json_array_size(reply.json) : 0;
	reply_clear(&reply);
	return rc;
}
