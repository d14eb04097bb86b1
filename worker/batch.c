/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c - the settled jobs of one transaction, on their way through the ledger and
 * Kafka.
 *
 * Called by the publisher's thread alone. Owns the jobs from batch_add() on, until they
 * are stale, lost or marked as published. A batch is completed in the ledger first, then
 * published: whoever replays a record whose transaction was lost finds the very bytes
 * there. Fails: RETRY, with the jobs kept for the next try.
 */
#include "worker/batch.h"

#include <stdlib.h>

#include "base/crash_point.h"
#include "base/memory.h"
#include "worker/pipeline.h"
#include "worker/producer.h"

void batch_init(struct batch *batch, const struct batch_ports *ports)
{
	*batch = (struct batch){.ports = *ports};
	job_queue_init(&batch->committed);
}

static void end_committed(struct batch *batch)
{
	for (struct job *job; (job = job_queue_pop(&batch->committed)) != NULL;)
		pipeline_end(batch->ports.pipeline, job);
}

void batch_clear(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		pipeline_end(batch->ports.pipeline, batch->jobs[i]);
	end_committed(batch);
	free(batch->jobs);
	batch->jobs = NULL;
	batch->count = batch->capacity = 0;
}

void batch_add(struct batch *batch, struct job *job)
{
	if (batch->count == batch->capacity) {
		batch->capacity = batch->capacity * 2 + 64;
		batch->jobs =
			mem_grow_array(batch->jobs, batch->capacity, sizeof(struct job *));
	}
	batch->jobs[batch->count++] = job;
}

/* ---- the ledger ---- */

static bool is_due_for_completion(const struct job *job)
{
	return job->settlement == SETTLE_COMPLETE && !job->completed;
}

/* Only what the ledger holds can be marked there. */
static bool is_in_ledger(const struct job *job)
{
	return job->settlement != SETTLE_PASS && job->request.id != NULL &&
	       job->request.source != NULL && job->claim.outcome != CLAIM_MISMATCH;
}

static size_t ask_completions(const struct batch *batch, struct ledger_completion *completions)
{
	size_t count = 0;

	for (size_t i = 0; i < batch->count; i++) {
		const struct job *job = batch->jobs[i];

		if (!is_due_for_completion(job))
			continue;
		completions[count++] = (struct ledger_completion){
			.hold = job_hold(job),
			.outcome = {job->stored_outcome.bytes, job->stored_outcome.length},
			.credential = {job->stored_credential.bytes,
				       job->stored_credential.length},
			.due = {job->due_id,
				job->due_at_ms,
				{job->stored_due.bytes, job->stored_due.length}},
			.subject = job->subject,
			.grants = {job->stored_grants.bytes, job->stored_grants.length},
			.grants_until_ms = job->grants_until_ms,
		};
	}
	return count;
}

static size_t ask_publications(const struct batch *batch,
			       struct ledger_publication *publications)
{
	size_t count = 0;

	for (const struct job *job = batch->committed.first; job != NULL; job = job->next)
		if (is_in_ledger(job))
			publications[count++] = (struct ledger_publication){
				{job->request.source, job->request.id}, job_place(job)};
	return count;
}

/* Another holds the job by now. Of what is no longer assigned to this process the
 * outcome is the other's business; the rest begins anew and waits for it. */
static void lose(struct batch *batch, struct job *job)
{
	struct pipeline *pipeline = batch->ports.pipeline;

	if (assignment_is_current(batch->ports.assignment, job->scheduled.group))
		pipeline_again(pipeline, job);
	else
		pipeline_end(pipeline, job);
}

/* What is lost leaves the batch; the rest of it moves up. */
static void take_answers(struct batch *batch, const struct ledger_completion *completions)
{
	size_t kept = 0, asked = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct job *job = batch->jobs[i];

		if (is_due_for_completion(job) && completions[asked++].answer == LEDGER_LOST) {
			lose(batch, job);
			continue;
		}
		job->completed = true;
		pipeline_completed(batch->ports.pipeline, job);
		batch->jobs[kept++] = job;
	}
	batch->count = kept;
}

static size_t ask_drops(const struct batch *batch, const char **dropped)
{
	size_t count = 0;

	for (const struct job *job = batch->committed.first; job != NULL; job = job->next)
		if (job->settlement == SETTLE_DUE)
			dropped[count++] = job->due_id;
	return count;
}

int batch_settle(struct batch *batch, struct error *err)
{
	struct ledger_completion *completions = mem_array(batch->count, sizeof(*completions));
	struct ledger_publication *publications =
		mem_array(batch->committed.count, sizeof(*publications));
	const char **dropped = mem_array(batch->committed.count, sizeof(*dropped));
	const struct ledger_settlements settlements = {
		.completions = completions,
		.completion_count = ask_completions(batch, completions),
		.publications = publications,
		.publication_count = ask_publications(batch, publications),
		.dropped = dropped,
		.dropped_count = ask_drops(batch, dropped),
	};
	int rc;

	crash_point("before_complete");
	rc = ledger_settle_many(batch->ports.ledger, &settlements, err);
	if (rc == 0) {
		crash_point("after_complete");
		take_answers(batch, completions);
	}
	/* The mark is best effort: without it a replay is told apart by the commit, and
	 * what was due is written once more, as a duplicate. */
	end_committed(batch);
	free(completions);
	free(publications);
	free(dropped);
	return rc;
}

/* ---- Kafka ---- */

/* What was read under an assignment that is gone is another's to publish; the
 * ledger has it. */
void batch_discard_stale(struct batch *batch)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct job *job = batch->jobs[i];

		/* What came due has no record that could be another's. */
		if (job->settlement == SETTLE_DUE ||
		    assignment_settle(batch->ports.assignment, job->scheduled.group,
				      job->offset))
			batch->jobs[kept++] = job;
		else
			pipeline_end(batch->ports.pipeline, job);
	}
	batch->count = kept;
}

static void move_to_committed(struct batch *batch, struct job *job)
{
	pipeline_committed(batch->ports.pipeline, job);
	job_queue_push(&batch->committed, job);
}

/* What came due has no offset to tell by: it is written once more, as a duplicate. */
static bool tells(const struct job *job)
{
	return job->settlement != SETTLE_DUE;
}

/* A commit whose end is unknown: the offsets tell, since they were in it. */
int batch_resolve_doubt(struct batch *batch, struct error *err)
{
	size_t count = batch->count, asked = 0, kept = 0, answered = 0;
	struct ledger_place *places = mem_array(count, sizeof(*places));
	enum commit_state *states = mem_array(count, sizeof(*states));
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		if (tells(batch->jobs[i]))
			places[asked++] = job_place(batch->jobs[i]);
	if (asked > 0)
		rc = consumer_commit_states(batch->ports.consumer, places, asked, states, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct job *job = batch->jobs[i];

		if (tells(job) && states[answered++] == COMMIT_DONE)
			move_to_committed(batch, job);
		else
			batch->jobs[kept++] = job;
	}
	if (rc == 0) {
		batch->count = kept;
		batch->in_doubt = false;
	}
	free(places);
	free(states);
	return rc;
}

static void count_transaction(struct metrics *metrics, enum transaction_end end)
{
	static const enum metric counters[] = {
		[TRANSACTION_COMMITTED] = METRIC_TRANSACTIONS_COMMITTED,
		[TRANSACTION_ABORTED] = METRIC_TRANSACTIONS_ABORTED,
		[TRANSACTION_DOUBT] = METRIC_TRANSACTIONS_DOUBT,
	};

	metrics_add(metrics, counters[end], 1);
}

int batch_commit(struct batch *batch, struct producer *producer, struct error *err)
{
	struct commit_entries offsets = {0};
	enum transaction_end end;

	assignment_snapshot(batch->ports.assignment, &offsets);
	end = producer_transact(producer, batch->ports.consumer, batch->jobs, batch->count,
				&offsets, err);
	count_transaction(batch->ports.pipeline->metrics, end);
	if (end == TRANSACTION_COMMITTED) {
		for (size_t i = 0; i < batch->count; i++)
			move_to_committed(batch, batch->jobs[i]);
		batch->count = 0;
	} else {
		assignment_restore(batch->ports.assignment, &offsets);
		batch->in_doubt = end == TRANSACTION_DOUBT;
	}
	assignment_snapshot_clear(&offsets);
	return end == TRANSACTION_COMMITTED ? 0 : -1;
}
