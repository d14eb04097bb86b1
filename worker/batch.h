/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_BATCH_H
#define WORKER_BATCH_H

#include "worker/consumer.h"
#include "worker/job.h"

/*
 * The settled jobs that go into one transaction. For one thread. The steps, in order:
 * settle, (prepare the producer,) resolve a doubt, discard what is stale, commit.
 */
struct producer;

struct batch_ports {
	struct pipeline *pipeline;
	struct assignment *assignment;
	struct ledger *ledger;
	struct consumer *consumer;
};

struct batch {
	struct batch_ports ports;
	struct job **jobs; /* settled, not yet committed */
	size_t count, capacity;
	struct job_queue committed; /* not yet marked in the ledger as published */
	bool in_doubt;		    /* the jobs may have been committed */
};

void batch_init(struct batch *batch, const struct batch_ports *ports);
/* Ends the jobs it still has; they are found again in the ledger. */
void batch_clear(struct batch *batch);

void batch_add(struct batch *batch, struct job *job);

/* In the ledger: completes the jobs, marks what the last transaction committed as
 * published. What another holds by now leaves the batch. */
MUST_CHECK int batch_settle(struct batch *batch, struct error *err);

/* After a commit whose end is unknown, with the producer prepared anew: sets apart what
 * was committed. Clears in_doubt, or fails. */
MUST_CHECK int batch_resolve_doubt(struct batch *batch, struct error *err);

/* Forget what was read under an assignment that is gone. */
void batch_discard_stale(struct batch *batch);

/* One transaction of all jobs and the offsets: on success they are committed. */
MUST_CHECK int batch_commit(struct batch *batch, struct producer *producer, struct error *err);

#endif
