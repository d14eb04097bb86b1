/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_TIMER_H
#define TESTS_SIMULATOR_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct MHD_Connection;
struct timer;

/* One thread that resumes suspended connections: when their time has come, or,
 * where a 'gone' flag is given, as soon as the client has closed its end (the flag
 * is then set before the connection is resumed). */
struct timer *timer_new(void);
/* The connection has been suspended already. wait_us -1: only when the client goes. */
void timer_hold(struct timer *timer, struct MHD_Connection *connection, int64_t wait_us,
		bool *gone);
/* Lets all that is held now go on as if its time had come; how many there were. */
size_t timer_release(struct timer *timer);
/* Resumes all, flags set; what is held from now on is resumed at once. */
void timer_stop(struct timer *timer);
void timer_free(struct timer *timer); /* after timer_stop and the server's end */

#endif
