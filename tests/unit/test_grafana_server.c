/* SPDX-License-Identifier: Apache-2.0 */
/* test_grafana_server.c - which Grafana, and what our credentials may do. */
#include "tests/unit/grafana_support.h"

#include "grafana/server.h"

#define HEALTH(version)                                                                        \
	"{\n  \"commit\": \"x\",\n  \"database\": \"ok\",\n  \"version\": \"" version "\"\n}"
#define SELF "{\"id\":1,\"login\":\"admin\",\"email\":\"admin@localhost\",\"isGrafanaAdmin\":true}"

static void probes(void **state)
{
	static const struct {
		const char *label;
		struct http_step steps[3];
		size_t calls;
		int rc, code; /* of the error, with rc -1 */
		enum answer_code answer;
		const char *version;
		int major, minor;
		bool is_server_admin;
	} cases[] = {
		{"9.4",
		 {{.status = 200, .body = HEALTH("9.4.0-pre")}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[{\"id\":1,\"name\":\"Main Org.\"}]"}},
		 3, 0, 0, ANSWER_OK, "9.4.0-pre", 9, 4, true},
		{"12, org admin",
		 {{.status = 200, .body = HEALTH("12.4.1+security-01")}, {.status = 200, .body = SELF},
		  {.status = 403, .body = "{\"accessErrorId\":\"ACE1\",\"message\":\"x\"}"}},
		 3, 0, 0, ANSWER_OK, "12.4.1+security-01", 12, 4, false},
		{"hidden version",
		 {{.status = 200, .body = "{\"database\":\"ok\"}"}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[]"}},
		 3, 0, 0, ANSWER_OK, "", 0, 0, true},
		{"odd version",
		 {{.status = 200, .body = HEALTH("unknown-dev")}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[]"}},
		 3, 0, 0, ANSWER_OK, "unknown-dev", 0, 0, true},
		{"wrong password",
		 {{.status = 200, .body = HEALTH("9.4.0")},
		  {.status = 401, .body = "{\"message\":\"invalid username or password\"}"}},
		 2, -1, 401, ANSWER_OK, "9.4.0", 9, 4, false},
		{"suspended",
		 {{503, "<html>Grafana is loading", "Content-Type: text/html\r\n", 0, 0, HTTP_KEEP}},
		 1, -1, 503, ANSWER_OK, "", 0, 0, false},
		{"not Grafana", {{.status = 200, .body = "\"hello\""}}, 1, -1, 200, ANSWER_OK, "", 0, 0,
		 false},
		{"not Grafana either", {{.status = 404, .body = "<html>"}}, 1, 0, 0, ANSWER_UNSUPPORTED, "",
		 0, 0, false},
		{"no account of its own",
		 {{.status = 200, .body = HEALTH("9.4.0")},
		  {.status = 404, .body = "{\"message\":\"user not found\"}"}},
		 2, 0, 0, ANSWER_NOT_FOUND, "9.4.0", 9, 4, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct grafana_server server;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		support_begin(&support, cases[i].steps, cases[i].calls);
		rc = grafana_server_probe(support.session, &server, &answer, &err);
		support_close(&support);
		if (rc != cases[i].rc || err.code != cases[i].code ||
		    (rc == 0 && answer.code != cases[i].answer) ||
		    strcmp(server.version, cases[i].version) != 0 ||
		    server.major != cases[i].major || server.minor != cases[i].minor ||
		    server.is_server_admin != cases[i].is_server_admin ||
		    http_script_count(support.script) != cases[i].calls)
			fail_msg("%s: rc %d, code %d, %s, '%s' %d.%d, admin %d", cases[i].label, rc,
				 err.code, answer_name(answer.code), server.version, server.major,
				 server.minor, server.is_server_admin);
		if (cases[i].calls == 3)
			assert_string_equal(server.self.login, "admin");
		support_end(&support);
	}
}

static void probes_with_a_token(void **state)
{
	static char token[] = "glsa_a_1", none[] = "";
	const struct http_step steps[] = {
		{.status = 200, .body = HEALTH("12.4.1")},
		{.status = 200, .body = "{\"id\":7,\"name\":\"Stack\"}"},
	};
	struct support support = {.script = http_script_start(steps, ARRAY_COUNT(steps))};
	struct grafana_server server;
	struct answer answer = {0};
	struct error err = {0};

	(void)state;
	support.settings = support_settings(http_script_url(support.script));
	support.settings.token = token;
	support.settings.user = support.settings.password = none;
	support_open(&support);
	assert_int_equal(grafana_server_probe(support.session, &server, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_int_equal(server.org.id, 7);
	assert_string_equal(server.org.name, "Stack");
	assert_false(server.is_server_admin);
	assert_int_equal(grafana_version(support.grafana), 12 * GRAFANA_VERSION_MAJOR + 4);
	assert_int_equal(grafana_version_probe(support.session, &err), 0);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 2);
	support_assert_request(&support, 1, "GET /api/org HTTP/1.1\r\n", "");
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes),
		cmocka_unit_test(probes_with_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
