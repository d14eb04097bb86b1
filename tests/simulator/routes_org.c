/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_org.c - /api/org and /api/orgs: the orgs themselves.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

enum { DEFAULT_PER_PAGE = 1000 };

static void show(struct exchange *exchange, const struct org *org)
{
	if (org == NULL) {
		answer(exchange, ANSWER_ORG_NOT_FOUND);
		return;
	}
	exchange->reply.status = 200;
	view_org(&exchange->reply.body, org);
}

void route_org_current(struct exchange *exchange)
{
	show(exchange, store_org(&exchange->sim->store, exchange->caller.org_id));
}

void route_org_get(struct exchange *exchange)
{
	show(exchange, store_org(&exchange->sim->store, exchange->id[0]));
}

void route_org_get_by_name(struct exchange *exchange)
{
	show(exchange, store_org_by_name(&exchange->sim->store, exchange->param_text[0]));
}

/* The page counts from 0 here, from 1 everywhere else. */
void route_org_list(struct exchange *exchange)
{
	const char *prefix = exchange_query(exchange, "query");
	const char *name = exchange_query(exchange, "name");
	int64_t per_page = exchange_query_int(exchange, "perpage", DEFAULT_PER_PAGE);
	int64_t page = exchange_query_int(exchange, "page", 0);
	struct buffer *out = &exchange->reply.body;
	size_t count;
	struct org *const *orgs = store_orgs_sorted(&exchange->sim->store, &count);
	int64_t seen = 0, first, shown = 0;

	if (per_page <= 0)
		per_page = DEFAULT_PER_PAGE;
	first = page > 0 && page < INT64_MAX / per_page ? page * per_page : 0;
	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (size_t i = 0; i < count && shown < per_page; i++) {
		if (strncasecmp(orgs[i]->name, prefix, strlen(prefix)) != 0 ||
		    (name[0] != '\0' && strcmp(orgs[i]->name, name) != 0) || seen++ < first)
			continue;
		json_out_text(out, shown++ == 0 ? "{\"id\":" : ",{\"id\":");
		json_out_int(out, orgs[i]->id);
		json_out_text(out, ",\"name\":");
		json_out_string(out, orgs[i]->name);
		json_out_text(out, "}");
	}
	json_out_text(out, "]");
}

void route_org_create(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	const char *name;
	struct org *org;

	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name))
		return;
	if (store_org_by_name(store, name) != NULL) {
		answer(exchange, ANSWER_ORG_NAME_TAKEN_ON_CREATE);
		return;
	}
	org = store_org_add(store, name);
	(void)store_member_add(exchange->caller.account, org, ROLE_ADMIN);
	store->counters.org_creates++;
	answer_done_id(exchange, "Organization created", "orgId", org->id);
}

static void update(struct exchange *exchange, int64_t org_id)
{
	struct store *store = &exchange->sim->store;
	const char *name;
	struct org *org, *holder;

	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name))
		return;
	org = store_org(store, org_id);
	holder = store_org_by_name(store, name);
	if (holder != NULL && holder != org) {
		answer(exchange, ANSWER_ORG_NAME_TAKEN_ON_UPDATE);
		return;
	}
	if (org == NULL) {
		answer(exchange, ANSWER_ORG_UPDATE_FAILED);
		return;
	}
	store_org_rename(store, org, name);
	store->counters.org_updates++;
	answer_done(exchange, "Organization updated");
}

void route_org_update(struct exchange *exchange)
{
	update(exchange, exchange->id[0]);
}

void route_org_update_current(struct exchange *exchange)
{
	update(exchange, exchange->caller.org_id);
}

/* The whole address: a part that is not said becomes empty. */
void route_org_set_address(struct exchange *exchange)
{
	struct org *org = store_org(&exchange->sim->store, exchange->id[0]);
	const char *value;

	if (!bind_body(exchange))
		return;
	for (size_t i = 0; org != NULL && i < ORG_ADDRESS_PARTS; i++) {
		if (!bind_text(exchange, view_address_part(i), &value))
			return;
		free(org->address[i]);
		org->address[i] = mem_strdup(value);
	}
	answer_done(exchange, "Address updated");
}

void route_org_quotas(struct exchange *exchange)
{
	answer(exchange, ANSWER_ORG_QUOTAS);
}

void route_org_delete(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct org *org = store_org(store, exchange->id[0]);

	if (exchange->id[0] == exchange->caller.org_id && exchange->version->id >= V9_4) {
		answer(exchange, ANSWER_ORG_DELETE_CURRENT);
		return;
	}
	if (org == NULL) {
		answer(exchange, ANSWER_ORG_DELETE_NOT_FOUND);
		return;
	}
	store_org_delete(store, org);
	store->counters.org_deletes++;
	answer_done(exchange, "Organization deleted");
}
