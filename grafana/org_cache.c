/* SPDX-License-Identifier: Apache-2.0 */
/*
 * org_cache.c - which org has which name, remembered for a while.
 *
 * Called by orgs.c from any worker. Owns its slots. A ring: the oldest gives way.
 * Finding is a walk over ids or hashes, which lie side by side, so that a full
 * cache costs less than a microsecond; only a match looks at the org itself.
 */
#include "grafana/org_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { SLOTS = 512 };

struct org_cache {
	const struct clock *clock;
	int64_t keep_ms;
	pthread_mutex_t mutex; /* guards all below */
	int next;	       /* slot to give way */
	uint64_t hashes[SLOTS];
	int64_t ids[SLOTS]; /* 0 = free */
	int64_t until_ms[SLOTS];
	struct grafana_org orgs[SLOTS];
};

struct org_cache *org_cache_new(const struct clock *clock, int64_t keep_ms)
{
	struct org_cache *cache = mem_zalloc(sizeof(*cache));

	cache->clock = clock;
	cache->keep_ms = keep_ms;
	pthread_mutex_init(&cache->mutex, NULL);
	return cache;
}

void org_cache_free(struct org_cache *cache)
{
	if (cache == NULL)
		return;
	pthread_mutex_destroy(&cache->mutex);
	free(cache);
}

/* FNV-1a: a wrong match costs one comparison, so nothing better is needed. */
static uint64_t hash_name(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	return hash;
}

static int slot_of_name(const struct org_cache *cache, const char *name)
{
	uint64_t hash = hash_name(name);

	for (int i = 0; i < SLOTS; i++)
		if (cache->hashes[i] == hash && cache->ids[i] != 0 &&
		    strcmp(cache->orgs[i].name, name) == 0)
			return i;
	return -1;
}

static int slot_of_id(const struct org_cache *cache, int64_t org_id)
{
	for (int i = 0; i < SLOTS; i++)
		if (cache->ids[i] == org_id)
			return i;
	return -1;
}

static bool copy_slot(const struct org_cache *cache, int slot, struct grafana_org *org)
{
	if (slot < 0 || cache->until_ms[slot] <= clock_steady_ms(cache->clock))
		return false;
	*org = cache->orgs[slot];
	return true;
}

bool org_cache_find_name(struct org_cache *cache, const char *name, struct grafana_org *org)
{
	bool found;

	pthread_mutex_lock(&cache->mutex);
	found = copy_slot(cache, slot_of_name(cache, name), org);
	pthread_mutex_unlock(&cache->mutex);
	return found;
}

bool org_cache_find_id(struct org_cache *cache, int64_t org_id, struct grafana_org *org)
{
	bool found;

	pthread_mutex_lock(&cache->mutex);
	found = org_id > 0 && copy_slot(cache, slot_of_id(cache, org_id), org);
	pthread_mutex_unlock(&cache->mutex);
	return found;
}

static void drop_slot(struct org_cache *cache, int slot)
{
	if (slot >= 0)
		cache->ids[slot] = 0;
}

/* What is known of that id or of that name is replaced: an org may be renamed, and
 * another take its name. */
void org_cache_put(struct org_cache *cache, const struct grafana_org *org)
{
	int slot;

	if (cache->keep_ms <= 0)
		return;
	pthread_mutex_lock(&cache->mutex);
	drop_slot(cache, slot_of_name(cache, org->name));
	slot = slot_of_id(cache, org->id);
	if (slot < 0) {
		slot = cache->next;
		cache->next = (cache->next + 1) % SLOTS;
	}
	cache->ids[slot] = org->id;
	cache->hashes[slot] = hash_name(org->name);
	cache->orgs[slot] = *org;
	cache->until_ms[slot] = clock_steady_ms(cache->clock) + cache->keep_ms;
	pthread_mutex_unlock(&cache->mutex);
}

void org_cache_drop_name(struct org_cache *cache, const char *name)
{
	pthread_mutex_lock(&cache->mutex);
	drop_slot(cache, slot_of_name(cache, name));
	pthread_mutex_unlock(&cache->mutex);
}

void org_cache_drop_id(struct org_cache *cache, int64_t org_id)
{
	pthread_mutex_lock(&cache->mutex);
	drop_slot(cache, org_id > 0 ? slot_of_id(cache, org_id) : -1);
	pthread_mutex_unlock(&cache->mutex);
}
