/* SPDX-License-Identifier: Apache-2.0 */
/*
 * producer.c - Kafka transactions: records and consumer offsets, both or neither.
 *
 * Called by the publisher's thread. librdkafka has no KIP-890, so a delayed commit
 * or abort of a timed-out call could hit a later transaction of the same producer;
 * therefore any timeout or doubt destroys the producer, and a new one (a new
 * epoch) fences whatever is still under way. Errors are judged in the order that
 * librdkafka asks for: fatal, requires abort, anything else.
 */
#include "worker/producer.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash_point.h"
#include "base/memory.h"
#include "base/text.h"
#include "codec/deadletter.h"
#include "worker/kafka.h"

enum {
	INIT_TIMEOUT_MS = 10000,
	REMAINING_TIME = -1, /* of the transaction; other values risk a desync */
	QUEUE_FULL_WAIT_MS = 100,
	TRUNCATED_BYTES = 512 * 1024,
	TRUNCATED_LEAST_BYTES = 1024,
};

struct producer {
	struct log *log; /* first: see kafka_conf_new() */
	struct producer_options options;
	rd_kafka_t *kafka;
	size_t dead_letter_bytes; /* more of a value is cut off; moves down */
	bool is_too_large;	  /* a broker said so in the present transaction */
};

struct producer *producer_new(const struct producer_options *options)
{
	struct producer *producer = mem_zalloc(sizeof(*producer));

	producer->log = options->log;
	producer->options = *options;
	producer->dead_letter_bytes = SIZE_MAX;
	return producer;
}

static void destroy(struct producer *producer)
{
	if (producer->kafka == NULL)
		return;
	rd_kafka_purge(producer->kafka, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_destroy(producer->kafka);
	producer->kafka = NULL;
}

void producer_free(struct producer *producer)
{
	if (producer == NULL)
		return;
	destroy(producer);
	free(producer);
}

/* ---- dead letters that their topic does not take ---- */

/* Only told of what failed. */
static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *opaque)
{
	struct producer *producer = opaque;

	(void)kafka;
	if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		producer->is_too_large = true;
}

/* A dead letter is larger than the record it is about, which its own topic took. How much
 * the topic of dead letters takes is the broker's to know, and to change. */
static void learn_size(struct producer *producer)
{
	size_t most = producer->dead_letter_bytes;

	if (!producer->is_too_large || most == TRUNCATED_LEAST_BYTES)
		return;
	most = most > TRUNCATED_BYTES ? TRUNCATED_BYTES : most / 2;
	producer->dead_letter_bytes =
		most > TRUNCATED_LEAST_BYTES ? most : TRUNCATED_LEAST_BYTES;
	log_write(producer->log, LOG_WARN, "dead letters are cut: the topic takes no larger ones",
		  LOG_FIELDS(LOG_TEXT("topic", producer->options.settings->kafka.dead_letter_topic),
			     LOG_NUMBER("bytes", producer->dead_letter_bytes)));
}

/* ---- connecting ---- */

static int create(struct producer *producer, struct error *err)
{
	const struct settings *settings = producer->options.settings;
	char id[512], timeout_ms[24], message_timeout_ms[24], text[256];
	const struct kafka_property forced[] = {
		{"transactional.id", id},
		{"transaction.timeout.ms", timeout_ms},
		{"message.timeout.ms", message_timeout_ms},
		{"enable.idempotence", "true"},
		{"acks", "all"},
		/* With more, a batch that a moving leader refused can be overtaken by the next, and
		 * a broker that knows nothing of the producer yet takes that one as the first: the
		 * refused one is then reported as written, and is not (librdkafka 2.0, Kafka 4.3). */
		{"max.in.flight", "1"},
		{"linger.ms", "0"},
		{"delivery.report.only.error", "true"},
		/* The client waits this long for the markers of the transaction before:
		 * with its default of 100 a transaction takes 98 ms, with 20 it takes 19. */
		{"retry.backoff.ms", "20"},
		{"message.max.bytes", "8388608"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;

	text_format(id, sizeof(id), "%s-%s", settings->kafka.group, settings->worker.id);
	text_format(timeout_ms, sizeof(timeout_ms), "%lld",
		    (long long)settings->kafka.transaction_timeout_ms);
	text_format(message_timeout_ms, sizeof(message_timeout_ms), "%lld",
		    (long long)settings->kafka.transaction_timeout_ms * 3 / 4);
	if (kafka_conf_new(settings, forced, producer, &conf, err) < 0)
		return -1;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	producer->kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	if (producer->kafka != NULL)
		return 0;
	rd_kafka_conf_destroy(conf); /* rd_kafka_new() takes it only on success */
	error_set(err, ERROR_FATAL, "producer", 0, "create producer: %s", text);
	return -1;
}

static int take_error(rd_kafka_error_t *rd_error, const char *doing, struct error *err)
{
	if (rd_error == NULL)
		return 0;
	error_set(err, ERROR_RETRY, "producer", rd_kafka_error_code(rd_error), "%s: %s", doing,
		  rd_kafka_error_string(rd_error));
	if (rd_kafka_error_code(rd_error) == RD_KAFKA_RESP_ERR__FENCED ||
	    rd_kafka_error_code(rd_error) == RD_KAFKA_RESP_ERR_PRODUCER_FENCED)
		error_prefix(err, "another process uses the same [worker] id");
	return -1;
}

static void warm_topics(struct producer *producer)
{
	const struct settings *settings = producer->options.settings;
	const char *const names[] = {settings->kafka.outcomes_topic,
				     settings->kafka.credentials_topic,
				     settings->kafka.inventory_topic,
				     settings->kafka.dead_letter_topic};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		kafka_warm_topic(producer->kafka, names[i]);
}

int producer_prepare(struct producer *producer, struct error *err)
{
	rd_kafka_error_t *rd_error;
	int rc;

	if (producer->kafka != NULL)
		return 0;
	if (create(producer, err) < 0)
		return -1;
	rd_error = rd_kafka_init_transactions(producer->kafka, INIT_TIMEOUT_MS);
	rc = take_error(rd_error, "begin transactions", err);
	if (rd_error != NULL)
		rd_kafka_error_destroy(rd_error);
	if (rc < 0)
		destroy(producer);
	else
		warm_topics(producer);
	return rc;
}

/* ---- one transaction ---- */

/* After a call that failed before the commit was asked for: nothing can be visible. */
static enum transaction_end give_up(struct producer *producer, rd_kafka_error_t *rd_error)
{
	bool abortable = rd_error == NULL || rd_kafka_error_txn_requires_abort(rd_error);
	rd_kafka_error_t *failed = NULL;

	if (rd_error != NULL)
		rd_kafka_error_destroy(rd_error);
	if (abortable)
		failed = rd_kafka_abort_transaction(producer->kafka, REMAINING_TIME);
	if (failed != NULL)
		rd_kafka_error_destroy(failed);
	if (!abortable || failed != NULL)
		destroy(producer);
	return TRANSACTION_ABORTED;
}

static const char *topic_of(const struct settings *settings, enum record_kind kind)
{
	switch (kind) {
	case RECORD_OUTCOME:
		return settings->kafka.outcomes_topic;
	case RECORD_CREDENTIAL:
		return settings->kafka.credentials_topic;
	case RECORD_REQUEST:
		return settings->kafka.requests_topic;
	case RECORD_INVENTORY:
		return settings->kafka.inventory_topic;
	case RECORD_DEAD_LETTER:
	case RECORD_KINDS:
		break;
	}
	return settings->kafka.dead_letter_topic;
}

static int send_record(struct producer *producer, struct record *record, struct error *err)
{
	const char *topic = topic_of(producer->options.settings, record->kind);
	rd_kafka_resp_err_t code;

	if (record->kind == RECORD_DEAD_LETTER)
		deadletter_truncate(record, producer->dead_letter_bytes);
	while ((code = kafka_produce(producer->kafka, topic, record)) ==
	       RD_KAFKA_RESP_ERR__QUEUE_FULL)
		rd_kafka_poll(producer->kafka, QUEUE_FULL_WAIT_MS);
	if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && record->kind == RECORD_DEAD_LETTER) {
		deadletter_truncate(record, TRUNCATED_BYTES);
		code = kafka_produce(producer->kafka, topic, record);
	}
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	error_set(err, ERROR_RETRY, "producer", code, "produce to %s: %s",
		  topic, rd_kafka_err2str(code));
	return -1;
}

static int send_records(struct producer *producer, struct job *const *jobs, size_t count,
			struct error *err)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < jobs[i]->record_count; k++)
			if (send_record(producer, &jobs[i]->records[k], err) < 0)
				return -1;
	return 0;
}

static enum transaction_end commit(struct producer *producer, struct error *err)
{
	rd_kafka_error_t *rd_error;

	crash_point("before_commit");
	crash_point_within("in_commit", 2000);
	rd_error = rd_kafka_commit_transaction(producer->kafka, REMAINING_TIME);
	crash_point("after_commit");
	if (take_error(rd_error, "commit", err) == 0)
		return TRANSACTION_COMMITTED;
	if (!rd_kafka_error_is_fatal(rd_error) && rd_kafka_error_txn_requires_abort(rd_error))
		return give_up(producer, rd_error);
	rd_kafka_error_destroy(rd_error);
	destroy(producer);
	return TRANSACTION_DOUBT;
}

static enum transaction_end transact(struct producer *producer, struct consumer *consumer,
				     struct job *const *jobs, size_t job_count,
				     const struct commit_entries *offsets, struct error *err)
{
	rd_kafka_error_t *rd_error = rd_kafka_begin_transaction(producer->kafka);

	if (take_error(rd_error, "begin", err) < 0) {
		rd_kafka_error_destroy(rd_error);
		destroy(producer);
		return TRANSACTION_ABORTED;
	}
	if (send_records(producer, jobs, job_count, err) < 0)
		return give_up(producer, NULL);
	crash_point("after_produce");
	if (consumer_send_offsets(consumer, producer->kafka, offsets, REMAINING_TIME,
				  &rd_error) < 0) {
		error_set(err, ERROR_RETRY, "producer", 0, "the assignment has changed");
		return give_up(producer, NULL);
	}
	if (take_error(rd_error, "send offsets", err) < 0)
		return give_up(producer, rd_error);
	return commit(producer, err);
}

enum transaction_end producer_transact(struct producer *producer, struct consumer *consumer,
				       struct job *const *jobs, size_t job_count,
				       const struct commit_entries *offsets, struct error *err)
{
	enum transaction_end end;

	producer->is_too_large = false;
	end = transact(producer, consumer, jobs, job_count, offsets, err);
	learn_size(producer);
	return end;
}
