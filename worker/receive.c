/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receive.c - what a record asks for: the action, the Grafana, the lane, the deadline.
 *
 * Called by pipeline.c on the consumer's thread. Cannot fail: whatever is wrong with
 * a record becomes part of the job, a refusal or a dead letter, and takes the same
 * way to its outcome as everything else.
 */
#include "worker/receive.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/deadletter.h"
#include "worker/permit.h"

static void refuse(struct job *job, enum reason reason, const char *text)
{
	job->refusal = mem_zalloc(sizeof(*job->refusal));
	job->refusal->reason = reason;
	text_copy(job->refusal->text, sizeof(job->refusal->text), text);
}

/* One at a time for each instance; and nobody's changes wait for it. */
static void set_long_lane(struct job *job)
{
	char lane[LIMIT_ACTION_BYTES + LIMIT_INSTANCE_BYTES + 2];

	text_format(lane, sizeof(lane), "%s/%s", job->request.action, job->request.instance);
	job->lane_key = mem_strdup(lane);
	job->scheduled.lane_key.bytes = job->lane_key;
	job->scheduled.lane_key.length = strlen(job->lane_key);
}

static void set_lane_key(struct job *job, const char *prefix, struct slice key)
{
	size_t prefix_bytes = strlen(prefix);

	job->scheduled.lane_key.length = prefix_bytes + key.length;
	job->lane_key = mem_alloc(job->scheduled.lane_key.length + 1);
	memcpy(job->lane_key, prefix, prefix_bytes);
	if (key.length > 0)
		memcpy(job->lane_key + prefix_bytes, key.data, key.length);
	job->lane_key[job->scheduled.lane_key.length] = '\0';
	job->scheduled.lane_key.bytes = job->lane_key;
}

/* Records of one key stay in order; one without a key is as good as its subject. What grantd
 * asks of itself comes after all that it is about, and must hold up nobody when it has to
 * wait: not somebody who takes away more. */
static void set_lane(const struct pipeline *pipeline, struct job *job,
		     const struct record_view *view)
{
	const char *subject = job->request.subject != NULL ? job->request.subject : "";
	struct slice key = {subject, strlen(subject)};
	bool is_own;

	if (job->refusal == NULL && job->operation->is_long) {
		set_long_lane(job);
		return;
	}
	if (view->key.data != NULL && view->key.length > 0)
		key = view->key;
	is_own = job->refusal == NULL &&
		 permit_is_own(pipeline->settings, job->operation, &job->request);
	set_lane_key(job, is_own ? "own/" : "", key);
}

static void set_deadline(const struct pipeline *pipeline, struct job *job)
{
	int64_t now_ms = clock_wall_ms(pipeline->clock);
	int64_t limit_s = pipeline->settings->worker.deadline_s;
	struct request *request = &job->request;

	if (request->deadline_ms == 0 && limit_s > 0)
		request->deadline_ms =
			(job->record_time_ms >= 0 ? job->record_time_ms : now_ms) + limit_s * 1000;
	if (request->deadline_ms != 0)
		job->scheduled.give_up_ms = clock_steady_ms(pipeline->clock) +
					    (request->deadline_ms - now_ms);
}

/* "there is no 'x'; there are: a, b, c" */
static void list_actions(char *out, size_t capacity, const char *action)
{
	const struct operation *const *all = operation_all();
	size_t used;

	text_format(out, capacity, "data.action: there is no '%.40s'; there are", action);
	for (size_t i = 0; all[i] != NULL; i++) {
		used = strlen(out);
		text_format(out + used, capacity - used, "%s %s", i == 0 ? ":" : ",",
			    all[i]->action);
	}
}

/* Which action, of which Grafana; a request without them is refused. */
static void bind(struct pipeline *pipeline, struct job *job)
{
	const struct request *request = &job->request;
	const struct settings *settings = pipeline->settings;
	const struct instance_settings *instance = settings_instance(settings, request->instance);
	struct refusal refusal;
	struct error err = {0};

	job->operation = operation_find(request->action);
	if (job->operation == NULL) {
		list_actions(refusal.text, sizeof(refusal.text), request->action);
		refuse(job, REASON_REQUEST_UNKNOWN_ACTION, refusal.text);
		return;
	}
	if (instance == NULL) {
		error_set(&err, ERROR_REFUSED, "receive", 0,
			  "data.instance: no [grafana.%.40s] is configured", request->instance);
		refuse(job, REASON_REQUEST_UNKNOWN_INSTANCE, err.text);
		return;
	}
	if (operation_validate(job->operation, request, &err) < 0) {
		refuse(job, REASON_REQUEST_INVALID, err.text);
		return;
	}
	job->instance = &pipeline->instances[instance - settings->instances];
	if (!permit_request(settings, job->operation, request, &refusal)) {
		refuse(job, refusal.reason, refusal.text);
		text_copy(job->refusal->rule, sizeof(job->refusal->rule), refusal.rule);
		return;
	}
	job->scheduled.gate = job->instance->gate;
}

static void add_dead_letter(struct pipeline *pipeline, struct job *job,
			    const struct record_view *view, const struct cloudevent *event,
			    const struct error *cause)
{
	struct record record;

	deadletter_encode(view, pipeline->settings->kafka.group, event->error_class, cause,
			  &record);
	job_add_record(job, &record);
	log_write(pipeline->log, LOG_WARN, "record cannot be read",
		  LOG_FIELDS(LOG_TEXT("topic", view->topic), LOG_NUMBER("part", view->partition),
			     LOG_NUMBER("off", view->offset), LOG_TEXT("class", event->error_class),
			     LOG_FAULT(cause)));
}

/* From when on a duration counts: not from when it is worked on, or how often. An event
 * from the future would hold for longer than it says. */
static void set_time(const struct pipeline *pipeline, struct job *job)
{
	const int64_t now_ms = clock_wall_ms(pipeline->clock);
	struct request *request = &job->request;

	if (request->time_ms == 0 || (job->record_time_ms > 0 &&
				      job->record_time_ms < request->time_ms))
		request->time_ms = job->record_time_ms > 0 ? job->record_time_ms : now_ms;
	if (request->time_ms > now_ms)
		request->time_ms = now_ms;
}

static void decode(struct pipeline *pipeline, struct job *job, const struct record_view *view)
{
	struct cloudevent event = {0};
	enum reason reason = REASON_REQUEST_INVALID;
	struct error err = {0};

	if (cloudevent_decode(view, &event, &err) < 0) {
		request_from_event(&event, &job->request);
		add_dead_letter(pipeline, job, view, &event, &err);
		refuse(job, REASON_REQUEST_INVALID, err.text);
		digest_sha256_hex(view->value.data, view->value.data != NULL ? view->value.length : 0,
				  job->request.fingerprint);
		goto out;
	}
	if (request_decode(&event, clock_wall_ms(pipeline->clock), &job->request, &reason, &err) < 0) {
		refuse(job, reason, err.text);
		goto out;
	}
	set_time(pipeline, job);
	bind(pipeline, job);
out:
	cloudevent_clear(&event);
}

struct job *receive_record(struct pipeline *pipeline, const struct record_view *view,
			   int64_t assignment)
{
	struct job *job = job_new(view, assignment);

	decode(pipeline, job, view);
	set_lane(pipeline, job, view);
	/* What was given for a while has to end, however late. */
	if (job->refusal == NULL && job->request.grant.id == NULL)
		set_deadline(pipeline, job);
	return job;
}
