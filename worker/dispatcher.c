/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dispatcher.c - the thread between the lanes and the workers.
 *
 * Owns one connection to the ledger. Takes the heads of all ready lanes and claims
 * them in one round trip; a lone request is claimed at once. While Redis is away
 * nothing is claimed, so nothing is written to Grafana: jobs stay in their lanes.
 */
#include "worker/dispatcher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/memory.h"
#include "worker/due.h"
#include "worker/timetable.h"

enum { CLAIM_BATCH = 64, TAKE_TIMEOUT_MS = 200, PING_MS = 1000, DUE_MS = 1000 };

struct dispatcher {
	struct dispatcher_options options;
	struct work_port work;
	pthread_t thread;
	bool started;
	atomic_bool stopping;
	atomic_bool ledger_is_up;
	_Atomic int64_t epoch_changes;
	int64_t next_renewal_ms;
	int64_t next_ping_ms;
	struct timetable timetable;
	struct due due;
	int64_t next_due_ms;

	pthread_mutex_t mutex; /* of what follows */
	struct job_queue parked;
};

/* ---- giving claims back ---- */

void dispatcher_park(void *context, struct job *job, int64_t until_ms)
{
	struct dispatcher *dispatcher = context;

	job->wake_ms = until_ms;
	pthread_mutex_lock(&dispatcher->mutex);
	job_queue_push(&dispatcher->parked, job);
	pthread_mutex_unlock(&dispatcher->mutex);
	scheduler_wake(dispatcher->options.pipeline->scheduler);
}

static struct job_queue take_parked(struct dispatcher *dispatcher)
{
	struct job_queue taken;

	job_queue_init(&taken);
	pthread_mutex_lock(&dispatcher->mutex);
	for (struct job *job; (job = job_queue_pop(&dispatcher->parked)) != NULL;)
		job_queue_push(&taken, job);
	pthread_mutex_unlock(&dispatcher->mutex);
	return taken;
}

static void give_back(struct dispatcher *dispatcher, const struct job_queue *parked)
{
	struct ledger_hold *holds = mem_array(parked->count, sizeof(*holds));
	struct error err = {0};
	size_t count = 0;

	for (const struct job *job = parked->first; job != NULL; job = job->next)
		holds[count++] = job_hold(job);
	/* If this fails the leases lapse by themselves: later, but no less surely. */
	if (ledger_park_many(dispatcher->options.ledger, holds, count, &err) < 0)
		log_write(dispatcher->options.pipeline->log, LOG_WARN, "claims not given back",
			  LOG_FIELDS(LOG_NUMBER("count", count), LOG_FAULT(&err)));
	free(holds);
}

static void postpone_parked(struct dispatcher *dispatcher)
{
	struct pipeline *pipeline = dispatcher->options.pipeline;
	struct job_queue parked = take_parked(dispatcher);

	if (parked.count == 0)
		return;
	give_back(dispatcher, &parked);
	for (struct job *job; (job = job_queue_pop(&parked)) != NULL;) {
		struct gate_report report = job->report;

		claims_remove(pipeline->claims, job);
		job_reset(job);
		scheduler_postpone(pipeline->scheduler, &job->scheduled, job->wake_ms, &report);
	}
}

/* ---- claiming and renewing ---- */

static void note_ledger(struct dispatcher *dispatcher, int rc, const struct error *err)
{
	bool was_up = atomic_exchange(&dispatcher->ledger_is_up, rc == 0);
	struct log *log = dispatcher->options.pipeline->log;

	if (rc < 0)
		log_write(log, LOG_WARN, "ledger is away; nothing is claimed",
			  LOG_FIELDS(LOG_FAULT(err)));
	else if (!was_up)
		log_write(log, LOG_INFO, "ledger is back", NULL);
}

static void watch_epoch(struct dispatcher *dispatcher)
{
	int64_t changes = ledger_epoch_changes(dispatcher->options.ledger);

	if (ledger_epoch_made(dispatcher->options.ledger))
		log_write(dispatcher->options.pipeline->log, LOG_WARN,
			  "the ledger is new; if there was one before, what it kept for later (ends "
			  "of time-bound grants, of rotated tokens) is in the outcomes: run 'grantctl "
			  "due restore'",
			  NULL);
	if (changes == atomic_load(&dispatcher->epoch_changes))
		return;
	atomic_store(&dispatcher->epoch_changes, changes);
	log_write(dispatcher->options.pipeline->log, LOG_ERROR,
		  "the ledger's epoch changed: Redis was emptied or replaced; requests written "
		  "before it are looked at in Grafana before anything is done; run 'grantctl due "
		  "restore' for what was to come due",
		  LOG_FIELDS(LOG_NUMBER("changes", changes)));
}

static void claim(struct dispatcher *dispatcher, struct scheduled **entries, size_t count)
{
	struct error err = {0};
	int rc = pipeline_claim(dispatcher->options.pipeline, dispatcher->options.ledger,
				&dispatcher->work, entries, count, &err);

	note_ledger(dispatcher, rc, &err);
	if (rc == 0)
		watch_epoch(dispatcher);
}

static void renew(struct dispatcher *dispatcher)
{
	struct pipeline *pipeline = dispatcher->options.pipeline;
	int64_t lease_ms = pipeline->settings->worker.lease_ms;
	int64_t now_ms = clock_steady_ms(pipeline->clock);
	struct error err = {0};

	if (now_ms < dispatcher->next_renewal_ms)
		return;
	dispatcher->next_renewal_ms = now_ms + lease_ms / 6;
	if (claims_renew(pipeline->claims, dispatcher->options.ledger, now_ms, lease_ms * 2 / 3,
			 &err) < 0) {
		note_ledger(dispatcher, -1, &err);
		dispatcher->next_renewal_ms = now_ms + TAKE_TIMEOUT_MS;
	}
}

/* So that readiness is true also while nothing is to be claimed. */
static void ping(struct dispatcher *dispatcher)
{
	int64_t now_ms = clock_steady_ms(dispatcher->options.pipeline->clock);
	struct error err = {0};

	if (now_ms < dispatcher->next_ping_ms)
		return;
	dispatcher->next_ping_ms = now_ms + PING_MS;
	note_ledger(dispatcher, ledger_ping(dispatcher->options.ledger, &err), &err);
}

static void publish_due(struct dispatcher *dispatcher)
{
	struct pipeline *pipeline = dispatcher->options.pipeline;
	int64_t now_ms = clock_steady_ms(pipeline->clock);
	struct error err = {0};
	bool more = false;

	if (now_ms < dispatcher->next_due_ms || atomic_load(&pipeline->settling))
		return;
	if (timetable_plan(&dispatcher->timetable, pipeline, dispatcher->options.ledger, &err) < 0 ||
	    due_publish(&dispatcher->due, pipeline, dispatcher->options.ledger, &more, &err) < 0)
		note_ledger(dispatcher, -1, &err);
	dispatcher->next_due_ms = more ? now_ms : now_ms + DUE_MS;
}

static void *run(void *context)
{
	struct dispatcher *dispatcher = context;
	struct scheduler *scheduler = dispatcher->options.pipeline->scheduler;
	struct scheduled *entries[CLAIM_BATCH];

	prctl(PR_SET_NAME, "dispatcher"); /* what top and gdb show */
	while (!atomic_load(&dispatcher->stopping)) {
		size_t count = scheduler_take(scheduler, entries, CLAIM_BATCH, TAKE_TIMEOUT_MS);

		if (count > 0)
			claim(dispatcher, entries, count);
		else
			ping(dispatcher);
		postpone_parked(dispatcher);
		renew(dispatcher);
		publish_due(dispatcher);
	}
	return NULL;
}

struct dispatcher *dispatcher_new(const struct dispatcher_options *options)
{
	struct dispatcher *dispatcher = mem_zalloc(sizeof(*dispatcher));

	dispatcher->options = *options;
	atomic_store(&dispatcher->ledger_is_up, true);
	pthread_mutex_init(&dispatcher->mutex, NULL);
	job_queue_init(&dispatcher->parked);
	return dispatcher;
}

int dispatcher_start(struct dispatcher *dispatcher, const struct work_port *work,
		     struct error *err)
{
	int rc;

	dispatcher->work = *work;
	rc = pthread_create(&dispatcher->thread, NULL, run, dispatcher);
	if (rc != 0) {
		error_set(err, ERROR_FATAL, "dispatcher", rc, "start thread: %s", strerror(rc));
		return -1;
	}
	dispatcher->started = true;
	return 0;
}

void dispatcher_stop(struct dispatcher *dispatcher)
{
	if (!dispatcher->started)
		return;
	atomic_store(&dispatcher->stopping, true);
	scheduler_wake(dispatcher->options.pipeline->scheduler);
	pthread_join(dispatcher->thread, NULL);
	dispatcher->started = false;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
	if (dispatcher == NULL)
		return;
	dispatcher_stop(dispatcher);
	postpone_parked(dispatcher);
	ledger_free(dispatcher->options.ledger);
	pthread_mutex_destroy(&dispatcher->mutex);
	free(dispatcher);
}

bool dispatcher_ledger_is_up(const struct dispatcher *dispatcher)
{
	return atomic_load(&dispatcher->ledger_is_up);
}

int64_t dispatcher_epoch_changes(const struct dispatcher *dispatcher)
{
	return atomic_load(&dispatcher->epoch_changes);
}
