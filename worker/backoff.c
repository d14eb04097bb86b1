/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff.c - how long to wait before trying again.
 *
 * Full jitter spreads those who failed together over the whole interval; a server
 * that said when to come back is never asked sooner.
 */
#include "worker/backoff.h"

#include "base/random.h"

enum { DOUBLINGS_MAX = 40 };

static int64_t ceiling_ms(int64_t base_ms, int64_t max_ms, int64_t attempt)
{
	int64_t doublings = attempt < DOUBLINGS_MAX ? attempt : DOUBLINGS_MAX;

	while (doublings-- > 0 && base_ms < max_ms)
		base_ms = base_ms <= max_ms / 2 ? base_ms * 2 : max_ms;
	return base_ms < max_ms ? base_ms : max_ms;
}

int64_t backoff_ms(int64_t base_ms, int64_t max_ms, int64_t attempt, int64_t floor_ms)
{
	int64_t ceiling = ceiling_ms(base_ms, max_ms, attempt);

	if (ceiling < 0)
		ceiling = 0;
	if (ceiling > UINT32_MAX - 1)
		ceiling = UINT32_MAX - 1;
	return floor_ms + (int64_t)random_below((uint32_t)ceiling + 1);
}
