/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_FUSE_H
#define WORKER_FUSE_H

#include "worker/turn.h"

/*
 * [policy] max_removals_per_minute: when more comes in a minute, over all workers, no
 * removal of that instance is made until somebody resets the fuse. A removal counts when
 * it is about to be written, once for each request. What grantd promised (the end of a
 * grant, of a token's overlap) neither counts nor waits.
 */

/* Before anything is asked of Grafana: GO_ON; ENDED with policy.fuse_open; FAILED. */
MUST_CHECK int fuse_check(struct turn *turn, struct error *err);

/* Have a step count, if it is one of a removal. */
void fuse_ask(const struct turn *turn, struct ledger_step *step);

/* What the ledger said to it: GO_ON, or ENDED with policy.fuse_open. */
int fuse_answer(struct turn *turn, const struct ledger_step *step);

#endif
