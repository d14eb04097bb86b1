/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PRNG_H
#define TESTS_UNIT_PRNG_H

#include <stdint.h>

/* splitmix64: the same numbers for the same seed, on every machine. */
struct prng {
	uint64_t state;
};

static inline uint64_t prng_next(struct prng *prng)
{
	uint64_t mixed = prng->state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
	return mixed ^ mixed >> 31;
}

/* In [0, bound). */
static inline int64_t prng_below(struct prng *prng, int64_t bound)
{
	return (int64_t)(prng_next(prng) % (uint64_t)bound);
}

#endif
