/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_LIMITER_H
#define WORKER_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Finds out how many turns at once get the most out of one Grafana, between 1 and
 * a maximum. A pure value: no clock, no lock, no threads; gate.c feeds it.
 */
struct limiter; /* opaque */

struct limiter *limiter_new(int64_t max);
void limiter_free(struct limiter *limiter);

/* How many turns may run at once now. */
int64_t limiter_limit(const struct limiter *limiter);

/* A turn that has ended; times are of one steady clock. */
struct limiter_sample {
	int64_t began_us, ended_us;
	int calls;	    /* that were answered or not; a turn without calls says nothing */
	int unavailable;    /* of them: timeouts, resets, 5xx, 429 */
	bool was_saturated; /* as many turns as the limit allows were wanted when it ended */
};

/* Answers whether the limit has moved. */
bool limiter_take(struct limiter *limiter, const struct limiter_sample *sample);

#endif
