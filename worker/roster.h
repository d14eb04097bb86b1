/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_ROSTER_H
#define WORKER_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/role.h"

/*
 * Who is in which org as what, for a whole Grafana, and whose account has been met. Plain
 * memory: 16 bytes a membership and 16 an account. Not thread-safe.
 */
struct roster;

struct roster_entry {
	int64_t user_id;
	uint32_t org; /* the caller's number for it */
	enum role role;
};

/* Room for at most so many memberships. */
struct roster *roster_new(size_t most);
void roster_free(struct roster *roster);

/* False when there is no more room. */
bool roster_add(struct roster *roster, const struct roster_entry *entry);

/* After the last roster_add(): in the order of accounts, each membership once. */
void roster_sort(struct roster *roster);
/* Those of one account, in the order of orgs; NULL and 0 when there are none. */
const struct roster_entry *roster_find(const struct roster *roster, int64_t user_id,
				       size_t *count);

/* Note that an account was met: true the first time. */
bool roster_meet(struct roster *roster, int64_t user_id);
/* The next account with a membership, after *cursor (0 at first), that was not met. False
 * when there is none. */
bool roster_next_unmet(const struct roster *roster, size_t *cursor, int64_t *user_id);

#endif
