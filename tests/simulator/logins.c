/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logins.c - sessions behind a cookie.
 *
 * Called with the lock held. Owns the sessions; one that has ended stays until all
 * are cleared, which no test is long enough to notice.
 */
#include "tests/simulator/logins.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/random.h"
#include "tests/simulator/store.h"

enum { TOKEN_BYTES = 16 };

static char *make_token(void)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[TOKEN_BYTES];
	char *token = mem_zalloc(2 * TOKEN_BYTES + 1);

	random_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++) {
		token[2 * i] = digits[random[i] >> 4];
		token[2 * i + 1] = digits[random[i] & 15];
	}
	return token;
}

static void give_token(struct logins *logins, struct login *login)
{
	login->token = make_token();
	table_insert(&logins->by_token, table_hash_text(login->token), login);
}

struct login *logins_open(struct logins *logins, struct account *account)
{
	struct login *login = mem_zalloc(sizeof *login);

	login->account_id = account->id;
	login->epoch = account->session_epoch;
	login->rotations = logins->rotations;
	login->revocations = logins->revocations;
	account->sessions++;
	give_token(logins, login);
	return login;
}

struct login *logins_find(const struct logins *logins, const char *token)
{
	const struct table_node *node = table_first(&logins->by_token, table_hash_text(token));

	for (; node != NULL; node = table_next(node)) {
		struct login *login = node->item;

		if (strcmp(login->token, token) == 0 ||
		    (login->previous != NULL && strcmp(login->previous, token) == 0))
			return login;
	}
	return NULL;
}

void logins_rotate(struct logins *logins, struct login *login)
{
	if (login->previous != NULL)
		table_remove(&logins->by_token, table_hash_text(login->previous), login);
	free(login->previous);
	login->previous = login->token;
	login->rotations = logins->rotations;
	give_token(logins, login);
}

bool login_is_revoked(const struct logins *logins, const struct login *login)
{
	return login->revocations < logins->revocations;
}

bool login_is_due(const struct logins *logins, const struct login *login)
{
	return login->rotations < logins->rotations;
}

/* Each is freed where it stands under its present token, last of all its places. */
static void free_login(struct logins *logins, struct login *login)
{
	table_remove(&logins->by_token, table_hash_text(login->token), login);
	if (login->previous != NULL)
		table_remove(&logins->by_token, table_hash_text(login->previous), login);
	free(login->token);
	free(login->previous);
	free(login);
}

void logins_clear(struct logins *logins)
{
	for (size_t i = 0; i < logins->by_token.slot_count; i++)
		while (logins->by_token.slots[i] != NULL)
			free_login(logins, logins->by_token.slots[i]->item);
	table_clear(&logins->by_token);
}

void account_end_sessions(struct account *account)
{
	account->sessions = 0;
	account->session_epoch++;
}

void logins_write_tokens(const struct logins *logins, struct buffer *out)
{
	const char *separator = "[";

	/* A login stands under each of its two. */
	for (size_t i = 0; i < logins->by_token.slot_count; i++)
		for (const struct table_node *node = logins->by_token.slots[i]; node != NULL;
		     node = node->next) {
			const struct login *login = node->item;
			bool is_present = node->hash == table_hash_text(login->token);

			buffer_append_format(out, "%s\"%s\"", separator,
					     is_present ? login->token : login->previous);
			separator = ",";
		}
	buffer_append_text(out, separator[0] == '[' ? "[]" : "]");
}
