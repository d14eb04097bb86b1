/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_TABLE_H
#define TESTS_SIMULATOR_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* A chained hash table of pointers that it does not own. Equal hashes may
 * stand for different things: the caller compares what it finds. */
struct table_node {
	struct table_node *next;
	uint64_t hash;
	void *item;
};

struct table {
	struct table_node **slots;
	size_t slot_count; /* a power of two, or 0 before the first insert */
	size_t count;
};

void table_insert(struct table *table, uint64_t hash, void *item);
/* Removing what is not there is a no-op. */
void table_remove(struct table *table, uint64_t hash, const void *item);
void table_clear(struct table *table);

/* for (n = table_first(t, h); n; n = table_next(n)): every item of that hash. */
const struct table_node *table_first(const struct table *table, uint64_t hash);
const struct table_node *table_next(const struct table_node *node);

uint64_t table_hash_text(const char *text);	   /* exact */
uint64_t table_hash_text_nocase(const char *text); /* same for ASCII case variants */
uint64_t table_hash_id(int64_t id);

#endif
