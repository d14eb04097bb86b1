/* SPDX-License-Identifier: Apache-2.0 */
/*
 * due.c - what has come due becomes a request like any other.
 *
 * Called by the dispatcher. A job without a record of its own goes to the publisher;
 * its request is committed there, and only then leaves the ledger. When that comes to
 * nothing, or a worker dies in between, the item is due again and its request written
 * once more: it has the same id, so that it is a duplicate.
 */
#include "worker/due.h"

#include <string.h>

#include "base/crash_point.h"
#include "base/memory.h"
#include "base/text.h"

enum { BATCH = 100, MOST = 1000, PATIENCE_MS = 10000 };

static void publish(struct pipeline *pipeline, struct ledger_due_item *item)
{
	const struct record_view nowhere = {.topic = pipeline->settings->kafka.requests_topic,
					    .partition = -1,
					    .offset = -1,
					    .timestamp_ms = -1};
	struct error err = {0};
	struct record record;
	struct job *job;

	if (record_unpack(item->record, item->record_bytes, &record, &err) < 0) {
		log_write(pipeline->log, LOG_ERROR, "what is due is unreadable",
			  LOG_FIELDS(LOG_TEXT("due", item->id), LOG_FAULT(&err)));
		return;
	}
	job = job_new(&nowhere, 0);
	job->settlement = SETTLE_DUE;
	job->due_id = mem_strdup(item->id);
	job->metric = METRIC_DUE;
	text_copy(job->summary, sizeof(job->summary), "due");
	job_add_record(job, &record);
	atomic_fetch_add(&pipeline->jobs, 1);
	atomic_fetch_add(&pipeline->due_jobs, 1);
	pipeline->settle.settle(pipeline->settle.context, job);
}

/* What was taken is hidden for longer than the patience, so that nothing is taken twice
 * while Kafka is away, however long that is. */
static bool is_behind(struct due *due, struct pipeline *pipeline)
{
	const int64_t now_ms = clock_steady_ms(pipeline->clock);
	size_t waiting = atomic_load(&pipeline->due_jobs);

	if (waiting == 0)
		due->since_ms = now_ms;
	return waiting >= MOST || now_ms - due->since_ms > PATIENCE_MS;
}

int due_publish(struct due *due, struct pipeline *pipeline, struct ledger *ledger, bool *more,
		struct error *err)
{
	struct ledger_due_item items[BATCH] = {{0}};
	size_t count = 0;

	*more = false;
	if (is_behind(due, pipeline))
		return 0;
	if (ledger_due_take(ledger, items, BATCH, &count, err) < 0)
		return -1;
	if (count > 0)
		crash_point("after_due");
	for (size_t i = 0; i < count; i++) {
		publish(pipeline, &items[i]);
		ledger_due_item_clear(&items[i]);
	}
	*more = count == BATCH;
	return 0;
}
