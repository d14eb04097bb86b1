/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_FOLDERS_H
#define GRAFANA_FOLDERS_H

#include <stddef.h>

#include "config/limits.h"
#include "grafana/http.h"

/* The folders of an org. All zero is the general one, which is none. */
struct grafana_folder {
	int64_t id;
	char uid[LIMIT_UID_BYTES + 1];
	char title[LIMIT_NAME_BYTES + 1];
};

bool grafana_folder_is_general(const struct grafana_folder *folder);
/* Servers before 8 tell a folder by its id alone, the newest by its uid alone. */
bool grafana_folder_is_same(const struct grafana_folder *left,
			    const struct grafana_folder *right);

/* OK or NOT_FOUND. */
MUST_CHECK int grafana_folder_by_uid(struct grafana_session *session, int64_t org_id,
				     const char *uid, struct grafana_folder *folder,
				     struct answer *answer, struct error *err);

/* Of exactly that title, in the first level; *count says how many there are, *folder is
 * the first. OK. */
MUST_CHECK int grafana_folder_by_title(struct grafana_session *session, int64_t org_id,
				       const char *title, struct grafana_folder *folder,
				       size_t *count, struct answer *answer,
				       struct error *err);

/* OK with *folder; EXISTS (the uid or the title is taken, or, on 12 and 13, made after
 * all: look); DOUBT. */
MUST_CHECK int grafana_folder_create(struct grafana_session *session, int64_t org_id,
				     const char *uid, const char *title,
				     struct grafana_folder *folder, struct answer *answer,
				     struct error *err);

#endif
