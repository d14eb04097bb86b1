/* SPDX-License-Identifier: Apache-2.0 */
/* What the modelled servers can do, in virtual time: the order of things as measured
 * on running ones, and the numbers where nothing but one place limits them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load.h"

static double rate_of(const struct model_profile *profile, bool brings_password,
		      int64_t at_once)
{
	const struct load_options options = {
		.profile = profile, .constant = at_once, .brings_password = brings_password};
	struct load *load = load_new(&options);
	double rate;

	load_run(load, 200);
	rate = load_run(load, 1000);
	load_free(load);
	return rate;
}

/* How long one request takes that is alone. */
static int64_t alone_us(const struct model_profile *profile, bool is_write,
			bool brings_password)
{
	struct model model = {.profile = profile};
	struct model_visit visit;
	int64_t now_us = 0, until_us;

	model_enter(&model, &visit, is_write, brings_password);
	while ((until_us = model_advance(&model, &visit, now_us)) >= 0)
		now_us = until_us;
	assert_int_equal(model.inside, 0);
	return now_us;
}

static void a_lone_request_takes_what_was_measured(void **state)
{
	(void)state;
	assert_int_equal(alone_us(&model_9_4, false, false), 43000);
	assert_int_equal(alone_us(&model_9_4, true, false), 34600);
	assert_int_equal(alone_us(&model_9_4, false, true), 51000);
	assert_int_equal(alone_us(&model_10_1, false, false), 600);
	assert_int_equal(alone_us(&model_10_1, true, false), 2700);
	assert_int_equal(alone_us(&model_10_1, false, true), 8600);
	assert_int_equal(alone_us(NULL, true, true), 0);
}

static void more_at_once_pay_on_9_4(void **state)
{
	double one = rate_of(&model_9_4, false, 1), sixteen = rate_of(&model_9_4, false, 16);

	(void)state;
	assert_true(sixteen > 12 * one);
	assert_true(rate_of(&model_9_4, false, 32) > 1.5 * sixteen);
	/* a lock for 3.2 ms of each turn */
	assert_true(rate_of(&model_9_4, false, 64) < 313);
}

static void two_at_once_are_enough_for_10_1(void **state)
{
	double two = rate_of(&model_10_1, false, 2);

	(void)state;
	assert_true(two > 1.3 * rate_of(&model_10_1, false, 1));
	assert_true(two > rate_of(&model_10_1, false, 8));
	assert_true(rate_of(&model_10_1, false, 8) > rate_of(&model_10_1, false, 32));
}

static void a_password_costs_a_core_8_ms(void **state)
{
	(void)state;
	/* 3 calls, 2 cores: 2 / (3 x 8 ms) turns a second at most */
	assert_true(rate_of(&model_9_4, true, 64) < 83.4);
	assert_true(rate_of(&model_10_1, true, 4) < 83.4);
	assert_true(rate_of(&model_10_1, true, 4) > 70);
	assert_true(rate_of(&model_10_1, false, 2) > 2.5 * rate_of(&model_10_1, true, 4));
}

static int64_t spoilt_of(const struct model_profile *profile, int64_t at_once)
{
	const struct load_options options = {.profile = profile, .constant = at_once};
	struct load *load = load_new(&options);
	int64_t spoilt;

	load_run(load, 1000);
	spoilt = load_spoilt(load);
	load_free(load);
	return spoilt;
}

static void only_10_1_beyond_four_answers_with_500(void **state)
{
	int64_t eight = spoilt_of(&model_10_1, 8);

	(void)state;
	assert_int_equal(spoilt_of(&model_10_1, 4), 0);
	assert_int_equal(spoilt_of(&model_9_4, 64), 0);
	assert_in_range(eight, 10, 200);
	assert_true(spoilt_of(&model_10_1, 16) > 2 * eight);
}

static void places_are_taken_in_the_order_of_arrival(void **state)
{
	static const struct model_profile cores = {.name = "cores", .read_us = 100};
	struct model model = {.profile = &cores};
	struct model_visit visits[4];
	static const int64_t ends_us[] = {100, 100, 200, 200};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		model_enter(&model, &visits[i], false, false);
		assert_int_equal(model_advance(&model, &visits[i], 0), ends_us[i]);
	}
	assert_int_equal(model.inside, 4);
	assert_int_equal(model_advance(&model, &visits[0], 100), -1);
	assert_int_equal(model.inside, 3);
}

static void profiles_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(model_find("9.4"), &model_9_4);
	assert_ptr_equal(model_find("10.1"), &model_10_1);
	assert_null(model_find("12"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lone_request_takes_what_was_measured),
		cmocka_unit_test(more_at_once_pay_on_9_4),
		cmocka_unit_test(two_at_once_are_enough_for_10_1),
		cmocka_unit_test(a_password_costs_a_core_8_ms),
		cmocka_unit_test(only_10_1_beyond_four_answers_with_500),
		cmocka_unit_test(places_are_taken_in_the_order_of_arrival),
		cmocka_unit_test(profiles_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
