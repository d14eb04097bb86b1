/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_HISTORY_H
#define WORKER_HISTORY_H

#include "codec/record.h"
#include "worker/grants.h"

/*
 * What the ledger kept for later, made anew from the outcomes: requests that are still
 * to come due, and the time-bound grants that are alive. Outcomes may come in any order
 * and more than once. Memory: about half a kilobyte for each that matters here.
 */
struct history;
struct history *history_new(void);
void history_free(struct history *history);

/* A record of the topic of outcomes. ERROR_POISON when it is none. */
MUST_CHECK int history_take(struct history *history, const struct record_view *record,
			    struct error *err);

/* What is due, or will be, and has no outcome; once for each. The record is a request
 * as grantd would have written it. */
struct history_due {
	const char *id, *source; /* of the request */
	int64_t at_ms;
	const struct record *record;
};
typedef int (*history_due_fn)(void *context, const struct history_due *due, struct error *err);
/* -1 as soon as 'visit' answers that. */
MUST_CHECK int history_each_due(struct history *history, history_due_fn visit, void *context,
				struct error *err);

/* The grants of every subject that has one alive. */
typedef int (*history_grants_fn)(void *context, const char *subject,
				 const struct grants *grants, struct error *err);
MUST_CHECK int history_each_subject(struct history *history, history_grants_fn visit,
				    void *context, struct error *err);

#endif
