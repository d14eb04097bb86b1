/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_DISPATCHER_H
#define WORKER_DISPATCHER_H

#include "worker/pipeline.h"

/*
 * One thread that claims what is ready, hands it to the workers, renews leases
 * and gives claims back.
 */
struct dispatcher;

struct dispatcher_options {
	struct pipeline *pipeline;
	struct ledger *ledger; /* the dispatcher's own; taken over */
};

struct dispatcher *dispatcher_new(const struct dispatcher_options *options);
/* From here on jobs are claimed and handed to 'work'. */
MUST_CHECK int dispatcher_start(struct dispatcher *dispatcher, const struct work_port *work,
				struct error *err);
/* Nothing is claimed any more. Parked jobs are still given back. */
void dispatcher_stop(struct dispatcher *dispatcher);
void dispatcher_free(struct dispatcher *dispatcher);

/* A port for pipeline_work(): gives the claim back, then postpones the job. */
void dispatcher_park(void *dispatcher, struct job *job, int64_t until_ms);

/* Did the ledger answer when last asked? */
bool dispatcher_ledger_is_up(const struct dispatcher *dispatcher);
int64_t dispatcher_epoch_changes(const struct dispatcher *dispatcher);

#endif
