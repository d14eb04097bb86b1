/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline.c - what happens to a request, in the order in which it happens.
 *
 *   receive   bytes become a request; what is no request becomes a refusal or a
 *             dead letter, and takes the same way to its outcome
 *   claim     the ledger says whose it is, and what has been begun
 *   work      the action's operation runs; verdict.c says what follows
 *   settle    outcome and credential are built and handed to the publisher
 *   end       the offset is committed
 *
 * Each part runs on another thread, but a job has only one holder at a time.
 * Logs; decides nothing itself.
 */
#include "worker/pipeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/crash_point.h"
#include "base/memory.h"
#include "base/text.h"
#include "worker/bound.h"
#include "worker/receive.h"
#include "worker/runner.h"
#include "worker/settle.h"
#include "worker/turn.h"
#include "worker/verdict.h"

/* How soon a claim that another holds is asked for again at the latest. */
enum { BUSY_POLL_MS = 500, BUSY_FIRST_POLL_MS = 20, LEDGER_AWAY_MS = 500 };

/* ---- receive ---- */

void pipeline_receive(struct pipeline *pipeline, const struct record_view *view,
		      int64_t assignment)
{
	struct job *job = receive_record(pipeline, view, assignment);

	atomic_fetch_add(&pipeline->jobs, 1);
	crash_point("after_poll");
	if (job->request.id != NULL && job->request.source != NULL) {
		scheduler_push(pipeline->scheduler, &job->scheduled);
		return;
	}
	/* Nobody to answer: the dead letter is all there is to publish. */
	job->settlement = SETTLE_REPLAY;
	text_copy(job->summary, sizeof(job->summary), "dead letter");
	job->metric = METRIC_DEAD_LETTERS;
	pipeline->settle.settle(pipeline->settle.context, job);
}

/* ---- claim ---- */

static void ask_for(struct job *job, struct ledger_claim *claim)
{
	claim->key = (struct ledger_key){job->request.source, job->request.id};
	claim->fingerprint = job->request.fingerprint;
	claim->place = job_place(job);
	claim->record_time_ms = job->record_time_ms;
}

static void postpone(struct pipeline *pipeline, struct job *job, int64_t delay_ms)
{
	job_reset(job);
	scheduler_postpone(pipeline->scheduler, &job->scheduled,
			   clock_steady_ms(pipeline->clock) + delay_ms, NULL);
}

/* A twin in this very process is done in a moment; one elsewhere may take its time. */
static int64_t busy_delay_ms(struct job *job)
{
	int64_t poll_ms = (int64_t)BUSY_FIRST_POLL_MS << (job->polls < 5 ? job->polls : 5);

	job->polls++;
	if (poll_ms > BUSY_POLL_MS)
		poll_ms = BUSY_POLL_MS;
	return job->claim.busy_ms < poll_ms ? job->claim.busy_ms + 1 : poll_ms;
}

static void settle(struct pipeline *pipeline, struct job *job, enum settlement settlement)
{
	job->settlement = settlement;
	pipeline->settle.settle(pipeline->settle.context, job);
}

/* The report of a turn may have moved it. */
static void tell_limit(struct pipeline *pipeline, struct job *job)
{
	int64_t limit, told;

	if (job->instance == NULL)
		return;
	limit = gate_limit(job->instance->gate);
	told = atomic_exchange(&job->instance->told_limit, limit);
	if (told != limit)
		log_write(pipeline->log, LOG_DEBUG, "concurrency moved",
			  LOG_FIELDS(LOG_TEXT("instance", job->request.instance),
				     LOG_NUMBER("from", told), LOG_NUMBER("to", limit)));
}

/* The lane goes on when the ledger has the outcome: earlier, and a crash would have
 * this request done once more after a later one of the same person; later (when it is
 * committed) is not needed, since outcomes of one lane are published in order. */
static void complete(struct pipeline *pipeline, struct job *job,
		     const struct gate_report *report)
{
	if (!job->scheduled.settled)
		scheduler_settle(pipeline->scheduler, &job->scheduled, report);
	tell_limit(pipeline, job);
	settle(pipeline, job, SETTLE_COMPLETE);
}

/* Nothing has to be told to the ledger. */
static void leave_lane(struct pipeline *pipeline, struct job *job)
{
	if (job->scheduled.lane != NULL)
		scheduler_finish(pipeline->scheduler, &job->scheduled, NULL);
}

static void replay(struct pipeline *pipeline, struct job *job)
{
	struct error err = {0};

	if (settle_from_ledger(job, &err) < 0) {
		log_write(pipeline->log, LOG_ERROR, "stored outcome is unreadable",
			  LOG_FIELDS(LOG_TEXT("req", job->request.id), LOG_FAULT(&err)));
		postpone(pipeline, job, pipeline->settings->worker.retry_max_ms);
		return;
	}
	text_copy(job->summary, sizeof(job->summary), "replayed");
	job->metric = METRIC_SETTLED_REPLAYED;
	leave_lane(pipeline, job);
	settle(pipeline, job, SETTLE_REPLAY);
}

static void pass(struct pipeline *pipeline, struct job *job)
{
	text_copy(job->summary, sizeof(job->summary), "duplicate");
	job->metric = METRIC_DUPLICATES;
	leave_lane(pipeline, job);
	settle(pipeline, job, SETTLE_PASS);
}

/* A duplicate of what is done has no effect of its own, so it need not keep its place:
 * the record it waits for may be behind it in the same lane. */
static void wait_aside(struct pipeline *pipeline, struct job *job)
{
	char place[300];

	if (job->aside) {
		postpone(pipeline, job, BUSY_POLL_MS);
		return;
	}
	job->aside = true;
	job_reset(job);
	leave_lane(pipeline, job);
	text_format(place, sizeof(place), "%s/%d/%lld", job->topic, (int)job->partition,
		    (long long)job->offset);
	free(job->lane_key);
	job->lane_key = mem_strdup(place);
	job->scheduled.lane_key = (struct slice_key){job->lane_key, strlen(job->lane_key)};
	scheduler_push(pipeline->scheduler, &job->scheduled);
}

/* The record that has the duty to publish is another one. If the group has
 * committed it, its outcome was committed with it: both are in one transaction. */
static void pass_if_published(struct pipeline *pipeline, struct job *job)
{
	struct ledger_place owed = {job->claim.owed_topic, job->claim.owed_partition,
				    job->claim.owed_offset};
	enum commit_state state = COMMIT_PENDING;
	struct error err = {0};

	if (pipeline->commit.state(pipeline->commit.context, &owed, &state, &err) < 0)
		log_write(pipeline->log, LOG_WARN, "commit of a duplicate's twin is unknown",
			  LOG_FIELDS(LOG_TEXT("req", job->request.id), LOG_FAULT(&err)));
	if (state == COMMIT_DONE) {
		pass(pipeline, job);
		return;
	}
	job->take_over = state == COMMIT_GONE;
	wait_aside(pipeline, job);
}

static void settle_mismatch(struct pipeline *pipeline, struct job *job)
{
	static const struct refusal refusal = {
		.reason = REASON_REQUEST_ID_REUSED,
		.text = "another request with other content came earlier under this id",
	};

	settle_refusal(pipeline, job, &refusal);
	leave_lane(pipeline, job);
	settle(pipeline, job, SETTLE_REPLAY);
}

/* Nobody can ever read the record that has the duty: this one takes it. */
static void take_over(struct pipeline *pipeline, struct ledger *ledger, struct job *job)
{
	struct ledger_take_over asked = {
		.key = {job->request.source, job->request.id},
		.from = {job->claim.owed_topic, job->claim.owed_partition,
			 job->claim.owed_offset},
		.to = job_place(job),
	};
	struct error err = {0};

	job->take_over = false;
	if (ledger_take_over(ledger, &asked, &err) < 0 || asked.answer == LEDGER_LOST) {
		postpone(pipeline, job, BUSY_POLL_MS);
		return;
	}
	job->claim.stored = asked.stored;
	job->claim.outcome = CLAIM_DONE;
	replay(pipeline, job);
}

static void route(struct pipeline *pipeline, struct ledger *ledger,
		  const struct work_port *work, struct job *job)
{
	switch (job->claim.outcome) {
	case CLAIM_FRESH:
	case CLAIM_RESUME:
		job_recall_step(job);
		atomic_store(&job->lease_until_ms, job->claim.lease_until_ms);
		claims_add(pipeline->claims, job);
		crash_point("after_claim");
		work->work(work->context, job);
		return;
	case CLAIM_BUSY:
		postpone(pipeline, job, busy_delay_ms(job));
		return;
	case CLAIM_DONE:
		replay(pipeline, job);
		return;
	case CLAIM_OWED:
		if (job->take_over)
			take_over(pipeline, ledger, job);
		else
			work->work(work->context, job); /* asks Kafka, which may take its time */
		return;
	case CLAIM_PUBLISHED:
		pass(pipeline, job);
		return;
	case CLAIM_MISMATCH:
		settle_mismatch(pipeline, job);
		return;
	}
}

int pipeline_claim(struct pipeline *pipeline, struct ledger *ledger,
		   const struct work_port *work, struct scheduled **entries, size_t count,
		   struct error *err)
{
	struct ledger_claim *claims = mem_array(count, sizeof(*claims));
	int rc;

	for (size_t i = 0; i < count; i++)
		ask_for(job_from_scheduled(entries[i]), &claims[i]);
	rc = ledger_claim_many(ledger, claims, count, err);
	for (size_t i = 0; i < count; i++) {
		struct job *job = job_from_scheduled(entries[i]);

		job->claim = claims[i];
		if (rc == 0)
			route(pipeline, ledger, work, job);
		else
			postpone(pipeline, job, LEDGER_AWAY_MS);
	}
	free(claims);
	return rc;
}

/* ---- work ---- */

void pipeline_end(struct pipeline *pipeline, struct job *job)
{
	bool counts = !job->committed;

	if (job->settlement == SETTLE_DUE)
		atomic_fetch_sub(&pipeline->due_jobs, 1);
	claims_remove(pipeline->claims, job);
	leave_lane(pipeline, job);
	job_free(job);
	if (counts)
		atomic_fetch_sub(&pipeline->jobs, 1);
}

static void end_as_failed(struct turn *turn, const struct job *job, const struct error *err)
{
	const struct error *last = err->kind != ERROR_NONE ? err : job->last_fault;
	bool begun = turn_was_begun(turn) || last != NULL || job->claim.attempts > 1;

	turn->outcome.result = RESULT_FAILED;
	turn->outcome.reason = begun ? REASON_RETRIES_EXHAUSTED : REASON_REQUEST_EXPIRED;
	text_format(turn->outcome.message, sizeof(turn->outcome.message), "%s %s",
		    reason_prose(turn->outcome.reason), last != NULL ? last->text : "");
}

/* -1 RETRY: what may have been given for a while cannot be written down now. */
static int give_up(struct turn *turn, const struct job *job, struct error *err)
{
	struct error fault = *err;

	if (bound_give_up(turn, err) < 0)
		return -1;
	*err = fault;
	end_as_failed(turn, job, err);
	return 0;
}

static void retry_later(struct pipeline *pipeline, const struct park_port *park,
			struct job *job, const struct error *err)
{
	int64_t delay_ms = verdict_delay_ms(pipeline->settings, job->retries++, err);

	metrics_add(pipeline->metrics, METRIC_RETRIES, 1);
	log_write(pipeline->log, LOG_WARN, "request will be tried again",
		  LOG_FIELDS(LOG_TEXT("req", job->request.id),
			     LOG_TEXT("action", job->request.action),
			     LOG_TEXT("instance", job->request.instance),
			     LOG_NUMBER("attempt", job->claim.attempts),
			     LOG_NUMBER("delay_ms", delay_ms), LOG_FAULT(err)));
	park->park(park->context, job, clock_steady_ms(pipeline->clock) + delay_ms);
}

/* A definite no from before: nothing is asked of Grafana. */
static void work_refused(struct pipeline *pipeline, struct job *job)
{
	settle_refusal(pipeline, job, job->refusal);
	complete(pipeline, job, NULL);
}

/* Jobs are claimed ahead of their turn; the breaker may have opened meanwhile. */
static bool breaker_is_open(struct pipeline *pipeline, const struct job *job)
{
	enum gate_state state;

	if (!job->scheduled.has_slot)
		return false;
	state = scheduler_gate_state(pipeline->scheduler, job->scheduled.gate);
	return state == GATE_OPEN || state == GATE_UNAUTHORIZED;
}

static void send_back(struct pipeline *pipeline, const struct park_port *park,
		      struct job *job)
{
	job->report = (struct gate_report){0};
	park->park(park->context, job, clock_steady_ms(pipeline->clock) + BUSY_POLL_MS);
}

/* What was begun is finished under the rules of its time, which were others. */
static bool was_allowed(const struct job *job)
{
	return job->refusal->rule[0] != '\0' && turn_step_counts(job->claim.step);
}

/* From here on it needs a slot of its Grafana, as it did then. */
static void allow_again(struct job *job)
{
	free(job->refusal);
	job->refusal = NULL;
	job->scheduled.gate = job->instance->gate;
}

static int work_operation(struct pipeline *pipeline, const struct park_port *park,
			  struct job *job, struct error *err)
{
	struct runner runner;
	struct gate_report report = {0};
	struct attempt attempt = {.rc = -1, .err = err, .deadline_ms = job->request.deadline_ms};
	enum verdict verdict = VERDICT_GIVE_UP;
	struct turn turn;
	int rc = 0;

	runner_begin(&turn, pipeline, job, &runner);
	if (job->scheduled.has_slot &&
	    (attempt.deadline_ms == 0 || clock_wall_ms(pipeline->clock) < attempt.deadline_ms)) {
		runner_run(&turn, &runner, &report, &attempt, err);
		attempt.lost = atomic_load(&job->lost);
		attempt.now_ms = clock_wall_ms(pipeline->clock);
		verdict = verdict_of_attempt(&attempt);
	}
	if (verdict == VERDICT_SETTLE && bound_refused(&turn, err) < 0)
		verdict = VERDICT_RETRY;
	if (verdict == VERDICT_GIVE_UP && give_up(&turn, job, err) < 0)
		verdict = VERDICT_RETRY;
	switch (verdict) {
	case VERDICT_GIVE_UP:
	case VERDICT_SETTLE:
		settle_outcome(pipeline, job, &turn);
		complete(pipeline, job, &report);
		break;
	case VERDICT_RETRY:
	case VERDICT_RECLAIM:
		job->report = report;
		job_note_fault(job, err);
		retry_later(pipeline, park, job, err);
		break;
	case VERDICT_STOP:
		pipeline_end(pipeline, job);
		rc = -1;
		break;
	}
	turn_clear(&turn);
	return rc;
}

int pipeline_work(struct pipeline *pipeline, const struct park_port *park, struct job *job,
		  struct error *err)
{
	if (job->claim.outcome == CLAIM_OWED) {
		pass_if_published(pipeline, job);
		return 0;
	}
	if (job->refusal != NULL && was_allowed(job)) {
		allow_again(job);
		send_back(pipeline, park, job);
		return 0;
	}
	if (job->refusal != NULL) {
		work_refused(pipeline, job);
		return 0;
	}
	if (breaker_is_open(pipeline, job)) {
		send_back(pipeline, park, job);
		return 0;
	}
	return work_operation(pipeline, park, job, err);
}

/* ---- end ---- */

static void log_end(struct pipeline *pipeline, const struct job *job)
{
	int64_t started_ms = job->claim.started_ms;

	if (job->settlement == SETTLE_DUE) {
		log_write(pipeline->log, LOG_INFO, "request came due",
			  LOG_FIELDS(LOG_TEXT("req", job->due_id)));
		return;
	}

	log_write(pipeline->log, LOG_INFO, "settled",
		  LOG_FIELDS(LOG_TEXT("topic", job->topic), LOG_NUMBER("part", job->partition),
			     LOG_NUMBER("off", job->offset), LOG_TEXT("req", job->request.id),
			     LOG_TEXT("action", job->request.action),
			     LOG_TEXT("instance", job->request.instance),
			     LOG_TEXT("result", job->summary),
			     LOG_NUMBER("ms", started_ms == 0 ? 0
							      : clock_wall_ms(pipeline->clock) -
									started_ms)));
}

void pipeline_committed(struct pipeline *pipeline, struct job *job)
{
	metrics_add(pipeline->metrics, job->metric, 1);
	log_end(pipeline, job);
	job->committed = true;
	atomic_fetch_sub(&pipeline->jobs, 1);
}

void pipeline_completed(struct pipeline *pipeline, struct job *job)
{
	claims_remove(pipeline->claims, job);
	leave_lane(pipeline, job);
	job_free_stored(job);
}

void pipeline_again(struct pipeline *pipeline, struct job *job)
{
	claims_remove(pipeline->claims, job);
	postpone(pipeline, job, 0);
}

static void drop_one(struct scheduled *entry, void *context)
{
	pipeline_end(context, job_from_scheduled(entry));
}

void pipeline_drop(struct pipeline *pipeline, int64_t assignment)
{
	scheduler_drop(pipeline->scheduler, assignment, drop_one, pipeline);
}
