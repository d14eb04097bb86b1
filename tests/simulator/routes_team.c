/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_team.c - the teams of the current org, and who is in them.
 *
 * Server admins have no rights here in an org they do not belong to (route.c's
 * IN_ORG). Since members are permissions (version.team_rights), somebody who makes
 * a team is its Admin, and a failed addition is a 500 that does not say whether the
 * user or the team is missing; nobody asks whether the user is in the org.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/match.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_team.h"
#include "tests/simulator/view.h"

static struct org *current_org(struct exchange *exchange)
{
	return store_org(&exchange->sim->store, exchange->caller.org_id);
}

static struct team *team_of_path(struct exchange *exchange)
{
	return store_team(current_org(exchange), exchange->id[0]);
}

/* ---- lists ---- */

struct teams {
	struct team **items;
	size_t count, capacity;
};

static void collect(struct teams *teams, struct team *team)
{
	if (teams->count == teams->capacity) {
		teams->capacity = teams->capacity == 0 ? 16 : teams->capacity * 2;
		teams->items = mem_grow_array(teams->items, teams->capacity, sizeof(struct team *));
	}
	teams->items[teams->count++] = team;
}

static int compare_teams(const void *left, const void *right)
{
	const struct team *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

static void write_teams(struct exchange *exchange, const struct teams *teams, size_t first,
			size_t last)
{
	struct buffer *out = &exchange->reply.body;

	json_out_text(out, "[");
	for (size_t i = first; i < last; i++) {
		json_out_text(out, i > first ? "," : "");
		view_team(out, exchange->version, teams->items[i]);
	}
	json_out_text(out, "]");
}

static void sort(struct teams *teams)
{
	if (teams->count > 1)
		qsort(teams->items, teams->count, sizeof(struct team *), compare_teams);
}

void route_team_search(struct exchange *exchange)
{
	const char *query = exchange_query(exchange, "query");
	const char *name = exchange_query(exchange, "name");
	const struct org *org = current_org(exchange);
	struct buffer *out = &exchange->reply.body;
	struct page page = match_page(exchange);
	struct teams teams = {0};
	size_t first, last;

	for (struct team *team = org != NULL ? org->teams : NULL; team != NULL; team = team->next)
		if (strcasestr(team->name, query) != NULL &&
		    (name[0] == '\0' || strcmp(team->name, name) == 0))
			collect(&teams, team);
	sort(&teams);
	match_page_bounds(&page, teams.count, &first, &last);
	exchange->reply.status = 200;
	buffer_append_format(out, "{\"totalCount\":%zu,\"teams\":", teams.count);
	write_teams(exchange, &teams, first, last);
	buffer_append_format(out, ",\"page\":%lld,\"perPage\":%lld}", (long long)page.number,
			     (long long)page.per_page);
	free(teams.items);
}

/* Of the current org only. */
static void list_of(struct exchange *exchange, const struct account *account)
{
	struct teams teams = {0};

	for (const struct team_member *member = account != NULL ? account->teams : NULL;
	     member != NULL; member = member->account_next)
		if (member->team->org->id == exchange->caller.org_id)
			collect(&teams, member->team);
	sort(&teams);
	exchange->reply.status = 200;
	write_teams(exchange, &teams, 0, teams.count);
	free(teams.items);
}

void route_user_teams(struct exchange *exchange)
{
	list_of(exchange, store_account(&exchange->sim->store, exchange->id[0]));
}

void route_self_teams(struct exchange *exchange)
{
	list_of(exchange, exchange->caller.account);
}

/* ---- one team ---- */

void route_team_get(struct exchange *exchange)
{
	const struct team *team = team_of_path(exchange);

	if (team == NULL) {
		answer(exchange, ANSWER_TEAM_NOT_FOUND);
		return;
	}
	exchange->reply.status = 200;
	view_team(&exchange->reply.body, exchange->version, team);
}

static void answer_created(struct exchange *exchange, const struct team *team)
{
	char uid[VIEW_UID_CAPACITY];

	answer_done_id(exchange, "Team created", "teamId", team->id);
	if (!exchange->version->uid)
		return;
	view_uid(team->id, uid);
	exchange->reply.body.length--; /* reopen the object */
	buffer_append_format(&exchange->reply.body, ",\"uid\":\"%s\"}", uid);
}

void route_team_create(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct org *org = current_org(exchange);
	const char *name, *email;
	struct team *team;

	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name) ||
	    !bind_text(exchange, "email", &email))
		return;
	if (store_team_by_name(org, name) != NULL) {
		answer(exchange, ANSWER_TEAM_NAME_TAKEN_ON_CREATE);
		return;
	}
	team = store_team_add(store, org, name, email);
	store->counters.team_creates++;
	if (exchange->version->team_rights && exchange->caller.account != NULL)
		(void)store_team_member_add(team, exchange->caller.account,
					    TEAM_PERMISSION_ADMIN);
	answer_created(exchange, team);
}

void route_team_update(struct exchange *exchange)
{
	struct team *team = team_of_path(exchange), *holder;
	const char *name, *email;

	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name) ||
	    !bind_text(exchange, "email", &email))
		return;
	holder = store_team_by_name(current_org(exchange), name);
	if (holder != NULL && holder != team) {
		answer(exchange, ANSWER_TEAM_NAME_TAKEN_ON_UPDATE);
		return;
	}
	if (team == NULL) {
		answer(exchange, ANSWER_TEAM_UPDATE_UNKNOWN);
		return;
	}
	if (team->is_provisioned && strcmp(team->name, name) != 0) {
		answer(exchange, ANSWER_TEAM_UPDATE_PROVISIONED);
		return;
	}
	store_team_rename(team, name, email);
	exchange->sim->store.counters.team_updates++;
	answer_done(exchange, "Team updated");
}

void route_team_delete(struct exchange *exchange)
{
	struct team *team = team_of_path(exchange);

	if (team == NULL) {
		answer(exchange, ANSWER_TEAM_DELETE_UNKNOWN);
		return;
	}
	if (team->is_provisioned) {
		answer(exchange, ANSWER_TEAM_DELETE_PROVISIONED);
		return;
	}
	store_team_delete(team);
	exchange->sim->store.counters.team_deletes++;
	answer_done(exchange, "Team deleted");
}

/* ---- members ---- */

static int compare_members(const void *left, const void *right)
{
	const struct account *a = (*(const struct team_member *const *)left)->account;
	const struct account *b = (*(const struct team_member *const *)right)->account;

	return strcmp(a->login, b->login);
}

void route_team_members(struct exchange *exchange)
{
	const struct team *team = team_of_path(exchange);
	size_t count = team != NULL ? (size_t)team->member_count : 0, used = 0;
	const struct team_member **members =
		count > 0 ? mem_alloc(count * sizeof(struct team_member *)) : NULL;
	struct buffer *out = &exchange->reply.body;

	for (const struct team_member *member = count > 0 ? team->members : NULL; member != NULL;
	     member = member->team_next)
		members[used++] = member;
	if (count > 1)
		qsort(members, count, sizeof(struct team_member *), compare_members);
	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (size_t i = 0; i < count; i++) {
		json_out_text(out, i > 0 ? "," : "");
		view_team_member(out, exchange->version, members[i]);
	}
	json_out_text(out, "]");
	free(members);
}

/* Sets the reply and answers false when the team cannot be changed. */
static bool may_change_members(struct exchange *exchange, const struct team *team)
{
	if (team == NULL) {
		answer(exchange,
		       exchange->version->team_rights && exchange->version->id < V12_4
			       ? ANSWER_TEAM_MEMBER_ADD_FAILED
			       : ANSWER_TEAM_MEMBER_NO_TEAM);
		return false;
	}
	if (team->is_provisioned)
		answer(exchange, ANSWER_TEAM_MEMBERS_PROVISIONED);
	return !team->is_provisioned;
}

void route_team_member_add(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct team *team = team_of_path(exchange);
	struct account *account;
	int64_t account_id;

	if (!bind_body(exchange) || !bind_int(exchange, "userId", &account_id))
		return;
	if (account_id == 0) {
		answer(exchange, ANSWER_BAD_REQUEST);
		return;
	}
	if (!may_change_members(exchange, team))
		return;
	account = store_account(store, account_id);
	if (account == NULL && !exchange->version->team_rights) {
		/* A row of nobody, which no list shows. */
		answer_done(exchange, "Member added to Team");
		return;
	}
	if (account == NULL) {
		answer(exchange, ANSWER_TEAM_MEMBER_ADD_FAILED);
		return;
	}
	if (store_team_member(team, account_id) != NULL) {
		answer(exchange, ANSWER_TEAM_MEMBER_EXISTS);
		return;
	}
	(void)store_team_member_add(team, account, TEAM_PERMISSION_MEMBER);
	store->counters.team_member_adds++;
	answer_done(exchange, "Member added to Team");
}

void route_team_member_update(struct exchange *exchange)
{
	struct team *team = team_of_path(exchange);
	struct team_member *member;
	int64_t permission;

	if (!bind_body(exchange) || !bind_int(exchange, "permission", &permission))
		return;
	member = team != NULL ? store_team_member(team, exchange->id[1]) : NULL;
	if (member == NULL) {
		answer(exchange, ANSWER_TEAM_MEMBER_UPDATE_UNKNOWN);
		return;
	}
	if (!may_change_members(exchange, team))
		return;
	/* Anything else than Admin is taken as a plain member. */
	member->permission = permission == TEAM_PERMISSION_ADMIN ? TEAM_PERMISSION_ADMIN
								 : TEAM_PERMISSION_MEMBER;
	exchange->sim->store.counters.team_member_updates++;
	answer_done(exchange, "Team member updated");
}

void route_team_member_remove(struct exchange *exchange)
{
	struct team *team = team_of_path(exchange);
	struct team_member *member;

	if (team == NULL) {
		answer(exchange, ANSWER_TEAM_MEMBER_NO_TEAM);
		return;
	}
	if (!may_change_members(exchange, team))
		return;
	member = store_team_member(team, exchange->id[1]);
	if (member == NULL) {
		answer(exchange, ANSWER_TEAM_MEMBER_UNKNOWN);
		return;
	}
	store_team_member_remove(member);
	exchange->sim->store.counters.team_member_removes++;
	answer_done(exchange, "Team Member removed");
}
