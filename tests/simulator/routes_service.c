/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_service.c - /api/serviceaccounts: the machines' accounts of the current org.
 *
 * Limit: only org admins get here, so the rule that nobody may give a role above
 * the own one never applies, and is not played.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/match.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_service.h"
#include "tests/simulator/view.h"

enum { LOGIN_CAPACITY = 512, MAX_SHOWN = 100000 };

/* Where the body shows an account: each place has other fields. */
enum detail { ON_CREATE, IN_LIST, IN_FULL };

static struct org *current_org(struct exchange *exchange)
{
	return store_org(&exchange->sim->store, exchange->caller.org_id);
}

static void write_service(struct buffer *out, const struct version *version,
			  const struct service_account *account, enum detail detail)
{
	char uid[VIEW_UID_CAPACITY];

	json_out_text(out, "{\"id\":");
	json_out_int(out, account->id);
	if (version->uid) {
		view_uid(account->id, uid);
		(void)buffer_append_format(out, ",\"uid\":\"%s\"", uid);
	}
	json_out_text(out, ",\"name\":");
	json_out_string(out, account->name);
	json_out_text(out, ",\"login\":");
	json_out_string(out, account->login);
	(void)buffer_append_format(out, ",\"orgId\":%lld,\"isDisabled\":%s",
				   (long long)account->org->id,
				   account->is_disabled ? "true" : "false");
	if (detail == IN_FULL) {
		json_out_text(out, ",\"createdAt\":");
		json_out_time(out, account->created_s);
		json_out_text(out, ",\"updatedAt\":");
		json_out_time(out, account->updated_s);
		view_avatar(out, account->name);
	}
	(void)buffer_append_format(out, ",\"role\":\"%s\"", role_name(account->role));
	if (detail == IN_FULL)
		json_out_text(out, ",\"teams\":null");
	else
		(void)buffer_append_format(out, ",\"tokens\":%lld",
					   (long long)store_token_count(account));
	if (detail == ON_CREATE)
		json_out_text(out, ",\"avatarUrl\":\"\"");
	if (detail == IN_LIST)
		view_avatar(out, account->name);
	json_out_text(out, "}");
}

/* ---- lists ---- */

static bool contains_nocase(const char *text, const char *part)
{
	for (; *text != '\0'; text++)
		if (text_starts_with_nocase(text, part))
			return true;
	return part[0] == '\0';
}

/* Logins are unique on the server. */
static int compare_logins(const void *left, const void *right)
{
	const struct service_account *const *a = left, *const *b = right;

	return strcmp((*a)->login, (*b)->login);
}

static bool is_wanted(struct exchange *exchange, const struct service_account *account)
{
	const char *query = exchange_query(exchange, "query");

	if (strcmp(exchange_query(exchange, "disabled"), "true") == 0 && !account->is_disabled)
		return false;
	return contains_nocase(account->name, query) || contains_nocase(account->login, query);
}

void route_service_search(struct exchange *exchange)
{
	static const char start[] = "{\"totalCount\":%zu,\"serviceAccounts\":[";
	const struct org *org = current_org(exchange);
	const struct service_account **found = calloc(MAX_SHOWN, sizeof(*found));
	struct buffer *out = &exchange->reply.body;
	struct page page = match_page(exchange);
	size_t count = 0, first, last;

	for (const struct service_account *account = org != NULL ? org->services : NULL;
	     found != NULL && account != NULL && count < MAX_SHOWN; account = account->next)
		if (is_wanted(exchange, account))
			found[count++] = account;
	if (count > 0)
		qsort(found, count, sizeof(*found), compare_logins);
	match_page_bounds(&page, count, &first, &last);
	exchange->reply.status = 200;
	(void)buffer_append_format(out, start, count);
	for (size_t i = first; i < last; i++) {
		json_out_text(out, i > first ? "," : "");
		write_service(out, exchange->version, found[i], IN_LIST);
	}
	(void)buffer_append_format(out, "],\"page\":%lld,\"perPage\":%lld}",
				   (long long)page.number, (long long)page.per_page);
	free(found);
}

/* ---- one account ---- */

/* Texts of this area's refusals start with a capital letter. */
static bool refuse_body(struct exchange *exchange)
{
	answer(exchange, ANSWER_SERVICE_BAD_REQUEST);
	return false;
}

/* Absent: *role stays as it is. */
static bool bind_optional_role(struct exchange *exchange, enum role *role)
{
	const char *text;
	enum role given;

	if (!bind_text(exchange, "role", &text))
		return refuse_body(exchange);
	if (text[0] == '\0')
		return true;
	given = role_parse(text, exchange->version->role_none);
	if (given == ROLE_INVALID)
		return refuse_body(exchange);
	*role = given;
	return true;
}

/* "sa-" and the name in lower case with '-' for ' '; the org in between since 11. */
static bool make_login(const struct exchange *exchange, const char *name,
		       char login[LOGIN_CAPACITY])
{
	bool fits = exchange->version->service_login_has_org
			    ? text_format(login, LOGIN_CAPACITY, "sa-%lld-%s",
					  (long long)exchange->caller.org_id, name)
			    : text_format(login, LOGIN_CAPACITY, "sa-%s", name);

	text_lower(login);
	for (char *c = login; *c != '\0'; c++)
		*c = *c == ' ' ? '-' : *c;
	return fits;
}

void route_service_create(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct service_account *account;
	enum role role = ROLE_VIEWER;
	char login[LOGIN_CAPACITY];
	const char *name;
	bool disabled;

	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name) ||
	    !bind_bool(exchange, "isDisabled", &disabled) ||
	    !make_login(exchange, name, login)) {
		(void)refuse_body(exchange);
		return;
	}
	if (!bind_optional_role(exchange, &role))
		return;
	if (store_service_login_taken(store, login) ||
	    store_account_by_login(store, login) != NULL) {
		answer(exchange, ANSWER_SERVICE_EXISTS);
		return;
	}
	account = store_service_add(store, current_org(exchange), name, login, role);
	account->is_disabled = disabled;
	store->counters.service_creates++;
	exchange->reply.status = 201;
	write_service(&exchange->reply.body, exchange->version, account, ON_CREATE);
}

static struct service_account *service_of_path(struct exchange *exchange, enum answer when_none)
{
	struct service_account *account = store_service(current_org(exchange), exchange->id[0]);

	if (account == NULL)
		answer(exchange, when_none);
	return account;
}

void route_service_get(struct exchange *exchange)
{
	const struct service_account *account =
		service_of_path(exchange, ANSWER_SERVICE_NOT_FOUND);

	if (account == NULL)
		return;
	exchange->reply.status = 200;
	write_service(&exchange->reply.body, exchange->version, account, IN_FULL);
}

static void answer_updated(struct exchange *exchange, const struct service_account *account)
{
	struct buffer *out = &exchange->reply.body;

	exchange->reply.status = 200;
	(void)buffer_append_format(
		out, "{\"id\":%lld,\"message\":\"Service account updated\",\"name\":",
		(long long)account->id);
	json_out_string(out, account->name);
	json_out_text(out, ",\"serviceaccount\":");
	write_service(out, exchange->version, account, IN_FULL);
	json_out_text(out, "}");
}

/* The login stays as it was made; names may repeat once they are changed. */
void route_service_update(struct exchange *exchange)
{
	struct service_account *account;
	enum role role = ROLE_INVALID;
	const char *name;
	bool disabled, has_disabled;

	if (!bind_body(exchange) || !bind_text(exchange, "name", &name) ||
	    !bind_bool(exchange, "isDisabled", &disabled)) {
		(void)refuse_body(exchange);
		return;
	}
	if (!bind_optional_role(exchange, &role))
		return;
	has_disabled = bind_has(exchange, "isDisabled");
	account = service_of_path(exchange, ANSWER_SERVICE_NOT_FOUND);
	if (account == NULL)
		return;
	if (name[0] != '\0')
		store_service_rename(account, name);
	if (role != ROLE_INVALID)
		store_service_set_role(account, role);
	if (has_disabled)
		account->is_disabled = disabled;
	exchange->sim->store.counters.service_updates++;
	answer_updated(exchange, account);
}

void route_service_delete(struct exchange *exchange)
{
	struct service_account *account =
		service_of_path(exchange, ANSWER_SERVICE_DELETE_NOT_FOUND);

	if (account == NULL)
		return;
	store_service_delete(&exchange->sim->store, account);
	exchange->sim->store.counters.service_deletes++;
	answer_done(exchange, "Service account deleted");
}
