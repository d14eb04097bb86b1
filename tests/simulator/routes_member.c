/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_member.c - members of an org, by /api/orgs/:orgId/users and by /api/org/users.
 *
 * Both sets share their work; they differ in where the org comes from, and in that
 * removing somebody through /api/org deletes an account that is left without orgs.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/match.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

enum { DEFAULT_PER_PAGE = 1000 };

/* ---- lists ---- */

static int compare_texts(const char *first_left, const char *first_right, const char *left,
			 const char *right)
{
	int order = strcmp(first_left, first_right);

	return order != 0 ? order : strcmp(left, right);
}

static int compare_by_email(const void *left, const void *right)
{
	const struct account *a = (*(const struct membership *const *)left)->account;
	const struct account *b = (*(const struct membership *const *)right)->account;

	return compare_texts(a->email, b->email, a->login, b->login);
}

static int compare_by_login(const void *left, const void *right)
{
	const struct account *a = (*(const struct membership *const *)left)->account;
	const struct account *b = (*(const struct membership *const *)right)->account;

	return compare_texts(a->login, b->login, a->email, b->email);
}

/* The members that match, sorted as the version does; the caller frees the array. */
static const struct membership **find_members(struct exchange *exchange, int64_t org_id,
					      const char *query, size_t *count)
{
	const struct org *org = store_org(&exchange->sim->store, org_id);
	const struct membership **found = NULL;
	size_t capacity = 0;

	*count = 0;
	for (const struct membership *member = org != NULL ? org->members : NULL;
	     member != NULL; member = member->org_next) {
		if (!match_account(member->account, query))
			continue;
		if (*count == capacity) {
			capacity = capacity == 0 ? 64 : capacity * 2;
			found = mem_grow_array(found, capacity, sizeof(struct membership *));
		}
		found[(*count)++] = member;
	}
	if (*count > 1)
		qsort(found, *count, sizeof(struct membership *),
		      exchange->version->sort_by_login ? compare_by_login : compare_by_email);
	return found;
}

static void write_members(struct exchange *exchange, const struct membership *const *members,
			  size_t first, size_t count)
{
	struct buffer *out = &exchange->reply.body;

	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (size_t i = first; i < count; i++) {
		if (i > first)
			json_out_text(out, ",");
		view_member(out, exchange->version, members[i]);
	}
	json_out_text(out, "]");
}

static void list(struct exchange *exchange, int64_t org_id, const char *query, int64_t limit)
{
	size_t count;
	const struct membership **members = find_members(exchange, org_id, query, &count);

	if (limit > 0 && (uint64_t)limit < count)
		count = (size_t)limit;
	write_members(exchange, members, 0, count);
	free(members);
}

void route_member_list(struct exchange *exchange)
{
	list(exchange, exchange->id[0], "", 0);
}

void route_cur_member_list(struct exchange *exchange)
{
	list(exchange, exchange->caller.org_id, exchange_query(exchange, "query"),
	     exchange_query_int(exchange, "limit", 0));
}

static void search(struct exchange *exchange, int64_t org_id)
{
	struct buffer *out = &exchange->reply.body;
	struct page page = match_page(exchange);
	size_t count, first, last;
	const struct membership **members =
		find_members(exchange, org_id, exchange_query(exchange, "query"), &count);

	match_page_bounds(&page, count, &first, &last);
	buffer_append_format(out, "{\"totalCount\":%zu,\"%s\":", count,
			     exchange->version->id <= V9_4 ? "OrgUsers" : "orgUsers");
	write_members(exchange, members, first, last);
	buffer_append_format(out, ",\"page\":%lld,\"perPage\":%lld}", (long long)page.number,
			     (long long)page.per_page);
	free(members);
}

void route_cur_member_search(struct exchange *exchange)
{
	search(exchange, exchange->caller.org_id);
}

/* In the routes of newer servers; which was the first is not known. */
void route_member_search(struct exchange *exchange)
{
	if (exchange->version->id < V12_4)
		answer(exchange, ANSWER_ROUTE_NOT_FOUND);
	else
		search(exchange, exchange->id[0]);
}

void route_cur_member_lookup(struct exchange *exchange)
{
	struct buffer *out = &exchange->reply.body;
	int64_t limit = exchange_query_int(exchange, "limit", DEFAULT_PER_PAGE);
	size_t count;
	const struct membership **members = find_members(
		exchange, exchange->caller.org_id, exchange_query(exchange, "query"), &count);

	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (size_t i = 0; i < count && (int64_t)i < limit; i++) {
		json_out_text(out, i == 0 ? "{\"userId\":" : ",{\"userId\":");
		json_out_int(out, members[i]->account->id);
		json_out_text(out, ",\"login\":");
		json_out_string(out, members[i]->account->login);
		view_avatar(out, members[i]->account->email);
		if (exchange->version->provisioned_field) {
			char uid[VIEW_UID_CAPACITY];

			view_uid(members[i]->account->id, uid);
			buffer_append_format(out, ",\"uid\":\"%s\"", uid);
		}
		json_out_text(out, "}");
	}
	json_out_text(out, "]");
	free(members);
}

/* ---- changes ---- */

static void add(struct exchange *exchange, int64_t org_id)
{
	struct store *store = &exchange->sim->store;
	struct org *org = store_org(store, org_id);
	struct account *account;
	const char *login_or_email;
	enum role role;

	if (!bind_body(exchange) ||
	    !bind_required_text(exchange, "loginOrEmail", &login_or_email) ||
	    !bind_role(exchange, &role))
		return;
	account = store_account_lookup(store, login_or_email);
	if (account == NULL) {
		answer(exchange, ANSWER_MEMBER_USER_NOT_FOUND);
		return;
	}
	if (org == NULL) {
		answer(exchange, ANSWER_MEMBER_ADD_FAILED);
		return;
	}
	if (store_member(account, org_id) != NULL) {
		answer_done_id(exchange, "User is already member of this organization", "userId",
			       account->id);
		exchange->reply.status = 409;
		return;
	}
	(void)store_member_add(account, org, role);
	store->counters.member_adds++;
	answer_done_id(exchange, "User added to organization", "userId", account->id);
}

/* The count of admins is taken over the whole org and after the change, so an org
 * without any refuses every change but one that makes an admin. */
static void patch(struct exchange *exchange, int64_t org_id, int64_t account_id)
{
	struct store *store = &exchange->sim->store;
	const struct account *account = store_account(store, account_id);
	struct membership *member;
	enum role role, before;

	if (!bind_body(exchange) || !bind_role(exchange, &role))
		return;
	if (exchange->version->synced_users && account != NULL && account_is_synced(account)) {
		answer(exchange, ANSWER_MEMBER_PATCH_SYNCED);
		return;
	}
	member = account != NULL ? store_member(account, org_id) : NULL;
	if (member == NULL) {
		answer(exchange, ANSWER_MEMBER_PATCH_FAILED);
		return;
	}
	before = member->role;
	store_member_set_role(member, role);
	if (member->org->admin_count == 0) {
		store_member_set_role(member, before);
		answer(exchange, ANSWER_MEMBER_PATCH_LAST_ADMIN);
		return;
	}
	store->counters.role_patches++;
	answer_done(exchange, "Organization user updated");
}

enum orphans { ORPHANS_STAY, ORPHANS_GO };

static void remove_member(struct exchange *exchange, int64_t org_id, int64_t account_id,
			  enum orphans orphans)
{
	struct store *store = &exchange->sim->store;
	const struct org *org = store_org(store, org_id);
	struct account *account = store_account(store, account_id);
	struct membership *member;
	int64_t admins_left;

	if (account == NULL) {
		answer(exchange, ANSWER_MEMBER_REMOVE_FAILED);
		return;
	}
	member = store_member(account, org_id);
	admins_left = org != NULL ? org->admin_count : 0;
	if (member != NULL && member->role == ROLE_ADMIN)
		admins_left--;
	if (admins_left == 0) {
		answer(exchange, ANSWER_MEMBER_REMOVE_LAST_ADMIN);
		return;
	}
	if (member != NULL) {
		store_member_remove(member);
		store->counters.member_removes++;
	}
	if (orphans == ORPHANS_GO && account->memberships == NULL) {
		store_account_delete(store, account);
		store->counters.user_deletes++;
		answer_done(exchange, "User deleted");
		return;
	}
	answer_done(exchange, "User removed from organization");
}

void route_member_add(struct exchange *exchange)
{
	add(exchange, exchange->id[0]);
}

void route_cur_member_add(struct exchange *exchange)
{
	add(exchange, exchange->caller.org_id);
}

void route_member_patch(struct exchange *exchange)
{
	patch(exchange, exchange->id[0], exchange->id[1]);
}

void route_cur_member_patch(struct exchange *exchange)
{
	patch(exchange, exchange->caller.org_id, exchange->id[0]);
}

void route_member_remove(struct exchange *exchange)
{
	remove_member(exchange, exchange->id[0], exchange->id[1], ORPHANS_STAY);
}

void route_cur_member_remove(struct exchange *exchange)
{
	remove_member(exchange, exchange->caller.org_id, exchange->id[0], ORPHANS_GO);
}
