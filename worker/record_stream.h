/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_RECORD_STREAM_H
#define WORKER_RECORD_STREAM_H

#include "base/log.h"
#include "codec/record.h"
#include "config/settings.h"

/*
 * A producer of its own for a great many records that are no part of a transaction. What
 * it holds is bounded: beyond that, sending waits. For one thread.
 */
struct record_stream;

struct record_stream_options {
	const struct settings *settings;
	struct log *log;
	const char *topic;
	/* Asked while it waits. 0, or -1 with *err: sending ends with that. */
	int (*may_go_on)(void *context, struct error *err);
	void *context;
};

MUST_CHECK int record_stream_new(const struct record_stream_options *options,
				 struct record_stream **stream, struct error *err);
/* What is not delivered yet is dropped. */
void record_stream_free(struct record_stream *stream);

/* -1 RETRY: this record or an earlier one cannot be delivered, or may_go_on() said so. */
MUST_CHECK int record_stream_send(struct record_stream *stream, const struct record *record,
				  struct error *err);
/* All that was sent has been delivered, each once. */
MUST_CHECK int record_stream_flush(struct record_stream *stream, struct error *err);

#endif
