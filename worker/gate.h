/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_GATE_H
#define WORKER_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum { GATE_AHEAD_MIN = 32 }; /* a batch that is worth a round trip */

/*
 * The bulkhead of one Grafana: how many requests may be worked on at once, how
 * fast new ones may begin, and whether it is worth asking at all (a circuit
 * breaker). A pure value: no clock, no lock; the scheduler guards it.
 */
struct gate_options {
	int64_t max_concurrency;
	bool adapts; /* between 1 and that, by what the turns show; see limiter.h */
	/* How many more may enter to wait inside for their turn, so that whoever lets
	 * them in has a whole batch to do. They are let in by the half of that number;
	 * 0 = one by one, as slots come back. A lower limit has fewer ahead, but not fewer
	 * than GATE_AHEAD_MIN. */
	int64_t ahead;
	int64_t rate_per_s; /* 0 = no limit; bursts up to one second's worth */
	int64_t unauthorized_wait_ms;
};

enum gate_state { GATE_CLOSED, GATE_OPEN, GATE_HALF_OPEN, GATE_UNAUTHORIZED };

struct gate; /* opaque */

struct gate *gate_new(const struct gate_options *options);
void gate_free(struct gate *gate);

/* Take a slot. False: not now; *wait_until_ms says when asking again makes sense
 * (INT64_MAX = when a slot is given back); it means nothing when true. Times are the
 * steady clock's. */
bool gate_enter(struct gate *gate, int64_t now_ms, int64_t *wait_until_ms);

/* What came of a turn. */
struct gate_report {
	int calls;	   /* HTTP calls made */
	int unavailable;   /* of them: timeouts, resets, 5xx, 429 */
	bool unauthorized; /* credentials were refused */
	int64_t began_us, ended_us; /* steady clock; for a gate that adapts */
};
/* Would it let more in, as far as slots go? */
bool gate_has_room(const struct gate *gate);
void gate_leave(struct gate *gate, int64_t now_ms, const struct gate_report *report);

/* Somebody without a slot was refused: as if a turn had been. */
void gate_refused(struct gate *gate, int64_t now_ms);

enum gate_state gate_state(const struct gate *gate, int64_t now_ms);
int64_t gate_in_use(const struct gate *gate);

/* The most it can have; never changes. */
int64_t gate_slots(const struct gate *gate);
/* How many may be worked on at one time now, whatever the breaker says. Any thread
 * may ask at any time, without the lock. */
int64_t gate_limit(const struct gate *gate);

#endif
