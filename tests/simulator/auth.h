/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_AUTH_H
#define TESTS_SIMULATOR_AUTH_H

#include <stdbool.h>

struct exchange;
struct sim;

/* Takes login and password out of the Authorization header, if it is a basic one, and
 * the session out of the Cookie header. */
void auth_read_header(struct exchange *exchange);

enum auth_result { AUTH_OK, AUTH_NO_CREDENTIALS, AUTH_REFUSED /* the reply is set */ };

/* The same from the body of POST /login. */
void auth_take_form(struct exchange *exchange, const char *login, const char *password);
enum auth_result auth_check_form(struct exchange *exchange);

/* "basic", "session", "token" or "none": what the request shows, right or wrong. */
const char *auth_credential_name(const struct exchange *exchange);
/* Whose they are, as far as that can be told; NULL if it can't. */
const char *auth_claimed_login(const struct exchange *exchange);

struct login;
struct account;
/* Whose session it is; NULL when it has ended. */
struct account *auth_account_of(const struct sim *sim, const struct login *login);
void auth_set_cookie(struct exchange *exchange, const struct login *login);
void auth_burn_cookie(struct exchange *exchange); /* takes it away */

/* Sets exchange->caller. Counts failures and obeys blocks. */
enum auth_result auth_check(struct exchange *exchange);

/* Would this login be let in? Neither counts nor looks at blocks. */
bool auth_would_pass(const struct sim *sim, const char *login, const char *password);

#endif
