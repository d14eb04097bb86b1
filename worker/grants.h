/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_GRANTS_H
#define WORKER_GRANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "config/limits.h"

/*
 * The time-bound grants of one thing (an org's role, a place in a team, the server
 * admin flag) to one person that have not ended. A level says how much somebody has:
 * 0 nothing, and more is stronger. Plain values: copied, never freed.
 */
enum { GRANT_KEY_CAPACITY = 33 };

struct grant {
	char key[GRANT_KEY_CAPACITY]; /* of the request that gave it */
	int level;
	int64_t expires_ms;
};

struct grants {
	int base;  /* what was held before the first of them */
	int given; /* what grantd has made of it: what is held unless somebody else changed it */
	size_t count;
	struct grant list[LIMIT_GRANTS];
	int64_t until_ms; /* when the last of all there ever were ends */
};

/* What names a grant: a digest of its request's source and id. */
void grants_key(const char *source, const char *id, char out[GRANT_KEY_CAPACITY]);

/* What is held now, before anything is changed. If that is not what they gave, somebody
 * changed it by hand: then all have ended, and true is answered. */
bool grants_observe(struct grants *grants, int level);

const struct grant *grants_find(const struct grants *grants, const char *key);

/* One more; what is held now is the base if it is the first. The same once more changes
 * nothing. False: there are too many. */
MUST_CHECK bool grants_add(struct grants *grants, int level_now, const struct grant *grant);

/* The first of them was given when a later one had begun already, and saw what that had
 * done; 'level' is what was there before both. */
void grants_lower_base(struct grants *grants, int level);

/* False: there is none of that key. */
bool grants_end(struct grants *grants, const char *key);

/* All at once: something else was decided. */
void grants_end_all(struct grants *grants);

/* What is to be held: the strongest of them, or the base when there is none. */
int grants_level(const struct grants *grants);

/* As text for the ledger. Reading answers false when it is not understood. */
void grants_write(const struct grants *grants, struct buffer *out);
MUST_CHECK bool grants_read(struct grants *grants, struct slice text);

#endif
