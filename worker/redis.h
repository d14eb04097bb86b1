/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_REDIS_H
#define WORKER_REDIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

/*
 * One connection to Redis, for one thread. Connects when first used and again
 * after a fault; connecting and every wait for an answer have the timeout given
 * at the start. Any fault is ERROR_RETRY: connection refused or lost, timeout,
 * LOADING, READONLY, OOM, MASTERDOWN, NOREPLICAS, NOSCRIPT, ...: the caller must
 * not go on as if it had an answer. The process must ignore SIGPIPE.
 */
struct redis;

/* A Lua script, called by its SHA-1. Made at build time by scripts/embed-lua. */
struct redis_script {
	const char *name;
	const char *source;
	const char *sha1;
};

struct redis_options {
	const char *url; /* redis://, rediss:// or unix://, see worker/redis_url.h */
	const char *ca_file; /* for rediss://; "" or NULL = the system's */
	int64_t timeout_ms;
	/* Loaded whenever a connection is made; must outlive the struct redis. */
	const struct redis_script *const *scripts;
	size_t script_count;
};

/* Only parses the options (ERROR_FATAL names what is wrong, never the
 * password); connecting comes with the first call. */
MUST_CHECK int redis_new(const struct redis_options *options, struct redis **redis,
			 struct error *err);
void redis_free(struct redis *redis); /* NULL is allowed */

/* The code of an error when Redis answered that this user may not run the command
 * or that there is no such command. */
enum { REDIS_FORBIDDEN = 10403 };

/* One command as (pointer, length) arguments. With a script, EVALSHA and its
 * hash are put before the arguments. */
enum { REDIS_ARGUMENTS_MAX = 24 };
struct redis_command {
	const struct redis_script *script; /* NULL: argument 0 is the command's name */
	struct slice arguments[REDIS_ARGUMENTS_MAX];
	size_t argument_count;
};

/* A reply as a flat list: arrays of one level only. A scalar is a list of one. */
struct redis_value {
	enum { REDIS_NIL, REDIS_INTEGER, REDIS_BYTES } type;
	int64_t integer;
	struct slice bytes; /* belongs to the reply */
};
struct redis_reply; /* opaque; owned by the caller once filled */
size_t redis_reply_count(const struct redis_reply *reply);
struct redis_value redis_reply_at(const struct redis_reply *reply, size_t index);
void redis_reply_free(struct redis_reply *reply);

/* All commands in one write, then all replies. All or nothing: 0 fills every
 * replies[i]; -1 fills none, and any command may have been executed. */
MUST_CHECK int redis_pipeline(struct redis *redis, const struct redis_command *commands,
			      size_t count, struct redis_reply **replies, struct error *err);

/* What a start-up check wants to know; warnings are put into 'warnings' one per
 * line (maxmemory-policy is not noeviction, appendonly is off, is a replica, version below 6). */
MUST_CHECK int redis_inspect(struct redis *redis, struct buffer *warnings, struct error *err);

#endif
