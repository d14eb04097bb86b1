/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_people.c - accounts and memberships of a snapshot.
 *
 * Called by op_inventory.c: first the members of each org, then all accounts. Roles are
 * told by org and wanted by account; the roster turns one into the other. Accounts come in
 * pages cut by offset, which shift when accounts come or go meanwhile:
 *   - one that comes twice is sent once;
 *   - when the total has fallen, as many pages are looked back as it may have shifted;
 *   - a member of some org who was not met by then is asked for by id, and either is there
 *     or was deleted.
 * Limit: an account without any org can still slip through, when one before it is deleted
 * and another made between two pages.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "grafana/people.h"
#include "worker/inventory.h"

static const int64_t DAY_MS = 24 * 3600 * 1000;

/* An account that was never seen was last seen ten years before it was made, Grafana says. */
static int64_t seen_ms(const struct inventory *inventory, int64_t told_ms)
{
	int64_t never_ms = clock_wall_ms(inventory->turn->clock) - (10 * 365 + 1) * DAY_MS;

	return told_ms <= never_ms ? 0 : told_ms;
}

static size_t list_modules(const struct listed *item, const char *modules[LISTED_MODULES])
{
	for (size_t i = 0; i < item->module_count; i++)
		modules[i] = item->modules[i];
	return item->module_count;
}

static int send_account(struct inventory *inventory, struct inventory_user *user,
			const struct roster_entry *entries, size_t count, struct error *err)
{
	struct inventory_role *roles = mem_array(count, sizeof(*roles));
	struct record record;

	for (size_t i = 0; i < count; i++)
		roles[i] = (struct inventory_role){inventory->orgs[entries[i].org].id,
						   entries[i].role};
	user->roles = roles;
	user->role_count = count;
	inventory->has_created_at |= user->created_ms != 0;
	inventory->end.counts.users++;
	inventory->end.counts.memberships += (int64_t)count;
	inventory->frame.now_ms = clock_wall_ms(inventory->turn->clock);
	inventory_encode_user(&inventory->frame, user, &record);
	free(roles);
	return inventory_send(inventory, &record, err);
}

static int send_listed(struct inventory *inventory, const struct listed *item,
		       const struct roster_entry *entries, size_t count, struct error *err)
{
	const char *modules[LISTED_MODULES];
	struct inventory_user user = {
		.id = item->id,
		.login = item->login,
		.email = item->email,
		.name = item->name,
		.server_admin = inventory_fact(item->server_admin),
		.disabled = inventory_fact(item->disabled),
		.external = inventory_fact(item->external),
		.modules = modules,
		.module_count = list_modules(item, modules),
		.last_seen_ms = seen_ms(inventory, item->last_seen_ms),
		.created_ms = item->created_ms,
	};

	return send_account(inventory, &user, entries, count, err);
}

/* ---- members of an org ---- */

struct members {
	struct inventory *inventory;
	size_t org;
	int64_t count;
};

static void note_own(struct inventory *inventory, const struct listed *item)
{
	const char *own = inventory->turn->own_login;

	if (own[0] != '\0' &&
	    (text_equal_nocase(item->login, own) || text_equal_nocase(item->email, own)))
		inventory->is_org_admin = item->role == ROLE_ADMIN;
}

static int take_member(void *context, const struct listed *item, struct error *err)
{
	struct members *members = context;
	struct inventory *inventory = members->inventory;
	const struct roster_entry entry = {item->id, (uint32_t)members->org, item->role};

	members->count++;
	note_own(inventory, item);
	if (inventory->is_one_org)
		return roster_meet(inventory->roster, item->id)
			       ? send_listed(inventory, item, &entry, 1, err)
			       : 0;
	if (roster_add(inventory->roster, &entry))
		return 0;
	inventory->is_too_large = true;
	error_set(err, ERROR_RETRY, "inventory", 0, "more than %d memberships",
		  LIMIT_MEMBERSHIPS);
	return -1;
}

int inventory_read_members(struct inventory *inventory, size_t org, int64_t *count,
			   struct answer *answer, struct error *err)
{
	struct members members = {inventory, org, 0};
	const struct list_place place = {.kind = LIST_MEMBERS,
					 .org_id = inventory->orgs[org].id};
	struct list_end end;

	inventory->is_org_admin = false;
	if (inventory_list(inventory, &place, take_member, &members, &end, answer, err) < 0)
		return -1;
	*count = members.count;
	return 0;
}

/* ---- all accounts ---- */

static int take_account(void *context, const struct listed *item, struct error *err)
{
	struct inventory *inventory = context;
	const struct roster_entry *entries;
	size_t count;

	if (!roster_meet(inventory->roster, item->id))
		return 0;
	entries = roster_find(inventory->roster, item->id, &count);
	return send_listed(inventory, item, entries, count, err);
}

static int read_page(struct inventory *inventory, int page, struct list_end *end,
		     struct answer *answer, struct error *err)
{
	const struct list_place place = {.kind = LIST_USERS, .page = page};

	return inventory_list(inventory, &place, take_account, inventory, end, answer, err);
}

/* The total fell by so many: what was at the head of this page may be in an earlier one. */
static int look_back(struct inventory *inventory, int page, int64_t fallen,
		     struct answer *answer, struct error *err)
{
	int pages = (int)((fallen + LIST_PAGE - 1) / LIST_PAGE);
	struct list_end end;

	for (int i = 1; i <= pages && i <= page; i++)
		if (read_page(inventory, page - i, &end, answer, err) < 0)
			return -1;
	return 0;
}

static int read_pages(struct inventory *inventory, struct answer *answer, struct error *err)
{
	struct list_end end = {.total = -1};
	int64_t total = -1;

	for (int page = 0; page < LIMIT_LIST_PAGES; page++) {
		if (read_page(inventory, page, &end, answer, err) < 0)
			return -1;
		if (answer->code != ANSWER_OK)
			return 0;
		inventory->end.changed |= total >= 0 && end.total != total;
		if (end.total < total &&
		    look_back(inventory, page, total - end.total, answer, err) < 0)
			return -1;
		total = end.total;
		if (end.count == 0 || (int64_t)(page + 1) * LIST_PAGE >= total)
			return 0;
	}
	error_set(err, ERROR_RETRY, "inventory", 0, "the list of accounts has no end");
	return -1;
}

/* ---- members who were not among the accounts ---- */

static int send_found(struct inventory *inventory, const struct grafana_user *found,
		      struct error *err)
{
	struct inventory_user user = {
		.id = found->id,
		.login = found->login,
		.email = found->email,
		.name = found->name,
		.server_admin = found->is_admin ? FACT_YES : FACT_NO,
		.disabled = found->is_disabled ? FACT_YES : FACT_NO,
		.external = found->is_external ? FACT_YES : FACT_NO,
		.created_ms = found->created_ms,
	};
	size_t count;
	const struct roster_entry *entries = roster_find(inventory->roster, found->id, &count);

	return send_account(inventory, &user, entries, count, err);
}

static int read_unmet(struct inventory *inventory, struct error *err)
{
	size_t cursor = 0;
	int64_t user_id;

	while (roster_next_unmet(inventory->roster, &cursor, &user_id)) {
		struct grafana_user user;
		struct answer answer = {0};

		inventory->end.changed = true;
		if (!roster_meet(inventory->roster, user_id))
			continue;
		if (feed_may_go_on(inventory->feed, err) < 0 ||
		    grafana_person_get(inventory->turn->grafana, user_id, &user, &answer, err) < 0)
			return -1;
		if (answer.code == ANSWER_OK && send_found(inventory, &user, err) < 0)
			return -1;
	}
	return 0;
}

int inventory_read_accounts(struct inventory *inventory, struct answer *answer,
			    struct error *err)
{
	roster_sort(inventory->roster);
	if (read_pages(inventory, answer, err) < 0)
		return -1;
	return answer->code == ANSWER_OK ? read_unmet(inventory, err) : 0;
}
