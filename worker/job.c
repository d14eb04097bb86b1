/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.c - the object that a record becomes, and queues of it.
 *
 * A job owns everything in it but the topic's name. Whoever holds it frees it
 * or hands it on. The magic number catches a pointer that came back through a
 * library or an embedded member and is not a job.
 */
#include "worker/job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/limits.h"

enum { JOB_MAGIC = 0x6a6f6221 };

struct job *job_new(const struct record_view *view, int64_t assignment)
{
	struct job *job = mem_zalloc(sizeof(*job));

	job->magic = JOB_MAGIC;
	job->scheduled.group = assignment;
	job->topic = view->topic;
	job->partition = view->partition;
	job->offset = view->offset;
	job->record_time_ms = view->timestamp_ms;
	buffer_init(&job->stored_outcome, 2 * LIMIT_OUTCOME_BYTES);
	buffer_init(&job->stored_credential, 2 * LIMIT_OUTCOME_BYTES);
	buffer_init(&job->stored_due, 2 * LIMIT_OUTCOME_BYTES);
	buffer_init(&job->stored_grants, LIMIT_OUTCOME_BYTES);
	buffer_init(&job->noted_intent, LIMIT_INTENT_BYTES);
	return job;
}

void job_free_stored(struct job *job)
{
	buffer_clear(&job->stored_outcome);
	buffer_clear(&job->stored_credential);
	buffer_clear(&job->stored_due);
	buffer_clear(&job->stored_grants);
}

/* All records from 'keep' on. */
static void clear_settlement(struct job *job, size_t keep)
{
	while (job->record_count > keep)
		record_clear(&job->records[--job->record_count]);
	job_free_stored(job);
	free(job->due_id);
	job->due_id = NULL;
	free(job->subject);
	job->subject = NULL;
}

void job_free(struct job *job)
{
	if (job == NULL)
		return;
	assert(job->magic == JOB_MAGIC);
	job->magic = 0;
	clear_settlement(job, 0);
	ledger_claim_clear(&job->claim);
	request_clear(&job->request);
	free(job->lane_key);
	free(job->refusal);
	free(job->last_fault);
	free(job->noted_step);
	buffer_clear(&job->noted_intent);
	free(job);
}

struct job *job_from_scheduled(struct scheduled *scheduled)
{
	struct job *job =
		(struct job *)(void *)((char *)scheduled - offsetof(struct job, scheduled));

	assert(job->magic == JOB_MAGIC);
	return job;
}

struct ledger_place job_place(const struct job *job)
{
	return (struct ledger_place){job->topic, job->partition, job->offset};
}

struct ledger_hold job_hold(const struct job *job)
{
	return (struct ledger_hold){{job->request.source, job->request.id}, job->claim.token};
}

void job_add_record(struct job *job, struct record *record)
{
	assert(job->record_count < JOB_RECORDS_MAX);
	job->records[job->record_count++] = *record;
	memset(record, 0, sizeof(*record));
}

void job_note_fault(struct job *job, const struct error *err)
{
	if (err->kind == ERROR_NONE)
		return;
	if (job->last_fault == NULL)
		job->last_fault = mem_alloc(sizeof(*job->last_fault));
	*job->last_fault = *err;
}

void job_note_step(struct job *job, const char *step, struct slice intent)
{
	free(job->noted_step);
	job->noted_step = mem_strdup(step);
	buffer_clear(&job->noted_intent);
	buffer_append(&job->noted_intent, intent.data, intent.length);
}

void job_recall_step(struct job *job)
{
	struct ledger_claim *claim = &job->claim;

	if (claim->step != NULL || job->noted_step == NULL)
		return;
	claim->step = mem_strdup(job->noted_step);
	claim->intent = mem_strndup(job->noted_intent.length > 0 ? job->noted_intent.bytes : "",
				    job->noted_intent.length);
	claim->intent_bytes = job->noted_intent.length;
}

void job_reset(struct job *job)
{
	/* A dead letter is made when the record is read, and is due whoever settles it. */
	bool dead = job->record_count > 0 && job->records[0].kind == RECORD_DEAD_LETTER;

	clear_settlement(job, dead ? 1 : 0);
	ledger_claim_clear(&job->claim);
	atomic_store(&job->lost, false);
}

void job_queue_init(struct job_queue *queue)
{
	queue->first = NULL;
	queue->last = &queue->first;
	queue->count = 0;
}

void job_queue_push(struct job_queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
	queue->count++;
}

struct job *job_queue_pop(struct job_queue *queue)
{
	struct job *job = queue->first;

	if (job == NULL)
		return NULL;
	queue->first = job->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	queue->count--;
	job->next = NULL;
	return job;
}
