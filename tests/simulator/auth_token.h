/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_AUTH_TOKEN_H
#define TESTS_SIMULATOR_AUTH_TOKEN_H

#include "tests/simulator/auth.h"
#include "tests/simulator/store.h"

/* Is it shaped like a service account's token, checksum included? */
bool auth_token_well_formed(const char *key);

enum { AUTH_TOKEN_CAPACITY = 47 };
/* A new one: "glsa_", 32 letters and digits, '_', 8 hex digits. */
void auth_token_make(char out[AUTH_TOKEN_CAPACITY]);

enum { AUTH_KEY_CAPACITY = 1024 };
/* A new legacy key: base64 of {"k":secret,"n":name,"id":org}. False: the name is too long. */
bool auth_key_make(const char *name, int64_t org_id, char out[AUTH_KEY_CAPACITY]);

/* Sets exchange->caller, which then has no account, or refuses as the version does. */
enum auth_result auth_token_check(struct exchange *exchange, const char *key);

/* Who made or changed something, as it is shown: a service account has a login like
 * anybody, a legacy key has none. */
const char *auth_caller_login(const struct exchange *exchange);

#endif
