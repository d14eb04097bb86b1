/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_ASSIGNMENT_H
#define WORKER_ASSIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/limits.h"
#include "worker/offset_map.h"

/*
 * The partitions this process owns now, and which of their records are settled.
 * Every assigned partition gets a number that is never used again: what was read
 * under a number that is gone is stale, and must not be published. The generation
 * is the number of the assignment as a whole. Thread-safe; knows no librdkafka.
 */
struct assignment;

struct assignment *assignment_new(void);
void assignment_free(struct assignment *assignment);

/* A new generation begins, without partitions. */
void assignment_begin(struct assignment *assignment);

/* A partition with what was read back of its commit (frontier -1: none was
 * committed). Answers its number; *damaged: the metadata was not understood. */
int64_t assignment_add(struct assignment *assignment, const char *topic, int32_t partition,
		       int64_t frontier, const char *metadata, size_t metadata_bytes,
		       bool *damaged);

enum receive { RECEIVE_TAKE, RECEIVE_SKIP, RECEIVE_STALE };
/* A record has been read. *full: the partition must be paused after this one. */
enum receive assignment_receive(struct assignment *assignment, const char *topic,
				int32_t partition, int64_t offset, int64_t *number, bool *full);

/* False: the number is stale. */
bool assignment_settle(struct assignment *assignment, int64_t number, int64_t offset);
bool assignment_is_current(struct assignment *assignment, int64_t number);

/* What to commit: every partition with news since the last snapshot that was committed. */
struct commit_entry {
	char topic[LIMIT_TOPIC_BYTES + 1];
	int32_t partition;
	int64_t offset;
	char metadata[LIMIT_COMMIT_METADATA_BYTES + 1];
};
struct commit_entries {
	int64_t generation;
	struct commit_entry *entries;
	size_t count;
};
/* Free with assignment_snapshot_clear(). */
void assignment_snapshot(struct assignment *assignment, struct commit_entries *snapshot);
void assignment_snapshot_clear(struct commit_entries *snapshot);
/* The snapshot was not committed: its partitions have news again. */
void assignment_restore(struct assignment *assignment, const struct commit_entries *snapshot);

size_t assignment_count(struct assignment *assignment);
int64_t assignment_generation(struct assignment *assignment);

/* Partitions that are full, and have room again: for pausing and resuming.
 * 'visit' is called under the lock and must not call back. */
typedef void assignment_visit_fn(void *context, const char *topic, int32_t partition,
				 int64_t number, bool full, size_t pending);
void assignment_each(struct assignment *assignment, assignment_visit_fn *visit, void *context);

#endif
