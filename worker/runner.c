/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.c - one attempt at a claimed request: the operation, given its turn and its
 * way back to the ledger.
 *
 * Called by pipeline.c on a worker thread, which holds the job. Owns nothing; the runner
 * and the turn live on the caller's stack. Steps and writes that the ledger or the lease
 * do not allow fail with RETRY; the job is marked as lost when another holds it.
 */
#include "worker/runner.h"

#include <string.h>

#include "base/crash_point.h"
#include "worker/capability.h"
#include "worker/feed.h"
#include "worker/fuse.h"

/* A removal was one too many, or comes after that one. */
static void tell_fuse(struct pipeline *pipeline, const struct job *job,
		      const struct ledger_step *step)
{
	metrics_add(pipeline->metrics, METRIC_FUSE_REFUSALS, 1);
	if (step->answer != LEDGER_FUSE_TRIPPED)
		return;
	metrics_add(pipeline->metrics, METRIC_FUSE_TRIPS, 1);
	log_write(pipeline->log, LOG_ERROR, "the fuse of removals is open: none is made until it is reset",
		  LOG_FIELDS(LOG_TEXT("instance", step->fuse),
			     LOG_NUMBER("max_removals_per_minute", step->fuse_limit),
			     LOG_TEXT("req", job->request.id),
			     LOG_TEXT("reset_by", "grantctl fuse reset")));
}

static int begin_step(void *context, struct ledger_step *step, struct error *err)
{
	struct runner *runner = context;

	step->hold = job_hold(runner->job);
	if (ledger_combiner_step(runner->pipeline->steps, step, err) < 0)
		return -1;
	if (step->answer == LEDGER_BUSY) {
		error_set(err, ERROR_RETRY, "runner", 0,
			  "another request about the same is being worked on");
		return -1;
	}
	if (step->answer == LEDGER_LOST) {
		atomic_store(&runner->job->lost, true);
		error_set(err, ERROR_RETRY, "runner", 0, "another worker holds the request");
		return -1;
	}
	if (step->answer == LEDGER_FUSE_OPEN || step->answer == LEDGER_FUSE_TRIPPED) {
		tell_fuse(runner->pipeline, runner->job, step);
		return 0;
	}
	atomic_store(&runner->job->lease_until_ms, step->lease_until_ms);
	if (step->name[0] != '\0')
		job_note_step(runner->job, step->name, step->intent);
	crash_point(step->name[0] != '\0' ? "after_step" : "after_hold");
	return 0;
}

/* A process that was paused must not wake up and undo what a later request did. */
static int may_write(void *context, int64_t call_ms, struct error *err)
{
	struct runner *runner = context;
	int64_t left_ms;

	if (runner->job->request.mode == MODE_PLAN) {
		runner->held_back = true;
		error_set(err, ERROR_RETRY, "runner", 0, "a plan writes nothing");
		return -1;
	}
	left_ms = atomic_load(&runner->job->lease_until_ms) -
		  clock_steady_ms(runner->pipeline->clock);

	if (!atomic_load(&runner->job->lost) && left_ms > call_ms)
		return 0;
	error_set(err, ERROR_RETRY, "runner", 0, "the lease ends before the call would");
	return -1;
}

void runner_begin(struct turn *turn, struct pipeline *pipeline, struct job *job,
		  struct runner *runner)
{
	*runner = (struct runner){.pipeline = pipeline, .job = job};
	memset(turn, 0, sizeof(*turn));
	turn->request = &job->request;
	turn->operation = job->operation;
	turn->vault = pipeline->vault;
	turn->settings = pipeline->settings;
	turn->clock = pipeline->clock;
	turn->own_login = grafana_settings(job->instance->grafana)->user;
	turn->record_time_ms = job->record_time_ms;
	turn->started_ms = job->claim.started_ms;
	/* A plan leaves nothing behind that a later attempt could find. */
	turn->resumed = (job->claim.outcome == CLAIM_RESUME || job->claim.step != NULL) &&
			job->request.mode != MODE_PLAN;
	turn->step = job->claim.step;
	turn->intent = (struct slice){job->claim.intent, job->claim.intent_bytes};
	turn->begin_step = begin_step;
	turn->context = runner;
	turn->fencing_token = job->claim.token;
	turn_init(turn);
}

/* While a breaker finds out whether Grafana is back it lets in one at a time: that must
 * not be one that stays for minutes. */
static void begin_long(struct turn *turn, struct runner *runner)
{
	scheduler_settle(runner->pipeline->scheduler, &runner->job->scheduled, NULL);
	turn->feed = feed_new(runner->pipeline, runner->job);
}

void runner_run(struct turn *turn, struct runner *runner, struct gate_report *report,
		struct attempt *attempt, struct error *err)
{
	struct job *job = runner->job;
	struct grafana_guard guard = {may_write, runner};
	int64_t began_us = clock_steady_us(runner->pipeline->clock);
	struct grafana_tally tally;

	turn->grafana =
		grafana_session_begin(job->instance->grafana, &guard, job->request.traceparent);
	attempt->rc = fuse_check(turn, err);
	if (attempt->rc == TURN_GO_ON)
		attempt->rc = capability_check(turn, err);
	if (job->operation->is_long)
		begin_long(turn, runner);
	if (attempt->rc == TURN_GO_ON)
		attempt->rc = turn_run(turn, err);
	feed_free(turn->feed);
	turn->feed = NULL;
	/* No operation comes here; if one did, it would not be asked again and again. */
	if (attempt->rc < 0 && runner->held_back && turn_skips(turn))
		attempt->rc = turn_applied(turn, "done");
	tally = grafana_session_tally(turn->grafana);
	*report = (struct gate_report){.calls = tally.calls,
				       .unavailable = tally.unavailable,
				       .unauthorized = tally.unauthorized};
	if (job->operation->is_long && tally.unauthorized)
		scheduler_gate_refused(runner->pipeline->scheduler, job->scheduled.gate);
	report->began_us = began_us;
	report->ended_us = clock_steady_us(runner->pipeline->clock);
	grafana_session_end(turn->grafana);
}
