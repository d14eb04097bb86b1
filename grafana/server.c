/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - which Grafana this is, and what our credentials are worth there.
 *
 * Called by the operator's tool, and by the worker where an action needs to know.
 * Owns nothing. A server that hides its version is still a server: everything else
 * works without knowing it.
 */
#include "grafana/server.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/mode.h"
#include "grafana/user_json.h"

/* "10.1.0-pre" -> 10, 1 */
static void read_version(const struct json_t *health, struct grafana_server *server)
{
	int major = 0, minor = 0;

	json_cut_text(health, "version", server->version, sizeof(server->version));
	if (sscanf(server->version, "%4d.%4d", &major, &minor) != 2 || major < 0 || minor < 0)
		return;
	server->major = major;
	server->minor = minor;
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
		grafana_set_version(grafana_session_instance(session),
				    server->major * GRAFANA_VERSION_MAJOR + server->minor);
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

int grafana_server_probe(struct grafana_session *session, struct grafana_server *server,
			 struct answer *answer, struct error *err)
{
	memset(server, 0, sizeof(*server));
	if (probe_health(session, server, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	/* A token is nobody: Grafana answers /api/user with 404. Its org tells that it is good. */
	if (grafana_session_mode(session) == GRAFANA_ONE_ORG)
		return grafana_org_own(session, &server->org, answer, err);
	if (probe_self(session, server, answer, err) < 0)
		return -1;
	if (answer->code != ANSWER_OK)
		return 0;
	return probe_rights(session, server, answer, err);
}
