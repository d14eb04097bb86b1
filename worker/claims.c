/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.c - which jobs are claimed, and renewing their leases.
 *
 * The dispatcher adds and renews, whoever ends a claim removes. The lock is held
 * during the round trip of a renewal, which keeps every job in the batch alive;
 * renewals are rare (a third of the lease apart).
 */
#include "worker/claims.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct claims {
	pthread_mutex_t mutex;
	struct job *first;
	size_t count;
};

struct claims *claims_new(void)
{
	struct claims *claims = mem_zalloc(sizeof(*claims));

	pthread_mutex_init(&claims->mutex, NULL);
	return claims;
}

void claims_free(struct claims *claims)
{
	if (claims == NULL)
		return;
	pthread_mutex_destroy(&claims->mutex);
	free(claims);
}

void claims_add(struct claims *claims, struct job *job)
{
	pthread_mutex_lock(&claims->mutex);
	job->claimed_next = claims->first;
	job->claimed_link = &claims->first;
	if (claims->first != NULL)
		claims->first->claimed_link = &job->claimed_next;
	claims->first = job;
	claims->count++;
	pthread_mutex_unlock(&claims->mutex);
}

void claims_remove(struct claims *claims, struct job *job)
{
	pthread_mutex_lock(&claims->mutex);
	if (job->claimed_link != NULL) {
		*job->claimed_link = job->claimed_next;
		if (job->claimed_next != NULL)
			job->claimed_next->claimed_link = job->claimed_link;
		job->claimed_link = NULL;
		job->claimed_next = NULL;
		claims->count--;
	}
	pthread_mutex_unlock(&claims->mutex);
}

static size_t collect_due(struct claims *claims, int64_t due_ms, struct job **jobs,
			  struct ledger_renewal *renewals)
{
	size_t count = 0;

	for (struct job *job = claims->first; job != NULL; job = job->claimed_next) {
		if (atomic_load(&job->lost) || atomic_load(&job->lease_until_ms) > due_ms)
			continue;
		jobs[count] = job;
		renewals[count++].hold = job_hold(job);
	}
	return count;
}

int claims_renew(struct claims *claims, struct ledger *ledger, int64_t now_ms,
		 int64_t left_ms, struct error *err)
{
	struct ledger_renewal *renewals;
	struct job **jobs;
	size_t count;
	int rc = 0;

	pthread_mutex_lock(&claims->mutex);
	renewals = mem_array(claims->count, sizeof(*renewals));
	jobs = mem_array(claims->count, sizeof(struct job *));
	count = collect_due(claims, now_ms + left_ms, jobs, renewals);
	if (count > 0)
		rc = ledger_renew_many(ledger, renewals, count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (renewals[i].answer == LEDGER_LOST)
			atomic_store(&jobs[i]->lost, true);
		else
			atomic_store(&jobs[i]->lease_until_ms, renewals[i].lease_until_ms);
	}
	pthread_mutex_unlock(&claims->mutex);
	free(jobs);
	free(renewals);
	return rc;
}
