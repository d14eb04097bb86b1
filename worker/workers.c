/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.c - the threads that operations run on.
 *
 * The dispatcher submits claimed jobs; a thread runs each to its end through
 * pipeline_work(). Threads block in libcurl, so there may be many: their stacks
 * are only touched as far as they are used.
 */
#include "worker/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* jansson parses nested JSON by recursion, up to 2048 deep. */
enum { STACK_BYTES = 1024 * 1024 };

struct workers {
	struct workers_options options;
	pthread_t *threads;
	size_t thread_count;
	pthread_mutex_t mutex;
	pthread_cond_t ready;
	struct job_queue queue;
	bool stopping;
};

static struct job *take(struct workers *workers)
{
	struct job *job;

	pthread_mutex_lock(&workers->mutex);
	while (workers->queue.count == 0 && !workers->stopping)
		pthread_cond_wait(&workers->ready, &workers->mutex);
	job = workers->stopping ? NULL : job_queue_pop(&workers->queue);
	pthread_mutex_unlock(&workers->mutex);
	return job;
}

static void *run(void *context)
{
	struct workers *workers = context;
	struct job *job;

	while ((job = take(workers)) != NULL) {
		struct error err = {0};

		if (pipeline_work(workers->options.pipeline, &workers->options.park, job, &err) < 0)
			workers->options.fatal(workers->options.context, &err);
	}
	return NULL;
}

static int start_threads(struct workers *workers, struct error *err)
{
	pthread_attr_t attributes;
	int rc = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (rc == 0 && workers->thread_count < workers->options.threads) {
		rc = pthread_create(&workers->threads[workers->thread_count], &attributes, run,
				    workers);
		workers->thread_count += rc == 0;
	}
	pthread_attr_destroy(&attributes);
	if (rc != 0)
		error_set(err, ERROR_FATAL, "workers", rc, "start thread %zu of %zu: %s",
			  workers->thread_count + 1, workers->options.threads, strerror(rc));
	return rc == 0 ? 0 : -1;
}

int workers_new(const struct workers_options *options, struct workers **out, struct error *err)
{
	struct workers *workers = mem_zalloc(sizeof(*workers));

	workers->options = *options;
	workers->threads = mem_array(options->threads, sizeof(*workers->threads));
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->ready, NULL);
	job_queue_init(&workers->queue);
	if (start_threads(workers, err) < 0) {
		workers_free(workers);
		return -1;
	}
	*out = workers;
	return 0;
}

void workers_submit(struct workers *workers, struct job *job)
{
	pthread_mutex_lock(&workers->mutex);
	job_queue_push(&workers->queue, job);
	pthread_cond_signal(&workers->ready);
	pthread_mutex_unlock(&workers->mutex);
}

void workers_free(struct workers *workers)
{
	struct job *job;

	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->mutex);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->ready);
	pthread_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < workers->thread_count; i++)
		pthread_join(workers->threads[i], NULL);
	while ((job = job_queue_pop(&workers->queue)) != NULL)
		pipeline_end(workers->options.pipeline, job, JOB_STALE);
	pthread_cond_destroy(&workers->ready);
	pthread_mutex_destroy(&workers->mutex);
	free(workers->threads);
	free(workers);
}
