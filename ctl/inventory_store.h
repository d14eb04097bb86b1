/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_INVENTORY_STORE_H
#define CTL_INVENTORY_STORE_H

#include "codec/inventory_view.h"
#include "ctl/kafka.h"

/* What the topic of snapshots holds. */
struct inventory_list { /* every snapshot there is a record of, oldest first */
	struct inventory_listed {
		struct inventory_mark mark; /* of its closing record, once 'closed' */
		bool closed;
		int64_t found; /* records besides that one */
	} *snapshots;
	size_t count;
};

MUST_CHECK int inventory_list_read(const struct kafka_access *access,
				   struct inventory_list *list, struct error *err);
void inventory_list_clear(struct inventory_list *list);

/* Closed, and no record of it is missing. */
bool inventory_is_whole(const struct inventory_listed *listed);

/* The things of one snapshot, by entity and id; the parts of a team are one. */
struct inventory_things {
	struct inventory_item *items;
	size_t count;
};
MUST_CHECK int inventory_things_read(const struct kafka_access *access, const char *snapshot,
				     struct inventory_things *things, struct error *err);
void inventory_things_clear(struct inventory_things *things);

/* -1, 0, 1: the order of things in a snapshot. */
int inventory_compare(const struct inventory_item *left, const struct inventory_item *right);

#endif
