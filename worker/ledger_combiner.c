/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_combiner.c - steps of many threads in few round trips.
 *
 * Called by worker threads before a write. Nobody waits for company: a thread that
 * finds the connection free goes at once, and the first of those who queued meanwhile
 * goes next, taking the others along. Each waits on a semaphore of its own and is
 * woken outside the lock: only who has an answer, or is to lead, wakes up, and never
 * to find the lock taken. Owns the ledger it was given.
 *
 * Fails as the ledger does; each member of a failed batch gets the same error.
 */
#include "worker/ledger.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "base/memory.h"

enum { BATCH_MAX = 64 };

struct waiter { /* lives on the stack of the thread that waits */
	struct ledger_step *step;
	struct error err;
	int rc;
	bool must_lead; /* woken for that, not with an answer */
	sem_t wake;
	struct waiter *next;
};

struct ledger_combiner {
	struct ledger *ledger; /* of the leader, while there is one */
	pthread_mutex_t mutex; /* guards all below */
	bool led; /* while false the queue is empty */
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

/* The leader is the first of them. */
static size_t take_batch(struct ledger_combiner *combiner, struct waiter **batch)
{
	size_t count = 0;

	pthread_mutex_lock(&combiner->mutex);
	while (combiner->first != NULL && count < BATCH_MAX) {
		batch[count++] = combiner->first;
		combiner->first = combiner->first->next;
	}
	if (combiner->first == NULL)
		combiner->end = &combiner->first;
	pthread_mutex_unlock(&combiner->mutex);
	return count;
}

/* Whoever is first now leads next; nobody, and the connection is free. */
static void hand_over(struct ledger_combiner *combiner)
{
	struct waiter *next;

	pthread_mutex_lock(&combiner->mutex);
	next = combiner->first;
	combiner->led = next != NULL;
	pthread_mutex_unlock(&combiner->mutex);
	if (next == NULL)
		return;
	next->must_lead = true;
	sem_post(&next->wake);
}

static void answer(struct waiter *waiter, const struct ledger_step *step, int rc,
		   const struct error *err)
{
	waiter->rc = rc;
	if (rc == 0)
		*waiter->step = *step;
	else
		waiter->err = *err;
}

static void lead(struct ledger_combiner *combiner)
{
	struct waiter *batch[BATCH_MAX];
	struct ledger_step steps[BATCH_MAX];
	struct error err = {0};
	size_t count = take_batch(combiner, batch);
	int rc;

	for (size_t i = 0; i < count; i++)
		steps[i] = *batch[i]->step;
	rc = ledger_step_many(combiner->ledger, steps, count, &err);
	hand_over(combiner);
	answer(batch[0], &steps[0], rc, &err);
	for (size_t i = 1; i < count; i++) {
		answer(batch[i], &steps[i], rc, &err);
		sem_post(&batch[i]->wake); /* from here on it may be gone */
	}
}

/* Whoever finds the connection free leads; the others are told when it is their turn. */
static bool enqueue(struct ledger_combiner *combiner, struct waiter *self)
{
	bool leads;

	pthread_mutex_lock(&combiner->mutex);
	*combiner->end = self;
	combiner->end = &self->next;
	leads = !combiner->led;
	combiner->led = true;
	pthread_mutex_unlock(&combiner->mutex);
	return leads;
}

static void wait_for_wake(struct waiter *self)
{
	while (sem_wait(&self->wake) < 0)
		; /* a signal */
}

int ledger_combiner_step(struct ledger_combiner *combiner, struct ledger_step *step,
			 struct error *err)
{
	struct waiter self = {.step = step};

	sem_init(&self.wake, 0, 0);
	if (enqueue(combiner, &self)) {
		lead(combiner);
	} else {
		wait_for_wake(&self);
		if (self.must_lead)
			lead(combiner);
	}
	sem_destroy(&self.wake);
	if (self.rc < 0 && err != NULL)
		*err = self.err;
	return self.rc;
}
