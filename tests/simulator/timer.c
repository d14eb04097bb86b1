/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.c - holds suspended connections and resumes them.
 *
 * Plain waits are in a heap by time. Those that watch their client are in a list
 * that is polled every 20 ms: a suspended connection is not on the server's epoll.
 */

#include "tests/simulator/timer.h"

#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

enum { WATCH_EVERY_NS = 20 * 1000 * 1000 };
static const int64_t ns_per_us = 1000, ns_per_s = 1000000000;

struct held {
	int64_t due_ns;
	struct MHD_Connection *connection;
	bool *gone; /* NULL: does not watch */
};

struct held_list {
	struct held *items;
	size_t count, capacity;
};

struct timer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool stopping;
	struct held_list heap; /* the earliest is first */
	struct held_list watched;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * ns_per_s + now.tv_nsec;
}

static void list_push(struct held_list *list, struct held held)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		list->items = mem_grow_array(list->items, list->capacity, sizeof(struct held));
	}
	list->items[list->count++] = held;
}

static void swap(struct held *left, struct held *right)
{
	struct held kept = *left;

	*left = *right;
	*right = kept;
}

static void heap_push(struct held_list *heap, struct held held)
{
	size_t at;

	list_push(heap, held);
	for (at = heap->count - 1; at > 0; at = (at - 1) / 2) {
		if (heap->items[(at - 1) / 2].due_ns <= heap->items[at].due_ns)
			break;
		swap(&heap->items[at], &heap->items[(at - 1) / 2]);
	}
}

static struct held heap_pop(struct held_list *heap)
{
	struct held first = heap->items[0];
	size_t at = 0;

	heap->items[0] = heap->items[--heap->count];
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
			if (child < heap->count &&
			    heap->items[child].due_ns < heap->items[least].due_ns)
				least = child;
		if (least == at)
			return first;
		swap(&heap->items[at], &heap->items[least]);
		at = least;
	}
}

static bool client_is_gone(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct pollfd poll_fd = {.fd = info->connect_fd, .events = POLLRDHUP};

	return poll(&poll_fd, 1, 0) > 0 &&
	       (poll_fd.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

static void release_due(struct timer *timer, int64_t now)
{
	struct held_list *watched = &timer->watched;

	while (timer->heap.count > 0 &&
	       (timer->stopping || timer->heap.items[0].due_ns <= now))
		MHD_resume_connection(heap_pop(&timer->heap).connection);
	for (size_t i = watched->count; i-- > 0;) {
		struct held held = watched->items[i];
		bool gone = timer->stopping || client_is_gone(held.connection);

		if (!gone && held.due_ns > now)
			continue;
		*held.gone = gone;
		watched->items[i] = watched->items[--watched->count];
		MHD_resume_connection(held.connection);
	}
}

static void wait_for_next(struct timer *timer, int64_t now)
{
	int64_t due_ns = timer->watched.count > 0 ? now + WATCH_EVERY_NS : INT64_MAX;
	struct timespec until;

	if (timer->heap.count > 0 && timer->heap.items[0].due_ns < due_ns)
		due_ns = timer->heap.items[0].due_ns;
	if (due_ns == INT64_MAX) {
		pthread_cond_wait(&timer->changed, &timer->lock);
		return;
	}
	until.tv_sec = due_ns / ns_per_s;
	until.tv_nsec = due_ns % ns_per_s;
	pthread_cond_timedwait(&timer->changed, &timer->lock, &until);
}

static void *timer_main(void *argument)
{
	struct timer *timer = argument;

	pthread_mutex_lock(&timer->lock);
	for (;;) {
		int64_t now = now_ns();

		release_due(timer, now);
		if (timer->stopping)
			break;
		wait_for_next(timer, now);
	}
	pthread_mutex_unlock(&timer->lock);
	return NULL;
}

struct timer *timer_new(void)
{
	struct timer *timer = mem_zalloc(sizeof *timer);
	pthread_condattr_t monotonic;

	pthread_mutex_init(&timer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&timer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&timer->thread, NULL, timer_main, timer) != 0)
		abort();
	return timer;
}

void timer_hold(struct timer *timer, struct MHD_Connection *connection, int64_t wait_us,
		bool *gone)
{
	struct held held = {.connection = connection, .gone = gone};

	held.due_ns = wait_us < 0 ? INT64_MAX : now_ns() + wait_us * ns_per_us;
	pthread_mutex_lock(&timer->lock);
	if (timer->stopping) {
		if (gone != NULL)
			*gone = true;
		MHD_resume_connection(connection);
	} else if (gone != NULL) {
		list_push(&timer->watched, held);
		pthread_cond_signal(&timer->changed);
	} else {
		heap_push(&timer->heap, held);
		if (timer->heap.items[0].connection == connection)
			pthread_cond_signal(&timer->changed);
	}
	pthread_mutex_unlock(&timer->lock);
}

size_t timer_release(struct timer *timer)
{
	size_t count;

	pthread_mutex_lock(&timer->lock);
	count = timer->heap.count + timer->watched.count;
	for (size_t i = 0; i < timer->heap.count; i++)
		timer->heap.items[i].due_ns = 0;
	for (size_t i = 0; i < timer->watched.count; i++)
		timer->watched.items[i].due_ns = 0;
	pthread_cond_signal(&timer->changed);
	pthread_mutex_unlock(&timer->lock);
	return count;
}

void timer_stop(struct timer *timer)
{
	pthread_mutex_lock(&timer->lock);
	timer->stopping = true;
	pthread_cond_signal(&timer->changed);
	pthread_mutex_unlock(&timer->lock);
	pthread_join(timer->thread, NULL);
}

void timer_free(struct timer *timer)
{
	pthread_mutex_destroy(&timer->lock);
	pthread_cond_destroy(&timer->changed);
	free(timer->heap.items);
	free(timer->watched.items);
	free(timer);
}
