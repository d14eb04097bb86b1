/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_index.c - the accounts in the order in which lists show them.
 *
 * store.c keeps it. One change among 100,000 accounts moves half an array of pointers,
 * some 20 µs; sorting them all takes a thousand times that, which only a bulk of new
 * ones is worth.
 */
#include "tests/simulator/account_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/simulator/store.h"

/* The id makes every place in the order unique. */
static int compare(const struct account *a, const struct account *b)
{
	int order = strcmp(a->login, b->login);

	if (order == 0)
		order = strcmp(a->email, b->email);
	if (order == 0)
		order = (a->id > b->id) - (a->id < b->id);
	return order;
}

static int compare_items(const void *left, const void *right)
{
	return compare(*(const struct account *const *)left,
		       *(const struct account *const *)right);
}

/* Where the account is, or belongs. */
static size_t place(const struct account_index *index, const struct account *account)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(index->items[middle], account) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void account_index_add(struct account_index *index, struct account *account)
{
	size_t at = index->loose ? index->count : place(index, account);

	if (index->count == index->capacity) {
		index->capacity = index->capacity == 0 ? 64 : index->capacity * 2;
		index->items = mem_grow_array(index->items, index->capacity,
					      sizeof(struct account *));
	}
	memmove(&index->items[at + 1], &index->items[at],
		(index->count - at) * sizeof(struct account *));
	index->items[at] = account;
	index->count++;
}

static void put_in_order(struct account_index *index)
{
	if (index->loose)
		qsort(index->items, index->count, sizeof(struct account *), compare_items);
	index->loose = false;
}

void account_index_remove(struct account_index *index, const struct account *account)
{
	size_t at;

	put_in_order(index);
	at = place(index, account);
	if (at == index->count || index->items[at] != account)
		return;
	index->count--;
	memmove(&index->items[at], &index->items[at + 1],
		(index->count - at) * sizeof(struct account *));
}

void account_index_expect_many(struct account_index *index)
{
	index->loose = true;
}

struct account *const *account_index_items(struct account_index *index, size_t *count)
{
	put_in_order(index);
	*count = index->count;
	return index->items;
}

void account_index_clear(struct account_index *index)
{
	free(index->items);
	*index = (struct account_index){0};
}
