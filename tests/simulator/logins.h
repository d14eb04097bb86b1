/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_LOGINS_H
#define TESTS_SIMULATOR_LOGINS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/table.h"

struct account;
struct buffer;

/* Sessions that POST /login has opened. They end with their account's epoch. */
struct logins {
	struct table by_token; /* of struct login, each under its present and its last token */
	int64_t rotations;     /* how often all were told to get a new token */
	int64_t revocations;   /* how often all were revoked */
};

struct login {
	char *token, *previous; /* previous: still good; NULL at first */
	int64_t account_id, epoch;
	int64_t rotations; /* those it has followed */
	int64_t revocations; /* those before its time */
};

/* Lives until logins_clear(). */
struct login *logins_open(struct logins *logins, struct account *account);
/* NULL: there is no such session, or it has ended. 'account' is who its account is now. */
struct login *logins_find(const struct logins *logins, const char *token);
void logins_rotate(struct logins *logins, struct login *login);
bool login_is_revoked(const struct logins *logins, const struct login *login);
bool login_is_due(const struct logins *logins, const struct login *login);
void logins_clear(struct logins *logins);
/* The cookies' values, as a JSON array: present ones, and those they have replaced last. */
void logins_write_tokens(const struct logins *logins, struct buffer *out);

/* All sessions of the account end. */
void account_end_sessions(struct account *account);

#endif
