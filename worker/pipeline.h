/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PIPELINE_H
#define WORKER_PIPELINE_H

#include "worker/claims.h"
#include "worker/job.h"

/*
 * The story of a request: received, claimed, operated on, settled. Each step is
 * called by another thread (see ports.h); this file is what they have in common.
 */
struct pipeline {
	const struct settings *settings;
	const struct clock *clock;
	struct log *log;
	const struct vault *vault;
	struct instance *instances; /* one per settings->instances, in that order */
	const char *worker_version;

	struct metrics *metrics;
	struct scheduler *scheduler;
	struct claims *claims;
	struct ledger_combiner *steps;
	struct settle_port settle;
	struct commit_port commit;

	atomic_size_t jobs; /* read and not yet committed, wherever they are */
	atomic_size_t due_jobs; /* of them, what came due; and those that the ledger is yet to drop */
	atomic_bool settling; /* everything is to be settled: nothing new is begun */
};

/* Consumer thread: a record becomes a job in its lane, or a dead letter. */
void pipeline_receive(struct pipeline *pipeline, const struct record_view *view,
		      int64_t assignment);

/* Dispatcher thread: jobs whose turn it is are claimed, in one batch. What is to be
 * worked on goes to 'work'; the rest is settled or postponed. -1 RETRY: the
 * ledger is away; all have been postponed. */
struct work_port {
	void (*work)(void *context, struct job *job);
	void *context;
};
MUST_CHECK int pipeline_claim(struct pipeline *pipeline, struct ledger *ledger,
			      const struct work_port *work, struct scheduled **entries,
			      size_t count, struct error *err);

/* Worker thread: a claimed job is operated on and settled. A job that must wait
 * goes to 'park' with the time until which, its claim still to be given back; and
 * -1 is answered only for ERROR_FATAL. */
struct park_port {
	void (*park)(void *context, struct job *job, int64_t until_ms);
	void *context;
};
MUST_CHECK int pipeline_work(struct pipeline *pipeline, const struct park_port *park,
			     struct job *job, struct error *err);

/* Publisher thread: the job's offset is committed. It counts no more; what is left to
 * do with it is to tell the ledger. */
void pipeline_committed(struct pipeline *pipeline, struct job *job);
/* The end of a job, committed or stale. */
void pipeline_end(struct pipeline *pipeline, struct job *job);

/* Publisher thread: the ledger has the outcome; its lane goes on. */
void pipeline_completed(struct pipeline *pipeline, struct job *job);

/* Publisher thread: the ledger says that another holds it; it starts anew, at the head
 * of its lane as before. */
void pipeline_again(struct pipeline *pipeline, struct job *job);

/* Consumer thread: forget what waits of an assigned partition. */
void pipeline_drop(struct pipeline *pipeline, int64_t assignment);

#endif
