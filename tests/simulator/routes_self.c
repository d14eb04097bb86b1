/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_self.c - health, version, and what a caller may ask about itself.
 */
#include "tests/simulator/answer.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

static struct buffer *begin(struct exchange *exchange, enum content content)
{
	exchange->reply.status = 200;
	exchange->reply.content = content;
	return &exchange->reply.body;
}

void route_health(struct exchange *exchange)
{
	const struct version *version = exchange->version;
	struct buffer *out = begin(exchange, CONTENT_CONTEXT);

	if (version->health_alphabetical)
		buffer_append_format(out,
				     "{\n  \"commit\": \"%s\",\n  \"database\": \"ok\",\n"
				     "  \"version\": \"%s\"\n}",
				     version->commit, version->number);
	else
		buffer_append_format(out,
				     "{\n  \"database\": \"ok\",\n  \"version\": \"%s\",\n"
				     "  \"commit\": \"%s\"\n}",
				     version->number, version->commit);
}

void route_healthz(struct exchange *exchange)
{
	json_out_text(begin(exchange, CONTENT_TEXT), "Ok");
}

void route_frontend_settings(struct exchange *exchange)
{
	const struct version *version = exchange->version;
	struct buffer *out = begin(exchange, CONTENT_CONTEXT);

	buffer_append_format(out,
			     "{\"buildInfo\":{\"buildstamp\":1673611944,\"commit\":\"%s\","
			     "\"edition\":\"Open Source\",\"env\":\"production\","
			     "\"hasUpdate\":false,\"hideVersion\":false,\"latestVersion\":\"\","
			     "\"version\":\"%s\"},\"disableLoginForm\":%s}",
			     version->commit, version->number,
			     exchange->sim->settings.login_form ? "false" : "true");
}

void route_login_ping(struct exchange *exchange)
{
	if (exchange->version->ping_is_json)
		answer_done(exchange, "Logged in");
	else
		json_out_text(begin(exchange, CONTENT_JSON), "Logged in");
}

void route_self(struct exchange *exchange)
{
	view_profile(begin(exchange, CONTENT_JSON), exchange->version, exchange->caller.account,
		     true);
}

void route_self_orgs(struct exchange *exchange)
{
	view_memberships(begin(exchange, CONTENT_JSON), exchange->caller.account);
}
