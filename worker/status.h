/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_STATUS_H
#define WORKER_STATUS_H

#include "worker/consumer.h"
#include "worker/dispatcher.h"

/* What the worker tells about itself: health, readiness, metrics. */
struct status;

struct status_options {
	const struct settings *settings;
	struct pipeline *pipeline;
	struct dispatcher *dispatcher;
	struct consumer *consumer;
};

MUST_CHECK int status_new(const struct status_options *options, struct status **status,
			  struct error *err);
void status_free(struct status *status);

#endif
