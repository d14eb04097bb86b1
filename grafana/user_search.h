/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_USER_SEARCH_H
#define GRAFANA_USER_SEARCH_H

#include "grafana/http.h"

/* Every account whose login, e-mail or name contains 'query' ("" = all), page by
 * page, until 'visit' answers false. 0 with *answer; -1 RETRY, also when the list
 * changed under the walk so that an account may have been missed. */
MUST_CHECK int user_search(struct grafana_session *session, const char *query,
			   bool (*visit)(void *context, const struct json_t *hit),
			   void *context, struct answer *answer, struct error *err);

#endif
