/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_SERVER_SETTINGS_H
#define GRAFANA_SERVER_SETTINGS_H

#include "grafana/http.h"

/* A Grafana's own settings, as its server admins may read them: section -> key -> text. */
struct server_settings; /* opaque */

/* OK with *settings, which the caller frees; PERMISSION for whoever is no server admin;
 * -1 RETRY. */
MUST_CHECK int grafana_server_settings(struct grafana_session *session,
				       struct server_settings **settings,
				       struct answer *answer, struct error *err);

/* The same from bytes. NULL when they are no JSON object of a bounded depth. */
struct server_settings *server_settings_parse(const char *text, size_t length);
void server_settings_free(struct server_settings *settings);

/* NULL when there is no such key, or it is no text. Lives as long as the settings. */
const char *server_settings_text(const struct server_settings *settings, const char *section,
				 const char *key);
/* A whole number; 'fallback' when there is none. */
int64_t server_settings_number(const struct server_settings *settings, const char *section,
			       const char *key, int64_t fallback);
/* "7d", "24h", "90m", "2w", "1M", "1y" and sums of these, in seconds; likewise. */
int64_t server_settings_seconds(const struct server_settings *settings, const char *section,
				const char *key, int64_t fallback);
/* Grafana's words for yes; anything else is no. */
bool server_settings_true(const struct server_settings *settings, const char *section,
			  const char *key);

#endif
