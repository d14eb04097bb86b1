/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle.c - outcome and credential events of a job, and what the ledger keeps of them.
 *
 * Called by pipeline.c. What is packed for the ledger is exactly what is
 * published, so that a replay is the same to the byte. Cannot fail but for bytes
 * in the ledger that are not ours.
 */
#include "worker/settle.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/credential.h"
#include "codec/follow_up.h"
#include "worker/bound.h"

/* Once for all events of a settlement: what is due later is made again from the outcome,
 * should the ledger lose it, and has to be the same. */
static void frame_of(const struct pipeline *pipeline, const struct job *job,
		     struct outcome_frame *frame)
{
	const struct settings *settings = pipeline->settings;
	int64_t now_ms = clock_wall_ms(pipeline->clock);

	*frame = (struct outcome_frame){
		.request = &job->request,
		.topic = job->topic,
		.partition = job->partition,
		.offset = job->offset,
		.attempts = job->claim.attempts,
		.started_ms = job->claim.started_ms != 0 ? job->claim.started_ms : now_ms,
		.finished_ms = now_ms,
		.event_source = settings->publish.source,
		.worker_id = settings->worker.id,
		.worker_version = pipeline->worker_version,
		.mode = settings->publish.mode == EVENT_STRUCTURED ? CLOUDEVENT_STRUCTURED
								   : CLOUDEVENT_BINARY,
	};
}

static enum metric metric_of(enum result result)
{
	switch (result) {
	case RESULT_APPLIED:
		return METRIC_SETTLED_APPLIED;
	case RESULT_ALREADY_SO:
		return METRIC_SETTLED_ALREADY_SO;
	case RESULT_PLANNED:
		return METRIC_SETTLED_PLANNED;
	case RESULT_NEEDS_ACTION:
		return METRIC_SETTLED_NEEDS_ACTION;
	case RESULT_REFUSED:
		return METRIC_SETTLED_REFUSED;
	case RESULT_FAILED:
		break;
	}
	return METRIC_SETTLED_FAILED;
}

static void summarise(struct job *job, const struct outcome *outcome)
{
	job->metric = metric_of(outcome->result);
	text_format(job->summary, sizeof(job->summary), "%s %s", result_name(outcome->result),
		    reason_code(outcome->reason));
}

static void add_outcome(struct job *job, const struct outcome *outcome,
			const struct outcome_frame *frame)
{
	struct record record;

	outcome_encode(outcome, frame, &record);
	record_pack(&record, &job->stored_outcome);
	job_add_record(job, &record);
	summarise(job, outcome);
}

static void add_credential(const struct pipeline *pipeline, struct job *job,
			   const struct turn *turn, const struct outcome_frame *frame)
{
	struct credential credential = {
		.kind = turn->secret_kind,
		.version = turn->outcome.credential_version,
		.sealed = turn->sealed,
		.expires_ms = turn->secret_expires_ms,
		.kid = seal_key_id(pipeline->vault->key),
		.path_prefix = pipeline->vault->path_prefix,
		.target = &turn->outcome.target,
	};
	struct record record;

	credential_encode(&credential, frame, &record);
	record_pack(&record, &job->stored_credential);
	job_add_record(job, &record);
}

/* Not published now, but kept by the ledger until it is due. */
static void add_follow_up(struct job *job, const struct follow_up *follow_up,
			  const struct outcome_frame *frame)
{
	char id[LIMIT_EVENT_ID_BYTES + 1];
	struct record record;

	follow_up_encode(follow_up, frame, &record);
	record_pack(&record, &job->stored_due);
	record_clear(&record);
	follow_up_id(follow_up, &job->request, id);
	job->due_id = mem_strdup(id);
	job->due_at_ms = follow_up->at_ms;
}

/* Somebody keeps what he should have no more, and a human has to see to it. */
static void report_expiry(const struct pipeline *pipeline, const struct job *job,
			  const struct outcome *outcome)
{
	bool is_end = job->request.grant.id != NULL && job->request.mode != MODE_PLAN &&
		      job->operation != NULL && (job->operation->takes & TAKES_GRANT) != 0;

	if (!is_end || (outcome->result != RESULT_REFUSED && outcome->result != RESULT_FAILED))
		return;
	metrics_add(pipeline->metrics, METRIC_GRANTS_NOT_ENDED, 1);
	log_write(pipeline->log, LOG_ERROR, "a time-bound grant could not be ended",
		  LOG_FIELDS(LOG_TEXT("req", job->request.id),
			     LOG_TEXT("grant", job->request.grant.id),
			     LOG_TEXT("reason", reason_code(outcome->reason)),
			     LOG_TEXT("why", outcome->message)));
}

/* Where a credential would be: the ledger keeps a record, whatever it says. */
static void add_closing(struct job *job, struct turn *turn)
{
	record_pack(&turn->closing, &job->stored_credential);
	job_add_record(job, &turn->closing);
	turn->has_closing = false;
}

void settle_outcome(struct pipeline *pipeline, struct job *job, struct turn *turn)
{
	struct outcome outcome = turn->outcome;
	/* A plan promises nothing. */
	bool is_plan = job->request.mode == MODE_PLAN;
	bool follows = turn->follow_up.kind != NULL && outcome.result != RESULT_REFUSED &&
		       !is_plan;
	struct outcome_frame frame;

	frame_of(pipeline, job, &frame);
	frame.follow_up = follows ? &turn->follow_up : NULL;
	/* A version is told only of a credential that is published. */
	if (!turn->secret_is_set)
		outcome.credential_version = 0;
	add_outcome(job, &outcome, &frame);
	if (turn->secret_is_set)
		add_credential(pipeline, job, turn, &frame);
	if (turn->has_closing && outcome.result == RESULT_APPLIED)
		add_closing(job, turn);
	if (follows)
		add_follow_up(job, &turn->follow_up, &frame);
	if (!is_plan)
		bound_store(turn, pipeline->settings->redis.horizon_s, job);
	report_expiry(pipeline, job, &outcome);
}

void settle_refusal(struct pipeline *pipeline, struct job *job, const struct refusal *refusal)
{
	struct outcome outcome = {.result = RESULT_REFUSED, .reason = refusal->reason};
	struct outcome_frame frame;

	frame_of(pipeline, job, &frame);
	text_copy(outcome.message, sizeof(outcome.message), refusal->text);
	text_copy(outcome.rule, sizeof(outcome.rule), refusal->rule);
	add_outcome(job, &outcome, &frame);
	report_expiry(pipeline, job, &outcome);
}

static int unpack(struct job *job, const char *bytes, size_t length, struct error *err)
{
	struct record record;

	if (length == 0)
		return 0;
	if (record_unpack(bytes, length, &record, err) < 0)
		return -1;
	job_add_record(job, &record);
	return 0;
}

int settle_from_ledger(struct job *job, struct error *err)
{
	const struct ledger_stored *stored = &job->claim.stored;

	if (unpack(job, stored->outcome, stored->outcome_bytes, err) < 0)
		return -1;
	return unpack(job, stored->credential, stored->credential_bytes, err);
}
