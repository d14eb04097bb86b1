/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_stream.c - many records to Kafka, outside of any transaction.
 *
 * Called by feed.c, on the worker's thread that has so much to tell. It owns a plain
 * idempotent producer: each record is delivered once and in order as long as the producer
 * lives, and nothing is taken back. So whoever reads must be told apart what is whole; for
 * inventories the closing record does that, which goes the way of outcomes.
 *
 * Not the publisher's producer: a transaction of minutes would hold back every outcome, and
 * the broker would abort it.
 */
#include "worker/record_stream.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#include "base/memory.h"
#include "worker/kafka.h"

enum { WAIT_MS = 100 };

struct record_stream {
	struct log *log; /* first: see kafka_conf_new() */
	struct record_stream_options options;
	rd_kafka_t *kafka;
	rd_kafka_resp_err_t fault; /* of the first record that was not delivered */
};

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque)
{
	struct record_stream *stream = opaque;

	(void)kafka;
	if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR &&
	    stream->fault == RD_KAFKA_RESP_ERR_NO_ERROR)
		stream->fault = message->err;
}

int record_stream_new(const struct record_stream_options *options,
		      struct record_stream **out, struct error *err)
{
	static const struct kafka_property forced[] = {
		{"enable.idempotence", "true"},
		{"acks", "all"},
		{"max.in.flight", "1"}, /* see producer.c */
		{"linger.ms", "5"},
		{"message.timeout.ms", "60000"},
		{"message.max.bytes", "8388608"},
		{"queue.buffering.max.messages", "20000"},
		{"queue.buffering.max.kbytes", "8192"},
		{NULL, NULL},
	};
	struct record_stream *stream = mem_zalloc(sizeof(*stream));
	rd_kafka_conf_t *conf = NULL;
	char text[256];

	stream->log = options->log;
	stream->options = *options;
	if (kafka_conf_new(options->settings, forced, stream, &conf, err) < 0) {
		free(stream);
		return -1;
	}
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	stream->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (stream->kafka == NULL) {
		rd_kafka_conf_destroy(conf); /* rd_kafka_new() takes it only on success */
		error_set(err, ERROR_FATAL, "stream", 0, "create producer: %s", text);
		free(stream);
		return -1;
	}
	kafka_warm_topic(stream->kafka, options->topic);
	*out = stream;
	return 0;
}

void record_stream_free(struct record_stream *stream)
{
	if (stream == NULL)
		return;
	rd_kafka_purge(stream->kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_destroy(stream->kafka);
	free(stream);
}

static int fail(const struct record_stream *stream, rd_kafka_resp_err_t code, struct error *err)
{
	error_set(err, ERROR_RETRY, "stream", code, "produce to %s: %s", stream->options.topic,
		  rd_kafka_err2str(code));
	return -1;
}

int record_stream_send(struct record_stream *stream, const struct record *record,
		       struct error *err)
{
	int code;

	rd_kafka_poll(stream->kafka, 0);
	while ((code = kafka_produce(stream->kafka, stream->options.topic, record)) ==
	       RD_KAFKA_RESP_ERR__QUEUE_FULL) {
		if (stream->options.may_go_on(stream->options.context, err) < 0)
			return -1;
		rd_kafka_poll(stream->kafka, WAIT_MS);
	}
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return fail(stream, (rd_kafka_resp_err_t)code, err);
	return stream->fault == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : fail(stream, stream->fault, err);
}

int record_stream_flush(struct record_stream *stream, struct error *err)
{
	while (rd_kafka_flush(stream->kafka, WAIT_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT)
		if (stream->options.may_go_on(stream->options.context, err) < 0)
			return -1;
	return stream->fault == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : fail(stream, stream->fault, err);
}
