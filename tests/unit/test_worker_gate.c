/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "prng.h"
#include "worker/gate.h"

static const struct gate_report good = {.calls = 1};
static const struct gate_report bad = {.calls = 1, .unavailable = 1};
static const struct gate_report denied = {.calls = 1, .unauthorized = true};
static const struct gate_report silent = {.calls = 0};

static struct gate *gate_of(int64_t max_concurrency, int64_t rate_per_s)
{
	const struct gate_options options = {
		.max_concurrency = max_concurrency,
		.rate_per_s = rate_per_s,
		.unauthorized_wait_ms = 300000,
	};

	return gate_new(&options);
}

static void enters(struct gate *gate, int64_t now_ms)
{
	int64_t until_ms;

	assert_true(gate_enter(gate, now_ms, &until_ms));
}

static void must_wait_until(struct gate *gate, int64_t now_ms, int64_t expected_ms)
{
	int64_t until_ms = 0;

	assert_false(gate_enter(gate, now_ms, &until_ms));
	assert_int_equal(until_ms, expected_ms);
}

static void turn(struct gate *gate, int64_t now_ms, const struct gate_report *report)
{
	enters(gate, now_ms);
	gate_leave(gate, now_ms, report);
}

static void turns(struct gate *gate, int64_t now_ms, int count, const struct gate_report *report)
{
	while (count-- > 0)
		turn(gate, now_ms, report);
}

/* As many as it lets in, 'length_ms' each; where every turn more pays. */
static int64_t rounds_until(struct gate *gate, int64_t limit, int64_t length_ms)
{
	int64_t now_ms = 1000, rounds = 0, until_ms;

	for (; gate_limit(gate) < limit; rounds++, now_ms += length_ms) {
		struct gate_report report = {.calls = 3, .began_us = now_ms * 1000};
		int64_t turns = gate_limit(gate);

		assert_true(rounds < 100);
		while (gate_enter(gate, now_ms, &until_ms))
			;
		report.ended_us = (now_ms + length_ms) * 1000;
		while (turns-- > 0)
			gate_leave(gate, now_ms + length_ms, &report);
	}
	return rounds;
}

static void adapts_between_one_and_its_slots(void **state)
{
	const struct gate_options options = {.max_concurrency = 64, .adapts = true, .ahead = 64};
	struct gate_report bad_later = {.calls = 1, .unavailable = 1, .began_us = 99000000,
					.ended_us = 100000000};
	struct gate *gate = gate_new(&options);
	int64_t in_use;

	(void)state;
	assert_int_equal(gate_limit(gate), 2);
	assert_int_equal(gate_slots(gate), 64);
	assert_true(rounds_until(gate, 64, 100) < 40);
	in_use = gate_in_use(gate);
	while (gate_has_room(gate)) {
		enters(gate, 100000);
		in_use++;
	}
	assert_int_equal(in_use, 128);
	gate_leave(gate, 100000, &bad_later);
	assert_true(gate_limit(gate) <= 32);
	/* Fewer ahead as well, but a batch of them; none before the rest has left. */
	for (in_use--; !gate_has_room(gate); in_use--)
		gate_leave(gate, 100000, &silent);
	assert_true(in_use < 64);
	while (gate_has_room(gate)) {
		enters(gate, 100000);
		in_use++;
	}
	assert_int_equal(in_use, gate_limit(gate) + GATE_AHEAD_MIN);
	gate_free(gate);
}

static void a_fixed_limit_stays(void **state)
{
	struct gate *gate = gate_of(5, 0);

	(void)state;
	assert_int_equal(gate_limit(gate), 5);
	turn(gate, 1000, &bad);
	turns(gate, 1000, 100, &good);
	assert_int_equal(gate_limit(gate), 5);
	assert_int_equal(gate_slots(gate), 5);
	gate_free(gate);
}

/* ---- slots ---- */

static void lets_in_no_more_than_its_concurrency(void **state)
{
	struct gate *gate = gate_of(2, 0);

	(void)state;
	enters(gate, 1000);
	enters(gate, 1000);
	must_wait_until(gate, 1000, INT64_MAX);
	assert_int_equal(gate_in_use(gate), 2);
	gate_leave(gate, 1001, &good);
	enters(gate, 1001);
	must_wait_until(gate, 1001, INT64_MAX);
	gate_free(gate);
}

/* Six may be inside; then none until half of those ahead (two) and one have left. */
static void those_ahead_are_let_in_by_the_half(void **state)
{
	const struct gate_options options = {.max_concurrency = 2, .ahead = 4};
	struct gate *gate = gate_new(&options);

	(void)state;
	for (int i = 0; i < 6; i++) {
		assert_true(gate_has_room(gate));
		enters(gate, 1000);
	}
	for (int inside = 6; inside > 3; inside--) {
		assert_false(gate_has_room(gate));
		must_wait_until(gate, 1000, INT64_MAX);
		gate_leave(gate, 1000, &good);
	}
	for (int inside = 3; inside < 6; inside++) {
		assert_true(gate_has_room(gate));
		enters(gate, 1000);
	}
	assert_false(gate_has_room(gate));
	gate_free(gate);
}

static void half_open_lets_in_one_also_with_those_ahead(void **state)
{
	const struct gate_options options = {.max_concurrency = 2, .ahead = 4};
	struct gate *gate = gate_new(&options);

	(void)state;
	turns(gate, 50000, 10, &bad);
	enters(gate, 55000);
	must_wait_until(gate, 55000, INT64_MAX);
	assert_false(gate_has_room(gate));
	gate_leave(gate, 55000, &good);
	assert_true(gate_has_room(gate));
	turns(gate, 55000, 2, &good);
	for (int i = 0; i < 6; i++)
		enters(gate, 55000);
	must_wait_until(gate, 55000, INT64_MAX);
	gate_free(gate);
}

/* ---- rate ---- */

static void spends_a_seconds_worth_then_one_by_one(void **state)
{
	struct gate *gate = gate_of(100, 4);

	(void)state;
	turns(gate, 5000, 4, &good);
	must_wait_until(gate, 5000, 5250);
	must_wait_until(gate, 5249, 5250);
	turn(gate, 5250, &good);
	must_wait_until(gate, 5250, 5500);
	turns(gate, 6250, 4, &good);
	must_wait_until(gate, 6250, 6500);
	/* However long nothing is asked, no more than a second's worth is saved up. */
	turns(gate, 900000, 4, &good);
	must_wait_until(gate, 900000, 900250);
	gate_free(gate);
}

static void rounds_waits_up_when_the_rate_divides_badly(void **state)
{
	struct gate *gate = gate_of(100, 3);

	(void)state;
	turns(gate, 5000, 3, &good);
	must_wait_until(gate, 5000, 5334);
	turn(gate, 5334, &good);
	gate_free(gate);
}

static void a_refusal_costs_no_token(void **state)
{
	struct gate *gate = gate_of(1, 2);

	(void)state;
	enters(gate, 5000);
	for (int i = 0; i < 10; i++)
		must_wait_until(gate, 5000, INT64_MAX);
	gate_leave(gate, 5000, &good);
	enters(gate, 5000);
	gate_free(gate);
}

/* Over any second, however it is asked, at most twice a second's worth (a saved
 * burst and what comes in), and in the long run no more than the rate. */
static void never_exceeds_the_rate(void **state)
{
	enum { RATE = 50, STEPS = 20000 };
	struct prng prng = {7};
	struct gate *gate = gate_of(1000000, RATE);
	int64_t now_ms = 100000, begin_ms = now_ms, entered = 0, until_ms;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		if (gate_enter(gate, now_ms, &until_ms)) {
			gate_leave(gate, now_ms, &good);
			entered++;
			assert_true(entered * 1000 <= RATE * (now_ms - begin_ms + 1000));
		} else {
			assert_true(until_ms > now_ms && until_ms <= now_ms + 1000 / RATE);
			now_ms = prng_below(&prng, 4) > 0 ? until_ms
							  : now_ms + prng_below(&prng, 200);
		}
	}
	gate_free(gate);
}

/* ---- breaker ---- */

struct opening {
	int good, bad;
	bool opens; /* after the last of them */
};

static const struct opening openings[] = {
	{0, 9, false}, {0, 10, true}, {5, 5, true}, {6, 5, false}, {10, 9, false}, {20, 20, true},
};

static void opens_when_half_of_enough_calls_fail(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(openings); i++) {
		struct gate *gate = gate_of(4, 0);

		turns(gate, 50000, openings[i].good, &good);
		turns(gate, 50000, openings[i].bad, &bad);
		assert_int_equal(gate_state(gate, 50000),
				 openings[i].opens ? GATE_OPEN : GATE_CLOSED);
		gate_free(gate);
	}
}

static void counts_the_calls_of_a_turn_not_turns(void **state)
{
	static const struct gate_report many = {.calls = 10, .unavailable = 5};
	struct gate *gate = gate_of(4, 0);

	(void)state;
	turn(gate, 50000, &many);
	assert_int_equal(gate_state(gate, 50000), GATE_OPEN);
	gate_free(gate);
}

static void forgets_what_is_older_than_the_window(void **state)
{
	struct gate *gate = gate_of(4, 0);

	(void)state;
	turns(gate, 50000, 9, &bad);
	turn(gate, 60000, &bad); /* the ninth second after is the last that counts */
	assert_int_equal(gate_state(gate, 60000), GATE_CLOSED);
	turns(gate, 69999, 8, &bad);
	assert_int_equal(gate_state(gate, 69999), GATE_CLOSED);
	turn(gate, 69999, &bad);
	assert_int_equal(gate_state(gate, 69999), GATE_OPEN);
	gate_free(gate);
}

static void trip(struct gate *gate, int64_t now_ms)
{
	turns(gate, now_ms, 10, &bad);
	assert_int_equal(gate_state(gate, now_ms), GATE_OPEN);
}

static void open_lets_nobody_in_for_five_seconds(void **state)
{
	struct gate *gate = gate_of(4, 0);

	(void)state;
	trip(gate, 50000);
	must_wait_until(gate, 50000, 55000);
	must_wait_until(gate, 54999, 55000);
	assert_int_equal(gate_state(gate, 55000), GATE_HALF_OPEN);
	enters(gate, 55000);
	must_wait_until(gate, 55000, INT64_MAX); /* one at a time */
	gate_free(gate);
}

static void three_good_probes_close_it(void **state)
{
	struct gate *gate = gate_of(4, 0);

	(void)state;
	trip(gate, 50000);
	turn(gate, 55000, &good);
	turn(gate, 55000, &silent); /* neither good nor bad */
	turn(gate, 55000, &good);
	assert_int_equal(gate_state(gate, 55000), GATE_HALF_OPEN);
	turn(gate, 55000, &good);
	assert_int_equal(gate_state(gate, 55000), GATE_CLOSED);
	enters(gate, 55000);
	enters(gate, 55000);
	gate_free(gate);
}

static void failing_probes_double_the_wait_up_to_a_minute(void **state)
{
	static const int64_t waits_ms[] = {10000, 20000, 40000, 60000, 60000};
	struct gate *gate = gate_of(4, 0);
	int64_t now_ms = 55000;

	(void)state;
	trip(gate, 50000);
	for (size_t i = 0; i < ARRAY_COUNT(waits_ms); i++) {
		turn(gate, now_ms, &good); /* good ones must be in a row */
		turn(gate, now_ms, &good);
		turn(gate, now_ms, &bad);
		must_wait_until(gate, now_ms, now_ms + waits_ms[i]);
		now_ms += waits_ms[i];
	}
	turns(gate, now_ms, 3, &good);
	assert_int_equal(gate_state(gate, now_ms), GATE_CLOSED);
	trip(gate, now_ms + 20000);
	must_wait_until(gate, now_ms + 20000, now_ms + 25000); /* short again */
	gate_free(gate);
}

static void turns_that_end_while_it_is_open_do_not_count_later(void **state)
{
	enum { STRAGGLERS = 20 };
	struct gate *gate = gate_of(STRAGGLERS + 1, 0);

	(void)state;
	for (int i = 0; i < STRAGGLERS; i++)
		enters(gate, 50000);
	trip(gate, 50000);
	for (int i = 0; i < STRAGGLERS - 1; i++)
		gate_leave(gate, 54000, &bad);
	must_wait_until(gate, 55000, INT64_MAX); /* one of them still runs */
	gate_leave(gate, 55500, &bad);
	turns(gate, 55500, 3, &good);
	assert_int_equal(gate_state(gate, 55500), GATE_CLOSED);
	turn(gate, 55500, &good);
	assert_int_equal(gate_state(gate, 55500), GATE_CLOSED);
	gate_free(gate);
}

/* ---- refused credentials ---- */

static void refused_credentials_shut_it_at_once_and_for_long(void **state)
{
	struct gate *gate = gate_of(4, 0);

	(void)state;
	turn(gate, 50000, &denied);
	assert_int_equal(gate_state(gate, 50000), GATE_UNAUTHORIZED);
	must_wait_until(gate, 349999, 350000);
	enters(gate, 350000);
	must_wait_until(gate, 350000, INT64_MAX); /* exactly one finds out */
	gate_leave(gate, 350100, &denied);
	must_wait_until(gate, 350100, 650100); /* the same wait again, not a longer one */
	turns(gate, 650100, 3, &good);
	assert_int_equal(gate_state(gate, 650100), GATE_CLOSED);
	gate_free(gate);
}

static void a_refusal_beside_the_work_shuts_it_as_well(void **state)
{
	struct gate *gate = gate_of(4, 0);

	(void)state;
	enters(gate, 50000);
	gate_refused(gate, 50000);
	assert_int_equal(gate_state(gate, 50000), GATE_UNAUTHORIZED);
	must_wait_until(gate, 349999, 350000);
	gate_leave(gate, 50100, &good); /* the turn that ran meanwhile tells of the past */
	assert_int_equal(gate_in_use(gate), 0);
	must_wait_until(gate, 349999, 350000);
	turns(gate, 350000, 3, &good);
	assert_int_equal(gate_state(gate, 350000), GATE_CLOSED);
	gate_free(gate);
}

static void a_straggler_prolongs_the_wait(void **state)
{
	struct gate *gate = gate_of(4, 0);

	(void)state;
	enters(gate, 50000);
	enters(gate, 50000);
	gate_leave(gate, 50000, &denied);
	gate_leave(gate, 51000, &denied);
	must_wait_until(gate, 51000, 351000);
	gate_free(gate);
}

/* Whatever happens: never over its concurrency, one at a time unless closed, a
 * refusal says a time that lies ahead, and it can be had to work again. */
static void keeps_its_promises_whatever_comes(void **state)
{
	enum { CONCURRENCY = 5, STEPS = 200000 };
	static const struct gate_report *const reports[] = {&good, &bad, &silent, &good, &good};
	struct prng prng = {42};
	struct gate *gate = gate_of(CONCURRENCY, 0);
	int64_t now_ms = 1000000, until_ms, in_use = 0;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		enum gate_state before = gate_state(gate, now_ms);

		if (prng_below(&prng, 2) == 0 && in_use > 0) {
			bool deny = prng_below(&prng, 2000) == 0;

			gate_leave(gate, now_ms, deny ? &denied : reports[prng_below(&prng, 5)]);
			in_use--;
		} else if (gate_enter(gate, now_ms, &until_ms)) {
			in_use++;
			assert_true(before == GATE_CLOSED || before == GATE_HALF_OPEN);
			assert_true(in_use <= (before == GATE_CLOSED ? CONCURRENCY : 1));
		} else {
			assert_true(until_ms > now_ms);
			assert_true(until_ms != INT64_MAX || in_use > 0);
		}
		assert_int_equal(gate_in_use(gate), in_use);
		now_ms += prng_below(&prng, 300);
	}
	for (; in_use > 0; in_use--)
		gate_leave(gate, now_ms, &good);
	now_ms += 600000;
	turns(gate, now_ms, 3, &good);
	assert_int_equal(gate_state(gate, now_ms), GATE_CLOSED);
	gate_free(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adapts_between_one_and_its_slots),
		cmocka_unit_test(a_fixed_limit_stays),
		cmocka_unit_test(lets_in_no_more_than_its_concurrency),
		cmocka_unit_test(those_ahead_are_let_in_by_the_half),
		cmocka_unit_test(half_open_lets_in_one_also_with_those_ahead),
		cmocka_unit_test(spends_a_seconds_worth_then_one_by_one),
		cmocka_unit_test(rounds_waits_up_when_the_rate_divides_badly),
		cmocka_unit_test(a_refusal_costs_no_token),
		cmocka_unit_test(never_exceeds_the_rate),
		cmocka_unit_test(opens_when_half_of_enough_calls_fail),
		cmocka_unit_test(counts_the_calls_of_a_turn_not_turns),
		cmocka_unit_test(forgets_what_is_older_than_the_window),
		cmocka_unit_test(open_lets_nobody_in_for_five_seconds),
		cmocka_unit_test(three_good_probes_close_it),
		cmocka_unit_test(failing_probes_double_the_wait_up_to_a_minute),
		cmocka_unit_test(turns_that_end_while_it_is_open_do_not_count_later),
		cmocka_unit_test(refused_credentials_shut_it_at_once_and_for_long),
		cmocka_unit_test(a_refusal_beside_the_work_shuts_it_as_well),
		cmocka_unit_test(a_straggler_prolongs_the_wait),
		cmocka_unit_test(keeps_its_promises_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
