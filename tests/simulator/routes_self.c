/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_self.c - health, version, and what a caller may ask about itself.
 */
#include <string.h>

#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

enum { MIN_OWN_PASSWORD = 5 }; /* one more than an admin may set */

static struct buffer *begin(struct exchange *exchange, enum content content)
{
	exchange->reply.status = 200;
	exchange->reply.content = content;
	return &exchange->reply.body;
}

void route_health(struct exchange *exchange)
{
	const struct version *version = exchange->version;
	const char *number = sim_version_number(exchange->sim);
	struct buffer *out = begin(exchange, CONTENT_CONTEXT);

	if (version->health_alphabetical)
		buffer_append_format(out,
				     "{\n  \"commit\": \"%s\",\n  \"database\": \"ok\",\n"
				     "  \"version\": \"%s\"\n}",
				     version->commit, number);
	else
		buffer_append_format(out,
				     "{\n  \"database\": \"ok\",\n  \"version\": \"%s\",\n"
				     "  \"commit\": \"%s\"\n}",
				     number, version->commit);
}

void route_healthz(struct exchange *exchange)
{
	json_out_text(begin(exchange, CONTENT_TEXT), "Ok");
}

void route_frontend_settings(struct exchange *exchange)
{
	const struct version *version = exchange->version;
	const char *number = sim_version_number(exchange->sim);
	struct buffer *out = begin(exchange, CONTENT_CONTEXT);

	if (version->build_alphabetical)
		buffer_append_format(out,
				     "{\"buildInfo\":{\"buildstamp\":1673611944,\"commit\":\"%s\","
				     "\"edition\":\"Open Source\",\"env\":\"production\","
				     "\"hasUpdate\":false,\"hideVersion\":false,"
				     "\"latestVersion\":\"\",\"version\":\"%s\"}",
				     version->commit, number);
	else
		buffer_append_format(out,
				     "{\"buildInfo\":{\"hideVersion\":false,\"version\":\"%s\","
				     "\"commit\":\"%s\",\"buildstamp\":1688151626,"
				     "\"edition\":\"Open Source\",\"latestVersion\":\"\","
				     "\"hasUpdate\":false,\"env\":\"production\"}",
				     number, version->commit);
	buffer_append_format(out, ",\"disableLoginForm\":%s}",
			     exchange->sim->settings.login_form ? "false" : "true");
}

void route_login_ping(struct exchange *exchange)
{
	if (exchange->version->ping_is_json)
		answer_done(exchange, "Logged in");
	else
		json_out_text(begin(exchange, CONTENT_JSON), "Logged in");
}

/* From 11.3 on a token may ask who it is; before, it is nobody. */
static void tell_token(struct exchange *exchange)
{
	if (exchange->version->id < V11_6 || exchange->caller.service == NULL)
		answer(exchange, ANSWER_SELF_NO_USER);
	else
		view_service_profile(begin(exchange, CONTENT_JSON), exchange->version,
				     exchange->caller.service);
}

void route_self(struct exchange *exchange)
{
	if (exchange->caller.account == NULL) {
		tell_token(exchange);
		return;
	}
	view_profile(begin(exchange, CONTENT_JSON), exchange->version, exchange->caller.account,
		     true);
}

void route_self_orgs(struct exchange *exchange)
{
	view_memberships(begin(exchange, CONTENT_JSON), exchange->caller.account);
}

void route_self_password(struct exchange *exchange)
{
	struct account *account = exchange->caller.account;
	const char *old_password, *new_password;

	if (!bind_body(exchange) || !bind_text(exchange, "oldPassword", &old_password) ||
	    !bind_text(exchange, "newPassword", &new_password))
		return;
	if (!account_has_password(account, old_password)) {
		answer(exchange, ANSWER_OLD_PASSWORD_WRONG);
		return;
	}
	if (strlen(new_password) < MIN_OWN_PASSWORD) {
		answer(exchange, ANSWER_NEW_PASSWORD_SHORT);
		return;
	}
	account_set_password(account, new_password);
	exchange->sim->store.counters.password_sets++;
	answer_done(exchange, "User password changed");
}
