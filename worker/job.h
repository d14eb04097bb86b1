/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_JOB_H
#define WORKER_JOB_H

#include "worker/ports.h"

/* A job for a record that has been read; decoded by pipeline_receive(). */
struct job *job_new(const struct record_view *view, int64_t assignment);
void job_free(struct job *job);

struct job *job_from_scheduled(struct scheduled *scheduled);
struct ledger_place job_place(const struct job *job);
struct ledger_hold job_hold(const struct job *job);

/* Add a record to be published; the job takes it over. */
void job_add_record(struct job *job, struct record *record);

/* The ledger has what was packed for it: its records alone are needed from now on. */
void job_free_stored(struct job *job);

/* Remember why an attempt was given up, if there was a fault at all. */
void job_note_fault(struct job *job, const struct error *err);

/* Remember what the ledger was told, whatever becomes of the ledger. */
void job_note_step(struct job *job, const char *step, struct slice intent);
/* A ledger that was emptied answers a claim without the step that this job had begun. */
void job_recall_step(struct job *job);

/* Forget claim and settlement, so that the job can be claimed anew. */
void job_reset(struct job *job);

/* A FIFO of jobs, for whoever holds several. Not thread-safe. */
struct job_queue {
	struct job *first, **last;
	size_t count;
};
void job_queue_init(struct job_queue *queue);
void job_queue_push(struct job_queue *queue, struct job *job);
struct job *job_queue_pop(struct job_queue *queue); /* NULL when empty */

#endif
