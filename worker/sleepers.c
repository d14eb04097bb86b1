/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sleepers.c - lanes in the order of their times.
 *
 * A binary heap whose members know their place in it, so that any can leave at once.
 * Called by scheduler.c under its lock. Owns the array, not the lanes.
 */
#include "worker/sleepers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void heap_put(struct sleepers *sleepers, size_t index, struct lane *lane)
{
	sleepers->heap[index] = lane;
	lane->heap_index = index;
}

static void heap_up(struct sleepers *sleepers, size_t index, struct lane *lane)
{
	while (index > 0 && sleepers->heap[(index - 1) / 2]->wake_ms > lane->wake_ms) {
		heap_put(sleepers, index, sleepers->heap[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	heap_put(sleepers, index, lane);
}

static void heap_down(struct sleepers *sleepers, size_t index, struct lane *lane)
{
	size_t child;

	while ((child = index * 2 + 1) < sleepers->count) {
		if (child + 1 < sleepers->count &&
		    sleepers->heap[child + 1]->wake_ms < sleepers->heap[child]->wake_ms)
			child++;
		if (sleepers->heap[child]->wake_ms >= lane->wake_ms)
			break;
		heap_put(sleepers, index, sleepers->heap[child]);
		index = child;
	}
	heap_put(sleepers, index, lane);
}

void sleepers_remove(struct sleepers *sleepers, struct lane *lane)
{
	size_t index = lane->heap_index;
	struct lane *moved = sleepers->heap[--sleepers->count];

	if (moved == lane)
		return;
	heap_up(sleepers, index, moved);
	heap_down(sleepers, moved->heap_index, moved);
}

void sleepers_insert(struct sleepers *sleepers, struct lane *lane)
{
	if (sleepers->count == sleepers->capacity) {
		sleepers->capacity = sleepers->capacity * 2 + 64;
		sleepers->heap = mem_grow_array(sleepers->heap,
						     sleepers->capacity,
						     sizeof(struct lane *));
	}
	heap_up(sleepers, sleepers->count++, lane);
}

struct lane *sleepers_first(const struct sleepers *sleepers)
{
	return sleepers->count > 0 ? sleepers->heap[0] : NULL;
}

void sleepers_clear(struct sleepers *sleepers)
{
	free(sleepers->heap);
	memset(sleepers, 0, sizeof(*sleepers));
}
