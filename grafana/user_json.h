/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_USER_JSON_H
#define GRAFANA_USER_JSON_H

#include "grafana/users.h"

/* A profile as /api/users/:id, /api/users/lookup and /api/user tell it. 0: *user is
 * set, or *answer REJECTED for a text beyond our limits; -1 RETRY: unusable. */
MUST_CHECK int user_from_json(const struct json_t *json, const char *path,
			      struct grafana_user *user, struct answer *answer,
			      struct error *err);

#endif
