/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_DUE_H
#define WORKER_DUE_H

#include "worker/pipeline.h"

/* How fast what is due goes; the caller's, zeroed. */
struct due {
	int64_t since_ms; /* steady clock; when all that was taken had last been published */
};

/*
 * Dispatcher thread, now and then: requests that have come due are handed to the
 * publisher, which writes them to the topic of requests and then drops them from the
 * ledger. While they cannot be published no more are taken. *more: there may be more than
 * were taken. -1 RETRY, the ledger is away.
 */
MUST_CHECK int due_publish(struct due *due, struct pipeline *pipeline, struct ledger *ledger,
			   bool *more, struct error *err);

#endif
