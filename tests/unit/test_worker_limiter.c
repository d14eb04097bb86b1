/* SPDX-License-Identifier: Apache-2.0 */
/* Within 200 turns, whatever the server is like, the limiter gets within a tenth of
 * what the best constant would; virtual time, so the same everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "load.h"
#include "worker/limiter.h"

enum { MAX = 16, SEEDS = 20, LEARNING = 200, MEASURED = 300, JITTER = 30 };

static const struct model_profile fixed_wait = {
	.name = "fixed wait", .wait_us = 10000, .read_sessions = 2, .write_sessions = 2};
static const struct model_profile one_lock = {
	.name = "one lock", .read_us = 10, .write_us = 10, .lock_us = 3000};
static const struct model_profile two_cores = {
	.name = "two cores", .read_us = 4000, .write_us = 4000};
static const struct model_profile knee = {.name = "errors beyond 6",
					  .wait_us = 10000,
					  .read_sessions = 1,
					  .write_sessions = 1,
					  .sound_inside = 6,
					  .spoilt_permille = 200};

struct server {
	const struct model_profile *profile;
	bool brings_password;
	int64_t idle_us;
};

static const struct server servers[] = {
	{&fixed_wait, false, 0},  {&fixed_wait, false, 1000}, {&one_lock, false, 0},
	{&one_lock, false, 1000}, {&two_cores, false, 0},     {&two_cores, false, 1000},
	{&knee, false, 0},	  {&knee, false, 1000},	      {&model_9_4, false, 500},
	{&model_9_4, true, 500},  {&model_10_1, false, 500},  {&model_10_1, true, 500},
};

static struct load_options options_of(const struct server *server, int64_t constant)
{
	return (struct load_options){
		.profile = server->profile,
		.constant = constant,
		.brings_password = server->brings_password,
		.idle_us = server->idle_us,
		.jitter_percent = JITTER,
		.seed = 1,
	};
}

static double of_constant(const struct server *server, int64_t constant)
{
	struct load_options options = options_of(server, constant);
	struct load *load = load_new(&options);
	double rate;

	load_run(load, LEARNING);
	rate = load_run(load, 5 * MEASURED);
	load_free(load);
	return rate;
}

static double of_best_constant(const struct server *server)
{
	double best = 0;

	for (int64_t constant = 1; constant <= MAX; constant++) {
		double rate = of_constant(server, constant);

		if (rate > best)
			best = rate;
	}
	return best;
}

static void must_be_near(const struct server *server, uint64_t seed, double rate, double best)
{
	if (rate < 0.9 * best)
		fail_msg("%s%s, idle %d us, seed %d: %.1f turns a second, the best constant "
			 "has %.1f",
			 server->profile->name,
			 server->brings_password ? " with a password" : "",
			 (int)server->idle_us, (int)seed, rate, best);
}

static void comes_near_the_best_constant_within_200_turns(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(servers); i++) {
		double best = of_best_constant(&servers[i]);

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct load_options options = options_of(&servers[i], 0);
			struct load *load;

			options.seed = seed;
			options.limiter = limiter_new(MAX);
			load = load_new(&options);
			load_run(load, LEARNING);
			must_be_near(&servers[i], seed, load_run(load, MEASURED), best);
			load_free(load);
			limiter_free(options.limiter);
		}
	}
}

/* The server becomes another one, after a while in which it has been learnt by heart. */
static void follows_a_server_that_changes(void **state)
{
	static const struct {
		struct server from, to;
	} steps[] = {
		{{&fixed_wait, false, 0}, {&one_lock, false, 0}},
		{{&one_lock, false, 0}, {&fixed_wait, false, 0}},
		{{&fixed_wait, false, 0}, {&two_cores, false, 0}},
		{{&two_cores, false, 0}, {&fixed_wait, false, 0}},
		{{&fixed_wait, false, 0}, {&knee, false, 0}},
		{{&knee, false, 0}, {&fixed_wait, false, 0}},
		{{&model_9_4, false, 0}, {&model_10_1, false, 0}},
		{{&model_10_1, false, 0}, {&model_9_4, false, 0}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		double best = of_best_constant(&steps[i].to);

		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct load_options options = options_of(&steps[i].from, 0);
			struct load *load;

			options.seed = seed;
			options.limiter = limiter_new(MAX);
			load = load_new(&options);
			load_run(load, 1000);
			load_change(load, steps[i].to.profile);
			load_run(load, LEARNING);
			must_be_near(&steps[i].to, seed, load_run(load, MEASURED), best);
			load_free(load);
			limiter_free(options.limiter);
		}
	}
}

/* 2, 4, 16, 64, 256: a window each, and one generation of turns in between. */
static void climbs_fast_where_every_turn_more_pays(void **state)
{
	struct limiter *limiter = limiter_new(256);
	const int64_t length_us = 300000;
	int64_t now_us = 1000000;
	int rounds = 0;

	(void)state;
	for (; limiter_limit(limiter) < 256; rounds++) {
		int64_t turns = limiter_limit(limiter);

		assert_true(rounds < 20);
		for (int64_t i = 0; i < turns; i++) {
			const struct limiter_sample sample = {now_us, now_us + length_us, 3, 0,
							      true};

			limiter_take(limiter, &sample);
		}
		now_us += length_us;
	}
	assert_true(rounds <= 16);
	limiter_free(limiter);
}

static bool take_bad(struct limiter *limiter, int64_t began_us, int64_t ended_us)
{
	const struct limiter_sample sample = {began_us, ended_us, 1, 1, true};

	return limiter_take(limiter, &sample);
}

/* Every turn more pays, and that is known. */
static struct limiter *at_its_maximum(int64_t max, int64_t *now_us)
{
	struct limiter *limiter = limiter_new(max);

	*now_us = 1000000;
	for (int rounds = 0; rounds < 20; rounds++, *now_us += 50000) {
		const struct limiter_sample sample = {*now_us - 50000, *now_us, 3, 0, true};

		for (int64_t turns = limiter_limit(limiter); turns > 0; turns--)
			limiter_take(limiter, &sample);
	}
	assert_int_equal(limiter_limit(limiter), max);
	return limiter;
}

static void trouble_halves_it_at_once_but_once_for_what_ran_beside(void **state)
{
	int64_t now_us;
	struct limiter *limiter = at_its_maximum(16, &now_us);

	(void)state;
	assert_true(take_bad(limiter, now_us, now_us + 10));
	assert_int_equal(limiter_limit(limiter), 8);
	for (int i = 0; i < 15; i++)
		assert_false(take_bad(limiter, now_us, now_us + 20));
	assert_int_equal(limiter_limit(limiter), 8);
	assert_true(take_bad(limiter, now_us + 30, now_us + 40));
	assert_int_equal(limiter_limit(limiter), 4);
	limiter_free(limiter);
}

static void trouble_at_a_trial_goes_back_to_where_it_was_good(void **state)
{
	struct limiter *limiter = limiter_new(16);
	int64_t now_us = 1000000;

	(void)state;
	for (; limiter_limit(limiter) < 16; now_us += 50000) {
		const struct limiter_sample sample = {now_us - 50000, now_us, 3, 0, true};

		for (int64_t turns = limiter_limit(limiter); turns > 0; turns--)
			limiter_take(limiter, &sample);
	}
	take_bad(limiter, now_us, now_us + 10);
	assert_int_equal(limiter_limit(limiter), 4);
	limiter_free(limiter);
}

static void trouble_counts_also_when_few_are_running(void **state)
{
	const struct limiter_sample lone = {3000000, 3001000, 1, 1, false};
	int64_t now_us;
	struct limiter *limiter = at_its_maximum(16, &now_us);

	(void)state;
	assert_true(limiter_take(limiter, &lone));
	assert_int_equal(limiter_limit(limiter), 8);
	limiter_free(limiter);
}

static void a_limit_that_is_not_reached_is_left_alone(void **state)
{
	struct limiter *limiter = limiter_new(16);

	(void)state;
	for (int64_t i = 0; i < 1000; i++) {
		const struct limiter_sample sample = {i * 1000, i * 1000 + 900, 3, 0, false};

		assert_false(limiter_take(limiter, &sample));
	}
	assert_int_equal(limiter_limit(limiter), 2);
	limiter_free(limiter);
}

static void goes_up_again_when_trouble_is_over(void **state)
{
	int64_t now_us, began_us;
	struct limiter *limiter = at_its_maximum(16, &now_us);

	(void)state;
	take_bad(limiter, now_us, now_us + 10);
	began_us = now_us += 50000;
	for (; limiter_limit(limiter) < 16; now_us += 50000) {
		const struct limiter_sample sample = {now_us - 50000, now_us, 3, 0, true};

		assert_true(now_us < began_us + 60 * 1000 * 1000);
		for (int64_t turns = limiter_limit(limiter); turns > 0; turns--)
			limiter_take(limiter, &sample);
	}
	assert_true(now_us - began_us > 2 * 1000 * 1000 - 100000);
	limiter_free(limiter);
}

/* Whatever it is told: within its bounds, and says so when it moves. */
static void keeps_its_bounds_whatever_comes(void **state)
{
	struct prng prng = {7};

	(void)state;
	for (int64_t max = 1; max <= 1024; max = max * 3 / 2 + 1) {
		struct limiter *limiter = limiter_new(max);
		int64_t now_us = 0;

		for (int i = 0; i < 20000; i++) {
			struct limiter_sample sample = {now_us - prng_below(&prng, 100000),
							now_us, (int)prng_below(&prng, 5), 0,
							true};
			int64_t before = limiter_limit(limiter);
			bool moved;

			sample.unavailable = prng_below(&prng, 500) == 0;
			sample.was_saturated = prng_below(&prng, 10) > 0;
			moved = limiter_take(limiter, &sample);
			assert_in_range(limiter_limit(limiter), 1, max);
			assert_int_equal(moved, limiter_limit(limiter) != before);
			now_us += prng_below(&prng, 5000);
		}
		limiter_free(limiter);
	}
}

static void one_is_all_there_is(void **state)
{
	struct server server = {&fixed_wait, false, 0};
	struct load_options options = options_of(&server, 0);
	struct load *load;

	(void)state;
	options.limiter = limiter_new(1);
	load = load_new(&options);
	load_run(load, 1000);
	assert_int_equal(limiter_limit(options.limiter), 1);
	load_free(load);
	limiter_free(options.limiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_near_the_best_constant_within_200_turns),
		cmocka_unit_test(follows_a_server_that_changes),
		cmocka_unit_test(climbs_fast_where_every_turn_more_pays),
		cmocka_unit_test(trouble_halves_it_at_once_but_once_for_what_ran_beside),
		cmocka_unit_test(trouble_at_a_trial_goes_back_to_where_it_was_good),
		cmocka_unit_test(trouble_counts_also_when_few_are_running),
		cmocka_unit_test(a_limit_that_is_not_reached_is_left_alone),
		cmocka_unit_test(goes_up_again_when_trouble_is_over),
		cmocka_unit_test(keeps_its_bounds_whatever_comes),
		cmocka_unit_test(one_is_all_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
