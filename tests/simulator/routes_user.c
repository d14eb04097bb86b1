/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_user.c - /api/users: accounts as a server admin reads and edits them; what
 * /api/user shares with it.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/match.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

static void write_hit(struct exchange *exchange, struct buffer *out,
		      const struct account *account, bool is_first)
{
	if (!is_first)
		json_out_text(out, ",");
	view_user_hit(out, exchange->version, account);
}

/* The page of those that match; answers how many do. */
static size_t write_matches(struct exchange *exchange, const char *query,
			    const struct page *page, struct buffer *out)
{
	size_t count, first, last, total = 0;
	struct account *const *accounts = store_accounts_sorted(&exchange->sim->store, &count);

	match_page_bounds(page, count, &first, &last);
	for (size_t i = 0; i < count; i++) {
		if (!match_account(accounts[i], query))
			continue;
		if (total >= first && total < last)
			write_hit(exchange, out, accounts[i], total == first);
		total++;
	}
	return total;
}

/* Of everybody: the place in the order is the place in the list. */
static size_t write_slice(struct exchange *exchange, const struct page *page,
			  struct buffer *out)
{
	size_t count, first, last;
	struct account *const *accounts = store_accounts_sorted(&exchange->sim->store, &count);

	match_page_bounds(page, count, &first, &last);
	for (size_t i = first; i < last; i++)
		write_hit(exchange, out, accounts[i], i == first);
	return count;
}

/* Writes one page as an array; answers how many match in all. */
static size_t write_page(struct exchange *exchange, const struct page *page, struct buffer *out)
{
	const char *query = exchange_query(exchange, "query");
	size_t total;

	json_out_text(out, "[");
	total = query[0] == '\0' ? write_slice(exchange, page, out)
				 : write_matches(exchange, query, page, out);
	json_out_text(out, "]");
	return total;
}

void route_user_list(struct exchange *exchange)
{
	struct page page = match_page(exchange);

	exchange->reply.status = 200;
	(void)write_page(exchange, &page, &exchange->reply.body);
}

void route_user_search(struct exchange *exchange)
{
	struct page page = match_page(exchange);
	struct buffer *out = &exchange->reply.body;
	struct buffer users;
	size_t total;

	buffer_init(&users, EXCHANGE_MAX_REPLY_BYTES);
	total = write_page(exchange, &page, &users);
	exchange->reply.status = 200;
	buffer_append_format(out, "{\"totalCount\":%zu,\"users\":", total);
	(void)buffer_append(out, users.bytes, users.length);
	buffer_append_format(out, ",\"page\":%lld,\"perPage\":%lld}", (long long)page.number,
			     (long long)page.per_page);
	buffer_clear(&users);
}

void route_user_lookup(struct exchange *exchange)
{
	const struct account *account = store_account_lookup(
		&exchange->sim->store, exchange_query(exchange, "loginOrEmail"));

	if (account == NULL) {
		answer(exchange, ANSWER_USER_NOT_FOUND);
		return;
	}
	exchange->reply.status = 200;
	view_profile(&exchange->reply.body, exchange->version, account, false);
}

void route_user_get(struct exchange *exchange)
{
	const struct account *account = store_account(&exchange->sim->store, exchange->id[0]);

	if (account == NULL) {
		answer(exchange, ANSWER_USER_NOT_FOUND);
		return;
	}
	exchange->reply.status = 200;
	view_profile(&exchange->reply.body, exchange->version, account, true);
}

void route_user_orgs(struct exchange *exchange)
{
	const struct account *account = store_account(&exchange->sim->store, exchange->id[0]);

	exchange->reply.status = 200;
	if (account == NULL)
		json_out_text(&exchange->reply.body, "[]");
	else
		view_memberships(&exchange->reply.body, account);
}

static const char *or_else(const char *text, const char *fallback)
{
	return text[0] != '\0' ? text : fallback;
}

/* Up to 10 an update of nobody is a success; later servers read the row first. */
static void update_nobody(struct exchange *exchange)
{
	if (exchange->version->id < V11_6)
		answer_done(exchange, "User updated");
	else
		answer(exchange, ANSWER_USER_UPDATE_UNKNOWN);
}

/* Empty texts leave the column as it is; an empty login is taken from the e-mail. */
static void update(struct exchange *exchange, struct account *account)
{
	struct store *store = &exchange->sim->store;
	struct account *holder;
	const char *login, *email, *name, *theme;

	if (!bind_body(exchange) || !bind_text(exchange, "login", &login) ||
	    !bind_text(exchange, "email", &email) || !bind_text(exchange, "name", &name) ||
	    !bind_text(exchange, "theme", &theme))
		return;
	if (account != NULL && account->auth_module != NULL && exchange->version->id >= V9_4) {
		answer(exchange, ANSWER_USER_UPDATE_EXTERNAL);
		return;
	}
	if (login[0] == '\0' && email[0] == '\0') {
		answer(exchange, ANSWER_USER_NAMELESS_ON_UPDATE);
		return;
	}
	if (account == NULL) {
		update_nobody(exchange);
		return;
	}
	login = or_else(login, email);
	holder = store_account_by_login(store, login);
	if (holder != NULL && holder != account) {
		answer(exchange, ANSWER_USER_LOGIN_TAKEN);
		return;
	}
	email = or_else(email, account->email);
	holder = store_account_by_email(store, email);
	if (holder != NULL && holder != account) {
		answer(exchange, ANSWER_USER_EMAIL_TAKEN);
		return;
	}
	if (theme[0] != '\0') {
		free(account->theme);
		account->theme = mem_strdup(theme);
	}
	store_account_rename(store, account, login, email, or_else(name, account->name));
	store->counters.user_updates++;
	answer_done(exchange, "User updated");
}

void route_user_update(struct exchange *exchange)
{
	update(exchange, store_account(&exchange->sim->store, exchange->id[0]));
}

void route_self_update(struct exchange *exchange)
{
	update(exchange, exchange->caller.account);
}

static void use(struct exchange *exchange, struct account *account, int64_t org_id)
{
	if (account == NULL || store_member(account, org_id) == NULL) {
		answer(exchange, ANSWER_NOT_A_VALID_ORG);
		return;
	}
	account->org_id = org_id;
	answer_done(exchange, "Active organization changed");
}

void route_user_using(struct exchange *exchange)
{
	use(exchange, store_account(&exchange->sim->store, exchange->id[0]), exchange->id[1]);
}

void route_self_using(struct exchange *exchange)
{
	use(exchange, exchange->caller.account, exchange->id[0]);
}
