/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.c - lanes by key, in a hash table that grows.
 *
 * Called by scheduler.c under its lock. Owns the lanes and copies of their keys, not
 * the entries in them. Keys come from outside, so many may be made to share a bucket;
 * max_in_flight bounds how many there are.
 */
#include "worker/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { FIRST_BUCKETS = 256 };

void lanes_init(struct lanes *lanes)
{
	lanes->bucket_count = FIRST_BUCKETS;
	lanes->buckets = mem_array(FIRST_BUCKETS, sizeof(struct lane *));
	lanes->count = 0;
}

void lanes_clear(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->bucket_count; i++)
		while (lanes->buckets[i] != NULL)
			lanes_close(lanes, lanes->buckets[i]);
	free(lanes->buckets);
	memset(lanes, 0, sizeof(*lanes));
}

static uint64_t hash_bytes(const char *bytes, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
	return hash;
}

static struct lane **bucket_of(const struct lanes *lanes, uint64_t hash)
{
	return &lanes->buckets[hash & (lanes->bucket_count - 1)];
}

static void grow_table(struct lanes *lanes)
{
	size_t old_count = lanes->bucket_count;
	struct lane **old = lanes->buckets;

	lanes->bucket_count *= 2;
	lanes->buckets = mem_array(lanes->bucket_count, sizeof(struct lane *));
	for (size_t i = 0; i < old_count; i++)
		while (old[i] != NULL) {
			struct lane *lane = old[i];
			struct lane **bucket = bucket_of(lanes, lane->hash);

			old[i] = lane->same_bucket;
			lane->same_bucket = *bucket;
			*bucket = lane;
		}
	free(old);
}

static struct lane *lane_find(const struct lanes *lanes, const struct slice_key *key,
			      uint64_t hash)
{
	for (struct lane *lane = *bucket_of(lanes, hash); lane != NULL;
	     lane = lane->same_bucket)
		if (lane->hash == hash && lane->key_length == key->length &&
		    memcmp(lane->key, key->bytes, key->length) == 0)
			return lane;
	return NULL;
}

struct lane *lanes_open(struct lanes *lanes, const struct slice_key *key)
{
	uint64_t hash = hash_bytes(key->bytes, key->length);
	struct lane *lane = lane_find(lanes, key, hash);

	if (lane != NULL)
		return lane;
	if (lanes->count >= lanes->bucket_count)
		grow_table(lanes);
	lane = mem_zalloc(sizeof(*lane));
	lane->hash = hash;
	lane->key = mem_strndup(key->bytes, key->length);
	lane->key_length = key->length;
	lane->last = &lane->first;
	lane->same_bucket = *bucket_of(lanes, hash);
	*bucket_of(lanes, hash) = lane;
	lanes->count++;
	return lane;
}

void lanes_close(struct lanes *lanes, struct lane *lane)
{
	struct lane **link = bucket_of(lanes, lane->hash);

	while (*link != lane)
		link = &(*link)->same_bucket;
	*link = lane->same_bucket;
	lanes->count--;
	free(lane->key);
	free(lane);
}
