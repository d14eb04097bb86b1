/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_COMMITS_H
#define WORKER_COMMITS_H

#include "worker/assignment.h"
#include "worker/ports.h"

/* What a consumer group has committed, asked through a member's client. */
struct rd_kafka_s;
struct rd_kafka_topic_partition_list_s;

/* Fills in the list's offsets and metadata. Answers an rd_kafka_resp_err_t: that of the
 * call, or of the first partition that failed by itself. */
MUST_CHECK int commits_ask(struct rd_kafka_s *kafka,
			   struct rd_kafka_topic_partition_list_s *list);

/* Of each place: COMMIT_DONE or COMMIT_PENDING. -1 RETRY. */
MUST_CHECK int commits_states(struct rd_kafka_s *kafka, const struct ledger_place *places,
			      size_t count, enum commit_state *states, struct error *err);

/* A record below the log's start can't be read by anybody any more, nor can one whose
 * topic or partition is gone. */
MUST_CHECK bool commits_is_gone(struct rd_kafka_s *kafka, const struct ledger_place *place);

/* As librdkafka wants them; the caller destroys the list. */
struct rd_kafka_topic_partition_list_s *commits_list(const struct commit_entries *entries);

#endif
