/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_INVENTORY_H
#define CODEC_INVENTORY_H

#include "codec/outcome.h"

/*
 * The records of a snapshot: one for each user, org, team and service account, and one
 * that closes it. Texts are the caller's; NULL and "" = not told. Times are wall clock, 0 =
 * never, or not told.
 */

enum {
	INVENTORY_ID_CAPACITY = EVENT_ID_CAPACITY,
	/* A larger team takes several records, so that none is too long for a broker. */
	INVENTORY_MEMBERS_MAX = 2000,
	INVENTORY_LACKS_MAX = 8,
};

struct inventory_frame {
	char snapshot[INVENTORY_ID_CAPACITY];
	int64_t started_ms;
	const char *instance;
	int64_t org_id; /* of this org only; 0 = of all */
	const char *event_source;
	const char *traceparent;
	enum cloudevent_mode mode;
	int64_t now_ms;
};

struct inventory_role {
	int64_t org_id;
	enum role role; /* UNSET = one that we don't know */
};

struct inventory_user {
	int64_t id;
	const char *login, *email, *name;
	enum fact server_admin, disabled, external;
	const char *const *modules; /* which identity providers it comes from */
	size_t module_count;
	int64_t last_seen_ms, created_ms;
	const struct inventory_role *roles;
	size_t role_count;
};

struct inventory_org {
	int64_t id;
	const char *name;
	bool members_read, teams_read, service_accounts_read;
	int64_t members; /* how many */
};

struct inventory_member {
	int64_t user_id;
	char *login; /* owned by whoever fills it */
	enum fact is_admin; /* of the team */
};

struct inventory_team {
	int64_t id, org_id;
	const char *name, *email;
	const struct inventory_member *members;
	size_t member_count;
	int part; /* from 1 */
	bool more; /* another part follows */
};

struct inventory_token {
	int64_t id;
	char *name; /* owned by whoever fills it */
	int64_t created_ms, expires_ms, used_ms;
	enum fact revoked;
};

struct inventory_service_account {
	int64_t id, org_id;
	const char *name, *login;
	enum role role;
	enum fact disabled;
	const struct inventory_token *tokens;
	size_t token_count;
};

struct inventory_counts {
	int64_t users, orgs, teams, service_accounts, tokens, memberships;
	int64_t records; /* without the closing one */
};

/* What the snapshot is without, and why. */
struct inventory_lack {
	const char *what; /* "teams" */
	const char *why;
	int64_t orgs; /* in how many orgs; 0 = in all */
};

struct inventory_end {
	struct inventory_counts counts;
	struct inventory_lack lacks[INVENTORY_LACKS_MAX];
	size_t lack_count;
	bool changed; /* accounts came or went while it was made */
};

/* The id of the attempt with that fencing token at the request. */
void inventory_snapshot_id(const struct request *request, int64_t token,
			   char out[INVENTORY_ID_CAPACITY]);

/* '*record' is initialised here; the caller clears it. Its key is the thing's:
 * "<instance>/user/<id>", with "org/<id>/" before "user" in a snapshot of one org. */
void inventory_encode_user(const struct inventory_frame *frame,
			   const struct inventory_user *user, struct record *record);
void inventory_encode_org(const struct inventory_frame *frame, const struct inventory_org *org,
			  struct record *record);
void inventory_encode_team(const struct inventory_frame *frame,
			   const struct inventory_team *team, struct record *record);
void inventory_encode_service_account(const struct inventory_frame *frame,
				      const struct inventory_service_account *account,
				      struct record *record);
void inventory_encode_end(const struct inventory_frame *frame, const struct inventory_end *end,
			  struct record *record);

#endif
