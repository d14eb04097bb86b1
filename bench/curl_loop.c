/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_loop.c - what the HTTP calls of a request cost with bare libcurl.
 *
 *     curl-loop THREADS COUNT PER_S FIRST_ID USER:PASSWORD CALL...
 *
 * Called by bench/run. COUNT rounds are shared out among THREADS threads, each with
 * one keep-alive connection; a round makes each CALL once. PER_S rounds begin in a
 * second; 0: as many as there can be. A CALL is one argument, "GET URL" or "METHOD
 * URL BODY", in which {n} stands for the number of the round and {id} for FIRST_ID
 * plus that number. Nothing is decoded; that is the point.
 *
 * Prints one line of JSON: calls, failed (no answer, or a status other than 2xx),
 * cpu_us (user and system, of the whole process) and wall_us, measured from when
 * every thread has connected to when the last one is through.
 *
 * Fails: exit 1 if a call failed or a thread could not start, 2 for wrong usage.
 */
#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum {
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	MAX_THREADS = 1024,
	MAX_CALLS = 8,
	TEXT_BYTES = 1024,
	STACK_BYTES = 256 * 1024,
};

struct call {
	char method[16];
	const char *url;
	size_t url_length;
	const char *body; /* NULL: none */
};

struct loop {
	struct call calls[MAX_CALLS];
	int call_count;
	int threads;
	int64_t rounds, per_s, first_id;
	int64_t began_us;
	const char *login;
	struct curl_slist *plain, *with_body;
	pthread_barrier_t connected;
	_Atomic int64_t next, failed;
};

/* ---- the templates ---- */

static int64_t placeholder(const struct loop *loop, const char *text, int64_t round, size_t *skip)
{
	if (strncmp(text, "{n}", 3) == 0) {
		*skip = 3;
		return round;
	}
	*skip = strncmp(text, "{id}", 4) == 0 ? 4 : 0;
	return loop->first_id + round;
}

/* False if the room of TEXT_BYTES is not enough. */
static bool fill(const struct loop *loop, const char *template, size_t length, int64_t round,
		 char *out)
{
	size_t used = 0, skip;

	for (size_t i = 0; i < length; i += skip == 0 ? 1 : skip) {
		int64_t number = placeholder(loop, template + i, round, &skip);

		if (used + 24 > TEXT_BYTES)
			return false;
		if (skip == 0)
			out[used++] = template[i];
		else
			used += (size_t)snprintf(out + used, TEXT_BYTES - used, "%" PRId64, number);
	}
	out[used] = '\0';
	return true;
}

/* ---- one thread ---- */

static size_t ignore(char *bytes, size_t size, size_t length, void *context)
{
	(void)bytes, (void)size, (void)context;
	return length;
}

static CURL *open_handle(const struct loop *loop)
{
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L);
	curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(curl, CURLOPT_USERPWD, loop->login);
	return curl;
}

static bool make_call(const struct loop *loop, CURL *curl, const struct call *call,
		      int64_t round)
{
	char url[TEXT_BYTES];
	bool is_get = strcmp(call->method, "GET") == 0;
	long status = 0;

	if (!fill(loop, call->url, call->url_length, round, url))
		return false;
	if (call->body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call->body);
	else
		curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, is_get ? NULL : call->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER,
			 call->body != NULL ? loop->with_body : loop->plain);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	if (curl_easy_perform(curl) != CURLE_OK)
		return false;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status <= 299;
}

static int64_t steady_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void wait_for_turn(const struct loop *loop, int64_t round)
{
	struct timespec due;
	int64_t due_us;

	if (loop->per_s == 0)
		return;
	due_us = loop->began_us + round * 1000000 / loop->per_s;
	due.tv_sec = due_us / 1000000;
	due.tv_nsec = due_us % 1000000 * 1000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

/* The first call of all is a read; made once before the clock starts, it connects. */
static void *run_thread(void *context)
{
	struct loop *loop = context;
	CURL *curl = open_handle(loop);

	if (curl == NULL || !make_call(loop, curl, &loop->calls[0], 0))
		atomic_fetch_add(&loop->failed, 1);
	pthread_barrier_wait(&loop->connected); /* all have connected */
	pthread_barrier_wait(&loop->connected); /* the clock runs */
	for (;;) {
		int64_t round = atomic_fetch_add(&loop->next, 1);

		if (curl == NULL || round >= loop->rounds)
			break;
		wait_for_turn(loop, round);
		for (int i = 0; i < loop->call_count; i++)
			if (!make_call(loop, curl, &loop->calls[i], round))
				atomic_fetch_add(&loop->failed, 1);
	}
	pthread_barrier_wait(&loop->connected); /* all are through */
	curl_easy_cleanup(curl);
	return NULL;
}

/* ---- all of them ---- */

static int64_t cpu_us(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * (int64_t)1000000 +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* False if not all can be started: those that wait for the rest end with the process. */
static bool start_threads(struct loop *loop, pthread_t *threads)
{
	pthread_attr_t attributes;
	bool ok = true;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	for (int i = 0; i < loop->threads && ok; i++)
		ok = pthread_create(&threads[i], &attributes, run_thread, loop) == 0;
	pthread_attr_destroy(&attributes);
	return ok;
}

static int run_loop(struct loop *loop)
{
	static pthread_t threads[MAX_THREADS];
	int64_t cpu, wall_us;

	pthread_barrier_init(&loop->connected, NULL, (unsigned)loop->threads + 1);
	if (!start_threads(loop, threads)) {
		fputs("curl-loop: cannot start the threads\n", stderr);
		return EXIT_FAILED;
	}
	pthread_barrier_wait(&loop->connected);
	cpu = cpu_us();
	loop->began_us = steady_us();
	pthread_barrier_wait(&loop->connected);
	pthread_barrier_wait(&loop->connected);
	wall_us = steady_us() - loop->began_us;
	cpu = cpu_us() - cpu;
	for (int i = 0; i < loop->threads; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&loop->connected);
	printf("{\"calls\":%" PRId64 ",\"failed\":%" PRId64 ",\"cpu_us\":%" PRId64
	       ",\"wall_us\":%" PRId64 "}\n",
	       loop->rounds * loop->call_count, (int64_t)atomic_load(&loop->failed), cpu, wall_us);
	return atomic_load(&loop->failed) == 0 ? 0 : EXIT_FAILED;
}

/* ---- arguments ---- */

static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
	char *end = NULL;

	*number = strtoll(text, &end, 10);
	return end != text && *end == '\0' && *number >= min && *number <= max;
}

static bool parse_call(const char *text, struct call *call)
{
	size_t method = strcspn(text, " ");

	if (method == 0 || method >= sizeof(call->method) || text[method] == '\0')
		return false;
	memcpy(call->method, text, method);
	call->url = text + method + 1;
	call->url_length = strcspn(call->url, " ");
	if (call->url[call->url_length] != '\0')
		call->body = call->url + call->url_length + 1;
	return call->url_length > 0;
}

static bool parse(struct loop *loop, int count, char **words)
{
	int64_t threads = 0;

	if (count < 7 || count - 6 > MAX_CALLS ||
	    !parse_number(words[1], 1, MAX_THREADS, &threads) ||
	    !parse_number(words[2], 1, INT64_C(1000000000), &loop->rounds) ||
	    !parse_number(words[3], 0, 1000000, &loop->per_s) ||
	    !parse_number(words[4], 1, INT64_C(1000000000000), &loop->first_id))
		return false;
	loop->threads = (int)threads;
	loop->login = words[5];
	for (int i = 6; i < count; i++)
		if (!parse_call(words[i], &loop->calls[loop->call_count++]))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct loop loop = {0};
	int rc;

	if (!parse(&loop, argc, argv)) {
		fputs("usage: curl-loop THREADS COUNT PER_S FIRST_ID USER:PASSWORD "
		      "\"GET URL\" \"PATCH URL BODY\"...\n",
		      stderr);
		return EXIT_USAGE;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	loop.plain = curl_slist_append(NULL, "Accept: application/json");
	loop.with_body = curl_slist_append(NULL, "Accept: application/json");
	loop.with_body = curl_slist_append(loop.with_body, "Content-Type: application/json");
	rc = run_loop(&loop);
	curl_slist_free_all(loop.plain);
	curl_slist_free_all(loop.with_body);
	curl_global_cleanup();
	return rc;
}
