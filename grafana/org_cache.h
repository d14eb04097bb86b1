/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_ORG_CACHE_H
#define GRAFANA_ORG_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "grafana/orgs.h"

/* Orgs that Grafana named lately, for 'keep_ms' each (0 = none at all); bounded,
 * the oldest gives way. Thread-safe. Used by orgs.c only; owned by the instance. */
struct org_cache;

struct org_cache *org_cache_new(const struct clock *clock, int64_t keep_ms);
void org_cache_free(struct org_cache *cache);

bool org_cache_find_name(struct org_cache *cache, const char *name, struct grafana_org *org);
bool org_cache_find_id(struct org_cache *cache, int64_t org_id, struct grafana_org *org);
void org_cache_put(struct org_cache *cache, const struct grafana_org *org);

/* It is gone, or called something else. */
void org_cache_drop_name(struct org_cache *cache, const char *name);
void org_cache_drop_id(struct org_cache *cache, int64_t org_id);

#endif
