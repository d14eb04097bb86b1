/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka.c - the one file of grantctl that talks to Kafka.
 *
 * Called by the commands and by inventory_store.c. Reading uses the partition consumer,
 * which needs no group and so no rights on one, and commits nothing. read_committed: what
 * is shown is what a vault or a portal would see.
 */
#include "ctl/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/limits.h"
#include "worker/kafka.h"

static const char ORIGIN[] = "kafka";
enum { TIMEOUT_MS = 10000, POLL_MS = 100, SILENCE_MS = 60000, ERROR_TEXT_BYTES = 256 };

static const struct kafka_property consumer_properties[] = {
	{"isolation.level", "read_committed"},
	{"enable.partition.eof", "true"},
	{"auto.offset.reset", "earliest"},
	{"enable.auto.commit", "false"},
	{"allow.auto.create.topics", "false"},
	{NULL, NULL},
};

/* First member of what kafka_conf_new() is given, by its contract. */
struct opaque {
	struct log *log;
	rd_kafka_resp_err_t delivery;
	bool delivered;
};

static void set_fault(struct error *err, const char *doing, rd_kafka_resp_err_t code)
{
	bool away = code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
		    code == RD_KAFKA_RESP_ERR__TRANSPORT ||
		    code == RD_KAFKA_RESP_ERR__MSG_TIMED_OUT ||
		    code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
		    code == RD_KAFKA_RESP_ERR__RESOLVE ||
		    code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;

	error_set(err, away ? ERROR_RETRY : ERROR_REFUSED, ORIGIN, code, "%s: %s", doing,
		  rd_kafka_err2str(code));
}

static int open_client(const struct kafka_access *access, rd_kafka_type_t type,
		       const struct kafka_property *forced, struct opaque *opaque,
		       void (*prepare)(rd_kafka_conf_t *conf), rd_kafka_t **kafka,
		       struct error *err)
{
	rd_kafka_conf_t *conf = NULL;
	char text[ERROR_TEXT_BYTES];

	opaque->log = access->log;
	if (kafka_conf_new(access->settings, forced, opaque, &conf, err) < 0)
		return -1;
	if (prepare != NULL)
		prepare(conf);
	*kafka = rd_kafka_new(type, conf, text, sizeof(text));
	if (*kafka != NULL)
		return 0;
	rd_kafka_conf_destroy(conf); /* rd_kafka_new() takes it only on success */
	error_set(err, ERROR_FATAL, ORIGIN, 0, "[kafka] properties: %s", text);
	return -1;
}

static int open_consumer(const struct kafka_access *access, struct opaque *opaque,
			 rd_kafka_t **kafka, struct error *err)
{
	return open_client(access, RD_KAFKA_CONSUMER, consumer_properties, opaque, NULL, kafka,
			   err);
}

int kafka_check_properties(const struct kafka_access *access, struct error *err)
{
	struct opaque opaque = {0};
	rd_kafka_t *kafka = NULL;

	/* Some faults are only found by making a client; nobody waits for it to connect. */
	if (open_consumer(access, &opaque, &kafka, err) < 0)
		return -1;
	rd_kafka_destroy(kafka);
	return 0;
}

/* ---- writing ---- */

static void on_delivery(rd_kafka_t *kafka, const rd_kafka_message_t *message, void *context)
{
	struct opaque *opaque = context;

	(void)kafka;
	opaque->delivery = message->err;
	opaque->delivered = true;
}

static void prepare_producer(rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

static int send_letter(rd_kafka_t *kafka, const struct kafka_letter *letter,
		       struct opaque *opaque, struct error *err)
{
	const rd_kafka_vu_t parts[] = {
		{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = letter->topic},
		{.vtype = RD_KAFKA_VTYPE_KEY,
		 .u.mem = {(void *)(uintptr_t)letter->key, strlen(letter->key)}},
		{.vtype = RD_KAFKA_VTYPE_VALUE,
		 .u.mem = {(void *)(uintptr_t)letter->value.data, letter->value.length}},
		{.vtype = RD_KAFKA_VTYPE_HEADER,
		 .u.header = {"content-type", letter->content_type, -1}}, /* -1: a string */
		{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
	};
	rd_kafka_error_t *fault = rd_kafka_produceva(kafka, parts, ARRAY_COUNT(parts));
	rd_kafka_resp_err_t code = rd_kafka_error_code(fault);

	rd_kafka_error_destroy(fault);
	/* librdkafka itself gives up after message.timeout.ms, and says so. */
	while (code == RD_KAFKA_RESP_ERR_NO_ERROR && !opaque->delivered)
		rd_kafka_poll(kafka, POLL_MS);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		code = opaque->delivery;
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	set_fault(err, letter->topic, code);
	error_prefix(err, "write to");
	return -1;
}

int kafka_send(const struct kafka_access *access, const struct kafka_letter *letter,
	       struct error *err)
{
	/* A send that is repeated is harmless: the id is the same. */
	static const struct kafka_property forced[] = {
		{"acks", "all"},
		{"message.timeout.ms", "30000"},
		{"linger.ms", "0"},
		{NULL, NULL},
	};
	struct opaque opaque = {0};
	rd_kafka_t *kafka = NULL;
	int rc;

	if (open_client(access, RD_KAFKA_PRODUCER, forced, &opaque, prepare_producer, &kafka,
			err) < 0)
		return -1;
	rc = send_letter(kafka, letter, &opaque, err);
	rd_kafka_purge(kafka, RD_KAFKA_PURGE_F_QUEUE);
	rd_kafka_destroy(kafka);
	return rc;
}

/* ---- reading ---- */

struct kafka_reader {
	struct opaque opaque;
	char *topic_name;
	rd_kafka_t *kafka;
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *queue;
	int32_t *partitions;
	bool *ended;
	size_t count;	/* of partitions */
	size_t started; /* of them, being read */
	size_t ended_count;
};

static int list_partitions(struct kafka_reader *reader, struct error *err)
{
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t code =
		rd_kafka_metadata(reader->kafka, 0, reader->topic, &metadata, TIMEOUT_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		set_fault(err, "brokers", code);
		return -1;
	}
	code = metadata->topic_cnt == 1 ? metadata->topics[0].err
					: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		set_fault(err, reader->topic_name, code);
	} else {
		reader->count = (size_t)metadata->topics[0].partition_cnt;
		reader->partitions = mem_array(reader->count, sizeof(*reader->partitions));
		reader->ended = mem_array(reader->count, sizeof(*reader->ended));
		for (size_t i = 0; i < reader->count; i++)
			reader->partitions[i] = metadata->topics[0].partitions[i].id;
	}
	rd_kafka_metadata_destroy(metadata);
	return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : -1;
}

static int start_partition(struct kafka_reader *reader, int32_t partition,
			   enum kafka_from from, struct error *err)
{
	int64_t low = 0, high = 0;
	rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
		reader->kafka, reader->topic_name, partition, &low, &high, TIMEOUT_MS);

	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		set_fault(err, reader->topic_name, code);
		return -1;
	}
	if (rd_kafka_consume_start_queue(reader->topic, partition,
					 from == KAFKA_FROM_END ? high : low,
					 reader->queue) == 0)
		return 0;
	set_fault(err, reader->topic_name, rd_kafka_last_error());
	return -1;
}

int kafka_reader_new(const struct kafka_access *access, const char *topic,
		     enum kafka_from from, struct kafka_reader **out, struct error *err)
{
	struct kafka_reader *reader = mem_zalloc(sizeof(*reader));

	reader->topic_name = mem_strdup(topic);
	if (open_consumer(access, &reader->opaque, &reader->kafka, err) < 0)
		goto fail;
	reader->topic = rd_kafka_topic_new(reader->kafka, topic, NULL);
	reader->queue = rd_kafka_queue_new(reader->kafka);
	if (reader->topic == NULL) {
		set_fault(err, topic, rd_kafka_last_error());
		goto fail;
	}
	if (list_partitions(reader, err) < 0)
		goto fail;
	for (; reader->started < reader->count; reader->started++)
		if (start_partition(reader, reader->partitions[reader->started], from, err) < 0)
			goto fail;
	*out = reader;
	return 0;
fail:
	error_prefix(err, "read");
	kafka_reader_free(reader);
	return -1;
}

void kafka_reader_free(struct kafka_reader *reader)
{
	if (reader == NULL)
		return;
	for (size_t i = 0; i < reader->started; i++)
		rd_kafka_consume_stop(reader->topic, reader->partitions[i]);
	if (reader->queue != NULL)
		rd_kafka_queue_destroy(reader->queue);
	if (reader->topic != NULL)
		rd_kafka_topic_destroy(reader->topic);
	if (reader->kafka != NULL)
		rd_kafka_destroy(reader->kafka);
	free(reader->partitions);
	free(reader->ended);
	free(reader->topic_name);
	free(reader);
}

static size_t view_headers(const rd_kafka_message_t *message, struct header_view *headers,
			   size_t max)
{
	rd_kafka_headers_t *list = NULL;
	size_t count = 0;

	if (rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	for (; count < max; count++) {
		struct header_view *header = &headers[count];
		const void *value = NULL;

		if (rd_kafka_header_get_all(list, count, &header->name, &value,
					    &header->value.length) != RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		header->value.data = value;
	}
	return count;
}

static void give_record(struct kafka_reader *reader, const rd_kafka_message_t *message,
			kafka_take_fn take, void *context)
{
	struct header_view headers[LIMIT_HEADERS];
	rd_kafka_timestamp_type_t type;
	const struct record_view record = {
		.topic = reader->topic_name,
		.partition = message->partition,
		.offset = message->offset,
		.timestamp_ms = rd_kafka_message_timestamp(message, &type),
		.key = {message->key, message->key_len},
		.value = {message->payload, message->len},
		.headers = headers,
		.header_count = view_headers(message, headers, ARRAY_COUNT(headers)),
	};

	take(context, &record);
}

/* True when this was the last partition that had something left. */
static bool note_end(struct kafka_reader *reader, int32_t partition)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (reader->partitions[i] != partition || reader->ended[i])
			continue;
		reader->ended[i] = true;
		reader->ended_count++;
		return reader->ended_count == reader->count;
	}
	return false;
}

static int read_message(struct kafka_reader *reader, const rd_kafka_message_t *message,
			kafka_take_fn take, void *context, enum kafka_read *what,
			struct error *err)
{
	*what = KAFKA_READ_NOTHING;
	if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
		give_record(reader, message, take, context);
		*what = KAFKA_READ_RECORD;
	} else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		if (note_end(reader, message->partition))
			*what = KAFKA_READ_END;
	} else if (message->err != RD_KAFKA_RESP_ERR__TRANSPORT) { /* it reconnects */
		set_fault(err, reader->topic_name, message->err);
		error_prefix(err, "read");
		return -1;
	}
	return 0;
}

int kafka_reader_next(struct kafka_reader *reader, int64_t timeout_ms, kafka_take_fn take,
		      void *context, enum kafka_read *what, struct error *err)
{
	rd_kafka_message_t *message = rd_kafka_consume_queue(reader->queue, (int)timeout_ms);
	int rc;

	rd_kafka_poll(reader->kafka, 0);
	*what = KAFKA_READ_NOTHING;
	if (message == NULL)
		return 0;
	rc = read_message(reader, message, take, context, what, err);
	rd_kafka_message_destroy(message);
	return rc;
}

int kafka_read_topic(const struct kafka_access *access, const char *topic, kafka_take_fn take,
		     void *context, struct error *err)
{
	const struct clock *clock = clock_system();
	enum kafka_read what = KAFKA_READ_NOTHING;
	struct kafka_reader *reader = NULL;
	int rc = kafka_reader_new(access, topic, KAFKA_FROM_BEGINNING, &reader, err);
	int64_t heard_ms = clock_steady_ms(clock);

	while (rc == 0 && what != KAFKA_READ_END) {
		rc = kafka_reader_next(reader, POLL_MS, take, context, &what, err);
		if (what == KAFKA_READ_RECORD)
			heard_ms = clock_steady_ms(clock);
		if (rc == 0 && clock_steady_ms(clock) - heard_ms > SILENCE_MS) {
			error_set(err, ERROR_RETRY, ORIGIN, 0,
				  "read %s: its end was not reached, and nothing came for %d s",
				  topic, SILENCE_MS / 1000);
			rc = -1;
		}
	}
	kafka_reader_free(reader);
	return rc;
}

/* ---- looking ---- */

static int inspect_topic(rd_kafka_t *kafka, const char *name, int *partitions, int *brokers,
			 struct error *err)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, name, NULL);
	const struct rd_kafka_metadata *metadata = NULL;
	rd_kafka_resp_err_t code =
		topic == NULL ? rd_kafka_last_error()
			      : rd_kafka_metadata(kafka, 0, topic, &metadata, TIMEOUT_MS);

	if (topic != NULL)
		rd_kafka_topic_destroy(topic);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		set_fault(err, name, code);
		return -1;
	}
	*brokers = metadata->broker_cnt;
	*partitions = 0;
	if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
		*partitions = metadata->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(metadata);
	return 0;
}

int kafka_inspect(const struct kafka_access *access, const char *const *topics, size_t count,
		  int *partitions, int *brokers, struct error *err)
{
	struct opaque opaque = {0};
	rd_kafka_t *kafka = NULL;
	int rc = 0;

	if (open_consumer(access, &opaque, &kafka, err) < 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = inspect_topic(kafka, topics[i], &partitions[i], brokers, err);
	rd_kafka_destroy(kafka);
	return rc;
}
