/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A random walk through the scheduler, held against a model that knows no queues,
 * heaps or hashes: per lane a list of entries, and for every entry what it waits for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attributes.h"
#include "prng.h"
#include "worker/scheduler.h"

enum { ENTRIES = 120, LANES = 12, GATES = 3, GROUPS = 3, TAKE_MOST = 5 };

enum place { OUTSIDE, WAITING, TAKEN };

struct item {
	struct scheduled scheduled; /* first: a scheduled is its item */
	char key[8];
	size_t lane, gate; /* gate GATES: none */
	enum place place;
	int64_t wake_ms; /* postponed until then */
	bool told;	 /* has been given out after its time to give up, then postponed */
};

struct model {
	struct prng prng;
	int64_t now_ms;
	struct clock clock;
	struct scheduler *scheduler;
	struct gate *gates[GATES];
	int64_t in_use[GATES], concurrency[GATES];
	struct item items[ENTRIES];
	struct item *lanes[LANES][ENTRIES]; /* FIFO */
	size_t lengths[LANES];
};

static struct model model;

static int64_t fake_ms(void *context)
{
	return *(int64_t *)context;
}

static int64_t dice(int64_t bound)
{
	return prng_below(&model.prng, bound);
}

static void start(uint64_t seed)
{
	memset(&model, 0, sizeof(model));
	model.prng.state = seed;
	model.now_ms = 1000000;
	model.clock = (struct clock){fake_ms, fake_ms, &model.now_ms, NULL};
	model.scheduler = scheduler_new(&model.clock);
	for (size_t i = 0; i < GATES; i++) {
		struct gate_options options = {
			.max_concurrency = dice(4) + 1,
			.ahead = dice(2) * dice(6),
		};

		model.concurrency[i] = options.max_concurrency + options.ahead;
		model.gates[i] = gate_new(&options);
	}
}

static void end(void)
{
	scheduler_free(model.scheduler);
	for (size_t i = 0; i < GATES; i++)
		gate_free(model.gates[i]);
}

static struct item *pick(enum place place)
{
	size_t from = (size_t)dice(ENTRIES);

	for (size_t i = 0; i < ENTRIES; i++) {
		struct item *item = &model.items[(from + i) % ENTRIES];

		if (item->place == place)
			return item;
	}
	return NULL;
}

static void leave_lane(struct item *item)
{
	struct item **lane = model.lanes[item->lane];
	size_t index = 0;

	while (lane[index] != item)
		index++;
	memmove(&lane[index], &lane[index + 1],
		(--model.lengths[item->lane] - index) * sizeof(struct item *));
	item->place = OUTSIDE;
}

static bool is_head(const struct item *item)
{
	return model.lengths[item->lane] > 0 && model.lanes[item->lane][0] == item;
}

static bool has_given_up(const struct item *item)
{
	return item->scheduled.give_up_ms != 0 && item->scheduled.give_up_ms <= model.now_ms;
}

/* Must it be given out, if there is room? */
static bool is_due(const struct item *item)
{
	if (item->place != WAITING || !is_head(item))
		return false;
	if (has_given_up(item) && !item->told && item->gate < GATES)
		return true;
	if (item->wake_ms > model.now_ms)
		return has_given_up(item) && !item->told;
	return item->gate == GATES || has_given_up(item) || gate_has_room(model.gates[item->gate]);
}

/* ---- what may happen ---- */

static void push_one(void)
{
	struct item *item = pick(OUTSIDE);

	if (item == NULL)
		return;
	memset(item, 0, sizeof(*item));
	item->lane = (size_t)dice(LANES);
	item->gate = (size_t)dice(GATES + 1);
	item->key[0] = (char)('a' + item->lane);
	item->scheduled.lane_key = (struct slice_key){item->key, 1};
	item->scheduled.gate = item->gate < GATES ? model.gates[item->gate] : NULL;
	item->scheduled.group = dice(GROUPS) + 1;
	item->scheduled.give_up_ms = dice(2) == 0 ? 0 : model.now_ms + dice(400) - 20;
	item->scheduled.has_slot = dice(2) == 0; /* of no concern */
	item->place = WAITING;
	model.lanes[item->lane][model.lengths[item->lane]++] = item;
	scheduler_push(model.scheduler, &item->scheduled);
}

static void check_taken(struct item *item)
{
	bool slot = item->scheduled.has_slot;

	assert_int_equal(item->place, WAITING);
	assert_true(is_head(item));
	if (item->gate == GATES)
		assert_false(slot);
	else if (!slot)
		assert_true(has_given_up(item));
	/* Not sooner than it was postponed to, but for giving up. */
	assert_true(item->wake_ms <= model.now_ms || (has_given_up(item) && !item->told));
	if (slot) {
		model.in_use[item->gate]++;
		assert_true(model.in_use[item->gate] <= model.concurrency[item->gate]);
	}
	item->place = TAKEN;
}

static void take_some(void)
{
	struct scheduled *taken[TAKE_MOST];
	size_t max = (size_t)dice(TAKE_MOST) + 1;
	size_t count = scheduler_take(model.scheduler, taken, max, 0);

	assert_true(count <= max);
	for (size_t i = 0; i < count; i++)
		check_taken((struct item *)(void *)taken[i]);
	for (size_t i = 0; count < max && i < ENTRIES; i++)
		assert_false(is_due(&model.items[i]));
}

static void give_slot_back(const struct item *item)
{
	if (item->scheduled.has_slot)
		model.in_use[item->gate]--;
}

static void finish_one(void)
{
	struct item *item = pick(TAKEN);

	if (item == NULL)
		return;
	give_slot_back(item);
	leave_lane(item);
	scheduler_finish(model.scheduler, &item->scheduled, NULL);
}

static void postpone_one(void)
{
	struct item *item = pick(TAKEN);

	if (item == NULL)
		return;
	give_slot_back(item);
	item->place = WAITING;
	item->wake_ms = model.now_ms + dice(200) - 10;
	item->told = has_given_up(item);
	scheduler_postpone(model.scheduler, &item->scheduled, item->wake_ms, NULL);
}

static void note_dropped(struct scheduled *entry, void *context)
{
	struct item *item = (struct item *)(void *)entry;
	int64_t group = *(const int64_t *)context;

	assert_int_equal(item->place, WAITING);
	assert_true(group == SCHEDULER_ALL_GROUPS || group == entry->group);
	leave_lane(item);
}

static void drop_group(int64_t group)
{
	scheduler_drop(model.scheduler, group, note_dropped, &group);
	for (size_t i = 0; i < ENTRIES; i++) {
		const struct item *item = &model.items[i];

		assert_true(item->place != WAITING ||
			    (group != SCHEDULER_ALL_GROUPS && group != item->scheduled.group));
	}
}

static void check_counts(void)
{
	struct scheduler_counts counts = scheduler_counts(model.scheduler);
	size_t entries = 0, taken = 0, lanes = 0;

	for (size_t i = 0; i < ENTRIES; i++) {
		entries += model.items[i].place != OUTSIDE;
		taken += model.items[i].place == TAKEN;
	}
	for (size_t i = 0; i < LANES; i++)
		lanes += model.lengths[i] > 0;
	assert_int_equal(counts.entries, entries);
	assert_int_equal(counts.taken, taken);
	assert_int_equal(counts.lanes, lanes);
	assert_true(counts.sleeping <= counts.lanes);
	for (size_t i = 0; i < GATES; i++)
		assert_int_equal(gate_in_use(model.gates[i]), model.in_use[i]);
}

static void step(void)
{
	int64_t roll = dice(1000);

	if (roll < 350)
		push_one();
	else if (roll < 600)
		take_some();
	else if (roll < 790)
		finish_one();
	else if (roll < 900)
		postpone_one();
	else if (roll < 992)
		model.now_ms += dice(60);
	else
		drop_group(dice(GROUPS + 4) < GROUPS ? dice(GROUPS) + 1 : SCHEDULER_ALL_GROUPS);
	check_counts();
}

/* Everything that was pushed comes out, sooner or later. */
static void drain(void)
{
	for (int left = 100 * ENTRIES; left > 0; left--) {
		take_some();
		finish_one();
		model.now_ms += 10;
	}
	for (size_t i = 0; i < ENTRIES; i++)
		assert_int_equal(model.items[i].place, OUTSIDE);
	check_counts();
}

static void keeps_its_promises_whatever_comes(void **state)
{
	enum { SEEDS = 40, STEPS = 4000 };

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		start(seed);
		for (int i = 0; i < STEPS; i++)
			step();
		drain();
		end();
	}
}

/* Lanes that always have more to do, before gates of one slot: none falls behind. */
static void none_starves(void **state)
{
	enum { ROUNDS = 4000 };
	int64_t given[LANES] = {0};

	(void)state;
	start(1);
	for (size_t i = 0; i < ENTRIES; i++) {
		struct item *item = &model.items[i];

		item->lane = i % LANES;
		item->key[0] = (char)('a' + item->lane);
		item->scheduled.lane_key = (struct slice_key){item->key, 1};
		item->scheduled.gate =
			item->lane % (GATES + 1) < GATES ? model.gates[item->lane % (GATES + 1)] : NULL;
		scheduler_push(model.scheduler, &item->scheduled);
	}
	for (int round = 0; round < ROUNDS; round++) {
		struct scheduled *taken[1];
		struct item *item;

		assert_int_equal(scheduler_take(model.scheduler, taken, 1, 0), 1);
		item = (struct item *)(void *)taken[0];
		given[item->lane]++;
		scheduler_finish(model.scheduler, taken[0], NULL);
		scheduler_push(model.scheduler, taken[0]);
	}
	for (size_t i = 0; i < LANES; i++)
		assert_in_range(given[i], ROUNDS / LANES - LANES, ROUNDS / LANES + LANES);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_its_promises_whatever_comes),
		cmocka_unit_test(none_starves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
