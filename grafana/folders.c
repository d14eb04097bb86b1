/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folders.c - the folders of an org.
 *
 * Called by the worker's operations. Owns nothing. Every call names the org in a header.
 *
 * Limits: of nested folders (from 10 on) only the first level is found by its title;
 * of more than 10,000 folders the first.
 */
#include "grafana/folders.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

enum { PER_PAGE = 1000, MAX_PAGES = 10 };

bool grafana_folder_is_general(const struct grafana_folder *folder)
{
	return folder->id == 0 && folder->uid[0] == '\0';
}

bool grafana_folder_is_same(const struct grafana_folder *left,
			    const struct grafana_folder *right)
{
	if (grafana_folder_is_general(left) || grafana_folder_is_general(right))
		return grafana_folder_is_general(left) && grafana_folder_is_general(right);
	if (left->uid[0] != '\0' && right->uid[0] != '\0')
		return strcmp(left->uid, right->uid) == 0;
	return left->id != 0 && left->id == right->id;
}

/* The id is gone from the newest versions, the uid is in all that know folders by it. */
static int folder_from_json(const json_t *json, const char *path, struct grafana_folder *folder,
			    struct error *err)
{
	memset(folder, 0, sizeof(*folder));
	if (!json_get_text(json, "uid", folder->uid, sizeof(folder->uid)) ||
	    folder->uid[0] == '\0')
		return call_unusable(path, "has no folder uid", err);
	(void)json_get_id(json, "id", &folder->id);
	json_cut_text(json, "title", folder->title, sizeof(folder->title));
	return 0;
}

int grafana_folder_by_uid(struct grafana_session *session, int64_t org_id, const char *uid,
			  struct grafana_folder *folder, struct answer *answer,
			  struct error *err)
{
	char *escaped = grafana_escape(uid);
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	text_format(path, sizeof(path), "/api/folders/%s", escaped);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = folder_from_json(reply.json, path, folder, err);
	reply_clear(&reply);
	free(escaped);
	return rc;
}

static int pick_title(const json_t *list, const char *path, const char *title,
		      struct grafana_folder *folder, size_t *count, struct error *err)
{
	const json_t *item;
	size_t index;

	json_array_foreach(list, index, item) {
		const char *its = json_string_value(json_object_get(item, "title"));

		if (its == NULL || strcmp(its, title) != 0)
			continue;
		if ((*count)++ == 0 && folder_from_json(item, path, folder, err) < 0)
			return -1;
	}
	return 0;
}

int grafana_folder_by_title(struct grafana_session *session, int64_t org_id, const char *title,
			    struct grafana_folder *folder, size_t *count,
			    struct answer *answer, struct error *err)
{
	size_t size = PER_PAGE;
	int rc = 0;

	*count = 0;
	for (int page = 1; rc == 0 && size == PER_PAGE && page <= MAX_PAGES; page++) {
		char path[CALL_PATH_BYTES];
		struct reply reply = {0};

		text_format(path, sizeof(path), "/api/folders?limit=%d&page=%d", PER_PAGE, page);
		rc = call_read_in_org(session, org_id, path, &reply, answer, err);
		if (rc == 0 && answer->code == ANSWER_OK && !json_is_array(reply.json))
			rc = call_unusable(path, "is not a list of folders", err);
		size = answer->code == ANSWER_OK ? json_array_size(reply.json) : 0;
		if (rc == 0 && answer->code == ANSWER_OK)
			rc = pick_title(reply.json, path, title, folder, count, err);
		reply_clear(&reply);
	}
	return rc;
}

/* "General" is refused with a 400 of its own. A 412 says that the uid is taken, and from
 * 12 on, with an empty body, also that the folder was made and its rights were not. */
int grafana_folder_create(struct grafana_session *session, int64_t org_id, const char *uid,
			  const char *title, struct grafana_folder *folder,
			  struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "A folder with that name already exists", ANSWER_EXISTS},
		{409, NULL, NULL, ANSWER_EXISTS},
		{412, NULL, NULL, ANSWER_EXISTS},
	};
	struct reply reply;
	int rc = call_write_json_in_org(session, org_id, "POST", "/api/folders",
					json_pack("{s:s, s:s}", "uid", uid, "title", title),
					&reply, answer, err);

	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	if (rc == 0 && answer->code == ANSWER_OK &&
	    folder_from_json(reply.json, "/api/folders", folder, NULL) < 0)
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	return rc;
}
