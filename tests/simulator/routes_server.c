/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_server.c - /api/admin/stats and /api/admin/settings: the server as a whole.
 *
 * Limit: counts by role are those of a server that has just started, as recorded.
 */
#include "base/attributes.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/ini.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"

enum { ACTIVE_S = 30 * 24 * 3600, DAILY_S = 24 * 3600 };

static int64_t count_seen(struct sim *sim, int64_t within_s)
{
	size_t count;
	struct account *const *accounts = store_accounts_sorted(&sim->store, &count);
	int64_t since_s = sim_wall_ms() / 1000 - within_s, seen = 0;

	for (size_t i = 0; i < count; i++)
		seen += accounts[i]->last_seen_s >= since_s;
	return seen;
}

void route_server_stats(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	int64_t active = count_seen(sim, ACTIVE_S);
	const struct {
		const char *name;
		int64_t value;
	} stats[] = {
		{"orgs", (int64_t)sim->store.orgs_by_id.count},
		{"dashboards", 0},
		{"snapshots", 0},
		{"tags", 0},
		{"datasources", 0},
		{"playlists", 0},
		{"stars", 0},
		{"alerts", 0},
		{"users", (int64_t)sim->store.accounts_by_id.count},
		{"admins", 1},
		{"editors", 0},
		{"viewers", 0},
		{"activeUsers", active},
		{"activeAdmins", 0},
		{"activeEditors", 0},
		{"activeViewers", 0},
		{"activeSessions", 0},
		{"dailyActiveUsers", count_seen(sim, DAILY_S)},
		{"dailyActiveAdmins", 0},
		{"dailyActiveEditors", 0},
		{"dailyActiveViewers", 0},
		{"dailyActiveSessions", 0},
		{"monthlyActiveUsers", active},
	};
	struct buffer *out = &exchange->reply.body;

	exchange->reply.status = 200;
	for (size_t i = 0; i < ARRAY_COUNT(stats); i++)
		buffer_append_format(out, "%s\"%s\":%lld", i == 0 ? "{" : ",", stats[i].name,
				     (long long)stats[i].value);
	json_out_text(out, "}");
}

void route_server_settings(struct exchange *exchange)
{
	exchange->reply.status = 200;
	ini_write(exchange->sim, &exchange->reply.body);
}
