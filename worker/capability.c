/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capability.c - what an action needs of a Grafana and of our credentials there.
 *
 * Called by the pipeline before an operation runs. One row for each kind of action
 * that not every Grafana or every credential can do; an action without a row needs
 * nothing special. Rights that can be given at any moment (server admin, Admin of
 * the org) are not judged here: Grafana's own no tells more, and tells it of today.
 *
 * The version is what prober.c found, or is asked for when a row first needs it, so a
 * Grafana that is away at the start stops nothing. Before it is held against a request
 * it is asked for anew: the server may have been upgraded a moment ago.
 *
 * Limit: a server that hides its version is asked, and answers for itself.
 */
#include "worker/capability.h"

#include "base/text.h"
#include "grafana/server.h"

/* Compared with grafana_version(). */
#define VERSION(major, minor) ((major) * GRAFANA_VERSION_MAJOR + (minor))

static const struct {
	const char *prefix;	/* of the action */
	bool all_orgs;		/* not with a token */
	int since, until;	/* VERSION(); 0 = ever. 'until' is the first without it */
	const char *instead;	/* the way out of a version that lacks it */
} rows[] = {
	{"account.", true, 0, 0, NULL},
	{"server_admin.", true, 0, 0, NULL},
	{"org.", true, 0, 0, NULL},
	{"service_account.", false, VERSION(8, 5), 0, "use api_key.create, or Grafana 9 or later"},
	{"service_account_token.", false, VERSION(8, 5), 0,
	 "use api_key.create, or Grafana 9 or later"},
	{"api_key.", false, 0, VERSION(12, 1),
	 "use service_account.create and service_account_token.create"},
};

static int refuse_token(struct turn *turn)
{
	return turn_refused(turn, REASON_GRAFANA_UNSUPPORTED,
			    "a token cannot do %s: it reaches one org and no account as such; "
			    "configure [grafana.%s] with user and password of a server admin",
			    turn->request->action, turn->request->instance);
}

static int refuse_version(struct turn *turn, int version, const char *instead)
{
	return turn_refused(turn, REASON_GRAFANA_UNSUPPORTED,
			    "Grafana %d.%d has no %s; %s", version / GRAFANA_VERSION_MAJOR,
			    version % GRAFANA_VERSION_MAJOR, turn->request->action, instead);
}

/* The row of an action, or ARRAY_COUNT(rows). */
static size_t find_row(const char *action)
{
	size_t i = 0;

	while (i < ARRAY_COUNT(rows) && !text_starts_with(action, rows[i].prefix))
		i++;
	return i;
}

static bool is_within(int version, size_t row)
{
	return version == 0 || (version >= rows[row].since &&
				(rows[row].until == 0 || version < rows[row].until));
}

static int check_version(struct turn *turn, size_t row, struct error *err)
{
	struct grafana *grafana = grafana_session_instance(turn->grafana);
	char text[32];

	if (grafana_version_probe(turn->grafana, err) < 0)
		return TURN_FAILED;
	if (is_within(grafana_version(grafana), row))
		return TURN_GO_ON;
	if (grafana_version_refresh(turn->grafana, text, sizeof(text), err) < 0)
		return TURN_FAILED;
	if (is_within(grafana_version(grafana), row))
		return TURN_GO_ON;
	return refuse_version(turn, grafana_version(grafana), rows[row].instead);
}

int capability_check(struct turn *turn, struct error *err)
{
	size_t row = find_row(turn->request->action);

	if (row == ARRAY_COUNT(rows))
		return TURN_GO_ON;
	if (rows[row].all_orgs && turn_has_one_org(turn))
		return refuse_token(turn);
	if (rows[row].since == 0 && rows[row].until == 0)
		return TURN_GO_ON;
	return check_version(turn, row, err);
}
