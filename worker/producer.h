/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PRODUCER_H
#define WORKER_PRODUCER_H

#include "worker/assignment.h"
#include "worker/consumer.h"
#include "worker/job.h"

/*
 * The one transactional producer of the process. For one thread.
 */
struct producer;

struct producer_options {
	const struct settings *settings;
	struct log *log;
};

struct producer *producer_new(const struct producer_options *options);
void producer_free(struct producer *producer);

/* Connect and fence whatever had our transactional.id before (its open transaction
 * is aborted, one that was being committed is completed). -1 RETRY. Nothing to do
 * when it is ready already. */
MUST_CHECK int producer_prepare(struct producer *producer, struct error *err);

enum transaction_end {
	TRANSACTION_COMMITTED,
	TRANSACTION_ABORTED, /* surely nothing of it is visible: do it again */
	TRANSACTION_DOUBT,   /* it may be committed: prepare anew, then ask what the group committed */
};

/* One transaction: the records of all jobs, and the offsets, in the name of the
 * consumer's group member. *err says why it was not committed. */
enum transaction_end producer_transact(struct producer *producer, struct consumer *consumer,
				       struct job *const *jobs, size_t job_count,
				       const struct commit_entries *offsets, struct error *err);

#endif
