/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_org.c - teams and service accounts of an org, for a snapshot.
 *
 * Called by op_inventory.c for each org in which grantd's credentials are Admin. Owns what
 * it gathers of one team or account at a time: at most a part of a team's members, or the
 * tokens of one account (Grafana tells 1,000 at most).
 *
 * A team, or service account, that is deleted between the list and the look into it has no
 * members, or tokens, any more. One whose members, or tokens, may not be read is left out:
 * an empty list would say that there are none.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "worker/inventory.h"

/* ---- a page of what has parts of its own ---- */

struct shelf { /* entries of a page; their parts are asked for when the page is read */
	struct listed *items;
	size_t count, capacity;
};

static int take_item(void *context, const struct listed *item, struct error *err)
{
	struct shelf *shelf = context;

	(void)err;
	if (shelf->count == shelf->capacity) {
		shelf->capacity = shelf->capacity * 2 + 8;
		shelf->items = mem_grow_array(shelf->items, shelf->capacity,
					      sizeof(*shelf->items));
	}
	shelf->items[shelf->count++] = *item;
	return 0;
}

/* Each entry of each page, once. *readable false: the list, or what is in some entry, may
 * not be read. */
static int each_item(struct inventory *inventory, struct list_place *place,
		     int (*handle)(struct inventory *inventory, int64_t org_id,
				   const struct listed *item, struct error *err),
		     bool *readable, struct error *err)
{
	struct list_end end = {.count = LIST_PAGE};
	struct roster *met = roster_new(0);
	struct answer answer = {0};
	int rc = 0;

	inventory->is_refused = false;
	for (; rc == 0 && end.count == LIST_PAGE && place->page < LIMIT_LIST_PAGES;
	     place->page++) {
		struct shelf shelf = {0};

		rc = inventory_list(inventory, place, take_item, &shelf, &end, &answer, err);
		if (rc == 0 && answer.code != ANSWER_OK)
			end.count = 0;
		for (size_t i = 0; rc == 0 && i < shelf.count; i++)
			if (roster_meet(met, shelf.items[i].id))
				rc = handle(inventory, place->org_id, &shelf.items[i], err);
		free(shelf.items);
	}
	roster_free(met);
	*readable = rc == 0 && answer.code == ANSWER_OK && !inventory->is_refused;
	return rc;
}

/* The entry is left out then. */
static bool may_not_be_read(struct inventory *inventory, const struct answer *answer)
{
	bool is_refused = answer->code != ANSWER_OK && answer->code != ANSWER_NOT_FOUND;

	inventory->is_refused |= is_refused;
	return is_refused;
}

/* ---- teams ---- */

struct team_parts {
	struct inventory *inventory;
	struct inventory_team team;
	struct inventory_member members[INVENTORY_MEMBERS_MAX];
};

static void forget_members(struct team_parts *parts)
{
	for (size_t i = 0; i < parts->team.member_count; i++)
		free(parts->members[i].login);
	parts->team.member_count = 0;
}

static int send_part(struct team_parts *parts, bool more, struct error *err)
{
	struct inventory *inventory = parts->inventory;
	struct record record;

	parts->team.members = parts->members;
	parts->team.more = more;
	parts->team.part++;
	inventory->frame.now_ms = clock_wall_ms(inventory->turn->clock);
	inventory_encode_team(&inventory->frame, &parts->team, &record);
	forget_members(parts);
	return inventory_send(inventory, &record, err);
}

static int take_team_member(void *context, const struct listed *item, struct error *err)
{
	struct team_parts *parts = context;
	size_t count = parts->team.member_count;

	if (count == INVENTORY_MEMBERS_MAX) {
		if (send_part(parts, true, err) < 0)
			return -1;
		count = 0;
	}
	parts->members[count] = (struct inventory_member){
		item->id, mem_strdup(item->login), inventory_fact(item->team_admin)};
	parts->team.member_count = count + 1;
	return 0;
}

static int read_team(struct inventory *inventory, int64_t org_id, const struct listed *item,
		     struct error *err)
{
	const struct list_place place = {
		.kind = LIST_TEAM_MEMBERS, .org_id = org_id, .parent_id = item->id};
	struct team_parts *parts = mem_zalloc(sizeof(*parts));
	struct answer answer = {0};
	struct list_end end;
	int rc;

	parts->inventory = inventory;
	parts->team = (struct inventory_team){
		.id = item->id, .org_id = org_id, .name = item->name, .email = item->email};
	rc = inventory_list(inventory, &place, take_team_member, parts, &end, &answer, err);
	if (rc == 0 && !may_not_be_read(inventory, &answer)) {
		rc = send_part(parts, false, err);
		inventory->end.counts.teams++;
	}
	forget_members(parts);
	free(parts);
	return rc;
}

int inventory_read_teams(struct inventory *inventory, int64_t org_id, bool *readable,
			 struct error *err)
{
	struct list_place place = {.kind = LIST_TEAMS, .org_id = org_id};

	return each_item(inventory, &place, read_team, readable, err);
}

/* ---- service accounts ---- */

struct tokens {
	struct inventory_token *items;
	size_t count, capacity;
};

static int take_token(void *context, const struct listed *item, struct error *err)
{
	struct tokens *tokens = context;

	(void)err;
	if (tokens->count == tokens->capacity) {
		tokens->capacity = tokens->capacity * 2 + 4;
		tokens->items = mem_grow_array(tokens->items, tokens->capacity,
					       sizeof(*tokens->items));
	}
	tokens->items[tokens->count++] = (struct inventory_token){
		.id = item->id,
		.name = mem_strdup(item->name),
		.created_ms = item->created_ms,
		.expires_ms = item->expires_ms,
		.used_ms = item->last_seen_ms,
		.revoked = inventory_fact(item->revoked),
	};
	return 0;
}

static int send_service_account(struct inventory *inventory, int64_t org_id,
				const struct listed *item, const struct tokens *tokens,
				struct error *err)
{
	const struct inventory_service_account account = {
		.id = item->id,
		.org_id = org_id,
		.name = item->name,
		.login = item->login,
		.role = item->role,
		.disabled = inventory_fact(item->disabled),
		.tokens = tokens->items,
		.token_count = tokens->count,
	};
	struct record record;

	inventory->end.counts.service_accounts++;
	inventory->end.counts.tokens += (int64_t)tokens->count;
	inventory->frame.now_ms = clock_wall_ms(inventory->turn->clock);
	inventory_encode_service_account(&inventory->frame, &account, &record);
	return inventory_send(inventory, &record, err);
}

static int read_service_account(struct inventory *inventory, int64_t org_id,
				const struct listed *item, struct error *err)
{
	const struct list_place place = {
		.kind = LIST_TOKENS, .org_id = org_id, .parent_id = item->id};
	struct tokens tokens = {0};
	struct answer answer = {0};
	struct list_end end;
	int rc = 0;

	if (item->count != 0)
		rc = inventory_list(inventory, &place, take_token, &tokens, &end, &answer, err);
	if (rc == 0 && !may_not_be_read(inventory, &answer))
		rc = send_service_account(inventory, org_id, item, &tokens, err);
	for (size_t i = 0; i < tokens.count; i++)
		free(tokens.items[i].name);
	free(tokens.items);
	return rc;
}

int inventory_read_service_accounts(struct inventory *inventory, int64_t org_id,
				    bool *readable, struct error *err)
{
	struct list_place place = {.kind = LIST_SERVICE_ACCOUNTS, .org_id = org_id};

	return each_item(inventory, &place, read_service_account, readable, err);
}
