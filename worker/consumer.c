/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consumer.c - the member of the consumer group.
 *
 * Polled by the main thread. Never commits: offsets go into the publisher's
 * transactions. Eager assignment only: librdkafka 2.0.2's cooperative path has
 * known defects, and with eager a batch is either wholly current or wholly stale.
 * Records are polled one by one, since batch consumption before 2.1.0 may skip or
 * misreport offsets around a rebalance.
 */
#include "worker/consumer.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "worker/commits.h"
#include "worker/kafka.h"

enum {
	HOLD_MS = 1000,
	HOLD_STEP_MS = 2,
	COMMITTED_PATIENCE_MS = 60000,
	COMMITTED_PAUSE_MS = 100,
	RESUME_MS = 100,
};

struct consumer {
	struct log *log; /* first: see kafka_conf_new() */
	struct consumer_options options;
	rd_kafka_t *kafka;
	atomic_bool joined;
	bool all_paused;     /* too many jobs in flight, or draining */
	int64_t full_since_ms; /* too many jobs in flight; 0 = not */
	bool draining;
	rd_kafka_topic_partition_list_t *full; /* those paused for their own window */
	int64_t next_look_ms; /* when to look whether they have room again */
	struct error fatal;

	pthread_mutex_t mutex; /* of what follows */
	rd_kafka_consumer_group_metadata_t *metadata;
	int64_t generation; /* the assignment's that the metadata belongs to */
};

/* ---- rebalance ---- */

/* Nothing may be read without knowing what is committed: an outcome that was committed
 * and not yet marked in the ledger would be published once more. */
static void read_commits(struct consumer *consumer, rd_kafka_topic_partition_list_t *list)
{
	const struct timespec pause = {0, COMMITTED_PAUSE_MS * 1000000};
	int64_t give_up_ms = clock_steady_ms(consumer->options.clock) + COMMITTED_PATIENCE_MS;
	rd_kafka_resp_err_t code;

	while ((code = commits_ask(consumer->kafka, list)) != RD_KAFKA_RESP_ERR_NO_ERROR &&
	       clock_steady_ms(consumer->options.clock) < give_up_ms)
		nanosleep(&pause, NULL);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		error_set(&consumer->fatal, ERROR_FATAL, "consumer", code,
			  "read committed offsets: %s", rd_kafka_err2str(code));
}

static void add_partition(struct consumer *consumer, rd_kafka_topic_partition_t *entry)
{
	bool damaged = false;
	int64_t frontier = entry->offset >= 0 ? entry->offset : -1;

	assignment_add(consumer->options.assignment, entry->topic, entry->partition, frontier,
		       entry->metadata, entry->metadata_size, &damaged);
	if (damaged)
		log_write(consumer->log, LOG_WARN, "commit metadata is not grantd's; ignored",
			  LOG_FIELDS(LOG_TEXT("topic", entry->topic),
				     LOG_NUMBER("part", entry->partition)));
	log_write(consumer->log, LOG_INFO, "assigned",
		  LOG_FIELDS(LOG_TEXT("topic", entry->topic), LOG_NUMBER("part", entry->partition),
			     LOG_NUMBER("off", frontier)));
}

/* The metadata of this generation is kept, so that a transaction of this
 * assignment can never be committed in the name of a later one. */
static void keep_metadata(struct consumer *consumer)
{
	pthread_mutex_lock(&consumer->mutex);
	if (consumer->metadata != NULL)
		rd_kafka_consumer_group_metadata_destroy(consumer->metadata);
	consumer->metadata = rd_kafka_consumer_group_metadata(consumer->kafka);
	consumer->generation = assignment_generation(consumer->options.assignment);
	pthread_mutex_unlock(&consumer->mutex);
}

/* In librdkafka a partition that is given away stays paused, and still is when it comes
 * back (2.0.2, #1849). */
static void forget_pauses(struct consumer *consumer, rd_kafka_topic_partition_list_t *given)
{
	if (given->cnt > 0)
		rd_kafka_resume_partitions(consumer->kafka, given);
	rd_kafka_topic_partition_list_destroy(consumer->full);
	consumer->full = rd_kafka_topic_partition_list_new(8);
	consumer->all_paused = false;
}

static void on_assigned(struct consumer *consumer, const rd_kafka_topic_partition_list_t *given)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_copy(given);
	rd_kafka_resp_err_t code;

	if (list->cnt > 0)
		read_commits(consumer, list);
	if (consumer->fatal.kind != ERROR_NONE)
		goto out;
	assignment_begin(consumer->options.assignment);
	for (int i = 0; i < list->cnt; i++)
		add_partition(consumer, &list->elems[i]);
	keep_metadata(consumer);
	forget_pauses(consumer, list);
	code = rd_kafka_assign(consumer->kafka, list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		error_set(&consumer->fatal, ERROR_FATAL, "consumer", code, "assign: %s",
			  rd_kafka_err2str(code));
	atomic_store(&consumer->joined, true);
out:
	rd_kafka_topic_partition_list_destroy(list);
}

static void collect_number(void *context, const char *topic, int32_t partition, int64_t number,
			   bool full, size_t pending)
{
	int64_t **cursor = context;

	(void)topic, (void)partition, (void)full, (void)pending;
	*(*cursor)++ = number;
}

void consumer_drop_waiting(struct consumer *consumer)
{
	struct assignment *assignment = consumer->options.assignment;
	/* Only this thread adds partitions, so the count stands. */
	int64_t *numbers = mem_array(assignment_count(assignment), sizeof(*numbers));
	int64_t *end = numbers;

	assignment_each(assignment, collect_number, &end);
	for (const int64_t *number = numbers; number < end; number++)
		pipeline_drop(consumer->options.pipeline, *number);
	free(numbers);
}

static void on_revoked(struct consumer *consumer)
{
	bool lost = rd_kafka_assignment_lost(consumer->kafka) != 0;

	log_write(consumer->log, LOG_INFO, lost ? "assignment lost" : "revoked", NULL);
	consumer_drop_waiting(consumer);
	if (!lost)
		consumer->options.settle_all(consumer->options.context);
	consumer_drop_waiting(consumer);
	assignment_begin(consumer->options.assignment);
	rd_kafka_assign(consumer->kafka, NULL);
}

static void on_rebalance(rd_kafka_t *kafka, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
	(void)kafka;
	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
		on_assigned(opaque, partitions);
	else
		on_revoked(opaque);
}

/* ---- start and end ---- */

static int subscribe(struct consumer *consumer, struct error *err)
{
	rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(topics, consumer->options.settings->kafka.requests_topic,
					  RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(consumer->kafka, topics);
	rd_kafka_topic_partition_list_destroy(topics);
	if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	error_set(err, ERROR_FATAL, "consumer", code, "subscribe to %s: %s",
		  consumer->options.settings->kafka.requests_topic, rd_kafka_err2str(code));
	return -1;
}

static int connect_group(struct consumer *consumer, struct error *err)
{
	const struct settings *settings = consumer->options.settings;
	const struct kafka_property forced[] = {
		{"group.id", settings->kafka.group},
		{"enable.auto.commit", "false"},
		{"enable.auto.offset.store", "false"},
		{"isolation.level", "read_committed"},
		{"auto.offset.reset", "earliest"},
		/* Seconds' worth of small requests: less saves memory, but a client before
		 * 2.2.0 that finds its queue full fetches nothing for a whole second. A larger
		 * record still comes, alone (KIP-74). */
		{"queued.max.messages.kbytes", "2048"},
		{"fetch.max.bytes", "1048576"},
		{"fetch.message.max.bytes", "131072"},
		{NULL, NULL},
	};
	rd_kafka_conf_t *conf = NULL;
	char text[256];

	if (kafka_conf_new(settings, forced, consumer, &conf, err) < 0)
		return -1;
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	consumer->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
	if (consumer->kafka == NULL) {
		rd_kafka_conf_destroy(conf); /* rd_kafka_new() takes it only on success */
		error_set(err, ERROR_FATAL, "consumer", 0, "create consumer: %s", text);
		return -1;
	}
	rd_kafka_poll_set_consumer(consumer->kafka);
	return subscribe(consumer, err);
}

int consumer_new(const struct consumer_options *options, struct consumer **out,
		 struct error *err)
{
	struct consumer *consumer = mem_zalloc(sizeof(*consumer));

	consumer->log = options->log;
	consumer->options = *options;
	pthread_mutex_init(&consumer->mutex, NULL);
	consumer->full = rd_kafka_topic_partition_list_new(8);
	if (connect_group(consumer, err) < 0) {
		consumer_free(consumer);
		return -1;
	}
	*out = consumer;
	return 0;
}

void consumer_leave(struct consumer *consumer)
{
	if (consumer->kafka != NULL)
		rd_kafka_consumer_close(consumer->kafka);
}

void consumer_free(struct consumer *consumer)
{
	if (consumer == NULL)
		return;
	if (consumer->metadata != NULL)
		rd_kafka_consumer_group_metadata_destroy(consumer->metadata);
	if (consumer->kafka != NULL)
		rd_kafka_destroy(consumer->kafka);
	rd_kafka_topic_partition_list_destroy(consumer->full);
	pthread_mutex_destroy(&consumer->mutex);
	free(consumer);
}

bool consumer_has_joined(const struct consumer *consumer)
{
	return atomic_load(&consumer->joined);
}

/* ---- pausing ---- */

static void set_paused(struct consumer *consumer, rd_kafka_topic_partition_list_t *list,
		       bool paused)
{
	if (list->cnt > 0 && paused)
		rd_kafka_pause_partitions(consumer->kafka, list);
	else if (list->cnt > 0)
		rd_kafka_resume_partitions(consumer->kafka, list);
}

struct choice {
	rd_kafka_topic_partition_list_t *list;
	const rd_kafka_topic_partition_list_t *among; /* NULL = all */
	bool full_too;
};

static void choose(void *context, const char *topic, int32_t partition, int64_t number,
		   bool full, size_t pending)
{
	struct choice *choice = context;

	(void)number, (void)pending;
	if (full && !choice->full_too)
		return;
	if (choice->among == NULL ||
	    rd_kafka_topic_partition_list_find(choice->among, topic, partition) != NULL)
		rd_kafka_topic_partition_list_add(choice->list, topic, partition);
}

static void pause_all(struct consumer *consumer)
{
	struct choice choice = {rd_kafka_topic_partition_list_new(8), NULL, true};

	assignment_each(consumer->options.assignment, choose, &choice);
	set_paused(consumer, choice.list, true);
	rd_kafka_topic_partition_list_destroy(choice.list);
	consumer->all_paused = true;
}

static void pause_one(struct consumer *consumer, const char *topic, int32_t partition)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic, partition);
	set_paused(consumer, list, true);
	rd_kafka_topic_partition_list_destroy(list);
	if (rd_kafka_topic_partition_list_find(consumer->full, topic, partition) == NULL)
		rd_kafka_topic_partition_list_add(consumer->full, topic, partition);
}

void consumer_pause(struct consumer *consumer)
{
	consumer->draining = true;
	pause_all(consumer);
}

/* Only what is paused, since resuming throws away what was fetched as well; and not what
 * has no room yet: that is looked at again, as long as there is any. */
static void resume(struct consumer *consumer, int64_t now_ms)
{
	struct choice choice = {.among = consumer->all_paused ? NULL : consumer->full};

	if (!consumer->all_paused &&
	    (consumer->full->cnt == 0 || now_ms < consumer->next_look_ms))
		return;
	consumer->next_look_ms = now_ms + RESUME_MS;
	choice.list = rd_kafka_topic_partition_list_new(8);
	assignment_each(consumer->options.assignment, choose, &choice);
	set_paused(consumer, choice.list, false);
	for (int i = 0; i < choice.list->cnt; i++)
		rd_kafka_topic_partition_list_del(consumer->full, choice.list->elems[i].topic,
						  choice.list->elems[i].partition);
	rd_kafka_topic_partition_list_destroy(choice.list);
	consumer->all_paused = false;
}

/* Whether to wait a moment instead of reading. Pausing throws away what was fetched, so
 * it is for when things stand still: then only polling serves rebalances. Resumes below
 * three quarters, so that it does not flap. */
static bool must_hold(struct consumer *consumer)
{
	size_t jobs = atomic_load(&consumer->options.pipeline->jobs);
	size_t max = (size_t)consumer->options.settings->worker.max_in_flight;
	int64_t now_ms = clock_steady_ms(consumer->options.clock);

	if (jobs < max)
		consumer->full_since_ms = 0;
	if (consumer->draining || consumer->all_paused || jobs < max) {
		if (!consumer->draining && jobs <= max / 4 * 3)
			resume(consumer, now_ms);
		return false;
	}
	if (consumer->full_since_ms == 0)
		consumer->full_since_ms = now_ms;
	if (now_ms - consumer->full_since_ms < HOLD_MS)
		return true;
	pause_all(consumer);
	return false;
}

/* ---- reading ---- */

static size_t view_headers(const rd_kafka_message_t *message, struct header_view *headers,
			   size_t max)
{
	rd_kafka_headers_t *list = NULL;
	size_t count = 0;

	if (rd_kafka_message_headers(message, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return 0;
	while (count < max) {
		const void *value = NULL;

		if (rd_kafka_header_get_all(list, count, &headers[count].name, &value,
					    &headers[count].value.length) !=
		    RD_KAFKA_RESP_ERR_NO_ERROR)
			break;
		headers[count++].value.data = value;
	}
	return count;
}

static void receive(struct consumer *consumer, const rd_kafka_message_t *message)
{
	struct header_view headers[LIMIT_HEADERS + 1]; /* one more: too many is told */
	struct record_view view = {
		/* The pipeline keeps the name beyond the message's life. */
		.topic = consumer->options.settings->kafka.requests_topic,
		.partition = message->partition,
		.offset = message->offset,
		.key = {message->key, message->key_len},
		.value = {message->payload, message->len},
		.headers = headers,
	};
	rd_kafka_timestamp_type_t type;
	int64_t number = 0;
	bool full = false;

	if (assignment_receive(consumer->options.assignment, view.topic, view.partition,
			       view.offset, &number, &full) == RECEIVE_TAKE) {
		view.timestamp_ms = rd_kafka_message_timestamp(message, &type);
		view.header_count = view_headers(message, headers, ARRAY_COUNT(headers));
		pipeline_receive(consumer->options.pipeline, &view, number);
	}
	if (full)
		pause_one(consumer, view.topic, view.partition);
}

static void note_trouble(struct consumer *consumer, const rd_kafka_message_t *message)
{
	char text[256];
	rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(consumer->kafka, text, sizeof(text));

	if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR)
		error_set(&consumer->fatal, ERROR_FATAL, "consumer", fatal, "%s", text);
	else
		log_write(consumer->log, LOG_WARN, "consumer",
			  LOG_FIELDS(LOG_TEXT("error", rd_kafka_message_errstr(message))));
}

int consumer_poll(struct consumer *consumer, int64_t timeout_ms, struct error *err)
{
	const struct timespec moment = {0, HOLD_STEP_MS * 1000000};
	rd_kafka_message_t *message;

	if (must_hold(consumer)) {
		nanosleep(&moment, NULL);
		return 0;
	}
	message = rd_kafka_consumer_poll(consumer->kafka, (int)timeout_ms);
	if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
		receive(consumer, message);
	else if (message != NULL)
		note_trouble(consumer, message);
	if (message != NULL)
		rd_kafka_message_destroy(message);
	if (consumer->fatal.kind == ERROR_NONE)
		return 0;
	*err = consumer->fatal;
	return -1;
}

/* ---- what the group has committed ---- */

int consumer_commit_states(struct consumer *consumer, const struct ledger_place *places,
			   size_t count, enum commit_state *states, struct error *err)
{
	return commits_states(consumer->kafka, places, count, states, err);
}

int consumer_commit_state(void *context, const struct ledger_place *place,
			  enum commit_state *state, struct error *err)
{
	struct consumer *consumer = context;

	if (commits_states(consumer->kafka, place, 1, state, err) < 0)
		return -1;
	if (*state == COMMIT_PENDING && commits_is_gone(consumer->kafka, place))
		*state = COMMIT_GONE;
	return 0;
}

/* ---- offsets in transactions ---- */

int consumer_send_offsets(struct consumer *consumer, rd_kafka_t *producer,
			  const struct commit_entries *entries, int timeout_ms,
			  rd_kafka_error_t **rd_error)
{
	rd_kafka_topic_partition_list_t *list = commits_list(entries);
	int rc = -1;

	/* Held during the call: an assignment that comes meanwhile waits, so that the
	 * metadata can't be replaced under it. */
	pthread_mutex_lock(&consumer->mutex);
	if (consumer->metadata != NULL && consumer->generation == entries->generation) {
		*rd_error = rd_kafka_send_offsets_to_transaction(producer, list,
								 consumer->metadata, timeout_ms);
		rc = 0;
	}
	pthread_mutex_unlock(&consumer->mutex);
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}
