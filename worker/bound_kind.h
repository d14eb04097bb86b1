/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_BOUND_KIND_H
#define WORKER_BOUND_KIND_H

#include "codec/outcome.h"
#include "config/limits.h"

/* What can be given for a while, and how it reads in evidence. Levels: worker/grants.h. */
struct bound_kind {
	const char *gives, *takes; /* actions */
	const char *name;
	int most; /* the highest level */
	int (*level)(const struct evidence *held);
	void (*put)(int level, struct evidence *evidence);
	const char *words[ROLE_ADMIN + 1];
	const char *also[2]; /* actions that give it for good, among other things; or NULL */
};

/* Of an action that gives or takes it; NULL for all others. */
const struct bound_kind *bound_kind_of(const char *action);
/* "Editor", "not in the team": for messages. */
const char *bound_kind_word(const struct bound_kind *kind, int level);

/* What names it in the ledger: the thing and the person by their ids. */
enum { BOUND_SUBJECT_CAPACITY = LIMIT_INSTANCE_BYTES + 100 };
void bound_kind_subject(const struct bound_kind *kind, const char *instance,
			const struct outcome_target *target, char out[BOUND_SUBJECT_CAPACITY]);

#endif
