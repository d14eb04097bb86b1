/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c - the machine's clocks behind the clock interface.
 *
 * The one file that asks the system for the time.
 */
#include "base/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
	struct timespec now = {0};

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_REALTIME);
}

static int64_t system_steady_ms(void *context)
{
	(void)context;
	return read_ms(CLOCK_BOOTTIME);
}

const struct clock *clock_system(void)
{
	static const struct clock system_clock = {system_wall_ms, system_steady_ms, NULL};

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
