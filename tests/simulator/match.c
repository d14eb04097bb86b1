/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match.c - searching and paging, as all lists of people do it.
 */

#include "tests/simulator/match.h"

#include <string.h>

#include "tests/simulator/exchange.h"
#include "tests/simulator/store.h"

enum { DEFAULT_PER_PAGE = 1000 };

bool match_account(const struct account *account, const char *query)
{
	return query[0] == '\0' || strcasestr(account->login, query) != NULL ||
	       strcasestr(account->email, query) != NULL ||
	       strcasestr(account->name, query) != NULL;
}

struct page match_page(const struct exchange *exchange)
{
	struct page page = {
		.number = exchange_query_int(exchange, "page", 1),
		.per_page = exchange_query_int(exchange, "perpage", DEFAULT_PER_PAGE),
	};

	if (page.number < 1)
		page.number = 1;
	if (page.per_page < 1)
		page.per_page = DEFAULT_PER_PAGE;
	return page;
}

void match_page_bounds(const struct page *page, size_t total, size_t *first, size_t *last)
{
	size_t per_page = (size_t)page->per_page;
	size_t skipped_pages = (size_t)page->number - 1;

	*first = skipped_pages > total / per_page ? total : skipped_pages * per_page;
	*last = total - *first > per_page ? *first + per_page : total;
}
