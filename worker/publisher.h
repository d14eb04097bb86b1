/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PUBLISHER_H
#define WORKER_PUBLISHER_H

#include "worker/consumer.h"
#include "worker/pipeline.h"

/*
 * One thread that gathers settled jobs, completes them in the ledger, and commits
 * their records together with the consumer's offsets.
 */
struct publisher;

struct publisher_options {
	const struct settings *settings;
	struct log *log;
	const struct clock *clock;
	struct pipeline *pipeline;
	struct assignment *assignment;
	struct ledger *ledger; /* the publisher's own; taken over */
};

struct publisher *publisher_new(const struct publisher_options *options);
MUST_CHECK int publisher_start(struct publisher *publisher, struct consumer *consumer,
			       struct error *err);
/* Ends the thread at once; jobs it still has are freed, and found again in the ledger. */
void publisher_free(struct publisher *publisher);

/* A settle_port. */
void publisher_settle(void *publisher, struct job *job);

/* From here on nothing is waited for: what is settled is committed at once. */
enum publisher_pace { PUBLISHER_GATHERS, PUBLISHER_HURRIES };
void publisher_set_pace(struct publisher *publisher, enum publisher_pace pace);

#endif
