/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_INVENTORY_VIEW_H
#define CODEC_INVENTORY_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "codec/inventory.h"
#include "codec/record.h"

/*
 * The records of access.inventory, read back for people: which snapshot a record is of, and
 * what it says, flat: one text for each field, so that any two things can be compared.
 */
struct inventory_mark {
	char snapshot[INVENTORY_ID_CAPACITY];
	char started_at[32], finished_at[32]; /* the latter of a closing record */
	char instance[LIMIT_INSTANCE_BYTES + 1];
	int64_t org_id; /* 0 = all */
	bool closes;
	int64_t records; /* with 'closes': how many there are besides */
};

struct inventory_field {
	char *name;  /* "email", "role in 3", "member 12", "token 7" */
	char *value; /* "" = not told, or never */
};

struct inventory_item { /* all owned */
	char *entity; /* "user" */
	char *id;     /* "12"; of what is an org's "<org>/<id>" */
	char *name;   /* login, or name */
	struct inventory_field *fields;
	size_t field_count;
	char *json; /* the record's data, in one line */
};

/* *item may be NULL: only the mark is wanted. A closing record has no item: its entity stays
 * NULL. -1 POISON: it is no such record. */
MUST_CHECK int inventory_view_read(const struct record_view *record, struct inventory_mark *mark,
				   struct inventory_item *item, struct error *err);
void inventory_item_clear(struct inventory_item *item);

/* The value of a field, or "". */
const char *inventory_item_get(const struct inventory_item *item, const char *name);

#endif
