/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_SCHEDULER_H
#define WORKER_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "worker/gate.h"

/*
 * Lanes of requests. A lane is the FIFO of one record key and has at most one of
 * its requests taken at a time, so that one person's changes keep their order;
 * lanes run side by side. A lane whose head must wait sleeps and holds up nobody
 * else. Thread-safe; knows nothing of Kafka, Redis or Grafana.
 */
struct scheduler;

/* Embedded in what is scheduled; the first five members are the caller's. */
struct scheduled {
	struct slice_key {
		const char *bytes; /* must live as long as the entry is in the scheduler */
		size_t length;
	} lane_key;
	struct gate *gate;	/* NULL: needs no Grafana */
	int64_t give_up_ms;	/* steady clock; from then on it is given out without a slot; 0 = never */
	int64_t group;		/* what scheduler_drop() selects by (an assigned partition) */
	bool has_slot;		/* set when given out: a slot of 'gate' is held */
	bool settled;		/* set by scheduler_settle() */

	struct lane *lane; /* the scheduler's own from here on */
	struct scheduled *next;
};

struct scheduler *scheduler_new(const struct clock *clock);
/* Only when empty of taken entries; what still waits is forgotten, not freed. */
void scheduler_free(struct scheduler *scheduler);

/* At the end of its lane. */
void scheduler_push(struct scheduler *scheduler, struct scheduled *entry);

/* Up to 'max' heads of lanes that are ready, each from another lane, each with a
 * slot of its gate. Blocks until there is one, 'timeout_ms' has passed or
 * scheduler_wake() is called; answers how many. Lanes and gates take turns: none starves. */
size_t scheduler_take(struct scheduler *scheduler, struct scheduled **entries, size_t max,
		      int64_t timeout_ms);
void scheduler_wake(struct scheduler *scheduler);

/* Nobody is to wait for it: the work is done, but not yet for good, or takes minutes. The
 * slot is given back with 'report' (NULL = no calls were made), while the lane stays as it is
 * until scheduler_finish() or scheduler_postpone(). */
void scheduler_settle(struct scheduler *scheduler, struct scheduled *entry,
		      const struct gate_report *report);

/* The lane goes on to its next entry. The slot, if held, is given back with 'report'
 * (NULL = no calls were made). */
void scheduler_finish(struct scheduler *scheduler, struct scheduled *entry,
		      const struct gate_report *report);

/* The entry stays the head of its lane, which sleeps until 'until_ms' (steady
 * clock) or the entry's give_up_ms. The slot is given back. */
void scheduler_postpone(struct scheduler *scheduler, struct scheduled *entry, int64_t until_ms,
			const struct gate_report *report);

/* Removes all entries of a group that are not taken, and hands each to 'dropped'
 * (outside the lock). Taken ones are left to their holders. */
enum { SCHEDULER_ALL_GROUPS = 0 };
void scheduler_drop(struct scheduler *scheduler, int64_t group,
		    void (*dropped)(struct scheduled *entry, void *context), void *context);

/* All entries held, and those of them that are taken; lanes, and those of them whose
 * head was postponed and whose time has not come, or is settled. */
struct scheduler_counts {
	size_t entries, taken, lanes, sleeping, settled;
};
struct scheduler_counts scheduler_counts(struct scheduler *scheduler);
/* A gate is guarded by the scheduler's lock. */
enum gate_state scheduler_gate_state(struct scheduler *scheduler, const struct gate *gate);
void scheduler_gate_refused(struct scheduler *scheduler, struct gate *gate);
int64_t scheduler_gate_in_use(struct scheduler *scheduler, const struct gate *gate);

#endif
