/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CONDITION_H
#define BASE_CONDITION_H

#include <pthread.h>
#include <stdint.h>

/* Condition variables whose timeouts don't jump with the wall clock. */
void condition_init(pthread_cond_t *condition);

/* Waits at most that long; as any wait, it may end for no reason. */
void condition_wait_ms(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t duration_ms);

#endif
