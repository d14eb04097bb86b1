/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_WORKERS_H
#define WORKER_WORKERS_H

#include "worker/pipeline.h"

/* A pool of plain blocking threads, each taking one claimed job at a time. */
struct workers;

struct workers_options {
	struct pipeline *pipeline;
	struct park_port park;
	size_t threads;
	/* Called once, from a worker, when the process must stop (ERROR_FATAL). */
	void (*fatal)(void *context, const struct error *err);
	void *context;
};

MUST_CHECK int workers_new(const struct workers_options *options, struct workers **workers,
			   struct error *err);
/* Takes the job over. */
void workers_submit(struct workers *workers, struct job *job);
/* Lets every thread finish what it has in hand, and frees what is still queued. */
void workers_free(struct workers *workers);

#endif
