/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orgs.c - finding an org by name or id.
 *
 * Called by the worker's operations. Owns nothing; what was found is kept in the
 * instance's org cache. Only what is there is kept: an org that is missing may be
 * made at any moment.
 */
#include "grafana/orgs.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"
#include "grafana/org_cache.h"

enum { PER_PAGE = 1000, MAX_PAGES = 1000 };

static int org_from_json(const json_t *json, const char *path, struct grafana_org *org,
			 struct answer *answer, struct error *err)
{
	memset(org, 0, sizeof(*org));
	if (!json_get_id(json, "id", &org->id))
		return call_unusable(path, "has no org id", err);
	if (!json_get_text(json, "name", org->name, sizeof(org->name)))
		answer_reject(answer, answer->status,
			      "the org's name is no text, or longer than %d bytes",
			      LIMIT_ORG_NAME_BYTES);
	else if (org->name[0] == '\0')
		return call_unusable(path, "has no org name", err);
	return 0;
}

/* ---- the only one ---- */

int grafana_org_own(struct grafana_session *session, struct grafana_org *org,
		    struct answer *answer, struct error *err)
{
	static const char path[] = "/api/org";
	struct reply reply = {0};
	int rc = call_read(session, path, &reply, answer, err);

	memset(org, 0, sizeof(*org));
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = org_from_json(reply.json, path, org, answer, err);
	reply_clear(&reply);
	return rc;
}

/* ---- by name ---- */

/* A slash, even escaped, or a name of dots does not survive as a part of a path. */
static bool fits_in_path(const char *name)
{
	return strpbrk(name, "/\\%") == NULL && name[strspn(name, ".")] != '\0';
}

/* The path form answers with one org, the other with a list of none or one. */
static int read_by_name(struct grafana_session *session, const char *name,
			struct grafana_org *org, struct answer *answer, struct error *err)
{
	bool is_path = fits_in_path(name);
	char *escaped = grafana_escape(name);
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	const json_t *json;
	int rc = 0;

	if (grafana_session_mode(session) == GRAFANA_ONE_ORG) {
		rc = grafana_org_own(session, org, answer, err);
		goto out;
	}
	if (!text_format(path, sizeof(path),
			 is_path ? "/api/orgs/name/%s" : "/api/orgs?name=%s", escaped)) {
		answer_reject(answer, 0, "the org's name is too long");
		goto out;
	}
	rc = call_read(session, path, &reply, answer, err);
	if (rc < 0 || answer->code != ANSWER_OK)
		goto out;
	json = is_path ? reply.json : json_array_get(reply.json, 0);
	if (!is_path && json_is_array(reply.json) && json == NULL)
		answer->code = ANSWER_NOT_FOUND;
	else
		rc = org_from_json(json, path, org, answer, err);
out:
	reply_clear(&reply);
	free(escaped);
	return rc;
}

int grafana_org_by_name(struct grafana_session *session, const char *name,
			enum grafana_cache cache, struct grafana_org *org,
			struct answer *answer, struct error *err)
{
	struct org_cache *orgs = grafana_org_cache(grafana_session_instance(session));

	*answer = (struct answer){.code = ANSWER_OK, .status = 200};
	if (cache == GRAFANA_CACHED && org_cache_find_name(orgs, name, org))
		return 0;
	memset(org, 0, sizeof(*org));
	if (read_by_name(session, name, org, answer, err) < 0)
		return -1;
	/* Some databases compare without regard to letter case; that is another org. */
	if (answer->code == ANSWER_OK && strcmp(org->name, name) != 0)
		answer->code = ANSWER_NOT_FOUND;
	if (answer->code == ANSWER_OK)
		org_cache_put(orgs, org);
	else
		org_cache_drop_name(orgs, name);
	return 0;
}

/* ---- by id ---- */

/* 1 listed, 0 not on this page. */
static int find_in_page(const json_t *page, int64_t org_id)
{
	const json_t *org;
	size_t index;
	int64_t id;

	json_array_foreach(page, index, org)
	{
		if (json_get_id(org, "id", &id) && id == org_id)
			return 1;
	}
	return 0;
}

/* Pages are counted from 0 here. *listed is only set with ANSWER_OK. */
static int is_listed(struct grafana_session *session, int64_t org_id, bool *listed,
		     struct answer *answer, struct error *err)
{
	size_t size = PER_PAGE;
	int rc = 0;

	*listed = false;
	for (int number = 0; rc == 0 && !*listed && size > 0; number++) {
		char path[CALL_PATH_BYTES];
		struct reply reply = {0};

		text_format(path, sizeof(path), "/api/orgs?perpage=%d&page=%d", PER_PAGE,
			    number);
		rc = call_read(session, path, &reply, answer, err);
		if (rc == 0 && answer->code == ANSWER_OK &&
		    (!json_is_array(reply.json) || number == MAX_PAGES))
			rc = call_unusable(path, "is not a list of orgs", err);
		size = answer->code == ANSWER_OK ? json_array_size(reply.json) : 0;
		*listed = rc == 0 && find_in_page(reply.json, org_id) != 0;
		reply_clear(&reply);
	}
	return rc;
}

/* Grafana 10.0 to 10.3 say "no permission" for an org that is not there; a server
 * admin can tell by the list of all orgs. */
static int explain_denial(struct grafana_session *session, int64_t org_id,
			  struct answer *answer, struct error *err)
{
	struct answer list = {0};
	bool listed;

	if (is_listed(session, org_id, &listed, &list, err) < 0)
		return -1;
	if (list.code == ANSWER_OK && !listed)
		answer->code = ANSWER_NOT_FOUND;
	return 0;
}

static int read_by_id(struct grafana_session *session, int64_t org_id, struct grafana_org *org,
		      struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	if (grafana_session_mode(session) == GRAFANA_ONE_ORG) {
		rc = grafana_org_own(session, org, answer, err);
		if (rc == 0 && answer->code == ANSWER_OK && org->id != org_id)
			answer->code = ANSWER_NOT_FOUND;
		return rc;
	}
	text_format(path, sizeof(path), "/api/orgs/%" PRId64, org_id);
	rc = call_read(session, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = org_from_json(reply.json, path, org, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK && org->id != org_id)
		rc = call_unusable(path, "names another org", err);
	if (rc == 0 && answer->code == ANSWER_PERMISSION)
		rc = explain_denial(session, org_id, answer, err);
	reply_clear(&reply);
	return rc;
}

int grafana_org_by_id(struct grafana_session *session, int64_t org_id, enum grafana_cache cache,
		      struct grafana_org *org, struct answer *answer, struct error *err)
{
	struct org_cache *orgs = grafana_org_cache(grafana_session_instance(session));

	*answer = (struct answer){.code = ANSWER_OK, .status = 200};
	if (cache == GRAFANA_CACHED && org_cache_find_id(orgs, org_id, org))
		return 0;
	memset(org, 0, sizeof(*org));
	if (read_by_id(session, org_id, org, answer, err) < 0)
		return -1;
	if (answer->code == ANSWER_OK)
		org_cache_put(orgs, org);
	else
		org_cache_drop_id(orgs, org_id);
	return 0;
}
