/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher.c - when settled jobs are published, and what if that fails.
 *
 * Owns its thread, one ledger connection and the producer. How they get into the ledger
 * and into Kafka is batch.c's; a batch stays in memory until it is committed or stale:
 * while Redis or Kafka is away it is tried again and again.
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
#include "base/memory.h"
#include "worker/backoff.h"
#include "worker/batch.h"
#include "worker/producer.h"

enum { RETRY_BASE_MS = 50, RETRY_MAX_MS = 2000, IDLE_WAIT_MS = 1000 };

struct publisher {
	struct publisher_options options;
	struct producer *producer;
	pthread_t thread;
	bool started;

	/* the thread's own */
	struct batch batch;
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
		return publisher->batch.committed.count > 0 ? since_last_ms : INT64_MAX;
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
	    publisher->incoming.count + publisher->batch.committed.count > 0)
		return false;
	closing_ms = closing_time_ms(publisher);
	left_ms = closing_ms == INT64_MAX ? IDLE_WAIT_MS : closing_ms - now_ms(publisher);
	*duration_ms = left_ms < IDLE_WAIT_MS ? left_ms : IDLE_WAIT_MS;
	return left_ms > 0;
}

/* False when the thread is to end. */
static bool gather(struct publisher *publisher)
{
	size_t max_events = (size_t)publisher->options.settings->publish.max_events;
	int64_t duration_ms = 0;
	bool stopping;

	pthread_mutex_lock(&publisher->mutex);
	/* A batch that failed has waited already. */
	while (publisher->batch.count == 0 && must_wait(publisher, &duration_ms))
		wait_ms(publisher, duration_ms);
	while (publisher->batch.count < max_events && publisher->incoming.count > 0)
		batch_add(&publisher->batch, job_queue_pop(&publisher->incoming));
	publisher->first_arrival_ms = now_ms(publisher);
	stopping = publisher->stopping;
	pthread_mutex_unlock(&publisher->mutex);
	return !stopping;
}

/* ---- publishing ---- */

static void note_stream(struct publisher *publisher)
{
	pthread_mutex_lock(&publisher->mutex);
	publisher->is_stream = publisher->incoming.count > 0;
	pthread_mutex_unlock(&publisher->mutex);
}

static int commit(struct publisher *publisher, struct error *err)
{
	int rc;

	publisher->last_begin_ms = now_ms(publisher);
	rc = batch_commit(&publisher->batch, publisher->producer, err);
	note_stream(publisher);
	return rc;
}

static int publish(struct publisher *publisher, struct error *err)
{
	if (batch_settle(&publisher->batch, err) < 0)
		return -1;
	if (producer_prepare(publisher->producer, err) < 0)
		return -1;
	if (publisher->batch.in_doubt && batch_resolve_doubt(&publisher->batch, err) < 0)
		return -1;
	batch_discard_stale(&publisher->batch);
	if (publisher->batch.count == 0)
		return 0;
	return commit(publisher, err);
}

/* ---- the thread ---- */

static void wait_after_failure(struct publisher *publisher, const struct error *err)
{
	int64_t delay_ms = RETRY_BASE_MS +
			   backoff_ms(RETRY_BASE_MS, RETRY_MAX_MS, publisher->failures++, 0);

	log_write(publisher->options.log, LOG_WARN, "batch not published; it is tried again",
		  LOG_FIELDS(LOG_NUMBER("jobs", publisher->batch.count), LOG_FAULT(err)));
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
	if (batch_settle(&publisher->batch, &err) < 0)
		log_write(publisher->options.log, LOG_WARN, "the ledger was not told of the last batch",
			  LOG_FIELDS(LOG_FAULT(&err)));
	return NULL;
}

struct publisher *publisher_new(const struct publisher_options *options)
{
	struct publisher *publisher = mem_zalloc(sizeof(*publisher));

	publisher->options = *options;
	batch_init(&publisher->batch, &(struct batch_ports){.pipeline = options->pipeline,
							    .assignment = options->assignment,
							    .ledger = options->ledger});
	publisher->producer = producer_new(
		&(struct producer_options){options->settings, options->log});
	pthread_mutex_init(&publisher->mutex, NULL);
	condition_init(&publisher->changed);
	job_queue_init(&publisher->incoming);
	return publisher;
}

int publisher_start(struct publisher *publisher, struct consumer *consumer, struct error *err)
{
	int rc;

	publisher->batch.ports.consumer = consumer;
	rc = pthread_create(&publisher->thread, NULL, run, publisher);
	if (rc != 0) {
		error_set(err, ERROR_FATAL, "publisher", rc, "start thread: %s", strerror(rc));
		return -1;
	}
	publisher->started = true;
	return 0;
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
	for (struct job *job; (job = job_queue_pop(&publisher->incoming)) != NULL;)
		pipeline_end(publisher->options.pipeline, job);
	batch_clear(&publisher->batch);
	producer_free(publisher->producer);
	ledger_free(publisher->options.ledger);
	pthread_cond_destroy(&publisher->changed);
	pthread_mutex_destroy(&publisher->mutex);
	free(publisher);
}
