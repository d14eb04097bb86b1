/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "worker/backoff.h"

enum { TRIES = 2000 };

struct interval {
	int64_t base_ms, max_ms, attempt, floor_ms;
	int64_t lowest, highest; /* what may come out */
};

static const struct interval intervals[] = {
	{100, 10000, 0, 0, 0, 100},
	{100, 10000, 1, 0, 0, 200},
	{100, 10000, 6, 0, 0, 6400},
	{100, 10000, 7, 0, 0, 10000},
	{100, 10000, 1000000, 0, 0, 10000},
	{100, 10000, INT64_MAX, 0, 0, 10000},
	{100, 10000, 2, 5000, 5000, 5400},
	{100, 50, 0, 0, 0, 50},
	{0, 10000, 5, 0, 0, 0},
	{100, 0, 5, 30, 30, 30},
	{1, INT64_MAX, 200, 0, 0, UINT32_MAX - 1},
	{INT64_MAX / 2 + 1, INT64_MAX, 1, 0, 0, UINT32_MAX - 1},
};

static void stays_within_its_interval(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(intervals); i++)
		for (int k = 0; k < TRIES; k++) {
			const struct interval *row = &intervals[i];
			int64_t ms = backoff_ms(row->base_ms, row->max_ms, row->attempt,
						row->floor_ms);

			assert_in_range(ms, row->lowest, row->highest);
		}
}

/* Full jitter: both ends come up, and so does what lies between. 4 values in 2000
 * tries: that one is missed has a chance of less than 1e-248. */
static void uses_the_whole_interval(void **state)
{
	int seen[4] = {0};

	(void)state;
	for (int k = 0; k < TRIES; k++)
		seen[backoff_ms(3, 3, 0, 0)]++;
	for (size_t i = 0; i < ARRAY_COUNT(seen); i++)
		assert_true(seen[i] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stays_within_its_interval),
		cmocka_unit_test(uses_the_whole_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
