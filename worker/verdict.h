/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_VERDICT_H
#define WORKER_VERDICT_H

#include "grafana/reply.h"
#include "worker/ports.h"

/* Grafana's definite no, as a reason of ours. Not for OK and DOUBT. */
enum reason verdict_of_answer(enum answer_code code);

/* What is to become of a job after an attempt. */
enum verdict {
	VERDICT_SETTLE,	  /* the outcome stands: publish it */
	VERDICT_GIVE_UP,  /* its deadline has passed: publish that */
	VERDICT_RETRY,	  /* later */
	VERDICT_RECLAIM,  /* another holds it, or may: drop it here and ask the ledger again */
	VERDICT_STOP,	  /* this process must end; the offset stays uncommitted */
};

struct attempt {
	int rc;			 /* what the operation answered */
	const struct error *err; /* with rc -1 */
	bool lost;		 /* the ledger said that another holds the request */
	int64_t now_ms;		 /* wall clock */
	int64_t deadline_ms;	 /* wall clock; 0 = none */
};
enum verdict verdict_of_attempt(const struct attempt *attempt);

/* How long to wait before attempt number 'retries' + 1, given why the last one failed. */
int64_t verdict_delay_ms(const struct settings *settings, int64_t retries,
			 const struct error *err);

#endif
