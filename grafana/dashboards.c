/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboards.c - reading, finding and saving dashboards.
 *
 * Called by the worker's operations. Owns nothing. Every call names the org in a header.
 * Saving always says which version is replaced and never "overwrite": with that, Grafana
 * would also save over another dashboard that merely has the title.
 */
#include "grafana/dashboards.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

/* ---- reading ---- */

static json_t *parse_model(const char *model)
{
	return json_loads(model, JSON_ALLOW_NUL, NULL);
}

static bool is_same(const json_t *stored, const char *model)
{
	static const char *const ignored[] = {"id", "uid", "version"};
	json_t *asked = parse_model(model), *bare = json_copy((json_t *)(uintptr_t)stored);
	bool same;

	for (size_t i = 0; i < ARRAY_COUNT(ignored); i++)
		json_object_del(bare, ignored[i]);
	same = asked != NULL && json_equal(asked, bare) == 1;
	json_decref(asked);
	json_decref(bare);
	return same;
}

/* What the general folder is called differs: "", "general", or nothing at all. */
static void read_folder(const json_t *meta, struct grafana_folder *folder)
{
	memset(folder, 0, sizeof(*folder));
	if (!json_get_text(meta, "folderUid", folder->uid, sizeof(folder->uid)) ||
	    strcmp(folder->uid, "general") == 0)
		folder->uid[0] = '\0';
	(void)json_get_id(meta, "folderId", &folder->id);
	json_cut_text(meta, "folderTitle", folder->title, sizeof(folder->title));
}

static int dashboard_from_json(const json_t *json, const char *path, const char *model,
			       struct grafana_dashboard *dashboard, struct error *err)
{
	const json_t *meta = json_object_get(json, "meta");
	const json_t *stored = json_object_get(json, "dashboard");

	memset(dashboard, 0, sizeof(*dashboard));
	if (!json_is_object(meta) || !json_is_object(stored))
		return call_unusable(path, "has no meta or no dashboard", err);
	if (!json_get_id(stored, "version", &dashboard->version) &&
	    !json_get_id(meta, "version", &dashboard->version))
		return call_unusable(path, "has no version", err);
	(void)json_get_id(stored, "id", &dashboard->id);
	json_cut_text(stored, "title", dashboard->title, sizeof(dashboard->title));
	read_folder(meta, &dashboard->folder);
	dashboard->provisioned = json_get_true(meta, "provisioned");
	dashboard->same = is_same(stored, model);
	return 0;
}

int grafana_dashboard_get(struct grafana_session *session, int64_t org_id, const char *uid,
			  const char *model, struct grafana_dashboard *dashboard,
			  struct answer *answer, struct error *err)
{
	char *escaped = grafana_escape(uid);
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	text_format(path, sizeof(path), "/api/dashboards/uid/%s", escaped);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = dashboard_from_json(reply.json, path, model, dashboard, err);
	reply_clear(&reply);
	free(escaped);
	return rc;
}

/* ---- finding ---- */

static void count_hit(const json_t *hit, const struct grafana_folder *folder, const char *title,
		      char uid[LIMIT_UID_BYTES + 1], size_t *count)
{
	const char *its = json_string_value(json_object_get(hit, "title"));
	char found[LIMIT_UID_BYTES + 1];
	struct grafana_folder where;

	read_folder(hit, &where);
	if (its == NULL || strcmp(its, title) != 0 || !grafana_folder_is_same(&where, folder) ||
	    !json_get_text(hit, "uid", found, sizeof(found)) || found[0] == '\0')
		return;
	if ((*count)++ == 0)
		text_copy(uid, sizeof(found), found);
}

int grafana_dashboard_find(struct grafana_session *session, int64_t org_id,
			   const struct grafana_folder *folder, const char *title,
			   char uid[LIMIT_UID_BYTES + 1], size_t *count,
			   struct answer *answer, struct error *err)
{
	char *escaped = grafana_escape_search(title);
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	const json_t *hit;
	size_t index;
	int rc;

	*count = 0;
	uid[0] = '\0';
	text_format(path, sizeof(path), "/api/search?type=dash-db&limit=1000&query=%s", escaped);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK && !json_is_array(reply.json))
		rc = call_unusable(path, "is not a list", err);
	if (rc == 0 && answer->code == ANSWER_OK)
		json_array_foreach(reply.json, index, hit)
			count_hit(hit, folder, title, uid, count);
	reply_clear(&reply);
	free(escaped);
	return rc;
}

/* ---- saving ---- */

/* Old versions know a folder by its id alone, and look at the version only beside an id;
 * later ones go by the uid. Each ignores the other's. */
static json_t *body_of(const struct grafana_dashboard_save *save)
{
	json_t *dashboard = parse_model(save->model);
	json_t *body = json_pack("{s:o*, s:s, s:b}", "dashboard", dashboard, "message",
				 save->message, "overwrite", 0);

	json_object_set_new(dashboard, "id",
			    save->id != 0 ? json_integer(save->id) : json_null());
	json_object_set_new(dashboard, "uid", json_string(save->uid));
	json_object_set_new(dashboard, "version", json_integer(save->version));
	if (save->folder->uid[0] != '\0')
		json_object_set_new(body, "folderUid", json_string(save->folder->uid));
	if (save->folder->id != 0)
		json_object_set_new(body, "folderId", json_integer(save->folder->id));
	return body;
}

int grafana_dashboard_save(struct grafana_session *session, int64_t org_id,
			   const struct grafana_dashboard_save *save, int64_t *version,
			   struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "Folder not found", ANSWER_NOT_FOUND},
		{400, NULL, "A folder with the same name already exists", ANSWER_EXISTS},
		{412, NULL, "A dashboard with the same", ANSWER_EXISTS},
		{412, NULL, NULL, ANSWER_CHANGED},
		{409, NULL, NULL, ANSWER_CHANGED},
	};
	struct reply reply;
	int rc = call_write_json_in_org(session, org_id, "POST", "/api/dashboards/db",
					body_of(save), &reply, answer, err);

	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	if (rc == 0 && answer->code == ANSWER_OK && !json_get_id(reply.json, "version", version))
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	return rc;
}
