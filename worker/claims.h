/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CLAIMS_H
#define WORKER_CLAIMS_H

#include "worker/job.h"

/*
 * The jobs this process has claimed and not yet completed or given back, so that
 * their leases can be renewed together. Thread-safe. Holds no ownership: a job
 * is removed before it is freed.
 */
struct claims;

struct claims *claims_new(void);
void claims_free(struct claims *claims);
void claims_add(struct claims *claims, struct job *job);
void claims_remove(struct claims *claims, struct job *job);

/* Renew every lease that has less than 'left_ms' to run, in one batch. A job whose
 * claim was lost is marked so; its worker stops before its next write. */
MUST_CHECK int claims_renew(struct claims *claims, struct ledger *ledger, int64_t now_ms,
			    int64_t left_ms, struct error *err);

#endif
