/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PROBER_H
#define WORKER_PROBER_H

#include "worker/pipeline.h"

/*
 * A thread that finds out what each Grafana is and what our credentials are worth there:
 * at start, when the breaker has closed again, and when its version has changed. It
 * holds no slot, delays no request and fails none; what it finds is logged, and the
 * version is what capability.c goes by.
 */
struct prober;

/* The pipeline's instances and scheduler must outlive it. */
MUST_CHECK int prober_new(struct pipeline *pipeline, struct prober **prober, struct error *err);

/* No further call is begun. Returns at once. */
void prober_stop(struct prober *prober);
/* Waits for the call that is under way, if there is one. */
void prober_free(struct prober *prober);

#endif
