/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c - the simulated server's database: accounts, orgs, memberships.
 *
 * Owns every row and the indexes over them; ids are never used again. Rules about who may do what
 * live in the route files; here is only what keeps the rows consistent (an org's
 * count of admins, the current org of an account that leaves one). Not locked:
 * the caller holds the simulator's one lock.
 */
#include "tests/simulator/store.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/store_invite.h"
#include "tests/simulator/store_team.h"
#include "tests/simulator/store_board.h"
#include "tests/simulator/store_service.h"

static const char *const role_names[] = {"None", "Viewer", "Editor", "Admin"};

const char *role_name(enum role role)
{
	return role == ROLE_INVALID ? "" : role_names[role];
}

enum role role_parse(const char *text, bool none_allowed)
{
	for (int role = none_allowed ? ROLE_NONE : ROLE_VIEWER; role <= ROLE_ADMIN; role++)
		if (strcasecmp(text, role_names[role]) == 0)
			return (enum role)role;
	return ROLE_INVALID;
}

void store_init(struct store *store, const char *admin_login, const char *admin_password)
{
	struct org *org;
	struct account *admin;

	memset(store, 0, sizeof *store);
	store->orgs_stale = true;
	org = store_org_add(store, "Main Org.");
	admin = store_account_add(store, admin_login, "admin@localhost", "");
	account_set_password(admin, admin_password);
	store_account_set_admin(store, admin, true);
	(void)store_member_add(admin, org, ROLE_ADMIN);
}

void store_clear(struct store *store)
{
	size_t count;
	struct account *const *accounts = store_accounts_sorted(store, &count);
	struct org *const *orgs;

	for (size_t i = count; i-- > 0;)
		store_account_delete(store, accounts[i]);
	orgs = store_orgs_sorted(store, &count);
	for (size_t i = count; i-- > 0;)
		store_org_delete(store, orgs[i]);
	store_invite_clear(store);
	table_clear(&store->accounts_by_id);
	table_clear(&store->accounts_by_login);
	table_clear(&store->accounts_by_email);
	table_clear(&store->orgs_by_id);
	table_clear(&store->orgs_by_name);
	account_index_clear(&store->accounts);
	table_clear(&store->services_by_login);
	table_clear(&store->tokens_by_key);
	free(store->orgs);
	memset(store, 0, sizeof *store);
}

/* ---- accounts ---- */

struct account *store_account(const struct store *store, int64_t id)
{
	const struct table_node *node = table_first(&store->accounts_by_id, table_hash_id(id));

	for (; node != NULL; node = table_next(node)) {
		struct account *account = node->item;

		if (account->id == id)
			return account;
	}
	return NULL;
}

static bool same_text(const struct store *store, const char *left, const char *right)
{
	return store->ignore_case ? strcasecmp(left, right) == 0 : strcmp(left, right) == 0;
}

struct account *store_account_by_login(const struct store *store, const char *login)
{
	const struct table_node *node =
		table_first(&store->accounts_by_login, table_hash_text_nocase(login));

	for (; node != NULL; node = table_next(node)) {
		struct account *account = node->item;

		if (same_text(store, account->login, login))
			return account;
	}
	return NULL;
}

struct account *store_account_by_email(const struct store *store, const char *email)
{
	const struct table_node *node =
		table_first(&store->accounts_by_email, table_hash_text_nocase(email));

	for (; node != NULL; node = table_next(node)) {
		struct account *account = node->item;

		if (same_text(store, account->email, email))
			return account;
	}
	return NULL;
}

struct account *store_account_lookup(const struct store *store, const char *text)
{
	struct account *account = NULL;

	if (text[0] == '\0')
		return NULL;
	if (strchr(text, '@') != NULL && !store->login_first)
		account = store_account_by_email(store, text);
	if (account == NULL)
		account = store_account_by_login(store, text);
	if (account == NULL && store->login_first)
		account = store_account_by_email(store, text);
	return account;
}

static void replace_text(char **text, const char *value)
{
	char *copy = mem_strdup(value);

	free(*text);
	*text = copy;
}

static void give_names(struct store *store, struct account *account, const char *login,
		       const char *email, const char *name)
{
	replace_text(&account->login, login);
	replace_text(&account->email, email);
	replace_text(&account->name, name);
	if (store->ignore_case) {
		text_lower(account->login);
		text_lower(account->email);
	}
	table_insert(&store->accounts_by_login, table_hash_text_nocase(account->login), account);
	table_insert(&store->accounts_by_email, table_hash_text_nocase(account->email), account);
	account_index_add(&store->accounts, account);
	account->updated_s = time(NULL);
}

void store_account_rename(struct store *store, struct account *account, const char *login,
			  const char *email, const char *name)
{
	account_index_remove(&store->accounts, account);
	table_remove(&store->accounts_by_login, table_hash_text_nocase(account->login), account);
	table_remove(&store->accounts_by_email, table_hash_text_nocase(account->email), account);
	give_names(store, account, login, email, name);
}

struct account *store_account_add(struct store *store, const char *login, const char *email,
				  const char *name)
{
	struct account *account = mem_zalloc(sizeof *account);

	account->id = ++store->last_account_id;
	account->theme = mem_strdup("");
	account->created_s = time(NULL);
	account->role_sync = true;
	table_insert(&store->accounts_by_id, table_hash_id(account->id), account);
	give_names(store, account, login, email, name);
	return account;
}

void store_account_set_admin(struct store *store, struct account *account, bool is_admin)
{
	store->server_admin_count += (is_admin ? 1 : 0) - (account->is_admin ? 1 : 0);
	account->is_admin = is_admin;
	account->updated_s = time(NULL);
}

void store_account_delete(struct store *store, struct account *account)
{
	while (account->memberships != NULL)
		store_member_remove(account->memberships);
	store_team_clear_account(account);
	store_account_set_admin(store, account, false);
	table_remove(&store->accounts_by_id, table_hash_id(account->id), account);
	table_remove(&store->accounts_by_login, table_hash_text_nocase(account->login), account);
	table_remove(&store->accounts_by_email, table_hash_text_nocase(account->email), account);
	account_index_remove(&store->accounts, account);
	free(account->login);
	free(account->email);
	free(account->name);
	free(account->theme);
	free(account->auth_module);
	free(account);
}

void account_set_password(struct account *account, const char *password)
{
	digest_sha256(password, strlen(password), account->password_sha256);
	account->has_password = password[0] != '\0';
}

bool account_has_password(const struct account *account, const char *password)
{
	uint8_t digest[DIGEST_SHA256_BYTES];

	if (!account->has_password)
		return false;
	digest_sha256(password, strlen(password), digest);
	return memcmp(digest, account->password_sha256, sizeof digest) == 0;
}

bool account_is_synced(const struct account *account)
{
	return account->auth_module != NULL && account->role_sync;
}

/* ---- orgs ---- */

struct org *store_org(const struct store *store, int64_t id)
{
	const struct table_node *node = table_first(&store->orgs_by_id, table_hash_id(id));

	for (; node != NULL; node = table_next(node)) {
		struct org *org = node->item;

		if (org->id == id)
			return org;
	}
	return NULL;
}

struct org *store_org_by_name(const struct store *store, const char *name)
{
	const struct table_node *node = table_first(&store->orgs_by_name, table_hash_text(name));

	for (; node != NULL; node = table_next(node)) {
		struct org *org = node->item;

		if (strcmp(org->name, name) == 0)
			return org;
	}
	return NULL;
}

struct org *store_org_add(struct store *store, const char *name)
{
	struct org *org = mem_zalloc(sizeof *org);

	org->id = ++store->last_org_id;
	org->name = mem_strdup(name);
	table_insert(&store->orgs_by_id, table_hash_id(org->id), org);
	table_insert(&store->orgs_by_name, table_hash_text(name), org);
	store->orgs_stale = true;
	return org;
}

void store_org_rename(struct store *store, struct org *org, const char *name)
{
	table_remove(&store->orgs_by_name, table_hash_text(org->name), org);
	replace_text(&org->name, name);
	table_insert(&store->orgs_by_name, table_hash_text(name), org);
	store->orgs_stale = true;
}

void store_org_delete(struct store *store, struct org *org)
{
	while (org->members != NULL)
		store_member_remove(org->members);
	store_team_clear_org(org);
	store_board_clear(org);
	store_service_clear_org(store, org);
	table_remove(&store->orgs_by_id, table_hash_id(org->id), org);
	table_remove(&store->orgs_by_name, table_hash_text(org->name), org);
	store->orgs_stale = true;
	for (size_t i = 0; i < ORG_ADDRESS_PARTS; i++)
		free(org->address[i]);
	free(org->name);
	free(org);
}

/* ---- memberships ---- */

/* A short walk: an account is in few orgs, whereas an org may have thousands of members. */
struct membership *store_member(const struct account *account, int64_t org_id)
{
	struct membership *member = account->memberships;

	while (member != NULL && member->org->id != org_id)
		member = member->account_next;
	return member;
}

struct membership *store_member_add(struct account *account, struct org *org, enum role role)
{
	struct membership *member = mem_zalloc(sizeof *member);

	member->account = account;
	member->org = org;
	member->role = ROLE_NONE;
	member->account_next = account->memberships;
	if (member->account_next != NULL)
		member->account_next->account_prev = member;
	account->memberships = member;
	member->org_next = org->members;
	if (member->org_next != NULL)
		member->org_next->org_prev = member;
	org->members = member;
	store_member_set_role(member, role);
	if (account->org_id == 0)
		account->org_id = org->id;
	return member;
}

void store_member_set_role(struct membership *member, enum role role)
{
	member->org->admin_count +=
		(role == ROLE_ADMIN ? 1 : 0) - (member->role == ROLE_ADMIN ? 1 : 0);
	member->role = role;
}

void store_member_remove(struct membership *member)
{
	struct account *account = member->account;

	store_member_set_role(member, ROLE_NONE);
	store_team_leave_org(account, member->org);
	if (member->account_prev != NULL)
		member->account_prev->account_next = member->account_next;
	else
		account->memberships = member->account_next;
	if (member->account_next != NULL)
		member->account_next->account_prev = member->account_prev;
	if (member->org_prev != NULL)
		member->org_prev->org_next = member->org_next;
	else
		member->org->members = member->org_next;
	if (member->org_next != NULL)
		member->org_next->org_prev = member->org_prev;
	if (account->org_id == member->org->id)
		account->org_id =
			account->memberships != NULL ? account->memberships->org->id : 0;
	free(member);
}

/* ---- sorted views ---- */

static int compare_orgs(const void *left, const void *right)
{
	const struct org *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

struct account *const *store_accounts_sorted(struct store *store, size_t *count)
{
	return account_index_items(&store->accounts, count);
}

struct org *const *store_orgs_sorted(struct store *store, size_t *count)
{
	const struct table *table = &store->orgs_by_id;
	size_t n = 0;

	*count = table->count;
	if (!store->orgs_stale)
		return store->orgs;
	if (table->count + 1 > store->orgs_capacity) {
		store->orgs_capacity = table->count * 2 + 1;
		store->orgs = mem_grow_array(store->orgs, store->orgs_capacity,
					     sizeof(struct org *));
	}
	for (size_t i = 0; i < table->slot_count; i++)
		for (struct table_node *node = table->slots[i]; node; node = node->next)
			store->orgs[n++] = node->item;
	qsort(store->orgs, n, sizeof(struct org *), compare_orgs);
	store->orgs_stale = false;
	return store->orgs;
}
