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

static const int64_t MOST_SECONDS = INT64_C(100) * 366 * 86400;

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

int64_t server_settings_number(const struct server_settings *settings, const char *section,
			       const char *key, int64_t fallback)
{
	const char *value = server_settings_text(settings, section, key);
	int64_t number;

	if (value == NULL || !text_to_int64(value, -MOST_SECONDS, MOST_SECONDS, &number))
		return fallback;
	return number;
}

/* 0 = no unit. A month has 30 days and a year 365, as in Grafana's gtime. */
static int64_t unit_seconds(char unit)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1},		{'m', 60},	   {'h', 3600},	     {'d', 86400},
		     {'w', 7 * 86400}, {'M', 30 * 86400}, {'y', 365 * 86400}};

	for (size_t i = 0; i < ARRAY_COUNT(units); i++)
		if (units[i].unit == unit)
			return units[i].seconds;
	return 0;
}

/* The next number with its unit; false when there is none, or it is absurd. */
static bool add_part(const char **at, int64_t *sum)
{
	int64_t number = 0, unit;

	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; ++*at) {
		number = number * 10 + (**at - '0');
		if (number > MOST_SECONDS)
			return false;
	}
	unit = unit_seconds(**at);
	if (unit == 0 || number > MOST_SECONDS / unit)
		return false;
	++*at;
	*sum += number * unit;
	return *sum <= MOST_SECONDS;
}

int64_t server_settings_seconds(const struct server_settings *settings, const char *section,
				const char *key, int64_t fallback)
{
	const char *at = server_settings_text(settings, section, key);
	int64_t sum = 0;

	if (at == NULL || *at == '\0')
		return fallback;
	while (*at != '\0')
		if (!add_part(&at, &sum))
			return fallback;
	return sum;
}
