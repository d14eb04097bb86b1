/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_settings.c - the settings that a Grafana runs with (GET /api/admin/settings).
 *
 * Called by server.c and by the operator's tool. Owns the decoded answer. Grafana gives
 * every value as a text and masks secrets; what is not so is as if it were not there.
 * Sections and keys are those of its defaults.ini, after files, environment and command
 * line have been applied.
 *
 * Limit: what was changed while it runs by the SSO settings of its UI is not in it.
 */
#include "grafana/server_settings.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "grafana/call.h"

struct server_settings {
	json_t *sections;
};

static struct server_settings *take(json_t *sections)
{
	struct server_settings *settings = mem_zalloc(sizeof(*settings));

	settings->sections = sections;
	return settings;
}

int grafana_server_settings(struct grafana_session *session, struct server_settings **settings,
			    struct answer *answer, struct error *err)
{
	static const char path[] = "/api/admin/settings";
	struct reply reply = {0};
	int rc = call_read(session, path, &reply, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK && !json_is_object(reply.json))
		rc = call_unusable(path, "is not a list of settings", err);
	if (rc == 0 && answer->code == ANSWER_OK)
		*settings = take(json_incref(reply.json));
	reply_clear(&reply);
	return rc;
}

struct server_settings *server_settings_parse(const char *text, size_t length)
{
	struct server_settings *settings = NULL;
	struct reply reply = {0};

	reply_decode(&reply, 200, "application/json", text, length);
	if (json_is_object(reply.json))
		settings = take(json_incref(reply.json));
	reply_clear(&reply);
	return settings;
}

void server_settings_free(struct server_settings *settings)
{
	if (settings == NULL)
		return;
	json_decref(settings->sections);
	free(settings);
}

const char *server_settings_text(const struct server_settings *settings, const char *section,
				 const char *key)
{
	return json_string_value(json_object_get(json_object_get(settings->sections, section), key));
}

/* As Go's strconv.ParseBool and the library that Grafana reads its ini with do. */
bool server_settings_true(const struct server_settings *settings, const char *section,
			  const char *key)
{
	static const char *const yes[] = {"true", "1", "t", "y", "yes", "on"};
	const char *value = server_settings_text(settings, section, key);

	for (size_t i = 0; value != NULL && i < ARRAY_COUNT(yes); i++)
		if (text_equal_nocase(value, yes[i]))
			return true;
	return false;
}
