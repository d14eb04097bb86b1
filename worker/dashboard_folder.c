/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard_folder.c - finding a folder, or making it.
 *
 * Called by op_dashboard.c and op_org_bootstrap.c. A folder that is said by its title
 * alone gets a uid made of the title, so that two requests for it, or one that is done
 * twice, make one folder: Grafana keeps uids apart.
 */
#include "worker/dashboard.h"

#include <string.h>

#include "base/digest.h"
#include "base/text.h"

static const char STEP[] = "create_folder";

static bool is_general(const struct request_folder *named)
{
	if (named->uid != NULL)
		return strcmp(named->uid, "general") == 0;
	return named->title == NULL || text_equal_nocase(named->title, "General");
}

static void make_uid(const struct request_folder *named, char uid[LIMIT_UID_BYTES + 1])
{
	enum { DIGITS = 24 };
	char seed[LIMIT_NAME_BYTES + 16], hex[DIGEST_HEX_CAPACITY];

	if (named->uid != NULL) {
		text_copy(uid, LIMIT_UID_BYTES + 1, named->uid);
		return;
	}
	text_format(seed, sizeof(seed), "folder\n%s", named->title);
	digest_sha256_hex(seed, strlen(seed), hex);
	text_format(uid, LIMIT_UID_BYTES + 1, "folder-%.*s", DIGITS, hex);
}

static int find_by_uid(struct turn *turn, const struct grafana_org *org, const char *uid,
		       struct grafana_folder *folder, bool *found, struct error *err)
{
	struct answer answer = {0};

	if (grafana_folder_by_uid(turn->grafana, org->id, uid, folder, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_in_org(turn, org, &answer, "find the folder", err);
	*found = answer.code == ANSWER_OK;
	return TURN_GO_ON;
}

static int find_by_title(struct turn *turn, const struct grafana_org *org, const char *title,
			 struct grafana_folder *folder, bool *found, struct error *err)
{
	struct answer answer = {0};
	size_t count = 0;

	if (grafana_folder_by_title(turn->grafana, org->id, title, folder, &count, &answer,
				    err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_in_org(turn, org, &answer, "find the folder", err);
	if (count > 1)
		return turn_refused(turn, REASON_FOLDER_CONFLICT,
				    "%zu folders have the title '%s'; say the uid of one", count,
				    title);
	*found = count == 1;
	return TURN_GO_ON;
}

static int find(struct turn *turn, const struct grafana_org *org,
		const struct request_folder *named, struct grafana_folder *folder, bool *found,
		struct error *err)
{
	*found = false;
	if (org->id == 0) /* only planned, so there is nothing in it */
		return TURN_GO_ON;
	return named->uid != NULL ? find_by_uid(turn, org, named->uid, folder, found, err)
				  : find_by_title(turn, org, named->title, folder, found, err);
}

/* In doubt, or taken: perhaps by the folder that is wanted. */
static int look_again(struct turn *turn, const struct grafana_org *org, const char *uid,
		      const char *title, const struct answer *answer,
		      struct grafana_folder *folder, struct error *err)
{
	bool found = false;
	int rc = find_by_uid(turn, org, uid, folder, &found, err);

	if (rc != TURN_GO_ON || found)
		return rc;
	if (answer->code == ANSWER_DOUBT)
		return turn_in_doubt(answer, "create the folder", err);
	return turn_refused(turn, REASON_FOLDER_CONFLICT,
			    "Grafana says that the title '%s' is taken, by a dashboard or by a "
			    "folder that grantd may not see: %s", title, answer->message);
}

static int make(struct turn *turn, const struct grafana_org *org,
		const struct request_folder *named, struct grafana_folder *folder,
		struct error *err)
{
	char uid[LIMIT_UID_BYTES + 1];
	struct answer answer = {0};
	int rc;

	if (named->title == NULL)
		return turn_refused(turn, REASON_FOLDER_NOT_FOUND,
				    "there is no folder '%s' in '%s'; say a title as well to have "
				    "it made", named->uid, org->name);
	make_uid(named, uid);
	if (turn_skips(turn)) {
		text_copy(folder->uid, sizeof(folder->uid), uid);
		text_copy(folder->title, sizeof(folder->title), named->title);
		return TURN_GO_ON;
	}
	if ((rc = turn_begin_step(turn, STEP, err)) != TURN_GO_ON)
		return rc;
	if (grafana_folder_create(turn->grafana, org->id, uid, named->title, folder, &answer,
				  err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_EXISTS)
		return look_again(turn, org, uid, named->title, &answer, folder, err);
	if (answer.code != ANSWER_OK)
		return turn_refused_in_org(turn, org, &answer, "create the folder", err);
	return turn_wrote(turn, &answer);
}

int dashboard_folder_ensure(struct turn *turn, const struct grafana_org *org,
			    const struct request_folder *named, struct grafana_folder *folder,
			    bool *made, struct error *err)
{
	bool found = false;
	int rc;

	memset(folder, 0, sizeof(*folder));
	*made = false;
	if (is_general(named))
		return TURN_GO_ON;
	if ((rc = find(turn, org, named, folder, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found && (rc = make(turn, org, named, folder, err)) != TURN_GO_ON)
		return rc;
	*made = !found || turn_step_was(turn, STEP);
	return TURN_GO_ON;
}
