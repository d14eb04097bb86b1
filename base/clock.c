/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - the machine's clocks behind the clock interface.
 *
 * The one file that asks the system for the time.
 */
#include "base/clock.h"

#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec now = {0};

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_ms(void *context)
{
	(void)context;
	return read_us(CLOCK_REALTIME) / 1000;
}

static int64_t system_steady_ms(void *context)
{
	(void)context;
	return read_us(CLOCK_BOOTTIME) / 1000;
}

static int64_t system_steady_us(void *context)
{
	(void)context;
	return read_us(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
	static const struct clock system_clock = {system_wall_ms, system_steady_ms, NULL,
						  system_steady_us};

	return &system_clock;
}

int64_t clock_wall_ms(const struct clock *clock)
{
	return clock->wall_ms(clock->context);
}

int64_t clock_steady_ms(const struct clock *clock)
{
	return clock->steady_ms(clock->context);
}

int64_t clock_steady_us(const struct clock *clock)
{
	if (clock->steady_us == NULL)
		return clock_steady_ms(clock) * 1000;
	return clock->steady_us(clock->context);
}
