/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.c - the threads that operations run on.
 *
 * The dispatcher submits claimed jobs, more than can be worked on at once, so that
 * no thread waits for a claim; a thread runs each to its end through pipeline_work(),
 * as many of one Grafana at a time as its gate says. Threads block in libcurl, so there
 * may be many: their stacks are only touched as far as they are used.
 */
#include "worker/workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/memory.h"

/* jansson parses nested JSON by recursion, up to 2048 deep. */
enum { STACK_BYTES = 1024 * 1024, LONG_SHARE = 16 };

/* The jobs of one Grafana that wait for their turn, and how many are being worked on.
 * The first bench is for those that ask no Grafana, the last for those that take long: they
 * get a few of the threads, and take none of a Grafana's places from the others. */
struct bench {
	struct job_queue queue;
	int64_t running, max_running;
	const struct gate *gate; /* says max_running; NULL: it is fixed */
	int64_t fixed_running;
};

struct workers {
	struct workers_options options;
	pthread_t *threads;
	size_t thread_count;
	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t ready;
	struct bench *benches;
	size_t bench_count;
	size_t next_bench; /* they take turns */
	bool stopping;
};

static struct bench *bench_of(struct workers *workers, const struct job *job)
{
	const struct pipeline *pipeline = workers->options.pipeline;

	/* One that has no slot was given up on, and asks nobody. */
	if (job->instance == NULL || !job->scheduled.has_slot)
		return &workers->benches[0];
	if (job->operation->is_long)
		return &workers->benches[workers->bench_count - 1];
	return &workers->benches[1 + (job->instance - pipeline->instances)];
}

static struct bench *find_ready(struct workers *workers)
{
	for (size_t i = 0; i < workers->bench_count; i++) {
		size_t index = (workers->next_bench + i) % workers->bench_count;
		struct bench *bench = &workers->benches[index];

		if (bench->queue.count == 0 || bench->running >= bench->max_running)
			continue;
		workers->next_bench = index + 1;
		return bench;
	}
	return NULL;
}

/* NULL when the thread is to end. */
static struct job *take(struct workers *workers, struct bench **bench)
{
	struct job *job = NULL;

	pthread_mutex_lock(&workers->mutex);
	while ((*bench = find_ready(workers)) == NULL && !workers->stopping)
		pthread_cond_wait(&workers->ready, &workers->mutex);
	if (!workers->stopping) {
		job = job_queue_pop(&(*bench)->queue);
		(*bench)->running++;
	}
	pthread_mutex_unlock(&workers->mutex);
	return job;
}

/* How many more than before may run at once now, of those that wait. */
static size_t take_over_limit(struct bench *bench)
{
	int64_t limit = bench->gate != NULL ? gate_limit(bench->gate) : bench->fixed_running;
	int64_t raised_by = limit - bench->max_running;

	bench->max_running = limit;
	if (raised_by <= 0)
		return 0;
	return (size_t)raised_by < bench->queue.count ? (size_t)raised_by : bench->queue.count;
}

/* The thread that comes from there looks for the next job itself. More threads are
 * woken only when more may run than before. */
static void done(struct workers *workers, struct bench *bench)
{
	size_t more;

	pthread_mutex_lock(&workers->mutex);
	bench->running--;
	more = take_over_limit(bench);
	pthread_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < more; i++)
		pthread_cond_signal(&workers->ready);
}

static void *run(void *context)
{
	struct workers *workers = context;
	struct bench *bench;
	struct job *job;

	prctl(PR_SET_NAME, "worker"); /* what top and gdb show */
	while ((job = take(workers, &bench)) != NULL) {
		struct error err = {0};

		if (pipeline_work(workers->options.pipeline, &workers->options.park, job, &err) < 0)
			workers->options.fatal(workers->options.context, &err);
		done(workers, bench);
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

static void open_benches(struct workers *workers)
{
	const struct settings *settings = workers->options.pipeline->settings;
	size_t last = 1 + settings->instance_count;

	workers->bench_count = last + 1;
	workers->benches = mem_array(workers->bench_count, sizeof(*workers->benches));
	for (size_t i = 0; i <= last; i++) {
		struct bench *bench = &workers->benches[i];

		job_queue_init(&bench->queue);
		bench->fixed_running =
			i == last ? 1 + settings->worker.threads / LONG_SHARE : INT64_MAX;
		if (i > 0 && i < last)
			bench->gate = workers->options.pipeline->instances[i - 1].gate;
		bench->max_running =
			bench->gate != NULL ? gate_limit(bench->gate) : bench->fixed_running;
	}
}

int workers_new(const struct workers_options *options, struct workers **out, struct error *err)
{
	struct workers *workers = mem_zalloc(sizeof(*workers));

	workers->options = *options;
	workers->threads = mem_array(options->threads, sizeof(*workers->threads));
	pthread_mutex_init(&workers->mutex, NULL);
	pthread_cond_init(&workers->ready, NULL);
	open_benches(workers);
	if (start_threads(workers, err) < 0) {
		workers_free(workers);
		return -1;
	}
	*out = workers;
	return 0;
}

void workers_submit(struct workers *workers, struct job *job)
{
	struct bench *bench = bench_of(workers, job);
	bool has_room;

	pthread_mutex_lock(&workers->mutex);
	job_queue_push(&bench->queue, job);
	has_room = bench->running < bench->max_running;
	pthread_mutex_unlock(&workers->mutex);
	/* After the lock, which whoever wakes up wants at once. If there is no room, the next
	 * thread that is done takes the job: nobody is woken to find that he must wait. */
	if (has_room)
		pthread_cond_signal(&workers->ready);
}

void workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	pthread_mutex_lock(&workers->mutex);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->ready);
	pthread_mutex_unlock(&workers->mutex);
	for (size_t i = 0; i < workers->thread_count; i++)
		pthread_join(workers->threads[i], NULL);
	for (size_t i = 0; i < workers->bench_count; i++)
		for (struct job *job; (job = job_queue_pop(&workers->benches[i].queue)) != NULL;)
			pipeline_end(workers->options.pipeline, job);
	pthread_cond_destroy(&workers->ready);
	pthread_mutex_destroy(&workers->mutex);
	free(workers->benches);
	free(workers->threads);
	free(workers);
}
