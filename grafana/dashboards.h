/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_DASHBOARDS_H
#define GRAFANA_DASHBOARDS_H

#include <stddef.h>

#include "grafana/folders.h"

/* A dashboard that is there. */
struct grafana_dashboard {
	int64_t id; /* 0 = not told */
	int64_t version;
	char title[LIMIT_NAME_BYTES + 1];
	struct grafana_folder folder; /* all zero: the general one */
	bool provisioned; /* from a file on the server: it can't be saved */
	bool same;	  /* as the model it was compared with */
};

/* OK or NOT_FOUND. 'model' is what it is compared with: JSON text of an object without
 * id, uid and version, which do not count. */
MUST_CHECK int grafana_dashboard_get(struct grafana_session *session, int64_t org_id,
				     const char *uid, const char *model,
				     struct grafana_dashboard *dashboard,
				     struct answer *answer, struct error *err);

/* Those of exactly that title in that folder: how many, and the first one's uid. OK. Newer
 * servers search an index, which may be seconds behind. */
MUST_CHECK int grafana_dashboard_find(struct grafana_session *session, int64_t org_id,
				      const struct grafana_folder *folder, const char *title,
				      char uid[LIMIT_UID_BYTES + 1], size_t *count,
				      struct answer *answer, struct error *err);

/* What is saved over: id and version of the one that is there, 0 for none. */
struct grafana_dashboard_save {
	int64_t id;
	const char *model, *uid;
	const struct grafana_folder *folder;
	int64_t version;
	const char *message; /* for the dashboard's history */
};

/* OK with the new *version; CHANGED (there is another version by now); EXISTS (another
 * one in the folder has the title); PROVISIONED; NOT_FOUND (the folder is gone); DOUBT.
 * Never overwrites blindly. */
MUST_CHECK int grafana_dashboard_save(struct grafana_session *session, int64_t org_id,
				      const struct grafana_dashboard_save *save,
				      int64_t *version, struct answer *answer,
				      struct error *err);

#endif
