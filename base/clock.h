/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/*
 * Time is handed in, never asked for: tests put their own clock in its place.
 * wall_ms is for what people read. steady_ms never jumps and goes on while the
 * machine sleeps (CLOCK_BOOTTIME), so a lease can be judged by it.
 */
struct clock {
	int64_t (*wall_ms)(void *context);
	int64_t (*steady_ms)(void *context);
	void *context;
	int64_t (*steady_us)(void *context); /* NULL: the clock has no more than steady_ms */
};

const struct clock *clock_system(void);

int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_steady_ms(const struct clock *clock);
int64_t clock_steady_us(const struct clock *clock);

#endif
