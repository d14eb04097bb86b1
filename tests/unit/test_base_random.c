/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/random.h"

/* Each of these fails by chance less than once in 10^15 runs. */

static void fills_every_byte_and_no_more(void **state)
{
	uint8_t bytes[66], seen[64] = {0};

	(void)state;
	for (int i = 0; i < 20; i++) {
		memset(bytes, 0, sizeof(bytes));
		random_bytes(bytes + 1, 64);
		assert_int_equal(bytes[0], 0);
		assert_int_equal(bytes[65], 0);
		for (size_t k = 0; k < 64; k++)
			seen[k] |= bytes[k + 1];
	}
	for (size_t k = 0; k < 64; k++)
		assert_int_not_equal(seen[k], 0);
	random_bytes(NULL, 0);
}

/* More than the kernel gives in one go without being interrupted (256). */
static void fills_large_areas(void **state)
{
	static uint8_t bytes[100000];
	size_t counts[256] = {0};

	(void)state;
	random_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(bytes); i++)
		counts[bytes[i]]++;
	for (size_t i = 0; i < 256; i++) /* 390 each, give or take 20 */
		assert_in_range(counts[i], 190, 590);
}

static void gives_two_different_numbers(void **state)
{
	uint8_t first[16], second[16];

	(void)state;
	random_bytes(first, sizeof(first));
	random_bytes(second, sizeof(second));
	assert_memory_not_equal(first, second, sizeof(first));
}

static void stays_below_its_bound(void **state)
{
	static const uint32_t bounds[] = {1, 2, 3, 1000, 0x80000001u, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bounds); i++)
		for (int k = 0; k < 1000; k++)
			assert_true(random_below(bounds[i]) < bounds[i]);
}

static void spreads_evenly(void **state)
{
	size_t counts[6] = {0}, low_third = 0;

	(void)state;
	for (int i = 0; i < 60000; i++)
		counts[random_below(6)]++;
	for (size_t i = 0; i < 6; i++) /* 10000 each, give or take 91 */
		assert_in_range(counts[i], 9100, 10900);
	/* By the remainder alone half of them would lie in the first third. */
	for (int i = 0; i < 30000; i++)
		low_third += random_below(0xc0000000u) < 0x40000000u;
	assert_in_range(low_third, 9100, 10900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_every_byte_and_no_more),
		cmocka_unit_test(fills_large_areas),
		cmocka_unit_test(gives_two_different_numbers),
		cmocka_unit_test(stays_below_its_bound),
		cmocka_unit_test(spreads_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
