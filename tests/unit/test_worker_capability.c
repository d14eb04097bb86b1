/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker_capability.c - what a version or a token lacks is refused, with the way out. */
#include "tests/unit/grafana_support.h"

#include <stdio.h>

#include "grafana/server.h"
#include "worker/capability.h"
#include "worker/operations.h"

#define HEALTH(version) "{\"database\":\"ok\",\"version\":\"" version "\"}"

static const char *const versions[] = {"7.5.5", "8.4.11", "8.5.27", "9.4.0",  "10.1.0-pre",
				       "11.6.0", "12.0.2", "12.1.0", "12.4.1", "13.2.1"};

/* Which of the versions an action is refused on, as a mask; and what to do instead. */
#define AT(index) (1u << (index))
#define OLD (AT(0) | AT(1))
#define NEW (AT(7) | AT(8) | AT(9))
static const struct {
	const char *prefix;
	unsigned refused;
	const char *instead;
} expected[] = {
	{"service_account.", OLD, "use api_key.create, or Grafana 9 or later"},
	{"service_account_token.", OLD, "use api_key.create, or Grafana 9 or later"},
	{"api_key.", NEW, "use service_account.create and service_account_token.create"},
	{"", 0, NULL},
};

/* The parts of a turn that are looked at. */
static void begin(struct turn *turn, struct request *request, const char *action,
		  struct support *support)
{
	static char instance[] = "main";

	memset(request, 0, sizeof(*request));
	memset(turn, 0, sizeof(*turn));
	request->action = mem_strdup(action);
	request->instance = instance;
	turn->request = request;
	turn->grafana = support->session;
	turn->own_login = "";
}

static void end(struct turn *turn, struct request *request)
{
	turn_clear(turn);
	free(request->action);
}

static size_t row_of(const char *action)
{
	size_t row = 0;

	while (strncmp(action, expected[row].prefix, strlen(expected[row].prefix)) != 0)
		row++;
	return row;
}

static void check(struct support *support, const char *action, size_t version)
{
	size_t row = row_of(action);
	bool refused = (expected[row].refused & AT(version)) != 0;
	struct error err = {0};
	struct request request;
	struct turn turn;
	int rc;

	begin(&turn, &request, action, support);
	rc = capability_check(&turn, &err);
	if (rc != (refused ? TURN_ENDED : TURN_GO_ON))
		fail_msg("%s on %s: %d %s", action, versions[version], rc, err.text);
	if (refused) {
		assert_int_equal(turn.outcome.result, RESULT_REFUSED);
		assert_int_equal(turn.outcome.reason, REASON_GRAFANA_UNSUPPORTED);
		assert_non_null(strstr(turn.outcome.message, expected[row].instead));
		assert_non_null(strstr(turn.outcome.message, action));
	}
	end(&turn, &request);
}

/* Every action there is, on every version: only what the table above names is refused. */
static void a_version_lacks_what_the_table_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(versions); i++) {
		char body[64];
		const struct http_step health = {200, body, NULL, 0, 0, HTTP_LAST};
		struct support support;

		snprintf(body, sizeof(body), HEALTH("%s"), versions[i]);
		support_begin(&support, &health, 1);
		for (const struct operation *const *at = operation_all(); *at != NULL; at++)
			check(&support, (*at)->action, i);
		support_close(&support);
		support_end(&support);
	}
}

static void a_hidden_version_is_held_against_nobody(void **state)
{
	const struct http_step health = {200, "{\"database\":\"ok\"}", NULL, 0, 0, HTTP_LAST};
	struct support support;

	(void)state;
	support_begin(&support, &health, 1);
	for (const struct operation *const *at = operation_all(); *at != NULL; at++) {
		struct error err = {0};
		struct request request;
		struct turn turn;

		begin(&turn, &request, (*at)->action, &support);
		assert_int_equal(capability_check(&turn, &err), TURN_GO_ON);
		end(&turn, &request);
	}
	support_close(&support);
	support_end(&support);
}

/* The version is asked for once as long as it says yes; before a no it is asked for anew. */
static void an_upgrade_is_noticed_before_a_no(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = HEALTH("7.5.5")},
		{.status = 200, .body = HEALTH("9.4.0")},
		{.status = 200, .body = HEALTH("12.4.1")},
		{503, "", "", 0, 0, HTTP_KEEP},
	};
	static const struct {
		const char *action;
		int rc;
		size_t calls; /* in all */
	} turns[] = {
		{"api_key.create", TURN_GO_ON, 1},
		{"service_account.create", TURN_GO_ON, 2},
		{"service_account.create", TURN_GO_ON, 2},
		{"api_key.create", TURN_GO_ON, 2},
	};
	struct support support;
	struct error err = {0};
	struct request request;
	struct turn turn;

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	for (size_t i = 0; i < ARRAY_COUNT(turns); i++) {
		begin(&turn, &request, turns[i].action, &support);
		assert_int_equal(capability_check(&turn, &err), turns[i].rc);
		end(&turn, &request);
	}
	/* Somebody else has noticed the next one. */
	assert_int_equal(grafana_version_refresh(support.session, (char[32]){0}, 32, &err), 0);
	begin(&turn, &request, "api_key.create", &support);
	assert_int_equal(capability_check(&turn, &err), TURN_FAILED);
	assert_int_equal(err.kind, ERROR_RETRY);
	end(&turn, &request);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), ARRAY_COUNT(steps));
	support_end(&support);
}

static void a_token_is_told_what_it_takes(void **state)
{
	static const char *const beyond[] = {"account.", "server_admin.", "org."};
	static char token[] = "glsa_a_1", none[] = "";
	struct http_step steps[1] = {{.status = 200, .body = HEALTH("10.4.0")}};
	struct support support = {.script = http_script_start(steps, 1)};

	(void)state;
	support.settings = support_settings(http_script_url(support.script));
	support.settings.token = token;
	support.settings.user = support.settings.password = none;
	support_open(&support);
	for (const struct operation *const *at = operation_all(); *at != NULL; at++) {
		bool refused = false;
		struct error err = {0};
		struct request request;
		struct turn turn;

		for (size_t i = 0; i < ARRAY_COUNT(beyond); i++)
			refused |= strncmp((*at)->action, beyond[i], strlen(beyond[i])) == 0;
		begin(&turn, &request, (*at)->action, &support);
		assert_int_equal(capability_check(&turn, &err), refused ? TURN_ENDED : TURN_GO_ON);
		if (refused)
			assert_non_null(strstr(turn.outcome.message,
					       "[grafana.main] with user and password of a server admin"));
		end(&turn, &request);
	}
	support_close(&support);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_lacks_what_the_table_says),
		cmocka_unit_test(a_hidden_version_is_held_against_nobody),
		cmocka_unit_test(an_upgrade_is_noticed_before_a_no),
		cmocka_unit_test(a_token_is_told_what_it_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
