/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_team.c - the teams of the simulated server's orgs, and who is in them.
 *
 * Part of the store (store.c), which calls the functions at the end when an account,
 * an org or a membership goes. Teams hang on their org, so an id means nothing in
 * another org, as in Grafana.
 */
#include "tests/simulator/store_team.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct team *store_team(const struct org *org, int64_t id)
{
	struct team *team = org != NULL ? org->teams : NULL;

	while (team != NULL && team->id != id)
		team = team->next;
	return team;
}

struct team *store_team_by_name(const struct org *org, const char *name)
{
	struct team *team = org != NULL ? org->teams : NULL;

	while (team != NULL && strcmp(team->name, name) != 0)
		team = team->next;
	return team;
}

void store_team_rename(struct team *team, const char *name, const char *email)
{
	free(team->name);
	free(team->email);
	team->name = mem_strdup(name);
	team->email = mem_strdup(email);
}

struct team *store_team_add(struct store *store, struct org *org, const char *name,
			    const char *email)
{
	struct team *team = mem_zalloc(sizeof *team);

	team->id = ++store->last_team_id;
	team->org = org;
	store_team_rename(team, name, email);
	team->next = org->teams;
	org->teams = team;
	return team;
}

void store_team_delete(struct team *team)
{
	struct team **link = &team->org->teams;

	while (team->members != NULL)
		store_team_member_remove(team->members);
	while (*link != team)
		link = &(*link)->next;
	*link = team->next;
	free(team->name);
	free(team->email);
	free(team);
}

/* ---- members ---- */

struct team_member *store_team_member(const struct team *team, int64_t account_id)
{
	struct team_member *member = team->members;

	while (member != NULL && member->account->id != account_id)
		member = member->team_next;
	return member;
}

struct team_member *store_team_member_add(struct team *team, struct account *account,
					  int64_t permission)
{
	struct team_member *member = mem_zalloc(sizeof *member);

	member->team = team;
	member->account = account;
	member->permission = permission;
	member->account_next = account->teams;
	if (member->account_next != NULL)
		member->account_next->account_prev = member;
	account->teams = member;
	member->team_next = team->members;
	if (member->team_next != NULL)
		member->team_next->team_prev = member;
	team->members = member;
	team->member_count++;
	return member;
}

void store_team_member_remove(struct team_member *member)
{
	if (member->account_prev != NULL)
		member->account_prev->account_next = member->account_next;
	else
		member->account->teams = member->account_next;
	if (member->account_next != NULL)
		member->account_next->account_prev = member->account_prev;
	if (member->team_prev != NULL)
		member->team_prev->team_next = member->team_next;
	else
		member->team->members = member->team_next;
	if (member->team_next != NULL)
		member->team_next->team_prev = member->team_prev;
	member->team->member_count--;
	free(member);
}

/* ---- what goes with an account, an org, a membership ---- */

void store_team_clear_org(struct org *org)
{
	while (org->teams != NULL)
		store_team_delete(org->teams);
}

void store_team_clear_account(struct account *account)
{
	while (account->teams != NULL)
		store_team_member_remove(account->teams);
}

void store_team_leave_org(struct account *account, const struct org *org)
{
	struct team_member *member = account->teams, *next;

	for (; member != NULL; member = next) {
		next = member->account_next;
		if (member->team->org == org)
			store_team_member_remove(member);
	}
}
