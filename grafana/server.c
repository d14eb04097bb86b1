/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - which Grafana this is, and what our credentials are worth there.
 *
 * Called by the operator's tool, and by the worker at start, after outages and where an
 * action needs to know. Owns nothing. A server that hides its version is still a server:
 * everything else works without knowing it.
 *
 * Limit: a version hidden from /api/health ([auth.anonymous] hide_version) is found in
 * the frontend settings only by grafana_server_probe().
 */
#include "grafana/server.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"
#include "grafana/server_settings.h"
#include "grafana/service_accounts.h"
#include "grafana/user_json.h"

const char *server_fact_name(enum server_fact fact)
{
	static const char *const names[] = {
		[SERVER_UNKNOWN] = "unknown", [SERVER_NO] = "off", [SERVER_YES] = "on"};

	return names[fact];
}

/* "10.1.0-pre" -> 10, 1 */
static void read_version(const struct json_t *holder, struct grafana_server *server)
{
	int major = 0, minor = 0;

	json_cut_text(holder, "version", server->version, sizeof(server->version));
	if (sscanf(server->version, "%4d.%4d", &major, &minor) != 2 || major < 0 || minor < 0)
		return;
	server->major = major;
	server->minor = minor;
}

static void tell_version(struct grafana_session *session, const struct grafana_server *server)
{
	grafana_set_version(grafana_session_instance(session),
			    server->major * GRAFANA_VERSION_MAJOR + server->minor);
}

static int probe_health(struct grafana_session *session, struct grafana_server *server,
			struct answer *answer, struct error *err)
{
	static const char path[] = "/api/health";
	struct reply reply = {0};
	int rc = call_read(session, path, &reply, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK && !json_is_object(reply.json))
		rc = call_unusable(path, "is not Grafana's", err);
	if (rc == 0 && answer->code == ANSWER_OK)
		read_version(reply.json, server);
	if (server->major != 0)
		tell_version(session, server);
	reply_clear(&reply);
	return rc;
}

int grafana_version_probe(struct grafana_session *session, struct error *err)
{
	struct grafana_server server = {0};
	struct answer answer = {0};

	if (grafana_version(grafana_session_instance(session)) != 0)
		return 0;
	return probe_health(session, &server, &answer, err);
}

int grafana_version_refresh(struct grafana_session *session, char *text, size_t capacity,
			    struct error *err)
{
	struct grafana_server server = {0};
	struct answer answer = {0};
	int rc = probe_health(session, &server, &answer, err);

	text_copy(text, capacity, server.version);
	return rc;
}

/* Whoever is signed in may read these; a no leaves things unknown. */
static int probe_frontend(struct grafana_session *session, struct grafana_server *server,
			  struct error *err)
{
	struct reply reply = {0};
	struct answer answer;
	const json_t *build, *form;
	int rc = call_read(session, "/api/frontend/settings", &reply, &answer, err);

	if (rc == 0 && answer.code == ANSWER_OK) {
		build = json_object_get(reply.json, "buildInfo");
		form = json_object_get(reply.json, "disableLoginForm");
		json_cut_text(build, "edition", server->edition, sizeof(server->edition));
		if (server->version[0] == '\0')
			read_version(build, server);
		if (json_is_boolean(form))
			server->login_form = json_is_true(form) ? SERVER_NO : SERVER_YES;
	}
	if (server->major != 0)
		tell_version(session, server);
	reply_clear(&reply);
	return rc;
}

static int probe_settings(struct grafana_session *session, struct grafana_server *server,
			  struct error *err)
{
	struct server_settings *settings = NULL;
	struct answer answer;
	int rc = grafana_server_settings(session, &settings, &answer, err);

	if (settings != NULL)
		server->smtp = server_settings_true(settings, "smtp", "enabled") ? SERVER_YES
										 : SERVER_NO;
	server_settings_free(settings);
	return rc;
}

static int probe_self(struct grafana_session *session, struct grafana_server *server,
		      struct answer *answer, struct error *err)
{
	static const char path[] = "/api/user";
	struct reply reply = {0};
	int rc = call_read(session, path, &reply, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK)
		rc = user_from_json(reply.json, path, &server->self, answer, err);
	reply_clear(&reply);
	return rc;
}

/* Being refused the list of orgs is what tells an admin of the server from others. */
static int probe_rights(struct grafana_session *session, struct grafana_server *server,
			struct answer *answer, struct error *err)
{
	struct reply reply = {0};
	struct answer list;
	int rc = call_read(session, "/api/orgs?perpage=1", &reply, &list, err);

	if (rc == 0 && list.code != ANSWER_OK && list.code != ANSWER_PERMISSION)
		*answer = list;
	server->is_server_admin = rc == 0 && list.code == ANSWER_OK;
	reply_clear(&reply);
	return rc;
}

/* Its org tells that a token is good; whose it is, Grafana tells from 11.3 on. */
static int probe_token(struct grafana_session *session, struct grafana_server *server,
		       struct answer *answer, struct error *err)
{
	if (grafana_org_own(session, &server->org, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	return grafana_service_account_own(session, server->self.login, err);
}

static int probe_credentials(struct grafana_session *session, struct grafana_server *server,
			     struct answer *answer, struct error *err)
{
	if (grafana_session_mode(session) == GRAFANA_ONE_ORG)
		return probe_token(session, server, answer, err);
	if (probe_self(session, server, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	return probe_rights(session, server, answer, err);
}

int grafana_server_probe(struct grafana_session *session, struct grafana_server *server,
			 struct answer *answer, struct error *err)
{
	memset(server, 0, sizeof(*server));
	if (probe_health(session, server, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	if (probe_credentials(session, server, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	if (probe_frontend(session, server, err) < 0)
		return -1;
	return server->is_server_admin ? probe_settings(session, server, err) : 0;
}
