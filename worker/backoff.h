/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_BACKOFF_H
#define WORKER_BACKOFF_H

#include <stdint.h>

/* Exponential backoff with full jitter: uniform in [0, min(max, base * 2^attempt)],
 * added to 'floor_ms' (a Retry-After), so that it is never less. attempt counts from 0. */
int64_t backoff_ms(int64_t base_ms, int64_t max_ms, int64_t attempt, int64_t floor_ms);

#endif
