/* SPDX-License-Identifier: Apache-2.0 */
/* test_grafana_server.c - which Grafana, and what our credentials may do. */
#include "tests/unit/grafana_support.h"

#include "grafana/server.h"
#include "grafana/server_settings.h"

#define HEALTH(version)                                                                        \
	"{\n  \"commit\": \"x\",\n  \"database\": \"ok\",\n  \"version\": \"" version "\"\n}"
#define FRONTEND(version, form)                                                                \
	"{\"buildInfo\":{\"version\":\"" version "\",\"edition\":\"Open Source\"},"               \
	"\"disableLoginForm\":" form "}"
#define SETTINGS(smtp) "{\"smtp\":{\"enabled\":\"" smtp "\",\"password\":\"*********\"}}"
#define DENIED "{\"accessErrorId\":\"ACE1\",\"message\":\"x\"}"
#define SELF "{\"id\":1,\"login\":\"admin\",\"email\":\"admin@localhost\",\"isGrafanaAdmin\":true}"

static void probes(void **state)
{
	static const struct {
		const char *label;
		struct http_step steps[5];
		size_t calls;
		int rc, code; /* of the error, with rc -1 */
		enum answer_code answer;
		const char *version;
		int major, minor;
		bool is_server_admin;
		enum server_fact login_form, smtp;
	} cases[] = {
		{"9.4",
		 {{.status = 200, .body = HEALTH("9.4.0-pre")}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[{\"id\":1,\"name\":\"Main Org.\"}]"},
		  {.status = 200, .body = FRONTEND("9.4.0-pre", "false")},
		  {.status = 200, .body = SETTINGS("true")}},
		 5, 0, 0, ANSWER_OK, "9.4.0-pre", 9, 4, true, SERVER_YES, SERVER_YES},
		{"12, org admin",
		 {{.status = 200, .body = HEALTH("12.4.1+security-01")}, {.status = 200, .body = SELF},
		  {.status = 403, .body = DENIED},
		  {.status = 200, .body = FRONTEND("12.4.1+security-01", "true")}},
		 4, 0, 0, ANSWER_OK, "12.4.1+security-01", 12, 4, false, SERVER_NO, SERVER_UNKNOWN},
		{"hidden version",
		 {{.status = 200, .body = "{\"database\":\"ok\"}"}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[]"}, {.status = 200, .body = FRONTEND("10.4.1", "0")},
		  {.status = 200, .body = SETTINGS("false")}},
		 5, 0, 0, ANSWER_OK, "10.4.1", 10, 4, true, SERVER_UNKNOWN, SERVER_NO},
		{"hidden version, and nothing else is told",
		 {{.status = 200, .body = "{\"database\":\"ok\"}"}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[]"}, {.status = 403, .body = DENIED},
		  {.status = 403, .body = DENIED}},
		 5, 0, 0, ANSWER_OK, "", 0, 0, true, SERVER_UNKNOWN, SERVER_UNKNOWN},
		{"odd version",
		 {{.status = 200, .body = HEALTH("unknown-dev")}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[]"}, {.status = 200, .body = "[1]"},
		  {.status = 200, .body = "{\"smtp\":7}"}},
		 5, 0, 0, ANSWER_OK, "unknown-dev", 0, 0, true, SERVER_UNKNOWN, SERVER_NO},
		{"settings that are none",
		 {{.status = 200, .body = HEALTH("9.4.0")}, {.status = 200, .body = SELF},
		  {.status = 200, .body = "[]"}, {.status = 200, .body = FRONTEND("9.4.0", "false")},
		  {.status = 200, .body = "[]"}},
		 5, -1, 200, ANSWER_OK, "9.4.0", 9, 4, true, SERVER_YES, SERVER_UNKNOWN},
		{"wrong password",
		 {{.status = 200, .body = HEALTH("9.4.0")},
		  {.status = 401, .body = "{\"message\":\"invalid username or password\"}"}},
		 2, -1, 401, ANSWER_OK, "9.4.0", 9, 4, false, SERVER_UNKNOWN, SERVER_UNKNOWN},
		{"suspended",
		 {{503, "<html>Grafana is loading", "Content-Type: text/html\r\n", 0, 0, HTTP_KEEP}},
		 1, -1, 503, ANSWER_OK, "", 0, 0, false,
		 SERVER_UNKNOWN, SERVER_UNKNOWN},
		{"not Grafana", {{.status = 200, .body = "\"hello\""}}, 1, -1, 200, ANSWER_OK, "", 0, 0,
		 false, SERVER_UNKNOWN, SERVER_UNKNOWN},
		{"not Grafana either", {{.status = 404, .body = "<html>"}}, 1, 0, 0, ANSWER_UNSUPPORTED, "",
		 0, 0, false, SERVER_UNKNOWN, SERVER_UNKNOWN},
		{"no account of its own",
		 {{.status = 200, .body = HEALTH("9.4.0")},
		  {.status = 404, .body = "{\"message\":\"user not found\"}"}},
		 2, 0, 0, ANSWER_NOT_FOUND, "9.4.0", 9, 4, false, SERVER_UNKNOWN, SERVER_UNKNOWN},
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
		    server.login_form != cases[i].login_form || server.smtp != cases[i].smtp ||
		    http_script_count(support.script) != cases[i].calls)
			fail_msg("%s: rc %d, code %d, %s, '%s' %d.%d, admin %d, form %s, smtp %s",
				 cases[i].label, rc, err.code, answer_name(answer.code),
				 server.version, server.major, server.minor,
				 server.is_server_admin, server_fact_name(server.login_form),
				 server_fact_name(server.smtp));
		if (cases[i].calls >= 3)
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
		{.status = 200, .body = "{\"id\":0,\"login\":\"sa-7-grantd\",\"email\":\"\"}"},
		{.status = 200, .body = FRONTEND("12.4.1", "true")},
		{.status = 200, .body = HEALTH("13.0.2")},
	};
	struct support support = {.script = http_script_start(steps, ARRAY_COUNT(steps))};
	struct grafana_server server;
	struct answer answer = {0};
	struct error err = {0};
	char version[32];

	(void)state;
	support.settings = support_settings(http_script_url(support.script));
	support.settings.token = token;
	support.settings.user = support.settings.password = none;
	support_open(&support);
	assert_int_equal(grafana_server_probe(support.session, &server, &answer, &err), 0);
	assert_int_equal(answer.code, ANSWER_OK);
	assert_int_equal(server.org.id, 7);
	assert_string_equal(server.org.name, "Stack");
	assert_string_equal(server.self.login, "sa-7-grantd");
	assert_false(server.is_server_admin);
	assert_string_equal(server.edition, "Open Source");
	assert_int_equal(server.login_form, SERVER_NO);
	assert_int_equal(server.smtp, SERVER_UNKNOWN);
	assert_int_equal(grafana_version(support.grafana), 12 * GRAFANA_VERSION_MAJOR + 4);
	assert_int_equal(grafana_version_probe(support.session, &err), 0);
	assert_int_equal(grafana_version_refresh(support.session, version, sizeof(version), &err), 0);
	assert_string_equal(version, "13.0.2");
	assert_int_equal(grafana_version(support.grafana), 13 * GRAFANA_VERSION_MAJOR);
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 5);
	support_assert_request(&support, 1, "GET /api/org HTTP/1.1\r\n", "");
	support_end(&support);
}

static void a_probe_names_itself_and_is_bounded(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = HEALTH("9.4.0")},
		{.status = 200, .body = HEALTH("9.4.0")},
	};
	struct support support;
	struct error err = {0};
	char version[32];

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	grafana_session_probes(support.session, 5000);
	assert_int_equal(grafana_version_refresh(support.session, version, sizeof(version), &err), 0);
	grafana_session_end(support.session);
	support.session = grafana_session_begin(support.grafana, NULL, NULL);
	assert_int_equal(grafana_version_refresh(support.session, version, sizeof(version), &err), 0);
	support_close(&support);
	assert_non_null(strstr(http_script_request(support.script, 0), "\r\nUser-Agent: grantd probe\r\n"));
	assert_non_null(strstr(http_script_request(support.script, 1), "\r\nUser-Agent: grantd\r\n"));
	support_end(&support);
}

static void reads_the_servers_settings(void **state)
{
	static const char text[] = "{\"auth.ldap\":{\"enabled\":\"true\",\"a\":\"TRUE\",\"b\":\"1\","
				   "\"c\":\"false\",\"d\":\"\",\"e\":7},\"users\":null}";
	struct server_settings *settings = server_settings_parse(text, sizeof(text) - 1);

	(void)state;
	assert_non_null(settings);
	assert_string_equal(server_settings_text(settings, "auth.ldap", "d"), "");
	assert_null(server_settings_text(settings, "auth.ldap", "e"));
	assert_null(server_settings_text(settings, "auth.ldap", "f"));
	assert_null(server_settings_text(settings, "users", "a"));
	assert_null(server_settings_text(settings, "auth.saml", "a"));
	assert_true(server_settings_true(settings, "auth.ldap", "enabled"));
	assert_true(server_settings_true(settings, "auth.ldap", "a"));
	assert_true(server_settings_true(settings, "auth.ldap", "b"));
	assert_false(server_settings_true(settings, "auth.ldap", "c"));
	assert_false(server_settings_true(settings, "auth.ldap", "d"));
	assert_false(server_settings_true(settings, "auth.ldap", "e"));
	server_settings_free(settings);
	server_settings_free(NULL);
	assert_null(server_settings_parse("[]", 2));
	assert_null(server_settings_parse("{", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probes),
		cmocka_unit_test(probes_with_a_token),
		cmocka_unit_test(a_probe_names_itself_and_is_bounded),
		cmocka_unit_test(reads_the_servers_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
