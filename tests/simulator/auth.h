/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_AUTH_H
#define TESTS_SIMULATOR_AUTH_H

#include <stdbool.h>

struct exchange;
struct sim;

/* Takes login and password out of the Authorization header, if it is a basic one. */
void auth_read_header(struct exchange *exchange);

enum auth_result { AUTH_OK, AUTH_NO_CREDENTIALS, AUTH_REFUSED /* the reply is set */ };

/* Sets exchange->caller. Counts failures and obeys blocks. */
enum auth_result auth_check(struct exchange *exchange);

/* Would this login be let in? Neither counts nor looks at blocks. */
bool auth_would_pass(const struct sim *sim, const char *login, const char *password);

#endif
