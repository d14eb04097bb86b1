/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.c - slots, rate and circuit breaker of one Grafana.
 *
 * A pure value, guarded by the scheduler's lock. The breaker counts HTTP calls in
 * a window of ten one-second buckets, since a small worker would wait too long for
 * the hundred calls that breakers usually ask for. Refused credentials open it at
 * once and for long: Grafana locks a login out after five failures in five minutes,
 * for humans too. How many slots there are is limiter.c's to say, where it is not fixed.
 */
#include "worker/gate.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "worker/limiter.h"

enum {
	WINDOW_BUCKETS = 10,
	BUCKET_MS = 1000,
	MIN_CALLS = 10, /* fewer say nothing */
	OPEN_MS = 5000,
	OPEN_MAX_MS = 60000,
	GOOD_PROBES = 3, /* in a row, to close */
	TOKEN_SCALE = 1000,
};

struct bucket {
	int64_t second;
	int calls, unavailable;
};

struct gate {
	struct gate_options options;
	struct limiter *limiter; /* NULL: max_concurrency it is */
	_Atomic int64_t limit;
	int64_t ahead;
	int64_t in_use;
	bool is_full; /* until half of those ahead have gone */

	int64_t tokens; /* thousandths */
	int64_t tokens_at_ms;

	struct bucket window[WINDOW_BUCKETS];
	enum gate_state state; /* OPEN and UNAUTHORIZED end at open_until_ms */
	int64_t open_until_ms;
	int64_t open_ms; /* how long the next opening lasts */
	int good_probes;
};

/* In proportion to the limit, but worth a batch. */
static int64_t ahead_of(const struct gate_options *options, int64_t limit)
{
	int64_t ahead = options->ahead * limit / options->max_concurrency;
	int64_t least = options->ahead < GATE_AHEAD_MIN ? options->ahead : GATE_AHEAD_MIN;

	return ahead > least ? ahead : least;
}

static void set_limit(struct gate *gate, int64_t limit)
{
	atomic_store_explicit(&gate->limit, limit, memory_order_relaxed);
	gate->ahead = ahead_of(&gate->options, limit);
}

struct gate *gate_new(const struct gate_options *options)
{
	struct gate *gate = mem_zalloc(sizeof(*gate));

	gate->options = *options;
	gate->open_ms = OPEN_MS;
	gate->tokens = options->rate_per_s * TOKEN_SCALE;
	if (options->adapts)
		gate->limiter = limiter_new(options->max_concurrency);
	set_limit(gate, options->adapts ? limiter_limit(gate->limiter) : options->max_concurrency);
	return gate;
}

void gate_free(struct gate *gate)
{
	if (gate == NULL)
		return;
	limiter_free(gate->limiter);
	free(gate);
}

enum gate_state gate_state(const struct gate *gate, int64_t now_ms)
{
	if ((gate->state == GATE_OPEN || gate->state == GATE_UNAUTHORIZED) &&
	    now_ms >= gate->open_until_ms)
		return GATE_HALF_OPEN;
	return gate->state;
}

int64_t gate_in_use(const struct gate *gate)
{
	return gate->in_use;
}

int64_t gate_slots(const struct gate *gate)
{
	return gate->options.max_concurrency;
}

int64_t gate_limit(const struct gate *gate)
{
	return atomic_load_explicit(&gate->limit, memory_order_relaxed);
}

/* ---- entering ---- */

static void refill(struct gate *gate, int64_t now_ms)
{
	int64_t full = gate->options.rate_per_s * TOKEN_SCALE;
	int64_t passed_ms = now_ms - gate->tokens_at_ms;

	gate->tokens_at_ms = now_ms;
	/* A second fills it; more would only overflow. */
	if (passed_ms >= 1000)
		gate->tokens = full;
	else
		gate->tokens += passed_ms * gate->options.rate_per_s;
	if (gate->tokens > full)
		gate->tokens = full;
}

static bool take_token(struct gate *gate, int64_t now_ms, int64_t *wait_until_ms)
{
	int64_t rate = gate->options.rate_per_s;

	if (rate == 0)
		return true;
	refill(gate, now_ms);
	if (gate->tokens >= TOKEN_SCALE) {
		gate->tokens -= TOKEN_SCALE;
		return true;
	}
	*wait_until_ms = now_ms + (TOKEN_SCALE - gate->tokens + rate - 1) / rate;
	return false;
}

static int64_t limit_of(const struct gate *gate, enum gate_state state)
{
	/* Half-open: one at a time finds out. */
	return state == GATE_HALF_OPEN ? 1 : gate_limit(gate) + gate->ahead;
}

static bool has_room(const struct gate *gate, enum gate_state state)
{
	int64_t limit = limit_of(gate, state);

	if (gate->is_full && state != GATE_HALF_OPEN)
		limit -= gate->ahead / 2;
	return gate->in_use < limit;
}

bool gate_has_room(const struct gate *gate)
{
	return has_room(gate, gate->state);
}

bool gate_enter(struct gate *gate, int64_t now_ms, int64_t *wait_until_ms)
{
	enum gate_state state = gate_state(gate, now_ms);

	*wait_until_ms = INT64_MAX;
	if (state == GATE_OPEN || state == GATE_UNAUTHORIZED) {
		*wait_until_ms = gate->open_until_ms;
		return false;
	}
	if (!has_room(gate, state) || !take_token(gate, now_ms, wait_until_ms))
		return false;
	gate->state = state;
	gate->in_use++;
	gate->is_full = gate->in_use >= limit_of(gate, state);
	return true;
}

/* ---- leaving ---- */

static void open_gate(struct gate *gate, enum gate_state state, int64_t now_ms, int64_t for_ms)
{
	gate->state = state;
	gate->open_until_ms = now_ms + for_ms;
	gate->good_probes = 0;
	memset(gate->window, 0, sizeof(gate->window));
}

static void count(struct gate *gate, int64_t now_ms, const struct gate_report *report)
{
	int64_t second = now_ms / BUCKET_MS;
	struct bucket *bucket = &gate->window[second % WINDOW_BUCKETS];

	if (bucket->second != second)
		*bucket = (struct bucket){.second = second};
	bucket->calls += report->calls;
	bucket->unavailable += report->unavailable;
}

static bool is_failing(const struct gate *gate, int64_t now_ms)
{
	int64_t oldest = now_ms / BUCKET_MS - WINDOW_BUCKETS;
	int calls = 0, unavailable = 0;

	for (size_t i = 0; i < WINDOW_BUCKETS; i++)
		if (gate->window[i].second > oldest) {
			calls += gate->window[i].calls;
			unavailable += gate->window[i].unavailable;
		}
	return calls >= MIN_CALLS && unavailable * 2 >= calls;
}

static void judge_probe(struct gate *gate, int64_t now_ms, const struct gate_report *report)
{
	if (report->unavailable > 0) {
		gate->open_ms = gate->open_ms * 2 < OPEN_MAX_MS ? gate->open_ms * 2 : OPEN_MAX_MS;
		open_gate(gate, GATE_OPEN, now_ms, gate->open_ms);
		return;
	}
	if (report->calls == 0 || ++gate->good_probes < GOOD_PROBES)
		return;
	gate->state = GATE_CLOSED;
	gate->open_ms = OPEN_MS;
	/* Turns that ended while it was open tell of the past. */
	memset(gate->window, 0, sizeof(gate->window));
}

/* A limit that is raised lets more in at once. */
static void adapt(struct gate *gate, const struct gate_report *report)
{
	const struct limiter_sample sample = {
		.began_us = report->began_us,
		.ended_us = report->ended_us,
		.calls = report->calls,
		.unavailable = report->unavailable,
		.was_saturated = gate->in_use >= gate_limit(gate),
	};

	if (gate->limiter == NULL || report->calls == 0 ||
	    !limiter_take(gate->limiter, &sample))
		return;
	set_limit(gate, limiter_limit(gate->limiter));
	gate->is_full = gate->in_use > limit_of(gate, gate->state);
}

void gate_leave(struct gate *gate, int64_t now_ms, const struct gate_report *report)
{
	if (!report->unauthorized)
		adapt(gate, report);
	gate->in_use--;
	if (report->unauthorized) {
		open_gate(gate, GATE_UNAUTHORIZED, now_ms, gate->options.unauthorized_wait_ms);
		return;
	}
	count(gate, now_ms, report);
	if (gate->state == GATE_HALF_OPEN)
		judge_probe(gate, now_ms, report);
	else if (gate->state == GATE_CLOSED && is_failing(gate, now_ms))
		open_gate(gate, GATE_OPEN, now_ms, gate->open_ms);
}

void gate_refused(struct gate *gate, int64_t now_ms)
{
	open_gate(gate, GATE_UNAUTHORIZED, now_ms, gate->options.unauthorized_wait_ms);
}
