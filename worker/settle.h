/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_SETTLE_H
#define WORKER_SETTLE_H

#include "worker/pipeline.h"

/*
 * From what an operation found out to the records that tell it. Each fills the
 * job's records; those that end a claimed request also fill what the ledger keeps.
 */

/* The outcome of a turn, and the credential if a secret is in force. */
void settle_outcome(struct pipeline *pipeline, struct job *job, struct turn *turn);

/* A refusal that never came to an operation. */
void settle_refusal(struct pipeline *pipeline, struct job *job, const struct refusal *refusal);

/* What the ledger has kept, unchanged. ERROR_FATAL when it can't be read. */
MUST_CHECK int settle_from_ledger(struct job *job, struct error *err);

#endif
