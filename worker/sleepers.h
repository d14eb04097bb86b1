/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_SLEEPERS_H
#define WORKER_SLEEPERS_H

#include "worker/lanes.h"

/*
 * The scheduler's lanes that have a time at which something must happen, soonest
 * first: a heap by lane->wake_ms. Guarded by the scheduler's lock; for scheduler.c only.
 */
struct sleepers {
	struct lane **heap;
	size_t count, capacity;
};

void sleepers_clear(struct sleepers *sleepers);
/* lane->wake_ms must not change until it is removed. */
void sleepers_insert(struct sleepers *sleepers, struct lane *lane);
void sleepers_remove(struct sleepers *sleepers, struct lane *lane);
/* NULL when there is none. */
struct lane *sleepers_first(const struct sleepers *sleepers);

#endif
