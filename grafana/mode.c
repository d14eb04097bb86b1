/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mode.c - how far the credentials of an instance reach.
 *
 * Called by the resource files that have a route for each mode (orgs.c, members.c,
 * people.c) and by the worker. It follows from the settings alone, so it is never
 * unknown.
 */
#include "grafana/mode.h"

enum grafana_mode grafana_mode(const struct grafana *grafana)
{
	return grafana_settings(grafana)->token[0] != '\0' ? GRAFANA_ONE_ORG : GRAFANA_ALL_ORGS;
}

enum grafana_mode grafana_session_mode(struct grafana_session *session)
{
	return grafana_mode(grafana_session_instance(session));
}
