/* SPDX-License-Identifier: Apache-2.0 */
/*
 * assignment.c - the partitions owned now, behind one lock.
 *
 * The consumer adds partitions and records, the publisher settles and takes
 * snapshots. A snapshot clears the "news" marks; one that could not be committed
 * is restored, so that nothing settled is ever forgotten.
 */
#include "worker/assignment.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

struct owned {
	char topic[LIMIT_TOPIC_BYTES + 1];
	int32_t partition;
	int64_t number;
	struct offset_map *map;
	int64_t last_offset;
	bool news;
};

struct assignment {
	pthread_mutex_t mutex;
	struct owned *owned;
	size_t count;
	int64_t generation;
	int64_t next_number;
};

struct assignment *assignment_new(void)
{
	struct assignment *assignment = mem_zalloc(sizeof(*assignment));

	pthread_mutex_init(&assignment->mutex, NULL);
	assignment->next_number = 1;
	return assignment;
}

static void drop_all(struct assignment *assignment)
{
	for (size_t i = 0; i < assignment->count; i++)
		offset_map_free(assignment->owned[i].map);
	free(assignment->owned);
	assignment->owned = NULL;
	assignment->count = 0;
}

void assignment_free(struct assignment *assignment)
{
	if (assignment == NULL)
		return;
	drop_all(assignment);
	pthread_mutex_destroy(&assignment->mutex);
	free(assignment);
}

void assignment_begin(struct assignment *assignment)
{
	pthread_mutex_lock(&assignment->mutex);
	drop_all(assignment);
	assignment->generation++;
	pthread_mutex_unlock(&assignment->mutex);
}

int64_t assignment_add(struct assignment *assignment, const char *topic, int32_t partition,
		       int64_t frontier, const char *metadata, size_t metadata_bytes,
		       bool *damaged)
{
	struct owned *owned;
	int64_t number;

	pthread_mutex_lock(&assignment->mutex);
	assignment->owned = mem_grow_array(assignment->owned, assignment->count + 1,
					   sizeof(*assignment->owned));
	owned = &assignment->owned[assignment->count++];
	memset(owned, 0, sizeof(*owned));
	text_copy(owned->topic, sizeof(owned->topic), topic);
	owned->partition = partition;
	owned->number = number = assignment->next_number++;
	owned->map = offset_map_new();
	owned->last_offset = -1;
	*damaged = frontier >= 0 &&
		   offset_map_load(owned->map, frontier, metadata, metadata_bytes) < 0;
	pthread_mutex_unlock(&assignment->mutex);
	return number;
}

static struct owned *find_partition(struct assignment *assignment, const char *topic,
				    int32_t partition)
{
	for (size_t i = 0; i < assignment->count; i++)
		if (assignment->owned[i].partition == partition &&
		    strcmp(assignment->owned[i].topic, topic) == 0)
			return &assignment->owned[i];
	return NULL;
}

static struct owned *find_number(struct assignment *assignment, int64_t number)
{
	for (size_t i = 0; i < assignment->count; i++)
		if (assignment->owned[i].number == number)
			return &assignment->owned[i];
	return NULL;
}

enum receive assignment_receive(struct assignment *assignment, const char *topic,
				int32_t partition, int64_t offset, int64_t *number, bool *full)
{
	enum receive answer = RECEIVE_STALE;
	struct owned *owned;

	*full = false;
	pthread_mutex_lock(&assignment->mutex);
	owned = find_partition(assignment, topic, partition);
	if (owned != NULL) {
		answer = offset_map_add(owned->map, offset) ? RECEIVE_TAKE : RECEIVE_SKIP;
		*number = owned->number;
		owned->last_offset = offset;
		*full = !offset_map_has_room(owned->map, offset + 1);
		/* A skipped record may have moved the frontier. */
		owned->news = owned->news || answer == RECEIVE_SKIP;
	}
	pthread_mutex_unlock(&assignment->mutex);
	return answer;
}

bool assignment_settle(struct assignment *assignment, int64_t number, int64_t offset)
{
	struct owned *owned;

	pthread_mutex_lock(&assignment->mutex);
	owned = find_number(assignment, number);
	if (owned != NULL) {
		offset_map_settle(owned->map, offset);
		owned->news = true;
	}
	pthread_mutex_unlock(&assignment->mutex);
	return owned != NULL;
}

bool assignment_is_current(struct assignment *assignment, int64_t number)
{
	bool current;

	pthread_mutex_lock(&assignment->mutex);
	current = find_number(assignment, number) != NULL;
	pthread_mutex_unlock(&assignment->mutex);
	return current;
}

static void snapshot_one(struct owned *owned, struct commit_entry *entry)
{
	text_copy(entry->topic, sizeof(entry->topic), owned->topic);
	entry->partition = owned->partition;
	entry->offset = offset_map_frontier(owned->map);
	offset_map_encode(owned->map, entry->metadata);
	owned->news = false;
}

void assignment_snapshot(struct assignment *assignment, struct commit_entries *snapshot)
{
	pthread_mutex_lock(&assignment->mutex);
	snapshot->generation = assignment->generation;
	snapshot->count = 0;
	snapshot->entries = mem_array(assignment->count, sizeof(*snapshot->entries));
	for (size_t i = 0; i < assignment->count; i++)
		if (assignment->owned[i].news && offset_map_frontier(assignment->owned[i].map) >= 0)
			snapshot_one(&assignment->owned[i],
				     &snapshot->entries[snapshot->count++]);
	pthread_mutex_unlock(&assignment->mutex);
}

void assignment_snapshot_clear(struct commit_entries *snapshot)
{
	free(snapshot->entries);
	memset(snapshot, 0, sizeof(*snapshot));
}

void assignment_restore(struct assignment *assignment, const struct commit_entries *snapshot)
{
	pthread_mutex_lock(&assignment->mutex);
	for (size_t i = 0;
	     assignment->generation == snapshot->generation && i < snapshot->count; i++) {
		struct owned *owned = find_partition(assignment, snapshot->entries[i].topic,
						     snapshot->entries[i].partition);

		if (owned != NULL)
			owned->news = true;
	}
	pthread_mutex_unlock(&assignment->mutex);
}

size_t assignment_count(struct assignment *assignment)
{
	size_t count;

	pthread_mutex_lock(&assignment->mutex);
	count = assignment->count;
	pthread_mutex_unlock(&assignment->mutex);
	return count;
}

int64_t assignment_generation(struct assignment *assignment)
{
	int64_t generation;

	pthread_mutex_lock(&assignment->mutex);
	generation = assignment->generation;
	pthread_mutex_unlock(&assignment->mutex);
	return generation;
}

void assignment_each(struct assignment *assignment, assignment_visit_fn *visit, void *context)
{
	pthread_mutex_lock(&assignment->mutex);
	for (size_t i = 0; i < assignment->count; i++) {
		const struct owned *owned = &assignment->owned[i];

		visit(context, owned->topic, owned->partition, owned->number,
		      owned->last_offset >= 0 &&
			      !offset_map_has_room(owned->map, owned->last_offset + 1),
		      offset_map_pending(owned->map));
	}
	pthread_mutex_unlock(&assignment->mutex);
}
