/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_STORE_TEAM_H
#define TESTS_SIMULATOR_STORE_TEAM_H

#include "tests/simulator/store.h"

enum { TEAM_PERMISSION_MEMBER = 0, TEAM_PERMISSION_ADMIN = 4 };

/* One row of team_member; on the lists of its account and of its team. */
struct team_member {
	struct team *team;
	struct account *account;
	int64_t permission;
	struct team_member *account_next, *account_prev;
	struct team_member *team_next, *team_prev;
};

struct team {
	int64_t id;
	struct org *org;
	char *name;
	char *email;
	bool is_provisioned;
	struct team_member *members;
	int64_t member_count;
	struct team *next; /* of the org */
};

/* Only among the teams of that org, which may be NULL. */
struct team *store_team(const struct org *org, int64_t id);
struct team *store_team_by_name(const struct org *org, const char *name);
/* Whether the name is free is the caller's question. */
struct team *store_team_add(struct store *store, struct org *org, const char *name,
			    const char *email);
void store_team_rename(struct team *team, const char *name, const char *email);
void store_team_delete(struct team *team);

struct team_member *store_team_member(const struct team *team, int64_t account_id);
/* The account need not be a member of the org. */
struct team_member *store_team_member_add(struct team *team, struct account *account,
					  int64_t permission);
void store_team_member_remove(struct team_member *member);

/* All of an org's teams; all teams an account is in; those of one org. */
void store_team_clear_org(struct org *org);
void store_team_clear_account(struct account *account);
void store_team_leave_org(struct account *account, const struct org *org);

#endif
