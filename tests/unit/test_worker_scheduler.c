/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single cases with a clock that stands still until told; a random walk against a
 * plain model is in test_worker_scheduler_model.c, threads are in
 * test_worker_scheduler_threads.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "worker/scheduler.h"

enum { MANY = 16 };

static int64_t fake_ms(void *context)
{
	return *(int64_t *)context;
}

struct fixture {
	int64_t now_ms;
	struct clock clock;
	struct scheduler *scheduler;
	struct gate *gates[2]; /* of one slot each, no rate */
	struct scheduled entries[MANY];
};

static struct fixture fixture;

static int set_up(void **state)
{
	const struct gate_options options = {.max_concurrency = 1, .unauthorized_wait_ms = 300000};

	memset(&fixture, 0, sizeof(fixture));
	fixture.now_ms = 1000000;
	fixture.clock = (struct clock){fake_ms, fake_ms, &fixture.now_ms, NULL};
	fixture.scheduler = scheduler_new(&fixture.clock);
	for (size_t i = 0; i < ARRAY_COUNT(fixture.gates); i++)
		fixture.gates[i] = gate_new(&options);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scheduler_free(fixture.scheduler);
	for (size_t i = 0; i < ARRAY_COUNT(fixture.gates); i++)
		gate_free(fixture.gates[i]);
	return 0;
}

static struct scheduled *push(size_t index, const char *lane, struct gate *gate)
{
	struct scheduled *entry = &fixture.entries[index];

	entry->lane_key = (struct slice_key){lane, strlen(lane)};
	entry->gate = gate;
	entry->group = entry->group == 0 ? 1 : entry->group;
	scheduler_push(fixture.scheduler, entry);
	return entry;
}

static void takes(size_t max, size_t expected, struct scheduled **taken)
{
	assert_int_equal(scheduler_take(fixture.scheduler, taken, max, 0), expected);
}

static void takes_nothing(void)
{
	struct scheduled *taken[MANY];

	takes(MANY, 0, taken);
}

static void takes_just(struct scheduled *expected, bool has_slot)
{
	struct scheduled *taken[MANY];

	takes(MANY, 1, taken);
	assert_ptr_equal(taken[0], expected);
	assert_int_equal(expected->has_slot, has_slot);
}

static void finish(struct scheduled *entry)
{
	scheduler_finish(fixture.scheduler, entry, NULL);
}

static void postpone(struct scheduled *entry, int64_t until_ms)
{
	scheduler_postpone(fixture.scheduler, entry, until_ms, NULL);
}

static void expect_counts(size_t entries, size_t taken, size_t lanes, size_t sleeping)
{
	struct scheduler_counts counts = scheduler_counts(fixture.scheduler);

	assert_int_equal(counts.entries, entries);
	assert_int_equal(counts.taken, taken);
	assert_int_equal(counts.lanes, lanes);
	assert_int_equal(counts.sleeping, sleeping);
}

/* ---- lanes ---- */

static void a_lane_is_a_fifo_and_runs_one_at_a_time(void **state)
{
	struct scheduled *first = push(0, "ada", NULL), *second = push(1, "ada", NULL);

	(void)state;
	expect_counts(2, 0, 1, 0);
	takes_just(first, false);
	takes_nothing();
	expect_counts(2, 1, 1, 0);
	finish(first);
	takes_just(second, false);
	finish(second);
	expect_counts(0, 0, 0, 0);
	takes_nothing();
}

static void lanes_run_side_by_side(void **state)
{
	struct scheduled *taken[MANY];

	(void)state;
	for (size_t i = 0; i < 6; i++)
		push(i, i % 2 == 0 ? "ada" : "bob", NULL);
	takes(MANY, 2, taken);
	assert_ptr_equal(taken[0], &fixture.entries[0]);
	assert_ptr_equal(taken[1], &fixture.entries[1]);
	finish(taken[1]);
	takes_just(&fixture.entries[3], false);
}

static void keys_are_bytes_not_text(void **state)
{
	static const struct slice_key keys[] = {{"a\0b", 3}, {"a\0c", 3}, {"a", 1}, {"", 0}};
	struct scheduled *taken[MANY];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		fixture.entries[i].lane_key = keys[i];
		scheduler_push(fixture.scheduler, &fixture.entries[i]);
	}
	expect_counts(4, 0, 4, 0);
	takes(MANY, 4, taken);
}

static void a_busy_lane_does_not_starve_another(void **state)
{
	struct scheduled *taken[1];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		push(i, "ada", NULL);
	push(4, "bob", NULL);
	takes(1, 1, taken);
	assert_ptr_equal(taken[0], &fixture.entries[0]);
	finish(taken[0]);
	takes(1, 1, taken);
	assert_ptr_equal(taken[0], &fixture.entries[4]);
}

/* ---- sleeping ---- */

static void a_postponed_head_holds_up_only_its_lane(void **state)
{
	struct scheduled *first = push(0, "ada", NULL), *other = push(2, "bob", NULL);
	struct scheduled *taken[MANY];

	(void)state;
	push(1, "ada", NULL);
	takes(MANY, 2, taken);
	postpone(first, fixture.now_ms + 500);
	finish(other);
	expect_counts(2, 0, 1, 1);
	takes_nothing();
	fixture.now_ms += 499;
	takes_nothing();
	fixture.now_ms += 1;
	takes_just(first, false);
	expect_counts(2, 1, 1, 0);
}

static void wakes_sleepers_in_order_of_time(void **state)
{
	static const char *const lanes[] = {"a", "b", "c", "d", "e"};
	static const int64_t delays_ms[] = {50, 10, 40, 20, 30};
	static const size_t order[] = {1, 3, 4, 2, 0};
	struct scheduled *taken[MANY];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lanes); i++)
		push(i, lanes[i], NULL);
	takes(MANY, ARRAY_COUNT(lanes), taken);
	for (size_t i = 0; i < ARRAY_COUNT(lanes); i++)
		postpone(taken[i], fixture.now_ms + delays_ms[i]);
	for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
		fixture.now_ms += 10;
		takes_just(&fixture.entries[order[i]], false);
	}
}

static void postponed_to_the_past_is_ready(void **state)
{
	struct scheduled *entry = push(0, "ada", NULL);

	(void)state;
	takes_just(entry, false);
	postpone(entry, fixture.now_ms - 1);
	takes_just(entry, false);
}

/* ---- gates ---- */

static void gives_out_no_more_than_the_gate_lets_in(void **state)
{
	struct scheduled *first = push(0, "ada", fixture.gates[0]);
	struct scheduled *second = push(1, "bob", fixture.gates[0]);

	(void)state;
	takes_just(first, true);
	takes_nothing();
	assert_int_equal(gate_in_use(fixture.gates[0]), 1);
	finish(first);
	takes_just(second, true);
	postpone(second, fixture.now_ms + 10);
	assert_int_equal(gate_in_use(fixture.gates[0]), 0);
}

static void gives_out_as_many_as_the_gate_lets_in(void **state)
{
	static const char *const lanes[] = {"a", "b", "c", "d"};
	const struct gate_options options = {.max_concurrency = 3};
	struct gate *wide = gate_new(&options);
	struct scheduled *taken[MANY];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lanes); i++)
		push(i, lanes[i], wide);
	takes(1, 1, taken);
	takes(MANY, 2, taken + 1);
	takes_nothing();
	for (size_t i = 0; i < 3; i++)
		finish(taken[i]);
	takes_just(&fixture.entries[3], true);
	finish(&fixture.entries[3]);
	gate_free(wide);
}

static void a_full_gate_holds_up_no_other(void **state)
{
	struct scheduled *taken[MANY];

	(void)state;
	push(0, "ada", fixture.gates[0]);
	push(1, "bob", fixture.gates[0]);
	push(2, "cid", fixture.gates[1]);
	push(3, "dan", NULL);
	takes(MANY, 3, taken);
	for (size_t i = 0; i < 3; i++)
		assert_ptr_not_equal(taken[i], &fixture.entries[1]);
}

/* With room for one at a time, each gate and those without have their turn. */
static void gates_take_turns(void **state)
{
	static const char *const lanes[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
	struct gate *const gates[] = {NULL, fixture.gates[0], fixture.gates[1]};
	size_t turns[3] = {0};
	struct scheduled *taken[1];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lanes); i++)
		push(i, lanes[i], gates[i / 3]);
	for (size_t i = 0; i < 6; i++) {
		takes(1, 1, taken);
		for (size_t k = 0; k < ARRAY_COUNT(gates); k++)
			turns[k] += taken[0]->gate == gates[k];
		finish(taken[0]);
	}
	for (size_t k = 0; k < ARRAY_COUNT(gates); k++)
		assert_int_equal(turns[k], 2);
}

static void an_open_gate_is_asked_again_when_its_time_has_come(void **state)
{
	static const struct gate_report failing = {.calls = 10, .unavailable = 10};
	struct scheduled *first = push(0, "ada", fixture.gates[0]);
	struct scheduled *second = push(1, "bob", fixture.gates[0]);

	(void)state;
	takes_just(first, true);
	scheduler_finish(fixture.scheduler, first, &failing);
	assert_int_equal(scheduler_gate_state(fixture.scheduler, fixture.gates[0]), GATE_OPEN);
	takes_nothing();
	fixture.now_ms += 4999;
	takes_nothing();
	fixture.now_ms += 1;
	takes_just(second, true);
}

static void a_gate_with_a_rate_is_asked_again_in_time(void **state)
{
	const struct gate_options options = {.max_concurrency = 9, .rate_per_s = 1};
	struct gate *slow = gate_new(&options);
	struct scheduled *first = push(0, "ada", slow), *second = push(1, "bob", slow);

	(void)state;
	takes_just(first, true);
	finish(first);
	takes_nothing();
	fixture.now_ms += 1000;
	takes_just(second, true);
	finish(second);
	gate_free(slow);
}

/* ---- giving up ---- */

static void gives_out_without_a_slot_when_it_is_time_to_give_up(void **state)
{
	struct scheduled *first = push(0, "ada", fixture.gates[0]), *second;

	(void)state;
	takes_just(first, true);
	fixture.entries[1].give_up_ms = fixture.now_ms + 100;
	second = push(1, "bob", fixture.gates[0]);
	fixture.now_ms += 99;
	takes_nothing();
	fixture.now_ms += 1;
	takes_just(second, false);
	assert_int_equal(gate_in_use(fixture.gates[0]), 1);
	finish(second);
	assert_int_equal(gate_in_use(fixture.gates[0]), 1);
}

static void sleeps_no_longer_than_until_it_is_time_to_give_up(void **state)
{
	struct scheduled *entry;

	(void)state;
	fixture.entries[0].give_up_ms = fixture.now_ms + 100;
	entry = push(0, "ada", fixture.gates[0]);
	takes_just(entry, true);
	postpone(entry, fixture.now_ms + 5000);
	fixture.now_ms += 100;
	takes_just(entry, false);
	/* It knows now; postponed again it sleeps as long as it is told. */
	postpone(entry, fixture.now_ms + 5000);
	takes_nothing();
	fixture.now_ms += 4999;
	takes_nothing();
	fixture.now_ms += 1;
	takes_just(entry, false);
}

static void only_a_head_gives_up(void **state)
{
	struct scheduled *first = push(0, "ada", NULL), *second;

	(void)state;
	fixture.entries[1].give_up_ms = fixture.now_ms + 100;
	second = push(1, "ada", fixture.gates[0]);
	takes_just(first, false);
	fixture.now_ms += 200;
	takes_nothing();
	finish(first);
	takes_just(second, false);
}

/* ---- dropping ---- */

struct dropped {
	const struct scheduled *entries[MANY];
	size_t count;
};

static void note_dropped(struct scheduled *entry, void *context)
{
	struct dropped *dropped = context;

	dropped->entries[dropped->count++] = entry;
	/* Outside of the lock: calling back is allowed. */
	assert_true(scheduler_counts(fixture.scheduler).entries <= MANY);
}

static bool was_dropped(const struct dropped *dropped, size_t index)
{
	for (size_t i = 0; i < dropped->count; i++)
		if (dropped->entries[i] == &fixture.entries[index])
			return true;
	return false;
}

static void drops_a_group_but_what_is_taken(void **state)
{
	static const int64_t groups[] = {7, 8, 7, 8, 7, 7};
	static const char *const lanes[] = {"ada", "ada", "ada", "bob", "bob", "cid"};
	struct scheduled *taken[MANY];
	struct dropped dropped = {.count = 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(groups); i++) {
		fixture.entries[i].group = groups[i];
		push(i, lanes[i], NULL);
	}
	takes(1, 1, taken); /* ada's first, of group 7 */
	scheduler_drop(fixture.scheduler, 7, note_dropped, &dropped);
	assert_int_equal(dropped.count, 3);
	assert_true(was_dropped(&dropped, 2) && was_dropped(&dropped, 4) &&
		    was_dropped(&dropped, 5));
	expect_counts(3, 1, 2, 0);
	takes_just(&fixture.entries[3], false);
	finish(taken[0]);
	takes_just(&fixture.entries[1], false);
}

static void a_dropped_head_makes_way(void **state)
{
	struct scheduled *first, *second;
	struct dropped dropped = {.count = 0};

	(void)state;
	fixture.entries[0].group = 7;
	fixture.entries[1].group = 8;
	first = push(0, "ada", NULL);
	second = push(1, "ada", NULL);
	takes_just(first, false);
	postpone(first, fixture.now_ms + 5000);
	scheduler_drop(fixture.scheduler, 7, note_dropped, &dropped);
	assert_int_equal(dropped.count, 1);
	expect_counts(1, 0, 1, 0);
	takes_just(second, false);
}

static void drops_all_groups(void **state)
{
	struct scheduled *taken[MANY];
	struct dropped dropped = {.count = 0};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		fixture.entries[i].group = (int64_t)i + 1;
		push(i, i < 2 ? "ada" : "bob", fixture.gates[0]);
	}
	takes(MANY, 1, taken);
	scheduler_drop(fixture.scheduler, SCHEDULER_ALL_GROUPS, note_dropped, &dropped);
	assert_int_equal(dropped.count, 3);
	expect_counts(1, 1, 1, 0);
	finish(taken[0]);
	expect_counts(0, 0, 0, 0);
}

static void a_dropped_entry_can_be_pushed_again(void **state)
{
	struct dropped dropped = {.count = 0};
	struct scheduled *entry = push(0, "ada", NULL);

	(void)state;
	scheduler_drop(fixture.scheduler, 1, note_dropped, &dropped);
	takes_nothing();
	push(0, "ada", NULL);
	takes_just(entry, false);
}

static void forgets_what_still_waits_when_freed(void **state)
{
	struct scheduled *taken[1];

	(void)state;
	fixture.entries[2].give_up_ms = fixture.now_ms + 10;
	for (size_t i = 0; i < 3; i++)
		push(i, i < 2 ? "ada" : "bob", fixture.gates[0]);
	takes(1, 1, taken);
	postpone(taken[0], fixture.now_ms + 10);
	/* tear_down() frees: the leak checker tells if lanes stay behind. */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_lane_is_a_fifo_and_runs_one_at_a_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(lanes_run_side_by_side, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_are_bytes_not_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_busy_lane_does_not_starve_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_postponed_head_holds_up_only_its_lane, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(wakes_sleepers_in_order_of_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(postponed_to_the_past_is_ready, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gives_out_no_more_than_the_gate_lets_in, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(gives_out_as_many_as_the_gate_lets_in, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_full_gate_holds_up_no_other, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gates_take_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_open_gate_is_asked_again_when_its_time_has_come,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gate_with_a_rate_is_asked_again_in_time, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(gives_out_without_a_slot_when_it_is_time_to_give_up,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(sleeps_no_longer_than_until_it_is_time_to_give_up,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_a_head_gives_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(drops_a_group_but_what_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dropped_head_makes_way, set_up, tear_down),
		cmocka_unit_test_setup_teardown(drops_all_groups, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_dropped_entry_can_be_pushed_again, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(forgets_what_still_waits_when_freed, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
