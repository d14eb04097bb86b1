/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_inventory.c - inventory.snapshot: everything that is in a Grafana, or in one org.
 *
 * The order is orgs, the members of each with its teams and service accounts, accounts.
 * Records are sent as they are found, and none is taken back: an attempt that comes to
 * nothing leaves records of a snapshot that was never closed. The record that closes one
 * goes the way of a credential: it is kept by the ledger and committed together with the
 * outcome, once. So of all attempts at a request exactly one is closed.
 *
 * Nothing is written to Grafana. A snapshot is no single moment: what it says of each thing
 * was so when that thing was read.
 */
#include "worker/operations.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "grafana/mode.h"
#include "grafana/server.h"
#include "worker/inventory.h"

/* ---- which orgs ---- */

static void add_org(struct inventory *inventory, int64_t id, const char *name)
{
	if (inventory->org_count == inventory->org_capacity) {
		inventory->org_capacity = inventory->org_capacity * 2 + 16;
		inventory->orgs = mem_grow_array(inventory->orgs, inventory->org_capacity,
						 sizeof(*inventory->orgs));
	}
	inventory->orgs[inventory->org_count++] =
		(struct inventory_place){id, mem_strdup(name)};
}

struct org_list {
	struct inventory *inventory;
	struct roster *met;
};

static int take_org(void *context, const struct listed *item, struct error *err)
{
	struct org_list *list = context;

	if (!roster_meet(list->met, item->id))
		return 0;
	if (list->inventory->org_count == LIMIT_ORGS) {
		list->inventory->is_too_large = true;
		error_set(err, ERROR_RETRY, "inventory", 0, "more than %d orgs", LIMIT_ORGS);
		return -1;
	}
	add_org(list->inventory, item->id, item->name);
	return 0;
}

static int list_orgs(struct inventory *inventory, struct answer *answer, struct error *err)
{
	struct org_list list = {inventory, roster_new(0)};
	struct list_place place = {.kind = LIST_ORGS};
	struct list_end end = {.count = LIST_PAGE};
	int rc = 0;

	for (; rc == 0 && end.count == LIST_PAGE; place.page++)
		rc = inventory_list(inventory, &place, take_org, &list, &end, answer, err);
	roster_free(list.met);
	return rc;
}

static bool has_org(const struct request *request)
{
	return request->org.id != 0 || request->org.name != NULL;
}

/* A request's org, or a token's. */
static int find_one_org(struct inventory *inventory, struct error *err)
{
	struct turn *turn = inventory->turn;
	struct grafana_org org;
	struct answer answer = {0};
	int rc;

	if (has_org(turn->request)) {
		rc = turn_find_org(turn, GRAFANA_FRESH, &org, err);
		if (rc != TURN_GO_ON)
			return rc;
	} else {
		if (grafana_org_own(turn->grafana, &org, &answer, err) < 0)
			return TURN_FAILED;
		if (answer.code != ANSWER_OK)
			return turn_refused_by(turn, &answer, "find the token's org");
		turn_target_org(turn, &org);
	}
	inventory->frame.org_id = org.id;
	add_org(inventory, org.id, org.name);
	return TURN_GO_ON;
}

static int find_orgs(struct inventory *inventory, struct error *err)
{
	struct answer answer = {0};

	if (inventory->is_one_org)
		return find_one_org(inventory, err);
	if (list_orgs(inventory, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(inventory->turn, &answer, "list the orgs");
	return TURN_GO_ON;
}

/* ---- what is in them ---- */

static bool has_service_accounts(const struct inventory *inventory)
{
	return inventory->version == 0 ||
	       inventory->version >= 8 * GRAFANA_VERSION_MAJOR + 5;
}

/* A token's rights are tried; a login without the role of an Admin is told nothing, or
 * only a part. */
static int read_inner(struct inventory *inventory, struct inventory_org *org,
		      struct error *err)
{
	if (!inventory->is_org_admin &&
	    grafana_session_mode(inventory->turn->grafana) != GRAFANA_ONE_ORG)
		return 0;
	if (inventory_read_teams(inventory, org->id, &org->teams_read, err) < 0)
		return -1;
	if (!has_service_accounts(inventory))
		return 0;
	return inventory_read_service_accounts(inventory, org->id, &org->service_accounts_read,
					       err);
}

static int read_org(struct inventory *inventory, size_t number, struct answer *answer,
		    struct error *err)
{
	struct inventory_org org = {.id = inventory->orgs[number].id,
				    .name = inventory->orgs[number].name};
	struct record record;

	if (inventory_read_members(inventory, number, &org.members, answer, err) < 0)
		return -1;
	org.members_read = answer->code == ANSWER_OK;
	if (org.members_read && read_inner(inventory, &org, err) < 0)
		return -1;
	inventory->orgs_without_members += !org.members_read;
	inventory->orgs_without_teams += !org.teams_read;
	inventory->orgs_without_service_accounts += !org.service_accounts_read;
	inventory->end.counts.orgs++;
	inventory->frame.now_ms = clock_wall_ms(inventory->turn->clock);
	inventory_encode_org(&inventory->frame, &org, &record);
	return inventory_send(inventory, &record, err);
}

static int read_all(struct inventory *inventory, struct error *err)
{
	struct answer answer = {0};

	feed_tell(inventory->feed, "orgs");
	for (size_t i = 0; i < inventory->org_count; i++) {
		if (read_org(inventory, i, &answer, err) < 0)
			return TURN_FAILED;
		if (inventory->is_one_org && answer.code != ANSWER_OK)
			return turn_refused_by(inventory->turn, &answer,
					       "list the members of the org");
	}
	if (inventory->is_one_org)
		return TURN_GO_ON;
	feed_tell(inventory->feed, "accounts");
	if (inventory_read_accounts(inventory, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(inventory->turn, &answer, "list the accounts");
	return TURN_GO_ON;
}

/* ---- how it ends ---- */

static void lack(struct inventory *inventory, const char *what, const char *why, int64_t orgs)
{
	struct inventory_end *end = &inventory->end;

	assert(end->lack_count < INVENTORY_LACKS_MAX);
	/* In every org is the same as in general. */
	end->lacks[end->lack_count++] = (struct inventory_lack){
		what, why, orgs == (int64_t)inventory->org_count ? 0 : orgs};
}

static void note_lacks(struct inventory *inventory)
{
	bool has_token = grafana_session_mode(inventory->turn->grafana) == GRAFANA_ONE_ORG;
	const char *no_admin = has_token ? "the token has no right to list them"
					 : "grantd's login is no Admin of the org";

	if (has_token)
		lack(inventory, "other_orgs", "a token reaches one org", 0);
	if (inventory->is_one_org) {
		lack(inventory, "user.roles_elsewhere", "only one org was read", 0);
		lack(inventory, "user.server_admin", "it is not told of an org's members", 0);
	}
	if (!inventory->has_created_at)
		lack(inventory, "user.created_at", "Grafana lists it from 13 on", 0);
	if (inventory->orgs_without_members > 0)
		lack(inventory, "members", "they could not be listed",
		     inventory->orgs_without_members);
	if (inventory->orgs_without_teams > 0)
		lack(inventory, "teams", no_admin, inventory->orgs_without_teams);
	if (inventory->orgs_without_service_accounts > 0)
		lack(inventory, "service_accounts",
		     has_service_accounts(inventory) ? no_admin : "Grafana has them from 8.5 on",
		     inventory->orgs_without_service_accounts);
}

static int close_snapshot(struct inventory *inventory, struct error *err)
{
	struct turn *turn = inventory->turn;
	struct record record;

	if (feed_flush(inventory->feed, err) < 0)
		return TURN_FAILED;
	note_lacks(inventory);
	inventory->frame.now_ms = clock_wall_ms(turn->clock);
	inventory_encode_end(&inventory->frame, &inventory->end, &record);
	turn_closes_with(turn, &record);
	text_copy(turn->outcome.snapshot, sizeof(turn->outcome.snapshot),
		  inventory->frame.snapshot);
	return TURN_GO_ON;
}

/* A plan has read everything, and told nobody. */
static int conclude(struct inventory *inventory, struct error *err)
{
	const struct inventory_counts *counts = &inventory->end.counts;

	if (!turn_skips(inventory->turn) && close_snapshot(inventory, err) < 0)
		return TURN_FAILED;
	return turn_applied(inventory->turn,
			    "read: %lld users, %lld orgs, %lld teams, %lld service accounts",
			    (long long)counts->users, (long long)counts->orgs,
			    (long long)counts->teams, (long long)counts->service_accounts);
}

static void begin(struct inventory *inventory, struct turn *turn)
{
	const struct settings *settings = turn->settings;

	*inventory = (struct inventory){
		.turn = turn,
		.feed = turn->feed,
		.roster = roster_new(LIMIT_MEMBERSHIPS),
		.is_one_org = has_org(turn->request) ||
			      grafana_session_mode(turn->grafana) == GRAFANA_ONE_ORG,
	};
	inventory->frame = (struct inventory_frame){
		.started_ms = clock_wall_ms(turn->clock),
		.instance = turn->request->instance,
		.event_source = settings->publish.source,
		.traceparent = turn->request->traceparent,
		.mode = settings->publish.mode == EVENT_STRUCTURED ? CLOUDEVENT_STRUCTURED
								   : CLOUDEVENT_BINARY,
	};
	inventory_snapshot_id(turn->request, turn->fencing_token, inventory->frame.snapshot);
}

static void clear(struct inventory *inventory)
{
	roster_free(inventory->roster);
	for (size_t i = 0; i < inventory->org_count; i++)
		free(inventory->orgs[i].name);
	free(inventory->orgs);
}

static int make(struct inventory *inventory, struct error *err)
{
	int rc;

	if (grafana_version_probe(inventory->turn->grafana, err) < 0)
		return TURN_FAILED;
	inventory->version =
		grafana_version(grafana_session_instance(inventory->turn->grafana));
	if ((rc = find_orgs(inventory, err)) != TURN_GO_ON)
		return rc;
	if ((rc = read_all(inventory, err)) != TURN_GO_ON)
		return rc;
	return conclude(inventory, err);
}

static int run_snapshot(struct turn *turn, struct error *err)
{
	struct inventory inventory;
	int rc;

	begin(&inventory, turn);
	rc = make(&inventory, err);
	if (rc == TURN_FAILED && inventory.is_too_large)
		rc = turn_refused(turn, REASON_INVENTORY_TOO_LARGE, "%s: %s",
				  reason_prose(REASON_INVENTORY_TOO_LARGE), err->text);
	clear(&inventory);
	return rc;
}

const struct operation operation_inventory_snapshot = {
	.action = "inventory.snapshot",
	.is_long = true,
	.run = run_snapshot,
};
