/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many threads on one scheduler. What a lane protects is plain memory here, so that
 * the thread sanitizer sees it if two threads ever hold a lane at once. A test that
 * hangs is ended by alarm().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "prng.h"
#include "worker/scheduler.h"

enum {
	PUSHERS = 2,
	TAKERS = 4,
	LANES = 50,
	PER_PUSHER = 6000,
	TOTAL = PUSHERS * PER_PUSHER,
	SLOTS = 3,
	TAKE_MOST = 8,
	DEADLINE_S = 120,
	FOREVER_MS = 3600000,
};

struct piece {
	struct scheduled scheduled; /* first: a scheduled is its piece */
	char key[8];
	size_t lane, number; /* the how many-th of its lane and pusher */
	int attempts;
	bool with_gate;
};

struct lane_state { /* guarded by nothing but the lane itself */
	size_t next[PUSHERS];
};

static struct {
	struct scheduler *scheduler;
	struct gate *gate;
	struct piece pieces[PUSHERS][PER_PUSHER];
	struct lane_state lanes[LANES];
	atomic_int in_gate, over_gate, out_of_order, ended, dropped;
} shared;

static void start(void)
{
	const struct gate_options options = {.max_concurrency = SLOTS};

	alarm(DEADLINE_S);
	memset(&shared, 0, sizeof(shared));
	shared.scheduler = scheduler_new(clock_system());
	shared.gate = gate_new(&options);
}

static void end(void)
{
	scheduler_free(shared.scheduler);
	gate_free(shared.gate);
	alarm(0);
}

static void *push_all(void *context)
{
	struct piece *pieces = context;
	size_t counts[LANES] = {0};
	struct prng prng = {(uint64_t)(pieces == shared.pieces[0])};

	for (size_t i = 0; i < PER_PUSHER; i++) {
		struct piece *piece = &pieces[i];

		piece->lane = (size_t)prng_below(&prng, LANES);
		piece->number = counts[piece->lane]++;
		piece->key[0] = (char)('0' + piece->lane);
		piece->with_gate = piece->lane % 2 == 0;
		piece->scheduled.lane_key = (struct slice_key){piece->key, 1};
		piece->scheduled.gate = piece->with_gate ? shared.gate : NULL;
		piece->scheduled.group = (int64_t)(i % 2) + 1;
		scheduler_push(shared.scheduler, &piece->scheduled);
	}
	return NULL;
}

static size_t pusher_of(const struct piece *piece)
{
	return piece >= shared.pieces[1] ? 1 : 0;
}

/* True when the piece is done with. */
static bool work_on(struct piece *piece, struct prng *prng)
{
	size_t *next = &shared.lanes[piece->lane].next[pusher_of(piece)];

	if (piece->with_gate && atomic_fetch_add(&shared.in_gate, 1) >= SLOTS)
		atomic_fetch_add(&shared.over_gate, 1);
	/* Some may have been dropped on the way, but none may overtake. */
	if (piece->number < *next)
		atomic_fetch_add(&shared.out_of_order, 1);
	*next = piece->number;
	if (piece->with_gate)
		atomic_fetch_sub(&shared.in_gate, 1);
	return piece->attempts++ > 0 || prng_below(prng, 8) > 0;
}

static void give_back(struct piece *piece, bool done)
{
	if (!done) {
		scheduler_postpone(shared.scheduler, &piece->scheduled,
				   clock_steady_ms(clock_system()) + 1, NULL);
		return;
	}
	scheduler_finish(shared.scheduler, &piece->scheduled, NULL);
	atomic_fetch_add(&shared.ended, 1);
}

static bool all_ended(void)
{
	return atomic_load(&shared.ended) + atomic_load(&shared.dropped) == TOTAL;
}

static void *take_all(void *context)
{
	struct prng prng = {(uint64_t)(uintptr_t)context};
	struct scheduled *taken[TAKE_MOST];

	while (!all_ended()) {
		size_t count = scheduler_take(shared.scheduler, taken, TAKE_MOST, 50);

		for (size_t i = 0; i < count; i++) {
			struct piece *piece = (struct piece *)(void *)taken[i];

			give_back(piece, work_on(piece, &prng));
		}
	}
	scheduler_wake(shared.scheduler);
	return NULL;
}

static void note_dropped(struct scheduled *entry, void *context)
{
	(void)entry;
	(void)context;
	atomic_fetch_add(&shared.dropped, 1);
}

static void run_all(bool with_drops)
{
	pthread_t pushers[PUSHERS], takers[TAKERS];

	for (size_t i = 0; i < TAKERS; i++)
		assert_int_equal(pthread_create(&takers[i], NULL, take_all,
						(void *)(uintptr_t)(i + 1)),
				 0);
	for (size_t i = 0; i < PUSHERS; i++)
		assert_int_equal(pthread_create(&pushers[i], NULL, push_all, shared.pieces[i]), 0);
	for (int i = 0; with_drops && i < 200; i++)
		scheduler_drop(shared.scheduler, i % 2 + 1, note_dropped, NULL);
	for (size_t i = 0; i < PUSHERS; i++)
		pthread_join(pushers[i], NULL);
	for (size_t i = 0; i < TAKERS; i++)
		pthread_join(takers[i], NULL);
}

static void check_end(void)
{
	struct scheduler_counts counts = scheduler_counts(shared.scheduler);

	assert_int_equal(counts.entries + counts.taken + counts.lanes + counts.sleeping, 0);
	assert_int_equal(atomic_load(&shared.over_gate), 0);
	assert_int_equal(atomic_load(&shared.out_of_order), 0);
	assert_int_equal(gate_in_use(shared.gate), 0);
}

static void many_threads_keep_order_and_lose_nothing(void **state)
{
	(void)state;
	start();
	run_all(false);
	check_end();
	assert_int_equal(atomic_load(&shared.ended), TOTAL);
	for (size_t k = 0; k < PUSHERS; k++)
		for (size_t i = 0; i < PER_PUSHER; i++)
			assert_true(shared.pieces[k][i].attempts > 0);
	end();
}

static void dropping_meanwhile_loses_nothing_else(void **state)
{
	(void)state;
	start();
	run_all(true);
	check_end();
	assert_int_equal(atomic_load(&shared.ended) + atomic_load(&shared.dropped), TOTAL);
	end();
}

/* ---- waking ---- */

static void *take_one(void *context)
{
	struct scheduled *taken[1];
	size_t count = scheduler_take(shared.scheduler, taken, 1, FOREVER_MS);

	(void)context;
	return count == 1 ? taken[0] : NULL;
}

static struct scheduled *entry_of(size_t index, struct gate *gate)
{
	struct piece *piece = &shared.pieces[0][index];

	piece->key[0] = 'k';
	piece->scheduled.lane_key = (struct slice_key){piece->key, 1};
	piece->scheduled.gate = gate;
	return &piece->scheduled;
}

static struct scheduled *what_it_got(pthread_t thread)
{
	void *result = NULL;

	assert_int_equal(pthread_join(thread, &result), 0);
	return result;
}

static void a_waiting_thread_is_woken_by(void (*event)(void), const struct scheduled *expected)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, take_one, NULL), 0);
	event();
	assert_ptr_equal(what_it_got(thread), expected);
}

static void push_first(void)
{
	scheduler_push(shared.scheduler, entry_of(0, shared.gate));
}

static void finish_first(void)
{
	scheduler_finish(shared.scheduler, entry_of(0, shared.gate), NULL);
}

static void wake(void)
{
	scheduler_wake(shared.scheduler);
}

static void postpone_second(void)
{
	scheduler_postpone(shared.scheduler, entry_of(1, shared.gate),
			   clock_steady_ms(clock_system()) + 5, NULL);
}

static void waiting_ends_when_there_is_something(void **state)
{
	(void)state;
	start();
	a_waiting_thread_is_woken_by(push_first, entry_of(0, shared.gate));
	scheduler_push(shared.scheduler, entry_of(1, shared.gate));
	a_waiting_thread_is_woken_by(finish_first, entry_of(1, shared.gate));
	a_waiting_thread_is_woken_by(postpone_second, entry_of(1, shared.gate));
	a_waiting_thread_is_woken_by(wake, NULL);
	scheduler_finish(shared.scheduler, entry_of(1, shared.gate), NULL);
	end();
}

static void a_wake_before_the_wait_is_not_lost(void **state)
{
	struct scheduled *taken[1];

	(void)state;
	start();
	scheduler_wake(shared.scheduler);
	assert_int_equal(scheduler_take(shared.scheduler, taken, 1, FOREVER_MS), 0);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_threads_keep_order_and_lose_nothing),
		cmocka_unit_test(dropping_meanwhile_loses_nothing_else),
		cmocka_unit_test(waiting_ends_when_there_is_something),
		cmocka_unit_test(a_wake_before_the_wait_is_not_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
