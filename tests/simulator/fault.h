/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_FAULT_H
#define TESTS_SIMULATOR_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;
struct json_t;

/* What happens to the answer. */
enum fault_effect {
	FAULT_NONE,
	FAULT_STATUS,	    /* an error answer instead of the real one */
	FAULT_UNTYPED_401,  /* 401 without a messageId: the server's trouble */
	FAULT_BAD_PASSWORD, /* the 401 for wrong credentials */
	FAULT_HTML,	    /* the page of a suspended or restarting server */
	FAULT_HANG,	    /* no answer for delay_ms, or until the client goes */
	FAULT_RESET,	    /* the connection is reset */
	FAULT_TRUNCATE,	    /* Content-Length promises more than comes */
	FAULT_BAD_JSON,
	FAULT_HUGE_BODY,
	FAULT_SLOW_DRIP,    /* a byte every delay_ms */
	FAULT_WRONG_TYPE,   /* numbers where strings belong and so on */
	FAULT_DELAY,	    /* late, but normal */
};

struct fault_kind {
	const char *name;
	enum fault_effect effect;
	bool applies; /* whether the request takes effect */
	int status;   /* of the answer; 0 keeps the real one */
};

/* One injected fault as it hits one request; plain values, so that clearing the
 * list does not disturb a request in flight. */
struct fault_plan {
	const struct fault_kind *kind; /* NULL: none */
	bool applies;
	int status;
	int64_t delay_ms; /* -1: not given */
	int64_t body_bytes;
	char retry_after[64];
	char message[256];
};

struct fault;

struct fault_list {
	struct fault *first;
	int64_t last_id;
};

/* From the control endpoint's JSON. 0 and *id set, or -1 and *problem says what is wrong. */
int fault_list_add(struct fault_list *list, struct json_t *spec, int64_t *id,
		   const char **problem);
void fault_list_clear(struct fault_list *list);
/* The first fault that is due for this request, counted as used; plan->kind is NULL if none. */
void fault_list_match(struct fault_list *list, const char *method, const char *path,
		      struct fault_plan *plan);
/* A JSON array. */
void fault_list_write(const struct fault_list *list, struct buffer *out);

#endif
