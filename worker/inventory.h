/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_INVENTORY_H
#define WORKER_INVENTORY_H

#include "codec/inventory.h"
#include "grafana/listing.h"
#include "worker/feed.h"
#include "worker/roster.h"
#include "worker/turn.h"

/*
 * One attempt at a snapshot: what the files of the inventory share. op_inventory.c says what
 * is to be read, inventory_people.c reads accounts and members, inventory_org.c what else
 * is in an org, inventory_call.c asks Grafana.
 */
struct inventory {
	struct turn *turn;
	struct feed *feed;
	struct inventory_frame frame;
	struct inventory_end end;
	struct roster *roster;
	int version;	     /* grafana_version(); 0 = not known */
	bool has_created_at; /* some account's was told */
	bool is_one_org;     /* members are all the accounts there are */
	bool is_too_large;   /* why a read came to nothing */
	bool is_refused;     /* what some entry of the list in hand has in it may not be read */
	int64_t orgs_without_members, orgs_without_teams, orgs_without_service_accounts;

	struct inventory_place { /* an org of the list */
		int64_t id;
		char *name;
	} *orgs;
	size_t org_count, org_capacity;
	bool is_org_admin; /* is grantd's own login one, of the org that is being read? */
};

/* All that follow: 0, or -1 RETRY (FATAL): the attempt is over. */

/* grafana_list(), asked again a few times while nothing has been visited. */
MUST_CHECK int inventory_list(struct inventory *inventory, const struct list_place *place,
			      int (*take)(void *context, const struct listed *item,
					  struct error *err),
			      void *context, struct list_end *end, struct answer *answer,
			      struct error *err);
MUST_CHECK int inventory_send(struct inventory *inventory, struct record *record,
			      struct error *err);
enum fact inventory_fact(enum listed_fact fact);

/* The members of org number 'org' into the roster; with is_one_org each is sent as an
 * account at once. *answer not OK: they can't be read. */
MUST_CHECK int inventory_read_members(struct inventory *inventory, size_t org, int64_t *count,
				      struct answer *answer, struct error *err);
/* Every account, with its memberships from the roster. *answer not OK: they can't be read. */
MUST_CHECK int inventory_read_accounts(struct inventory *inventory, struct answer *answer,
				       struct error *err);

/* Teams with their members; service accounts with their tokens. *readable false: not here. */
MUST_CHECK int inventory_read_teams(struct inventory *inventory, int64_t org_id,
				    bool *readable, struct error *err);
MUST_CHECK int inventory_read_service_accounts(struct inventory *inventory, int64_t org_id,
					       bool *readable, struct error *err);

#endif
