/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - what the worker answers when it is asked how it is.
 *
 * Live: the process answers. Ready: it has joined its group and the ledger is
 * there. A Grafana that is away is no reason not to be ready: nothing reaches a
 * worker from outside that another worker could take instead.
 */
#include "worker/status.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/text.h"
#include "worker/http_status.h"

struct status {
	struct status_options options;
	struct http_status *http;
};

static bool is_ready(void *context, char *why, size_t capacity)
{
	const struct status *status = context;

	if (!consumer_has_joined(status->options.consumer))
		text_copy(why, capacity, "the consumer group has not been joined");
	else if (!dispatcher_ledger_is_up(status->options.dispatcher))
		text_copy(why, capacity, "redis does not answer");
	else
		return true;
	return false;
}

static bool is_live(void *context)
{
	(void)context;
	return true;
}

static void write_instances(const struct status *status, struct buffer *out)
{
	const struct settings *settings = status->options.settings;
	const struct pipeline *pipeline = status->options.pipeline;
	struct metrics_instance *instances =
		mem_array(settings->instance_count, sizeof(*instances));

	for (size_t i = 0; i < settings->instance_count; i++) {
		const struct gate *gate = pipeline->instances[i].gate;

		instances[i] = (struct metrics_instance){
			.name = settings->instances[i].name,
			.state = scheduler_gate_state(pipeline->scheduler, gate),
			.slots_in_use = scheduler_gate_in_use(pipeline->scheduler, gate),
			.slots = gate_slots(gate),
			.concurrency = gate_limit(gate),
		};
	}
	metrics_write_instances(instances, settings->instance_count, out);
	free(instances);
}

static void write_metrics(void *context, struct buffer *out)
{
	const struct status *status = context;
	struct metrics *metrics = status->options.pipeline->metrics;
	const struct dispatcher *dispatcher = status->options.dispatcher;

	metrics_set(metrics, METRIC_JOBS_IN_FLIGHT,
		    (int64_t)atomic_load(&status->options.pipeline->jobs));
	metrics_set(metrics, METRIC_LEDGER_UP, dispatcher_ledger_is_up(dispatcher));
	metrics_set(metrics, METRIC_LEDGER_EPOCH_CHANGES, dispatcher_epoch_changes(dispatcher));
	metrics_write(metrics, out);
	write_instances(status, out);
}

int status_new(const struct status_options *options, struct status **out, struct error *err)
{
	struct status *status = mem_zalloc(sizeof(*status));
	const struct status_port port = {is_ready, is_live, write_metrics, status};

	status->options = *options;
	if (http_status_new(options->settings->http.listen, &port, &status->http, err) < 0) {
		free(status);
		return -1;
	}
	*out = status;
	return 0;
}

void status_free(struct status *status)
{
	if (status == NULL)
		return;
	http_status_free(status->http);
	free(status);
}
