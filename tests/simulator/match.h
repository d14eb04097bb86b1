/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_MATCH_H
#define TESTS_SIMULATOR_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct account;
struct exchange;

/* Is 'query' (any case) part of the login, the e-mail or the name? "" matches. */
bool match_account(const struct account *account, const char *query);

/* Pages count from 1 and have 1000 items unless asked otherwise. */
struct page {
	int64_t number, per_page;
};
struct page match_page(const struct exchange *exchange);
void match_page_bounds(const struct page *page, size_t total, size_t *first, size_t *last);

#endif
