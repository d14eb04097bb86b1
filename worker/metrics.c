/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c - the numbers of a worker, in Prometheus' text format.
 *
 * Counted by the pipeline, the workers and the publisher; written by status.c when
 * /metrics is asked for. Lock-free: one atomic per series. Series of one metric may
 * differ by what happened between two reads.
 */
#include "worker/metrics.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"

#define PREFIX "grantd_"

static const struct row {
	const char *metric, *labels, *type, *help;
} rows[] = {
#define X(name, metric, labels, type, help) {PREFIX metric, labels, type, help},
	METRIC_TABLE(X)
#undef X
};
_Static_assert(ARRAY_COUNT(rows) == METRIC_COUNT, "METRIC_COUNT names the last row");

struct metrics {
	_Atomic int64_t numbers[METRIC_COUNT];
};

struct metrics *metrics_new(void)
{
	struct metrics *metrics = mem_zalloc(sizeof(*metrics));

	for (size_t i = 0; i < METRIC_COUNT; i++)
		atomic_init(&metrics->numbers[i], 0);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	free(metrics);
}

void metrics_add(struct metrics *metrics, enum metric metric, int64_t number)
{
	atomic_fetch_add_explicit(&metrics->numbers[metric], number, memory_order_relaxed);
}

void metrics_set(struct metrics *metrics, enum metric metric, int64_t number)
{
	atomic_store_explicit(&metrics->numbers[metric], number, memory_order_relaxed);
}

int64_t metrics_get(const struct metrics *metrics, enum metric metric)
{
	return atomic_load_explicit(&metrics->numbers[metric], memory_order_relaxed);
}

static void write_head(struct buffer *out, const char *metric, const char *type,
		       const char *help)
{
	buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

void metrics_write(const struct metrics *metrics, struct buffer *out)
{
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const struct row *row = &rows[i];
		bool labelled = row->labels[0] != '\0';

		if (i == 0 || strcmp(rows[i - 1].metric, row->metric) != 0)
			write_head(out, row->metric, row->type, row->help);
		buffer_append_format(out, "%s%s%s%s %" PRId64 "\n", row->metric,
				     labelled ? "{" : "", row->labels, labelled ? "}" : "",
				     metrics_get(metrics, (enum metric)i));
	}
}

/* ---- instances ---- */

static int64_t read_state(const struct metrics_instance *instance)
{
	return instance->state;
}

static int64_t read_slots_in_use(const struct metrics_instance *instance)
{
	return instance->slots_in_use;
}

static int64_t read_slots(const struct metrics_instance *instance)
{
	return instance->slots;
}

static int64_t read_concurrency(const struct metrics_instance *instance)
{
	return instance->concurrency;
}

static const struct {
	const char *metric, *help;
	int64_t (*read)(const struct metrics_instance *instance);
} instance_rows[] = {
	{PREFIX "breaker_state",
	 "Circuit breaker of a Grafana: 0 closed (works), 1 open, 2 half open, 3 unauthorized.",
	 read_state},
	{PREFIX "slots_in_use", "Requests that hold a slot of a Grafana.", read_slots_in_use},
	{PREFIX "slots", "Slots that a Grafana has.", read_slots},
	{PREFIX "concurrency", "Requests of a Grafana that are worked on at one time at most, now.",
	 read_concurrency},
};
_Static_assert(GATE_CLOSED == 0 && GATE_OPEN == 1 && GATE_HALF_OPEN == 2 && GATE_UNAUTHORIZED == 3,
	       "the help says so");

/* As the text format wants label values. */
static void write_label(struct buffer *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\n')
			buffer_append_text(out, "\\n");
		else if (*text == '"' || *text == '\\')
			buffer_append_format(out, "\\%c", *text);
		else
			buffer_append(out, text, 1);
	}
}

void metrics_write_instances(const struct metrics_instance *instances, size_t count,
			     struct buffer *out)
{
	for (size_t i = 0; i < ARRAY_COUNT(instance_rows); i++) {
		write_head(out, instance_rows[i].metric, "gauge", instance_rows[i].help);
		for (size_t j = 0; j < count; j++) {
			buffer_append_format(out, "%s{instance=\"", instance_rows[i].metric);
			write_label(out, instances[j].name);
			buffer_append_format(out, "\"} %" PRId64 "\n",
					     instance_rows[i].read(&instances[j]));
		}
	}
}
