/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_invite.c - invites: none is ever removed, only its status changes.
 */
#include "tests/simulator/store_invite.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "tests/simulator/sim.h"

static void make_code(char code[INVITE_CODE_CAPACITY])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	for (int i = 0; i < INVITE_CODE_CAPACITY - 1; i++)
		code[i] = letters[random_below(sizeof letters - 1)];
	code[INVITE_CODE_CAPACITY - 1] = '\0';
}

struct invite *store_invite_add(struct store *store, int64_t org_id, const char *email,
				const char *name, enum role role, const char *invited_by)
{
	struct invite *invite = mem_zalloc(sizeof *invite);

	invite->id = ++store->last_invite_id;
	invite->org_id = org_id;
	invite->email = mem_strdup(email);
	invite->name = mem_strdup(name);
	invite->invited_by = mem_strdup(invited_by);
	invite->role = role;
	invite->created_s = sim_wall_ms() / 1000;
	make_code(invite->code);
	invite->older = store->invites;
	store->invites = invite;
	return invite;
}

struct invite *store_invite_by_code(const struct store *store, const char *code)
{
	for (struct invite *invite = store->invites; invite != NULL; invite = invite->older)
		if (strcmp(invite->code, code) == 0)
			return invite;
	return NULL;
}

void store_invite_clear(struct store *store)
{
	while (store->invites != NULL) {
		struct invite *invite = store->invites;

		store->invites = invite->older;
		free(invite->email);
		free(invite->name);
		free(invite->invited_by);
		free(invite);
	}
}
