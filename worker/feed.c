/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feed.c - a long operation's way to Kafka, and its ear for the rest of the worker.
 *
 * Called by the operation through its turn. Owns the producer, which is made at the first
 * record. Progress is logged now and then and counted for /metrics. Nothing here can be
 * taken back: an attempt that ends early has sent records that no closing record names.
 */
#include "worker/feed.h"

#include <stdlib.h>

#include "base/crash_point.h"
#include "base/memory.h"
#include "worker/record_stream.h"

enum { TELL_MS = 10000, TELL_RECORDS = 20000 };

struct feed {
	struct pipeline *pipeline;
	struct job *job;
	struct record_stream *stream; /* NULL until something is sent */
	int64_t sent;
	const char *phase;
	int64_t told_ms, told_records; /* when the log was last told, and of how many */
};

struct feed *feed_new(struct pipeline *pipeline, struct job *job)
{
	struct feed *feed = mem_zalloc(sizeof(*feed));

	feed->pipeline = pipeline;
	feed->job = job;
	feed->told_ms = clock_steady_ms(pipeline->clock);
	metrics_add(pipeline->metrics, METRIC_SNAPSHOTS_RUNNING, 1);
	return feed;
}

void feed_free(struct feed *feed)
{
	if (feed == NULL)
		return;
	metrics_add(feed->pipeline->metrics, METRIC_SNAPSHOTS_RUNNING, -1);
	record_stream_free(feed->stream);
	free(feed);
}

static void tell(struct feed *feed)
{
	feed->told_ms = clock_steady_ms(feed->pipeline->clock);
	feed->told_records = feed->sent;
	log_write(feed->pipeline->log, LOG_INFO, "snapshot goes on",
		  LOG_FIELDS(LOG_TEXT("req", feed->job->request.id),
			     LOG_TEXT("instance", feed->job->request.instance),
			     LOG_TEXT("reading", feed->phase), LOG_NUMBER("records", feed->sent)));
}

static void tell_now_and_then(struct feed *feed)
{
	int64_t now_ms = clock_steady_ms(feed->pipeline->clock);

	if (now_ms - feed->told_ms >= TELL_MS || feed->sent - feed->told_records >= TELL_RECORDS)
		tell(feed);
}

int feed_may_go_on(struct feed *feed, struct error *err)
{
	tell_now_and_then(feed);
	if (atomic_load(&feed->pipeline->settling)) {
		error_set(err, ERROR_RETRY, "feed", 0,
			  "the worker stops, or its partitions are given away; the snapshot "
			  "begins anew wherever they go");
		return -1;
	}
	if (atomic_load(&feed->job->lost) || atomic_load(&feed->job->lease_until_ms) <=
						     clock_steady_ms(feed->pipeline->clock)) {
		error_set(err, ERROR_RETRY, "feed", 0, "another worker holds the request");
		return -1;
	}
	return 0;
}

static int may_go_on(void *context, struct error *err)
{
	return feed_may_go_on(context, err);
}

static int open_stream(struct feed *feed, struct error *err)
{
	const struct record_stream_options options = {
		.settings = feed->pipeline->settings,
		.log = feed->pipeline->log,
		.topic = feed->pipeline->settings->kafka.inventory_topic,
		.may_go_on = may_go_on,
		.context = feed,
	};

	return feed->stream != NULL ? 0 : record_stream_new(&options, &feed->stream, err);
}

int feed_send(struct feed *feed, struct record *record, struct error *err)
{
	int rc = open_stream(feed, err);

	if (rc == 0)
		rc = record_stream_send(feed->stream, record, err);
	record_clear(record);
	if (rc < 0)
		return -1;
	feed->sent++;
	metrics_add(feed->pipeline->metrics, METRIC_INVENTORY_RECORDS, 1);
	crash_point("after_feed");
	return feed_may_go_on(feed, err);
}

int feed_flush(struct feed *feed, struct error *err)
{
	return feed->stream != NULL ? record_stream_flush(feed->stream, err) : 0;
}

void feed_tell(struct feed *feed, const char *phase)
{
	feed->phase = phase;
	tell(feed);
}
