/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PARTS_H
#define WORKER_PARTS_H

#include "base/buffer.h"
#include "codec/outcome.h"
#include "codec/request.h"

/*
 * The parts of a request that asks for several things, in the order in which they are
 * done. Their states go into every intent, so that whoever takes the request over goes
 * on at the first that is not done.
 */

/* Owned by the caller (free()); NULL when the request has no parts. */
struct outcome_part *parts_plan(const struct request *request, size_t *count);

/* What is done so far, for an intent; what an intent tells. */
void parts_put(struct buffer *intent, const struct outcome_part *parts, size_t count);
void parts_get(struct slice intent, struct outcome_part *parts, size_t count);

#endif
