/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - the hash table behind the store's indexes and the login attempts.
 *
 * Doubles when it holds as many items as slots; never shrinks. The caller locks.
 */
#include "tests/simulator/table.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_SLOTS = 64 };

static void grow(struct table *table)
{
	size_t slot_count = table->slot_count == 0 ? FIRST_SLOTS : table->slot_count * 2;
	struct table_node **slots = mem_array(slot_count, sizeof(struct table_node *));

	for (size_t i = 0; i < table->slot_count; i++) {
		struct table_node *node = table->slots[i];

		while (node != NULL) {
			struct table_node *next = node->next;
			size_t slot = node->hash & (slot_count - 1);

			node->next = slots[slot];
			slots[slot] = node;
			node = next;
		}
	}
	free(table->slots);
	table->slots = slots;
	table->slot_count = slot_count;
}

void table_insert(struct table *table, uint64_t hash, void *item)
{
	struct table_node *node = mem_alloc(sizeof *node);
	size_t slot;

	if (table->count >= table->slot_count)
		grow(table);
	slot = hash & (table->slot_count - 1);
	node->hash = hash;
	node->item = item;
	node->next = table->slots[slot];
	table->slots[slot] = node;
	table->count++;
}

void table_remove(struct table *table, uint64_t hash, const void *item)
{
	struct table_node **link;

	if (table->slot_count == 0)
		return;
	link = &table->slots[hash & (table->slot_count - 1)];
	while (*link != NULL && ((*link)->hash != hash || (*link)->item != item))
		link = &(*link)->next;
	if (*link != NULL) {
		struct table_node *node = *link;

		*link = node->next;
		free(node);
		table->count--;
	}
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->slot_count; i++) {
		while (table->slots[i] != NULL) {
			struct table_node *node = table->slots[i];

			table->slots[i] = node->next;
			free(node);
		}
	}
	free(table->slots);
	*table = (struct table){0};
}

static const struct table_node *skip_to(const struct table_node *node, uint64_t hash)
{
	while (node != NULL && node->hash != hash)
		node = node->next;
	return node;
}

const struct table_node *table_first(const struct table *table, uint64_t hash)
{
	if (table->slot_count == 0)
		return NULL;
	return skip_to(table->slots[hash & (table->slot_count - 1)], hash);
}

const struct table_node *table_next(const struct table_node *node)
{
	return skip_to(node->next, node->hash);
}

/* FNV-1a, with a final mix because slots are picked by the low bits. */
static uint64_t mix(uint64_t hash)
{
	hash ^= hash >> 33;
	hash *= UINT64_C(0xff51afd7ed558ccd);
	return hash ^ (hash >> 33);
}

uint64_t table_hash_text(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return mix(hash);
}

uint64_t table_hash_text_nocase(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 'A' && byte <= 'Z')
			byte = (unsigned char)(byte + ('a' - 'A'));
		hash = (hash ^ byte) * UINT64_C(0x100000001b3);
	}
	return mix(hash);
}

uint64_t table_hash_id(int64_t id)
{
	return mix((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15));
}
