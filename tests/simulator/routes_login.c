/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_login.c - a session's beginning, its new tokens and its end.
 */
#include <string.h>

#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"

/* The body's user and password take the place of a header's. */
static bool read_form(struct exchange *exchange)
{
	const char *user = "", *password = "";

	if (!bind_body(exchange) || !bind_text(exchange, "user", &user) ||
	    !bind_text(exchange, "password", &password))
		return false;
	if (user[0] == '\0' || password[0] == '\0') {
		answer(exchange, ANSWER_LOGIN_INCOMPLETE);
		return false;
	}
	auth_take_form(exchange, user, password);
	return true;
}

void route_login(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;

	if (!sim->settings.login_form) {
		answer(exchange, ANSWER_LOGIN_OFF);
		return;
	}
	if (!read_form(exchange) || auth_check_form(exchange) != AUTH_OK)
		return;
	auth_set_cookie(exchange, logins_open(&sim->logins, exchange->caller.account));
	answer_done(exchange, "Logged in");
}

void route_rotate(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct login *login =
		exchange->cookie != NULL ? logins_find(&sim->logins, exchange->cookie) : NULL;

	if (!exchange->version->rotates_on_request) {
		answer(exchange, ANSWER_ROUTE_NOT_FOUND);
		return;
	}
	if (login == NULL || auth_account_of(sim, login) == NULL) {
		answer(exchange, ANSWER_UNAUTHORIZED);
		return;
	}
	logins_rotate(&sim->logins, login);
	auth_set_cookie(exchange, login);
	exchange->reply.status = 200;
	exchange->reply.content = CONTENT_JSON;
	(void)buffer_append_text(&exchange->reply.body, "{}");
}

void route_logout(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct login *login =
		exchange->cookie != NULL ? logins_find(&sim->logins, exchange->cookie) : NULL;
	struct account *account = login != NULL ? auth_account_of(sim, login) : NULL;

	if (account != NULL) {
		login->epoch = -1;
		account->sessions--;
	}
	auth_burn_cookie(exchange);
	exchange->reply.status = 302;
	exchange->reply.content = CONTENT_HTML;
	exchange->reply.location = "/login";
	(void)buffer_append_text(&exchange->reply.body, "<a href=\"/login\">Found</a>.\n\n");
}
