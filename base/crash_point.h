/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CRASH_POINT_H
#define BASE_CRASH_POINT_H

/*
 * Places where a test may have the process killed, to prove that nothing is lost
 * or doubled there. Only in builds with GRANTD_CRASH_POINTS: GRANTD_DEBUG_CRASH=name:N
 * in the environment kills the process (SIGKILL) the Nth time 'name' is passed.
 * In every other build a crash point is nothing.
 */
#ifdef GRANTD_CRASH_POINTS
void crash_point(const char *name);
/* The same from another thread, 'delay_us' later: in the midst of what follows. */
void crash_point_within(const char *name, unsigned delay_us);
#else
#define crash_point(name) ((void)0)
#define crash_point_within(name, delay_us) ((void)0)
#endif

#endif
