/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_STORE_SERVICE_H
#define TESTS_SIMULATOR_STORE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/store.h"

/* A machine's account: it belongs to one org, counts as one of its admins, is on no list of
 * users, and takes its id from the same counter. */
struct service_account {
	int64_t id;
	struct org *org;
	char *name, *login;
	enum role role;
	bool is_disabled;
	int64_t created_s, updated_s;
	struct service_account *next;
};

/* A service account's token, or a legacy key: one table in Grafana. */
struct api_token {
	int64_t id;
	struct org *org;
	struct service_account *account; /* NULL: a legacy key, with a role of its own */
	char *name;
	enum role role;
	uint8_t key_sha256[DIGEST_SHA256_BYTES];
	int64_t created_s, last_used_s;
	int64_t expires_ms; /* 0: never */
	struct api_token *next;
};

struct service_account *store_service(const struct org *org, int64_t id);
/* In any org, as the login is unique on the server. */
bool store_service_login_taken(const struct store *store, const char *login);
struct service_account *store_service_add(struct store *store, struct org *org,
					  const char *name, const char *login, enum role role);
void store_service_rename(struct service_account *account, const char *name);
void store_service_set_role(struct service_account *account, enum role role);
/* Its tokens go with it. */
void store_service_delete(struct store *store, struct service_account *account);

struct api_token *store_token(const struct org *org, int64_t id);
/* Names are unique in the org, over keys and tokens alike. */
struct api_token *store_token_by_name(const struct org *org, const char *name);
struct api_token *store_token_by_key(const struct store *store, const char *key);
/* 'account' NULL: a legacy key with that role. */
struct api_token *store_token_add(struct store *store, struct org *org,
				  struct service_account *account, const char *name,
				  enum role role, const char *key);
void store_token_delete(struct store *store, struct api_token *token);
int64_t store_token_count(const struct service_account *account);

/* Part of store_org_delete. */
void store_service_clear_org(struct store *store, struct org *org);

#endif
