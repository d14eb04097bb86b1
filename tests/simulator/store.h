/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_STORE_H
#define TESTS_SIMULATOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/digest.h"
#include "tests/simulator/account_index.h"
#include "tests/simulator/table.h"

/* Ordered by power; NONE is a role since 10.2, ROLE_INVALID is none at all. */
enum role { ROLE_INVALID = -1, ROLE_NONE, ROLE_VIEWER, ROLE_EDITOR, ROLE_ADMIN };

const char *role_name(enum role role);
/* Title-cases first, as Grafana does from 9.0 on. */
enum role role_parse(const char *text, bool none_allowed);

struct account;
struct org;

/* One row of org_user; on the lists of its account and of its org. */
struct membership {
	struct account *account;
	struct org *org;
	enum role role;
	struct membership *account_next, *account_prev;
	struct membership *org_next, *org_prev;
};

struct account {
	int64_t id;
	char *login;
	char *email;
	char *name;
	char *theme;
	char *auth_module; /* NULL: no row in user_auth, so not external */
	uint8_t password_sha256[DIGEST_SHA256_BYTES];
	bool has_password;
	bool is_admin; /* of the server */
	bool is_disabled;
	bool is_provisioned;
	bool role_sync;	 /* the module's provider manages the roles */
	int64_t org_id;	 /* current org, 0 for none */
	int64_t sessions; /* logins still alive */
	int64_t session_epoch; /* raised when all of them end */
	int64_t created_s, updated_s;
	int64_t last_seen_s; /* 0: never */
	struct membership *memberships;
	struct team_member *teams; /* see store_team.h */
};

enum { ORG_ADDRESS_PARTS = 6 };

struct org {
	int64_t id;
	char *name;
	char *address[ORG_ADDRESS_PARTS]; /* NULL: ""; in the order of view_org() */
	struct board *boards; /* see store_board.h */
	struct team *teams; /* see store_team.h */
	struct service_account *services; /* see store_service.h */
	struct api_token *tokens;	  /* likewise */
	struct membership *members;
	int64_t admin_count; /* service accounts included */
};

/* Applied changes that came over Grafana's API (not over /sim/). */
#define STORE_COUNTERS(X) \
	X(user_creates) X(user_deletes) X(user_updates) X(password_sets) X(permission_sets) \
	X(user_disables) X(user_enables) X(role_patches) X(member_adds) X(member_removes) \
	X(team_creates) X(team_updates) X(team_deletes) X(team_member_adds) \
	X(team_member_updates) X(team_member_removes) \
	X(invite_creates) X(invite_revokes) \
	X(service_creates) X(service_updates) X(service_deletes) X(token_creates) \
	X(token_deletes) X(key_creates) X(key_deletes) \
	X(logouts) X(org_creates) X(org_updates) X(org_deletes) \
	X(folder_creates) X(folder_updates) X(folder_deletes) X(dashboard_saves) \
	X(dashboard_deletes)

struct counters {
#define X(name) int64_t name;
	STORE_COUNTERS(X)
#undef X
};

struct invite;

struct store {
	struct invite *invites; /* the newest first */
	int64_t last_invite_id;
	struct table accounts_by_id, accounts_by_login, accounts_by_email;
	struct table orgs_by_id, orgs_by_name;
	struct account_index accounts;
	struct table services_by_login, tokens_by_key;
	struct org **orgs; /* by name; valid while !orgs_stale */
	size_t orgs_capacity;
	bool orgs_stale;
	/* ids are never used twice */
	int64_t last_account_id, last_org_id, last_team_id, last_board_id, last_token_id;
	int64_t server_admin_count;
	bool ignore_case, login_first; /* of the version */
	struct counters counters;
};

/* A fresh Grafana: org 1 "Main Org." and its one server admin. */
void store_init(struct store *store, const char *admin_login, const char *admin_password);
void store_clear(struct store *store);

struct account *store_account(const struct store *store, int64_t id);
struct account *store_account_by_login(const struct store *store, const char *login);
struct account *store_account_by_email(const struct store *store, const char *email);
/* With an '@': by e-mail, then by login; without: by login only. Where the login comes
 * first: by login, then by e-mail. */
struct account *store_account_lookup(const struct store *store, const char *text);
/* Empty texts are allowed; whether the names are free is the caller's question. */
struct account *store_account_add(struct store *store, const char *login, const char *email,
				  const char *name);
void store_account_rename(struct store *store, struct account *account, const char *login,
			  const char *email, const char *name);
void store_account_set_admin(struct store *store, struct account *account, bool is_admin);
void store_account_delete(struct store *store, struct account *account);
void account_set_password(struct account *account, const char *password);
bool account_has_password(const struct account *account, const char *password);
bool account_is_synced(const struct account *account);

struct org *store_org(const struct store *store, int64_t id);
struct org *store_org_by_name(const struct store *store, const char *name);
struct org *store_org_add(struct store *store, const char *name);
void store_org_rename(struct store *store, struct org *org, const char *name);
void store_org_delete(struct store *store, struct org *org);

struct membership *store_member(const struct account *account, int64_t org_id);
struct membership *store_member_add(struct account *account, struct org *org, enum role role);
void store_member_set_role(struct membership *member, enum role role);
void store_member_remove(struct membership *member);

/* Sorted; owned by the store and valid until its next change. */
struct account *const *store_accounts_sorted(struct store *store, size_t *count);
struct org *const *store_orgs_sorted(struct store *store, size_t *count);

#endif
