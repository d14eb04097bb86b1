/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/error.h"

/* error: a human must act. warn: degraded. info: one line per request settled,
 * start, stop. debug: the rest. */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log; /* opaque; safe to use from any thread */

struct log_field {
	const char *key; /* NULL ends the list */
	const char *text; /* NULL: 'number' is meant */
	int64_t number;
};

#define LOG_TEXT(key, value) ((struct log_field){(key), (value) != NULL ? (value) : "", 0})
#define LOG_NUMBER(key, value) ((struct log_field){(key), NULL, (int64_t)(value)})
/* Writes "error", the module it comes from, and its "code" there. */
#define LOG_FAULT(err)                                                                         \
	LOG_TEXT("error", (err)->text), LOG_TEXT("origin", (err)->origin),                     \
		LOG_NUMBER("code", (err)->code)
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, {0}})

/* One logfmt line on 'fd': time, level, msg, then the fields (NULL = none).
 * Control bytes are escaped. The same warn or error message is written at most
 * 20 times in 10 s; the next line then says how many were left out. */
void log_write(struct log *log, enum log_level level, const char *message,
	       const struct log_field *fields);

struct log *log_new(int fd, enum log_level level);
void log_free(struct log *log);

#endif
