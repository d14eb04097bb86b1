/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_MODE_H
#define GRAFANA_MODE_H

#include "grafana/http.h"

/*
 * How far the credentials of an instance reach. User and password: every org, by the
 * routes that name one. A service account's token: the one org it was made in, by
 * the routes of "the current org"; nothing of the server, and no account as such.
 */
enum grafana_mode { GRAFANA_ALL_ORGS, GRAFANA_ONE_ORG, GRAFANA_MODES };

enum grafana_mode grafana_mode(const struct grafana *grafana);
enum grafana_mode grafana_session_mode(struct grafana_session *session);

#endif
