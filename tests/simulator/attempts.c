/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempts.c - failed logins, by the login string as it was typed.
 *
 * A ring of the last five failures per string is all that the rule needs. Blocked
 * attempts are not recorded, so a block ends by itself. The number of strings is
 * bounded: at the bound everything is forgotten, which only a flood can reach.
 */
#include "tests/simulator/attempts.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_FAILURES = 5, WINDOW_MS = 5 * 60 * 1000, MAX_STRINGS = 100000 };

struct attempt {
	char *login;
	int64_t failed_ms[MAX_FAILURES]; /* a ring; 0 is unused */
	int next;
};

static struct attempt *find(const struct attempts *attempts, const char *login)
{
	const struct table_node *node = table_first(&attempts->by_login, table_hash_text(login));

	for (; node != NULL; node = table_next(node)) {
		struct attempt *attempt = node->item;

		if (strcmp(attempt->login, login) == 0)
			return attempt;
	}
	return NULL;
}

bool attempts_blocked(const struct attempts *attempts, const char *login, int64_t now_ms)
{
	const struct attempt *attempt;

	if (attempts->by_login.count == 0)
		return false;
	attempt = find(attempts, login);
	/* The slot to be overwritten next holds the fifth-last failure. */
	return attempt != NULL && attempt->failed_ms[attempt->next] != 0 &&
	       now_ms - attempt->failed_ms[attempt->next] < WINDOW_MS;
}

void attempts_add(struct attempts *attempts, const char *login, int64_t now_ms)
{
	struct attempt *attempt = find(attempts, login);

	if (attempt == NULL) {
		if (attempts->by_login.count >= MAX_STRINGS)
			attempts_clear(attempts);
		attempt = mem_zalloc(sizeof *attempt);
		attempt->login = mem_strdup(login);
		table_insert(&attempts->by_login, table_hash_text(login), attempt);
	}
	attempt->failed_ms[attempt->next] = now_ms;
	attempt->next = (attempt->next + 1) % MAX_FAILURES;
}

void attempts_forget(struct attempts *attempts, const char *login)
{
	struct attempt *attempt = find(attempts, login);

	if (attempt == NULL)
		return;
	table_remove(&attempts->by_login, table_hash_text(login), attempt);
	free(attempt->login);
	free(attempt);
}

void attempts_clear(struct attempts *attempts)
{
	for (size_t i = 0; i < attempts->by_login.slot_count; i++) {
		for (struct table_node *node = attempts->by_login.slots[i]; node != NULL;
		     node = node->next) {
			struct attempt *attempt = node->item;

			free(attempt->login);
			free(attempt);
		}
	}
	table_clear(&attempts->by_login);
}
