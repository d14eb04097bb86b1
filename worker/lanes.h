/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_LANES_H
#define WORKER_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "worker/scheduler.h"

/*
 * The scheduler's lanes, by key. A lane is made when its first entry comes and freed
 * when its last has gone. Guarded by the scheduler's lock; for scheduler.c and
 * sleepers.c only.
 */
enum lane_place { LANE_NOWHERE, LANE_READY, LANE_ASLEEP, LANE_TAKEN };

struct lane {
	uint64_t hash;
	struct lane *same_bucket;
	char *key;
	size_t key_length;
	struct scheduled *first, **last; /* the head stays here while it is taken */
	enum lane_place place;
	struct lane *next_ready, **ready_link;
	struct turnstile *turnstile; /* with LANE_READY */
	int64_t wake_ms;	     /* with LANE_ASLEEP: postponed until then */
	size_t heap_index;
};

struct lanes {
	struct lane **buckets;
	size_t bucket_count, count;
};

void lanes_init(struct lanes *lanes);
void lanes_clear(struct lanes *lanes); /* what is in them is forgotten, not freed */

/* The lane of that key, made if there is none. */
struct lane *lanes_open(struct lanes *lanes, const struct slice_key *key);
/* Frees the lane, which has no entry any more. */
void lanes_close(struct lanes *lanes, struct lane *lane);

#endif
