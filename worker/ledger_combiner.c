/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_combiner.c - steps of many threads in few round trips.
 *
 * Called by worker threads before a write. Nobody waits for company: a thread that
 * finds the connection free goes at once, with all who queued while it was busy.
 * A thread that does not lead sleeps on a condition of its own, so that only those
 * who have an answer, and the next leader, wake up. Owns the ledger it was given.
 *
 * Fails as the ledger does; each member of a failed batch gets the same error.
 */
#include "worker/ledger.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

enum { BATCH_MAX = 64 };

struct waiter { /* lives on the stack of the thread that waits */
	struct ledger_step *step;
	struct error err;
	int rc;
	bool answered;
	pthread_cond_t wake;
	struct waiter *next;
};

struct ledger_combiner {
	struct ledger *ledger; /* of the leader, while there is one */
	pthread_mutex_t mutex; /* guards all below, and the waiters */
	bool led;
	struct waiter *first;
	struct waiter **end;
};

struct ledger_combiner *ledger_combiner_new(struct ledger *ledger)
{
	struct ledger_combiner *combiner = mem_zalloc(sizeof(*combiner));

	combiner->ledger = ledger;
	combiner->end = &combiner->first;
	pthread_mutex_init(&combiner->mutex, NULL);
	return combiner;
}

void ledger_combiner_free(struct ledger_combiner *combiner)
{
	if (combiner == NULL)
		return;
	ledger_free(combiner->ledger);
	pthread_mutex_destroy(&combiner->mutex);
	free(combiner);
}

static size_t take_batch(struct ledger_combiner *combiner, struct waiter **batch)
{
	size_t count = 0;

	while (combiner->first != NULL && count < BATCH_MAX) {
		batch[count++] = combiner->first;
		combiner->first = combiner->first->next;
	}
	if (combiner->first == NULL)
		combiner->end = &combiner->first;
	return count;
}

static void answer(struct waiter *waiter, const struct ledger_step *step, int rc,
		   const struct error *err)
{
	waiter->rc = rc;
	if (rc == 0)
		*waiter->step = *step;
	else
		waiter->err = *err;
	waiter->answered = true;
	pthread_cond_signal(&waiter->wake);
}

/* With the mutex held, which is let go during the round trip. */
static void lead(struct ledger_combiner *combiner)
{
	struct waiter *batch[BATCH_MAX];
	struct ledger_step steps[BATCH_MAX];
	struct error err = {0};
	size_t count = take_batch(combiner, batch);
	int rc;

	for (size_t i = 0; i < count; i++)
		steps[i] = *batch[i]->step;
	combiner->led = true;
	pthread_mutex_unlock(&combiner->mutex);
	rc = ledger_step_many(combiner->ledger, steps, count, &err);
	pthread_mutex_lock(&combiner->mutex);
	combiner->led = false;
	for (size_t i = 0; i < count; i++)
		answer(batch[i], &steps[i], rc, &err);
	if (combiner->first != NULL)
		pthread_cond_signal(&combiner->first->wake);
}

int ledger_combiner_step(struct ledger_combiner *combiner, struct ledger_step *step,
			 struct error *err)
{
	struct waiter self = {.step = step};

	pthread_cond_init(&self.wake, NULL);
	pthread_mutex_lock(&combiner->mutex);
	*combiner->end = &self;
	combiner->end = &self.next;
	while (!self.answered) {
		if (combiner->led)
			pthread_cond_wait(&self.wake, &combiner->mutex);
		else
			lead(combiner);
	}
	pthread_mutex_unlock(&combiner->mutex);
	pthread_cond_destroy(&self.wake);
	if (self.rc < 0 && err != NULL)
		*err = self.err;
	return self.rc;
}
