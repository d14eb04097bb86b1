/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_dashboard.c - dashboard.apply: a dashboard into an org and a folder.
 *
 * The folder is found by its uid or title, or made. What is there already and differs is
 * replaced only by "overwrite", or if it has the expected version.
 */
#include "worker/operations.h"

#include "base/text.h"
#include "worker/dashboard.h"

static bool says_folder(const struct request *request)
{
	return request->folder.uid != NULL || request->folder.title != NULL;
}

static int run_apply(struct turn *turn, struct error *err)
{
	const struct request *request = turn->request;
	struct grafana_folder folder;
	struct dashboard_wish wish = {
		.asked = &request->dashboard,
		.folder = &folder,
		.stays = !says_folder(request),
		.overwrite = request->overwrite,
		.expected_version = request->expected_version,
	};
	const char *title = request->dashboard.title;
	struct grafana_org org;
	bool made = false, wrote = false;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = dashboard_folder_ensure(turn, &org, &request->folder, &folder, &made, err)) !=
	    TURN_GO_ON)
		return rc;
	wish.folder_is_planned = made && turn->skipped;
	text_copy(turn->outcome.target.folder_uid, sizeof(turn->outcome.target.folder_uid),
		  folder.uid);
	if ((rc = dashboard_ensure(turn, &org, &wish, &wrote, err)) != TURN_GO_ON)
		return rc;
	if (!wrote && !made)
		return turn_as_asked(turn, "the dashboard '%s' is so, in version %lld", title,
				     (long long)turn->outcome.after.version);
	return turn_applied(turn, "the dashboard '%s' is in version %lld%s", title,
			    (long long)turn->outcome.after.version,
			    made ? ", in a new folder" : "");
}

static int validate_apply(const struct request *request, struct error *err)
{
	if (!request->overwrite || request->expected_version == NUMBER_NOT_SAID)
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0,
		  "data: overwrite and expected_version are both said; say one");
	return -1;
}

const struct operation operation_dashboard_apply = {
	.action = "dashboard.apply",
	.needs = NEED_ORG | NEED_DASHBOARD,
	.validate = validate_apply,
	.run = run_apply,
};
