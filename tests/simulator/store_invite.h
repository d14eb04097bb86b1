/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_STORE_INVITE_H
#define TESTS_SIMULATOR_STORE_INVITE_H

#include "tests/simulator/store.h"

enum invite_status { INVITE_PENDING, INVITE_REVOKED, INVITE_COMPLETED };
enum { INVITE_CODE_CAPACITY = 31 };

/* A row of temp_user. */
struct invite {
	int64_t id;
	int64_t org_id;
	char *name, *email; /* email: whatever loginOrEmail was */
	enum role role;
	char *invited_by;
	char code[INVITE_CODE_CAPACITY];
	enum invite_status status;
	bool mail_sent;
	int64_t created_s;
	struct invite *older;
};

struct invite *store_invite_add(struct store *store, int64_t org_id, const char *email,
				const char *name, enum role role, const char *invited_by);
struct invite *store_invite_by_code(const struct store *store, const char *code);
void store_invite_clear(struct store *store);

#endif
