/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roster.c - memberships of many accounts, gathered org by org and asked for by account.
 *
 * Called by the inventory: Grafana tells members by org, a snapshot tells roles by account.
 * An array that is sorted once, and a set of ids (open addressing; a load of at most one
 * half). Pure memory; fails only by being full.
 */
#include "worker/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_ENTRIES = 1024, FIRST_SLOTS = 4096 };

struct roster {
	struct roster_entry *entries;
	size_t count, capacity, most;
	int64_t *met; /* ids; 0 = a free slot */
	size_t met_count, slots; /* a power of two */
};

struct roster *roster_new(size_t most)
{
	struct roster *roster = mem_zalloc(sizeof(*roster));

	roster->most = most;
	roster->slots = FIRST_SLOTS;
	roster->met = mem_array(roster->slots, sizeof(*roster->met));
	return roster;
}

void roster_free(struct roster *roster)
{
	if (roster == NULL)
		return;
	free(roster->entries);
	free(roster->met);
	free(roster);
}

/* ---- memberships ---- */

bool roster_add(struct roster *roster, const struct roster_entry *entry)
{
	if (roster->count == roster->most)
		return false;
	if (roster->count == roster->capacity) {
		roster->capacity = roster->capacity == 0 ? FIRST_ENTRIES : roster->capacity * 2;
		if (roster->capacity > roster->most)
			roster->capacity = roster->most;
		roster->entries = mem_grow_array(roster->entries, roster->capacity,
						 sizeof(*roster->entries));
	}
	roster->entries[roster->count++] = *entry;
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct roster_entry *a = left, *b = right;

	if (a->user_id != b->user_id)
		return a->user_id < b->user_id ? -1 : 1;
	return a->org == b->org ? 0 : a->org < b->org ? -1 : 1;
}

void roster_sort(struct roster *roster)
{
	size_t kept = 0;

	if (roster->count > 0)
		qsort(roster->entries, roster->count, sizeof(*roster->entries), compare);
	for (size_t i = 0; i < roster->count; i++) {
		if (kept == 0 || compare(&roster->entries[kept - 1], &roster->entries[i]) != 0)
			kept++;
		roster->entries[kept - 1] = roster->entries[i];
	}
	roster->count = kept;
}

const struct roster_entry *roster_find(const struct roster *roster, int64_t user_id,
				       size_t *count)
{
	size_t low = 0, high = roster->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (roster->entries[middle].user_id < user_id)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < roster->count && roster->entries[end].user_id == user_id;)
		end++;
	*count = end - low;
	return *count > 0 ? &roster->entries[low] : NULL;
}

/* ---- who was met ---- */

/* Ids are counted up from 1: neighbours must not crowd. */
static size_t slot_of(const int64_t *met, size_t slots, int64_t user_id)
{
	size_t slot = (size_t)((uint64_t)user_id * 0x9e3779b97f4a7c15u) & (slots - 1);

	while (met[slot] != 0 && met[slot] != user_id)
		slot = (slot + 1) & (slots - 1);
	return slot;
}

static void grow(struct roster *roster)
{
	size_t slots = roster->slots * 2;
	int64_t *met = mem_array(slots, sizeof(*met));

	for (size_t i = 0; i < roster->slots; i++)
		if (roster->met[i] != 0)
			met[slot_of(met, slots, roster->met[i])] = roster->met[i];
	free(roster->met);
	roster->met = met;
	roster->slots = slots;
}

bool roster_meet(struct roster *roster, int64_t user_id)
{
	size_t slot = slot_of(roster->met, roster->slots, user_id);

	if (roster->met[slot] == user_id)
		return false;
	roster->met[slot] = user_id;
	if (++roster->met_count * 2 > roster->slots)
		grow(roster);
	return true;
}

static bool was_met(const struct roster *roster, int64_t user_id)
{
	return roster->met[slot_of(roster->met, roster->slots, user_id)] == user_id;
}

bool roster_next_unmet(const struct roster *roster, size_t *cursor, int64_t *user_id)
{
	for (; *cursor < roster->count; (*cursor)++) {
		if (was_met(roster, roster->entries[*cursor].user_id))
			continue;
		*user_id = roster->entries[(*cursor)++].user_id;
		return true;
	}
	return false;
}
