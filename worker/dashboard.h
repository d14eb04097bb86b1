/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_DASHBOARD_H
#define WORKER_DASHBOARD_H

#include "codec/dashboard_model.h"
#include "grafana/dashboards.h"
#include "worker/turn.h"

/* A folder that is wanted: by uid, or by title; with none of both the general one. One
 * that is not there is made if a title is said. GO_ON with *folder, and *made when this
 * attempt made it or an earlier one had begun to; ENDED with folder.not_found or
 * folder.conflict; FAILED when reading back did not show it. */
MUST_CHECK int dashboard_folder_ensure(struct turn *turn, const struct grafana_org *org,
				       const struct request_folder *named,
				       struct grafana_folder *folder, bool *made,
				       struct error *err);

/* What is to be so. */
struct dashboard_wish {
	const struct request_dashboard *asked;
	const struct grafana_folder *folder;
	bool folder_is_planned;	  /* it is not there yet */
	bool stays;		  /* one that is there stays in its folder */
	bool overwrite;		  /* whatever is there */
	int64_t expected_version; /* NUMBER_NOT_SAID; 0 = must not be there */
};

/* The dashboard is as wished. GO_ON with the target, before, after, and *wrote when this
 * attempt saved it or an earlier one had begun to; ENDED with dashboard.*; FAILED when
 * reading back did not show it. */
MUST_CHECK int dashboard_ensure(struct turn *turn, const struct grafana_org *org,
				const struct dashboard_wish *wish, bool *wrote,
				struct error *err);

#endif
