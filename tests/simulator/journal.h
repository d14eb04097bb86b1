/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_JOURNAL_H
#define TESTS_SIMULATOR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct buffer;
struct journal_entry;

/* Every request to the simulated API, newest last; bounded. Passwords never get in. */
struct journal {
	struct journal_entry *entries; /* a ring */
	size_t capacity;
	size_t first, count;
	int64_t last_n; /* numbers go on through a clear */
	bool enabled;
	FILE *file; /* JSON lines of what is finished, or NULL */
};

/* What is known when a request has arrived. Texts are borrowed; NULL where absent. */
struct journal_request {
	const char *method, *path, *query, *login, *user_agent, *traceparent, *org_header;
	const char *credential; /* its kind; static */
	const char *body;
	size_t body_bytes;
	const char *fault;
	bool is_write;
	int64_t at_ms;
};

enum { JOURNAL_NO_STATUS = 0 }; /* the client got no answer */

int journal_open(struct journal *journal, const char *path_or_null);
void journal_clear(struct journal *journal);
void journal_close(struct journal *journal);
/* The request's number; 0 while the journal is off. */
int64_t journal_begin(struct journal *journal, const struct journal_request *request);
/* The request has taken effect (or been refused); its answer is still held back. */
void journal_progress(struct journal *journal, int64_t n, int real_status, bool applied);
/* 'status' is what was sent, 'real_status' what the handler had answered (0: it did not run). */
void journal_finish(struct journal *journal, int64_t n, int status, int real_status,
		    bool applied, int64_t now_ms);
/* A JSON array of the entries after number 'since'; with writes_only, of the writes. */
void journal_write(const struct journal *journal, int64_t since, bool writes_only,
		   struct buffer *out);

#endif
