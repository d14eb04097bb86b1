/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_point.c - kills the process where a test asked for it.
 *
 * Empty in every build but the one made for the kill tests.
 */
#include "base/crash_point.h"

#ifdef GRANTD_CRASH_POINTS

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static bool is_due(const char *name)
{
	static atomic_int passed;
	const char *wanted = getenv("GRANTD_DEBUG_CRASH");
	const char *colon = wanted == NULL ? NULL : strchr(wanted, ':');
	int64_t nth;

	if (colon == NULL || strlen(name) != (size_t)(colon - wanted) ||
	    strncmp(name, wanted, strlen(name)) != 0)
		return false;
	if (!text_to_int64(colon + 1, 1, 1000000, &nth))
		return false;
	return atomic_fetch_add(&passed, 1) + 1 == nth;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

void crash_point(const char *name)
{
	if (is_due(name))
		die();
}

static void *die_later(void *context)
{
	long delay_us = (long)(intptr_t)context;
	struct timespec delay = {delay_us / 1000000, delay_us % 1000000 * 1000};

	nanosleep(&delay, NULL);
	die();
	return NULL;
}

void crash_point_within(const char *name, unsigned delay_us)
{
	pthread_t thread;

	if (is_due(name) &&
	    pthread_create(&thread, NULL, die_later, (void *)(intptr_t)delay_us) == 0)
		pthread_detach(thread);
}

#else

/* ISO C wants a file to declare something. */
extern int crash_point_unused;

#endif
