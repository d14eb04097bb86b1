/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CONSUMER_H
#define WORKER_CONSUMER_H

#include "worker/assignment.h"
#include "worker/pipeline.h"

/*
 * The group member: reads records one at a time, hands them to the pipeline, and
 * keeps the assignment up to date. All but the functions marked otherwise are
 * for one thread.
 */
struct consumer;
struct commit_entries;
struct rd_kafka_s;

struct consumer_options {
	const struct settings *settings;
	struct log *log;
	const struct clock *clock;
	struct pipeline *pipeline;
	struct assignment *assignment;
	/* Called on revocation, after what waits has been dropped: lets what runs
	 * finish and be committed, or gives up after a while. */
	void (*settle_all)(void *context);
	void *context;
};

MUST_CHECK int consumer_new(const struct consumer_options *options, struct consumer **consumer,
			    struct error *err);
/* Leaves the group: the partitions are revoked first (settle_all is called). */
void consumer_leave(struct consumer *consumer);
void consumer_free(struct consumer *consumer);

/* Read what there is for at most 'timeout_ms': at most one record. -1 only for ERROR_FATAL. */
MUST_CHECK int consumer_poll(struct consumer *consumer, int64_t timeout_ms, struct error *err);
/* Read nothing more; rebalances are still served. */
void consumer_pause(struct consumer *consumer);

/* Forget what waits in lanes; for use within settle_all, and while draining. */
void consumer_drop_waiting(struct consumer *consumer);

/* Any thread. Has the group member been assigned, or told that there is nothing for it? */
bool consumer_has_joined(const struct consumer *consumer);

/* Any thread: see struct commit_port; takes several places at once. */
MUST_CHECK int consumer_commit_states(struct consumer *consumer,
				      const struct ledger_place *places, size_t count,
				      enum commit_state *states, struct error *err);
int consumer_commit_state(void *consumer, const struct ledger_place *place,
			  enum commit_state *state, struct error *err);

/*
 * Publisher thread: send these offsets into the producer's open transaction, as the
 * group member of that generation. The broker refuses a member that has been
 * fenced. What came of it is for the publisher to judge: rd_kafka_error_t * in
 * *rd_error, NULL = sent. -1: the generation is gone, nothing was sent.
 */
struct rd_kafka_error_s;
MUST_CHECK int consumer_send_offsets(struct consumer *consumer, struct rd_kafka_s *producer,
				     const struct commit_entries *entries, int timeout_ms,
				     struct rd_kafka_error_s **rd_error);

#endif
