/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_ACCOUNT_INDEX_H
#define TESTS_SIMULATOR_ACCOUNT_INDEX_H

#include <stdbool.h>
#include <stddef.h>

struct account;

/* All accounts by login and e-mail, kept in order as they come, change and go. Owns
 * the array, not the accounts. An account must be taken out before its login or
 * e-mail changes. */
struct account_index {
	struct account **items;
	size_t count, capacity;
	bool loose; /* out of order since many were added at once */
};

void account_index_add(struct account_index *index, struct account *account);
void account_index_remove(struct account_index *index, const struct account *account);
/* Many will be added: they are sorted together when the index is next read. */
void account_index_expect_many(struct account_index *index);
/* In order; valid until the next change. */
struct account *const *account_index_items(struct account_index *index, size_t *count);
void account_index_clear(struct account_index *index);

#endif
