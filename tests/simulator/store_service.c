/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_service.c - the database's service accounts, their tokens, and legacy keys.
 *
 * Rows hang on their org; tokens are indexed by the digest of their key as well,
 * which is all that is kept of one. Not locked: see store.c.
 *
 * Limit: accounts and tokens of one org are plain lists, which is fine for hundreds.
 */
#include "tests/simulator/store_service.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/memory.h"

/* ---- accounts ---- */

struct service_account *store_service(const struct org *org, int64_t id)
{
	struct service_account *account = org != NULL ? org->services : NULL;

	while (account != NULL && account->id != id)
		account = account->next;
	return account;
}

static const struct table_node *login_node(const struct store *store, const char *login)
{
	const struct table_node *node =
		table_first(&store->services_by_login, table_hash_text_nocase(login));

	while (node != NULL &&
	       strcasecmp(((const struct service_account *)node->item)->login, login) != 0)
		node = table_next(node);
	return node;
}

bool store_service_login_taken(const struct store *store, const char *login)
{
	return login_node(store, login) != NULL;
}

struct service_account *store_service_add(struct store *store, struct org *org,
					  const char *name, const char *login, enum role role)
{
	struct service_account *account = mem_zalloc(sizeof *account);

	account->id = ++store->last_account_id;
	account->org = org;
	account->name = mem_strdup(name);
	account->login = mem_strdup(login);
	account->role = ROLE_NONE;
	account->created_s = account->updated_s = time(NULL);
	account->next = org->services;
	org->services = account;
	table_insert(&store->services_by_login, table_hash_text_nocase(login), account);
	store_service_set_role(account, role);
	return account;
}

void store_service_rename(struct service_account *account, const char *name)
{
	char *copy = mem_strdup(name);

	free(account->name);
	account->name = copy;
	account->updated_s = time(NULL);
}

void store_service_set_role(struct service_account *account, enum role role)
{
	account->org->admin_count +=
		(role == ROLE_ADMIN ? 1 : 0) - (account->role == ROLE_ADMIN ? 1 : 0);
	account->role = role;
	account->updated_s = time(NULL);
}

static void delete_tokens(struct store *store, const struct service_account *account)
{
	struct api_token *token = account->org->tokens;

	while (token != NULL) {
		struct api_token *next = token->next;

		if (token->account == account)
			store_token_delete(store, token);
		token = next;
	}
}

void store_service_delete(struct store *store, struct service_account *account)
{
	struct service_account **link = &account->org->services;

	delete_tokens(store, account);
	store_service_set_role(account, ROLE_NONE);
	while (*link != account)
		link = &(*link)->next;
	*link = account->next;
	table_remove(&store->services_by_login, table_hash_text_nocase(account->login), account);
	free(account->name);
	free(account->login);
	free(account);
}

/* ---- tokens ---- */

static uint64_t key_hash(const uint8_t sha256[DIGEST_SHA256_BYTES])
{
	uint64_t hash;

	memcpy(&hash, sha256, sizeof hash);
	return hash;
}

struct api_token *store_token(const struct org *org, int64_t id)
{
	struct api_token *token = org != NULL ? org->tokens : NULL;

	while (token != NULL && token->id != id)
		token = token->next;
	return token;
}

struct api_token *store_token_by_name(const struct org *org, const char *name)
{
	struct api_token *token = org->tokens;

	while (token != NULL && strcmp(token->name, name) != 0)
		token = token->next;
	return token;
}

struct api_token *store_token_by_key(const struct store *store, const char *key)
{
	uint8_t sha256[DIGEST_SHA256_BYTES];
	const struct table_node *node;

	digest_sha256(key, strlen(key), sha256);
	node = table_first(&store->tokens_by_key, key_hash(sha256));
	for (; node != NULL; node = table_next(node)) {
		struct api_token *token = node->item;

		if (memcmp(token->key_sha256, sha256, sizeof sha256) == 0)
			return token;
	}
	return NULL;
}

struct api_token *store_token_add(struct store *store, struct org *org,
				  struct service_account *account, const char *name,
				  enum role role, const char *key)
{
	struct api_token *token = mem_zalloc(sizeof *token);

	token->id = ++store->last_token_id;
	token->org = org;
	token->account = account;
	token->name = mem_strdup(name);
	token->role = role;
	token->created_s = time(NULL);
	digest_sha256(key, strlen(key), token->key_sha256);
	table_insert(&store->tokens_by_key, key_hash(token->key_sha256), token);
	token->next = org->tokens;
	org->tokens = token;
	return token;
}

void store_token_delete(struct store *store, struct api_token *token)
{
	struct api_token **link = &token->org->tokens;

	while (*link != token)
		link = &(*link)->next;
	*link = token->next;
	table_remove(&store->tokens_by_key, key_hash(token->key_sha256), token);
	free(token->name);
	free(token);
}

int64_t store_token_count(const struct service_account *account)
{
	int64_t count = 0;

	for (const struct api_token *token = account->org->tokens; token != NULL;
	     token = token->next)
		count += token->account == account ? 1 : 0;
	return count;
}

void store_service_clear_org(struct store *store, struct org *org)
{
	while (org->services != NULL)
		store_service_delete(store, org->services);
	while (org->tokens != NULL)
		store_token_delete(store, org->tokens);
}
