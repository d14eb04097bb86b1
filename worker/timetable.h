/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_TIMETABLE_H
#define WORKER_TIMETABLE_H

#include "worker/pipeline.h"

/*
 * [inventory] every: the next snapshot of each Grafana is put among what comes due.
 * For the dispatcher's thread.
 */
struct timetable {
	int64_t again_ms; /* not before (steady clock) */
};

/* Now and then. All workers of a group say the same, and it is put there once. -1 RETRY,
 * the ledger is away. */
MUST_CHECK int timetable_plan(struct timetable *timetable, const struct pipeline *pipeline,
			      struct ledger *ledger, struct error *err);

#endif
