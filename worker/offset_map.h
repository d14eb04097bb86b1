/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_OFFSET_MAP_H
#define WORKER_OFFSET_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "config/limits.h"

/*
 * Which records of one partition are settled. Requests finish out of order, so
 * what is committed is the lowest unsettled offset, with the settled ones above
 * it as text in the commit's metadata. Pure: no Kafka, no clock, no lock.
 */
struct offset_map;

struct offset_map *offset_map_new(void);
void offset_map_free(struct offset_map *map);

/* A record was read. Offsets rise; those left out (transaction markers,
 * compaction) count as settled. False: it is settled already (read back from a
 * commit), or was read before: skip it. An offset below all that is known means
 * that the log began anew, and the map does too. */
bool offset_map_add(struct offset_map *map, int64_t offset);

/* A record that was added is settled. */
void offset_map_settle(struct offset_map *map, int64_t offset);

/* What to commit: the lowest offset not settled (one past the last one read when
 * all are); -1 before anything was read or loaded. */
int64_t offset_map_frontier(const struct offset_map *map);

bool offset_map_covers(const struct offset_map *map, int64_t offset);

/* How many records were read and are not settled. */
size_t offset_map_pending(const struct offset_map *map);

/* Would an offset this high still fit into the metadata if everything from the
 * frontier on had to be told? False: pause the partition. */
bool offset_map_has_room(const struct offset_map *map, int64_t offset);

/* The settled offsets above the frontier as text ("" if none); at most
 * LIMIT_COMMIT_METADATA_BYTES. Text only: librdkafka before 2.6.1 corrupts binary metadata. */
void offset_map_encode(const struct offset_map *map, char out[LIMIT_COMMIT_METADATA_BYTES + 1]);

/* Read back at assignment: 'frontier' is the committed offset. -1: the metadata is
 * foreign or damaged; the map then holds the frontier only, which is safe (the
 * ledger makes a replay harmless), and the caller warns. */
MUST_CHECK int offset_map_load(struct offset_map *map, int64_t frontier, const char *metadata,
			       size_t length);

#endif
