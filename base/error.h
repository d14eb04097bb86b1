/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdint.h>

#include "base/attributes.h"

/*
 * The kind says what the pipeline may do about it; nothing else of an error is
 * ever looked at to decide. Raised where it happens, prefixed on the way up,
 * decided on in worker/verdict.c.
 */
enum error_kind {
	ERROR_NONE,
	ERROR_RETRY,   /* the world is not ready; the same input may work later */
	ERROR_REFUSED, /* a definite no; becomes an outcome */
	ERROR_POISON,  /* this record can never be decoded; dead-letter it */
	ERROR_FATAL,   /* this process must stop; the offset stays uncommitted */
};

struct error {
	enum error_kind kind;
	const char *origin;	/* static name of the module that raised it */
	int code;		/* errno, CURLcode, HTTP status: per origin */
	int64_t retry_after_ms; /* with ERROR_RETRY: not sooner than this; 0 = unsaid */
	char text[400];		/* "grant role: GET /api/users/lookup: connection refused" */
};

/* Fill 'err' (NULL is allowed: the caller does not care). Control bytes in the
 * formatted text are replaced, over-long text is cut. */
void error_set(struct error *err, enum error_kind kind, const char *origin, int code,
	       const char *format, ...) PRINTF_LIKE(5, 6);

/* Put "<formatted>: " before the text of an error that is set. */
void error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

void error_clear(struct error *err);

#endif
