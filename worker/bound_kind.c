/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bound_kind.c - the three things that can be given for a while.
 *
 * Called by bound.c with what Grafana says, and by history.c with what outcomes say it
 * said. Pure. To add one: a row here, and the calls of worker/bound.h in its operations.
 */
#include "worker/bound_kind.h"

#include <inttypes.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"

static int org_level(const struct evidence *held)
{
	return held->member == FACT_YES ? (int)held->role : 0;
}

static int team_level(const struct evidence *held)
{
	return held->team_member == FACT_YES;
}

static int server_level(const struct evidence *held)
{
	return held->server_admin == FACT_YES;
}

static void put_org(int level, struct evidence *evidence)
{
	evidence->member = level > 0 ? FACT_YES : FACT_NO;
	evidence->role = (enum role)level;
}

static void put_team(int level, struct evidence *evidence)
{
	evidence->team_member = level > 0 ? FACT_YES : FACT_NO;
}

static void put_server(int level, struct evidence *evidence)
{
	evidence->server_admin = level > 0 ? FACT_YES : FACT_NO;
}

static const struct bound_kind kinds[] = {
	{"org_role.grant", "org_role.revoke", "org", ROLE_ADMIN, org_level, put_org,
	 {"no member", "None", "Viewer", "Editor", "Admin"},
	 {"invite.create", "account.create"}},
	{"team_member.add", "team_member.remove", "team", 1, team_level, put_team,
	 {"not in the team", "in the team"}, {NULL}},
	{"server_admin.grant", "server_admin.revoke", "server", 1, server_level, put_server,
	 {"no server admin", "a server admin"}, {NULL}},
};

static bool also_gives(const struct bound_kind *kind, const char *action)
{
	for (size_t i = 0; i < ARRAY_COUNT(kind->also) && kind->also[i] != NULL; i++)
		if (strcmp(kind->also[i], action) == 0)
			return true;
	return false;
}

const struct bound_kind *bound_kind_of(const char *action)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (strcmp(kinds[i].gives, action) == 0 || strcmp(kinds[i].takes, action) == 0 ||
		    also_gives(&kinds[i], action))
			return &kinds[i];
	return NULL;
}

const char *bound_kind_word(const struct bound_kind *kind, int level)
{
	return level >= 0 && level <= kind->most ? kind->words[level] : "?";
}

void bound_kind_subject(const struct bound_kind *kind, const char *instance,
			const struct outcome_target *target, char out[BOUND_SUBJECT_CAPACITY])
{
	text_format(out, BOUND_SUBJECT_CAPACITY,
		    "%s:%s:%" PRId64 ":%" PRId64 ":%" PRId64, instance, kind->name, target->org_id,
		    target->team_id, target->user_id);
}
