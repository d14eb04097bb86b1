/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_RUNNER_H
#define WORKER_RUNNER_H

#include "worker/pipeline.h"
#include "worker/turn.h"
#include "worker/verdict.h"

/* What the callbacks of a turn need. */
struct runner {
	struct pipeline *pipeline;
	struct job *job;
	bool held_back; /* a plan came to a write */
};

/* The turn of a claimed job, with what an earlier attempt left; its callbacks use the
 * runner as long as it lives. End it with turn_clear(). */
void runner_begin(struct turn *turn, struct pipeline *pipeline, struct job *job,
		  struct runner *runner);

/* Run the operation. Fills in what Grafana's gate is told and attempt->rc. */
void runner_run(struct turn *turn, struct runner *runner, struct gate_report *report,
		struct attempt *attempt, struct error *err);

#endif
