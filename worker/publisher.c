/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher.c - from settled to committed.
 *
 * Owns its thread, one ledger connection and the producer. A batch is completed in
 * the ledger first, then published: whoever replays a record whose transaction was
 * lost finds the very bytes there. A batch stays in memory until it is committed or
 * stale; while Redis or Kafka is away it is tried again and again.
 *
 * When a transaction closes: a lone request at once; a steady stream, told by what
 * has been settled during the transaction before, at most once per
 * publish.max_delay_ms, since a transaction costs the same CPU whatever is in it.
 */
#include "worker/publisher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/condition.h"
#include "base/crash_point.h"
#include "base/memory.h"
#include "worker/backoff.h"
#include "worker/producer.h"

enum { RETRY_BASE_MS = 50, RETRY_MAX_MS = 2000, IDLE_WAIT_MS = 1000 };

struct publisher {
	struct publisher_options options;
	struct consumer *consumer;
	struct producer *producer;
	pthread_t thread;
	bool started;

	/* the thread's own */
	struct job **batch; /* settled, not yet committed */
	size_t batch_count, batch_capacity;
	struct job_queue committed; /* not yet marked in the ledger as published */
	bool in_doubt;		    /* the batch may have been committed */
	int64_t failures;
	int64_t last_begin_ms;

	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t changed;
	struct job_queue incoming;
	bool is_stream; /* jobs were settled while the last transaction was under way */
	int64_t first_arrival_ms;
	enum publisher_pace pace;
	bool stopping;
};

static int64_t now_ms(const struct publisher *publisher)
{
	return clock_steady_ms(publisher->options.clock);
}

/* ---- gathering ---- */

/* Is anything under way that will be settled soon? What sleeps in its lane is not, nor
 * what waits there for a settled one to be completed. */
static bool others_are_coming(struct publisher *publisher)
{
	struct scheduler_counts counts = scheduler_counts(publisher->options.pipeline->scheduler);

	return counts.lanes > counts.sleeping + counts.settled;
}

void publisher_settle(void *context, struct job *job)
{
	struct publisher *publisher = context;
	size_t max_events = (size_t)publisher->options.settings->publish.max_events;
	bool last = !others_are_coming(publisher);

	pthread_mutex_lock(&publisher->mutex);
	if (publisher->incoming.count == 0)
		publisher->first_arrival_ms = now_ms(publisher);
	job_queue_push(&publisher->incoming, job);
	/* Waking the thread for each job would cost more than the job. */
	if (last || publisher->incoming.count == 1 || publisher->incoming.count >= max_events)
		pthread_cond_signal(&publisher->changed);
	pthread_mutex_unlock(&publisher->mutex);
}

void publisher_set_pace(struct publisher *publisher, enum publisher_pace pace)
{
	pthread_mutex_lock(&publisher->mutex);
	publisher->pace = pace;
	pthread_cond_signal(&publisher->changed);
	pthread_mutex_unlock(&publisher->mutex);
}

/* With the lock held: when the batch that is gathering is to be closed. */
static int64_t closing_time_ms(struct publisher *publisher)
{
	int64_t max_delay_ms = publisher->options.settings->publish.max_delay_ms;
	int64_t full_wait_ms = publisher->first_arrival_ms + max_delay_ms;
	int64_t since_last_ms = publisher->last_begin_ms + max_delay_ms;

	if (publisher->incoming.count == 0)
		return publisher->committed.count > 0 ? since_last_ms : INT64_MAX;
	if (publisher->incoming.count >= (size_t)publisher->options.settings->publish.max_events)
		return 0;
	if (others_are_coming(publisher))
		return full_wait_ms;
	if (!publisher->is_stream)
		return 0;
	return since_last_ms < full_wait_ms ? since_last_ms : full_wait_ms;
}

static void wait_ms(struct publisher *publisher, int64_t duration_ms)
{
	condition_wait_ms(&publisher->changed, &publisher->mutex, duration_ms);
}

static bool must_wait(struct publisher *publisher, int64_t *duration_ms)
{
	int64_t closing_ms, left_ms;

	if (publisher->stopping)
		return false;
	if (publisher->pace == PUBLISHER_HURRIES &&
	    publisher->incoming.count + publisher->committed.count > 0)
		return false;
	closing_ms = closing_time_ms(publisher);
	left_ms = closing_ms == INT64_MAX ? IDLE_WAIT_MS : closing_ms - now_ms(publisher);
	*duration_ms = left_ms < IDLE_WAIT_MS ? left_ms : IDLE_WAIT_MS;
	return left_ms > 0;
}

static void add_to_batch(struct publisher *publisher, struct job *job)
{
	if (publisher->batch_count == publisher->batch_capacity) {
		publisher->batch_capacity = publisher->batch_capacity * 2 + 64;
		publisher->batch = mem_grow_array(publisher->batch, publisher->batch_capacity,
						  sizeof(struct job *));
	}
	publisher->batch[publisher->batch_count++] = job;
}

/* False when the thread is to end. */
static bool gather(struct publisher *publisher)
{
	size_t max_events = (size_t)publisher->options.settings->publish.max_events;
	int64_t duration_ms = 0;
	bool stopping;

	pthread_mutex_lock(&publisher->mutex);
	/* A batch that failed has waited already. */
	while (publisher->batch_count == 0 && must_wait(publisher, &duration_ms))
		wait_ms(publisher, duration_ms);
	while (publisher->batch_count < max_events && publisher->incoming.count > 0)
		add_to_batch(publisher, job_queue_pop(&publisher->incoming));
	publisher->first_arrival_ms = now_ms(publisher);
	stopping = publisher->stopping;
	pthread_mutex_unlock(&publisher->mutex);
	return !stopping;
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

static size_t ask_completions(const struct publisher *publisher,
			      struct ledger_completion *completions)
{
	size_t count = 0;

	for (size_t i = 0; i < publisher->batch_count; i++) {
		const struct job *job = publisher->batch[i];

		if (!is_due_for_completion(job))
			continue;
		completions[count++] = (struct ledger_completion){
			.hold = job_hold(job),
			.outcome = {job->stored_outcome.bytes, job->stored_outcome.length},
			.credential = {job->stored_credential.bytes, job->stored_credential.length},
			.due = {job->due_id, job->due_at_ms,
				{job->stored_due.bytes, job->stored_due.length}},
			.subject = job->subject,
			.grants = {job->stored_grants.bytes, job->stored_grants.length},
			.grants_until_ms = job->grants_until_ms,
		};
	}
	return count;
}

static size_t ask_publications(const struct publisher *publisher,
			       struct ledger_publication *publications)
{
	size_t count = 0;

	for (const struct job *job = publisher->committed.first; job != NULL; job = job->next)
		if (is_in_ledger(job))
			publications[count++] = (struct ledger_publication){
				{job->request.source, job->request.id}, job_place(job)};
	return count;
}

/* Another holds the job by now. Of what is no longer assigned to this process the
 * outcome is the other's business; the rest begins anew and waits for it. */
static void lose(struct publisher *publisher, struct job *job)
{
	struct pipeline *pipeline = publisher->options.pipeline;

	if (assignment_is_current(publisher->options.assignment, job->scheduled.group))
		pipeline_again(pipeline, job);
	else
		pipeline_end(pipeline, job);
}

/* What is lost leaves the batch; the rest of it moves up. */
static void take_answers(struct publisher *publisher,
			 const struct ledger_completion *completions)
{
	size_t kept = 0, asked = 0;

	for (size_t i = 0; i < publisher->batch_count; i++) {
		struct job *job = publisher->batch[i];

		if (is_due_for_completion(job) && completions[asked++].answer == LEDGER_LOST) {
			lose(publisher, job);
			continue;
		}
		job->completed = true;
		pipeline_completed(publisher->options.pipeline, job);
		publisher->batch[kept++] = job;
	}
	publisher->batch_count = kept;
}

static void end_committed(struct publisher *publisher)
{
	for (struct job *job; (job = job_queue_pop(&publisher->committed)) != NULL;)
		pipeline_end(publisher->options.pipeline, job);
}

static size_t ask_drops(const struct publisher *publisher, const char **dropped)
{
	size_t count = 0;

	for (const struct job *job = publisher->committed.first; job != NULL; job = job->next)
		if (job->settlement == SETTLE_DUE)
			dropped[count++] = job->due_id;
	return count;
}

static int settle_in_ledger(struct publisher *publisher, struct error *err)
{
	struct ledger_completion *completions =
		mem_array(publisher->batch_count, sizeof(*completions));
	struct ledger_publication *publications =
		mem_array(publisher->committed.count, sizeof(*publications));
	const char **dropped = mem_array(publisher->committed.count, sizeof(*dropped));
	const struct ledger_settlements settlements = {
		.completions = completions,
		.completion_count = ask_completions(publisher, completions),
		.publications = publications,
		.publication_count = ask_publications(publisher, publications),
		.dropped = dropped,
		.dropped_count = ask_drops(publisher, dropped),
	};
	int rc;

	crash_point("before_complete");
	rc = ledger_settle_many(publisher->options.ledger, &settlements, err);
	if (rc == 0) {
		crash_point("after_complete");
		take_answers(publisher, completions);
	}
	/* The mark is best effort: without it a replay is told apart by the commit, and
	 * what was due is written once more, as a duplicate. */
	end_committed(publisher);
	free(completions);
	free(publications);
	free(dropped);
	return rc;
}

/* ---- Kafka ---- */

/* What was read under an assignment that is gone is another's to publish; the
 * ledger has it. */
static void discard_stale(struct publisher *publisher)
{
	size_t kept = 0;

	for (size_t i = 0; i < publisher->batch_count; i++) {
		struct job *job = publisher->batch[i];

		/* What came due has no record that could be another's. */
		if (job->settlement == SETTLE_DUE ||
		    assignment_settle(publisher->options.assignment, job->scheduled.group,
				      job->offset))
			publisher->batch[kept++] = job;
		else
			pipeline_end(publisher->options.pipeline, job);
	}
	publisher->batch_count = kept;
}

static void move_to_committed(struct publisher *publisher, struct job *job)
{
	pipeline_committed(publisher->options.pipeline, job);
	job_queue_push(&publisher->committed, job);
}

/* What came due has no offset to tell by: it is written once more, as a duplicate. */
static bool tells(const struct job *job)
{
	return job->settlement != SETTLE_DUE;
}

/* A commit whose end is unknown: the offsets tell, since they were in it. */
static int resolve_doubt(struct publisher *publisher, struct error *err)
{
	size_t count = publisher->batch_count, asked = 0, kept = 0, answered = 0;
	struct ledger_place *places = mem_array(count, sizeof(*places));
	enum commit_state *states = mem_array(count, sizeof(*states));
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		if (tells(publisher->batch[i]))
			places[asked++] = job_place(publisher->batch[i]);
	if (asked > 0)
		rc = consumer_commit_states(publisher->consumer, places, asked, states, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct job *job = publisher->batch[i];

		if (tells(job) && states[answered++] == COMMIT_DONE)
			move_to_committed(publisher, job);
		else
			publisher->batch[kept++] = job;
	}
	if (rc == 0) {
		publisher->batch_count = kept;
		publisher->in_doubt = false;
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

static void note_stream(struct publisher *publisher)
{
	pthread_mutex_lock(&publisher->mutex);
	publisher->is_stream = publisher->incoming.count > 0;
	pthread_mutex_unlock(&publisher->mutex);
}

static int commit_batch(struct publisher *publisher, struct error *err)
{
	struct commit_entries offsets = {0};
	enum transaction_end end;

	assignment_snapshot(publisher->options.assignment, &offsets);
	publisher->last_begin_ms = now_ms(publisher);
	end = producer_transact(publisher->producer, publisher->consumer, publisher->batch,
				publisher->batch_count, &offsets, err);
	note_stream(publisher);
	count_transaction(publisher->options.pipeline->metrics, end);
	if (end == TRANSACTION_COMMITTED) {
		for (size_t i = 0; i < publisher->batch_count; i++)
			move_to_committed(publisher, publisher->batch[i]);
		publisher->batch_count = 0;
	} else {
		assignment_restore(publisher->options.assignment, &offsets);
		publisher->in_doubt = end == TRANSACTION_DOUBT;
	}
	assignment_snapshot_clear(&offsets);
	return end == TRANSACTION_COMMITTED ? 0 : -1;
}

static int publish(struct publisher *publisher, struct error *err)
{
	if (settle_in_ledger(publisher, err) < 0)
		return -1;
	if (producer_prepare(publisher->producer, err) < 0)
		return -1;
	if (publisher->in_doubt && resolve_doubt(publisher, err) < 0)
		return -1;
	discard_stale(publisher);
	if (publisher->batch_count == 0)
		return 0;
	return commit_batch(publisher, err);
}

/* ---- the thread ---- */

static void wait_after_failure(struct publisher *publisher, const struct error *err)
{
	int64_t delay_ms = RETRY_BASE_MS +
			   backoff_ms(RETRY_BASE_MS, RETRY_MAX_MS, publisher->failures++, 0);

	log_write(publisher->options.log, LOG_WARN, "batch not published; it is tried again",
		  LOG_FIELDS(LOG_NUMBER("jobs", publisher->batch_count), LOG_FAULT(err)));
	pthread_mutex_lock(&publisher->mutex);
	if (!publisher->stopping)
		wait_ms(publisher, delay_ms);
	pthread_mutex_unlock(&publisher->mutex);
}

static void *run(void *context)
{
	struct publisher *publisher = context;
	struct error err = {0};

	prctl(PR_SET_NAME, "publisher"); /* what top and gdb show */
	/* At once: fencing a predecessor also ends what it left open, which readers wait for. */
	if (producer_prepare(publisher->producer, &err) < 0)
		wait_after_failure(publisher, &err);
	while (gather(publisher)) {
		error_clear(&err);
		if (publish(publisher, &err) < 0)
			wait_after_failure(publisher, &err);
		else
			publisher->failures = 0;
	}
	if (settle_in_ledger(publisher, &err) < 0)
		log_write(publisher->options.log, LOG_WARN, "the ledger was not told of the last batch",
			  LOG_FIELDS(LOG_FAULT(&err)));
	return NULL;
}

struct publisher *publisher_new(const struct publisher_options *options)
{
	struct publisher *publisher = mem_zalloc(sizeof(*publisher));

	publisher->options = *options;
	publisher->producer = producer_new(
		&(struct producer_options){options->settings, options->log});
	pthread_mutex_init(&publisher->mutex, NULL);
	condition_init(&publisher->changed);
	job_queue_init(&publisher->incoming);
	job_queue_init(&publisher->committed);
	return publisher;
}

int publisher_start(struct publisher *publisher, struct consumer *consumer, struct error *err)
{
	int rc;

	publisher->consumer = consumer;
	rc = pthread_create(&publisher->thread, NULL, run, publisher);
	if (rc != 0) {
		error_set(err, ERROR_FATAL, "publisher", rc, "start thread: %s", strerror(rc));
		return -1;
	}
	publisher->started = true;
	return 0;
}

static void free_jobs(struct publisher *publisher)
{
	struct pipeline *pipeline = publisher->options.pipeline;

	for (size_t i = 0; i < publisher->batch_count; i++)
		pipeline_end(pipeline, publisher->batch[i]);
	for (struct job *job; (job = job_queue_pop(&publisher->incoming)) != NULL;)
		pipeline_end(pipeline, job);
	end_committed(publisher);
}

void publisher_free(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	pthread_mutex_lock(&publisher->mutex);
	publisher->stopping = true;
	pthread_cond_signal(&publisher->changed);
	pthread_mutex_unlock(&publisher->mutex);
	if (publisher->started)
		pthread_join(publisher->thread, NULL);
	free_jobs(publisher);
	producer_free(publisher->producer);
	ledger_free(publisher->options.ledger);
	free(publisher->batch);
	pthread_cond_destroy(&publisher->changed);
	pthread_mutex_destroy(&publisher->mutex);
	free(publisher);
}
