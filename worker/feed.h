/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_FEED_H
#define WORKER_FEED_H

#include "worker/pipeline.h"

/*
 * What an operation that reads much hands on while it runs, record by record, to
 * access.inventory; and where it learns that it has to end. For the thread of one turn.
 */
struct feed;

struct feed *feed_new(struct pipeline *pipeline, struct job *job);
void feed_free(struct feed *feed);

/* -1 RETRY when this attempt is to end: the worker stops or gives its partitions up, or
 * the claim is lost. To be asked before each call to Grafana. */
MUST_CHECK int feed_may_go_on(struct feed *feed, struct error *err);

/* Takes the record over, sent or not. -1 RETRY as above, or Kafka does not take it. */
MUST_CHECK int feed_send(struct feed *feed, struct record *record, struct error *err);
/* All of it is in Kafka. */
MUST_CHECK int feed_flush(struct feed *feed, struct error *err);
/* For the log: what is being read now. Static. */
void feed_tell(struct feed *feed, const char *phase);

#endif
