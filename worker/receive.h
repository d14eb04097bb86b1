/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_RECEIVE_H
#define WORKER_RECEIVE_H

#include "worker/pipeline.h"

/* A job for the record, decoded: bound to its action and Grafana, or refused; with a
 * dead letter if it can't be read. The caller owns it. It has somebody to answer only
 * if request.id and request.source are there. */
struct job *receive_record(struct pipeline *pipeline, const struct record_view *view,
			   int64_t assignment);

#endif
