/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_call.c - the inventory's questions to Grafana and its records to Kafka.
 *
 * Called by the other files of the inventory. A snapshot is hundreds of reads, and begins
 * anew when one comes to nothing; so a read that failed before it told anything is asked
 * again a few times here. Between any two calls the feed says whether to go on.
 */
#include <time.h>

#include "worker/inventory.h"

enum { TRIES = 4, FIRST_WAIT_MS = 250, LONGEST_WAIT_MS = 5000, STEP_MS = 50 };

/* Not in one piece: a worker that is to stop stops. */
static int wait_for_retry(struct inventory *inventory, int64_t wait_ms, struct error *err)
{
	const struct timespec step = {0, STEP_MS * 1000000L};
	int64_t until_ms = clock_steady_ms(inventory->turn->clock) + wait_ms;

	while (clock_steady_ms(inventory->turn->clock) < until_ms) {
		if (feed_may_go_on(inventory->feed, err) < 0)
			return -1;
		nanosleep(&step, NULL);
	}
	return 0;
}

static int64_t wait_after(const struct error *err, int tries)
{
	int64_t wait_ms = (int64_t)FIRST_WAIT_MS << tries;

	return err->retry_after_ms > wait_ms ? err->retry_after_ms : wait_ms;
}

int inventory_list(struct inventory *inventory, const struct list_place *place,
		   int (*take)(void *context, const struct listed *item, struct error *err),
		   void *context, struct list_end *end, struct answer *answer,
		   struct error *err)
{
	const struct list_visitor visitor = {take, context};

	for (int tries = 0;; tries++) {
		struct error fault = {0};
		int64_t wait_ms;

		if (feed_may_go_on(inventory->feed, err) < 0)
			return -1;
		if (grafana_list(inventory->turn->grafana, place, &visitor, end, answer,
				 &fault) == 0)
			return 0;
		wait_ms = wait_after(&fault, tries);
		*err = fault;
		if (fault.kind != ERROR_RETRY || fault.code == 401 || end->count > 0 ||
		    tries + 1 == TRIES || wait_ms > LONGEST_WAIT_MS)
			return -1;
		if (wait_for_retry(inventory, wait_ms, err) < 0)
			return -1;
		error_clear(err);
	}
}

int inventory_send(struct inventory *inventory, struct record *record, struct error *err)
{
	inventory->end.counts.records++;
	if (inventory->turn->request->mode == MODE_PLAN) {
		record_clear(record);
		return feed_may_go_on(inventory->feed, err);
	}
	return feed_send(inventory->feed, record, err);
}

enum fact inventory_fact(enum listed_fact fact)
{
	static const enum fact facts[] = {
		[LISTED_UNSAID] = FACT_UNSAID,
		[LISTED_NO] = FACT_NO,
		[LISTED_YES] = FACT_YES,
	};

	return facts[fact];
}
