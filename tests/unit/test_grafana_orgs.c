/* SPDX-License-Identifier: Apache-2.0 */
/* test_grafana_orgs.c - finding orgs, and remembering them: grafana/orgs.c, org_cache.c. */
#include "tests/unit/grafana_support.h"

#include "base/text.h"
#include "grafana/org_cache.h"
#include "grafana/orgs.h"

#define TEAM "{\"id\":7,\"name\":\"Team\",\"address\":{\"address1\":\"\"}}"

static void finds_by_name(void **state)
{
	static const struct {
		const char *label, *name;
		int status;
		const char *body;
		int rc;
		enum answer_code code;
		const char *line;
	} cases[] = {
		{"there", "Team", 200, TEAM, 0, ANSWER_OK, "GET /api/orgs/name/Team HTTP/1.1\r\n"},
		{"escaped", "Main Org.", 200, "{\"id\":7,\"name\":\"Main Org.\"}", 0, ANSWER_OK,
		 "GET /api/orgs/name/Main%20Org. HTTP/1.1\r\n"},
		{"with a slash", "a/b", 200, "[{\"id\":7,\"name\":\"a/b\"}]", 0, ANSWER_OK,
		 "GET /api/orgs?name=a%2Fb HTTP/1.1\r\n"},
		{"dots", "..", 200, "[]", 0, ANSWER_NOT_FOUND, "GET /api/orgs?name=.. HTTP/1.1\r\n"},
		{"no list", "..", 200, "{}", -1, ANSWER_OK, "GET /api/orgs?name=.. HTTP/1.1\r\n"},
		{"other case", "team", 200, TEAM, 0, ANSWER_NOT_FOUND, "GET "},
		{"not there, 9.4", "Team", 404, "{\"message\":\"Organization not found\",\"traceID\":\"\"}",
		 0, ANSWER_NOT_FOUND, "GET "},
		{"denied", "Team", 403, "{\"message\":\"Permission denied\"}", 0, ANSWER_PERMISSION, "GET "},
		{"no id", "Team", 200, "{\"name\":\"Team\"}", -1, ANSWER_OK, "GET "},
		{"no name", "Team", 200, "{\"id\":7}", -1, ANSWER_OK, "GET "},
		{"name is a number", "Team", 200, "{\"id\":7,\"name\":7}", 0, ANSWER_REJECTED, "GET "},
		{"trouble", "Team", 500, "{\"message\":\"Failed to get organization\"}", -1, ANSWER_OK,
		 "GET "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct grafana_org org;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		support_begin(&support, &step, 1);
		rc = grafana_org_by_name(support.session, cases[i].name, GRAFANA_CACHED, &org,
					 &answer, &err);
		if (rc != cases[i].rc || (rc == 0 && answer.code != cases[i].code))
			fail_msg("%s: rc %d, %s", cases[i].label, rc, answer_name(answer.code));
		if (rc == 0 && answer.code == ANSWER_OK)
			assert_int_equal(org.id, 7);
		support_close(&support);
		support_assert_request(&support, 0, cases[i].line, "");
		support_end(&support);
	}
}

#define DENIED                                                                                 \
	"{\"accessErrorId\":\"ACE0123456789\",\"message\":\"You'll need additional "           \
	"permissions\",\"title\":\"Access denied\"}"

static void finds_by_id(void **state)
{
	static const struct {
		const char *label;
		struct http_step steps[3];
		size_t calls;
		int rc;
		enum answer_code code;
	} cases[] = {
		{"there", {{.status = 200, .body = TEAM}}, 1, 0, ANSWER_OK},
		{"not there", {{.status = 404, .body = "{\"message\":\"Organization not found\"}"}}, 1, 0,
		 ANSWER_NOT_FOUND},
		{"another", {{.status = 200, .body = "{\"id\":8,\"name\":\"x\"}"}}, 1, -1, ANSWER_OK},
		{"10.1, not there",
		 {{.status = 403, .body = DENIED},
		  {.status = 200, .body = "[{\"id\":1,\"name\":\"Main Org.\"}]"},
		  {.status = 200, .body = "[]"}}, 3, 0, ANSWER_NOT_FOUND},
		{"there, but denied",
		 {{.status = 403, .body = DENIED},
		  {.status = 200, .body = "[{\"id\":7,\"name\":\"Team\"}]"}}, 2, 0, ANSWER_PERMISSION},
		{"denied altogether", {{.status = 403, .body = DENIED}, {.status = 403, .body = DENIED}}, 2, 0,
		 ANSWER_PERMISSION},
		{"trouble in between",
		 {{.status = 403, .body = DENIED}, {.status = 500, .body = "{}"}}, 2, -1, ANSWER_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct support support;
		struct grafana_org org;
		struct answer answer = {0};
		struct error err = {0};
		int rc;

		support_begin(&support, cases[i].steps, cases[i].calls);
		rc = grafana_org_by_id(support.session, 7, GRAFANA_CACHED, &org, &answer, &err);
		support_close(&support);
		if (rc != cases[i].rc || (rc == 0 && answer.code != cases[i].code) ||
		    http_script_count(support.script) != cases[i].calls)
			fail_msg("%s: rc %d, %s, %zu calls", cases[i].label, rc,
				 answer_name(answer.code), http_script_count(support.script));
		support_assert_request(&support, 0, "GET /api/orgs/7 HTTP/1.1\r\n", "");
		if (cases[i].calls > 2)
			support_assert_request(&support, 2,
					       "GET /api/orgs?perpage=1000&page=1 HTTP/1.1\r\n", "");
		support_end(&support);
	}
}

static void asks_once_and_again_when_told(void **state)
{
	const struct http_step steps[] = {
		{.status = 200, .body = TEAM},
		{.status = 200, .body = "{\"id\":7,\"name\":\"Crew\"}"},
		{.status = 404, .body = "{\"message\":\"Organization not found\"}"},
		{.status = 404, .body = "{\"message\":\"Organization not found\"}"},
	};
	struct support support;
	struct grafana_org org;
	struct answer answer;
	struct error err = {0};

	(void)state;
	support_begin(&support, steps, ARRAY_COUNT(steps));
	for (int i = 0; i < 3; i++) { /* asked once; kept under both */
		assert_int_equal(grafana_org_by_name(support.session, "Team", GRAFANA_CACHED, &org,
						     &answer, &err), 0);
		assert_int_equal(org.id, 7);
		assert_int_equal(grafana_org_by_id(support.session, 7, GRAFANA_CACHED, &org,
						   &answer, &err), 0);
		assert_int_equal(answer.code, ANSWER_OK);
		assert_string_equal(org.name, "Team");
	}
	assert_int_equal(grafana_org_by_id(support.session, 7, GRAFANA_FRESH, &org, &answer,
					   &err), 0);
	assert_string_equal(org.name, "Crew");
	/* The old name is forgotten, and what is missing is not remembered. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(grafana_org_by_name(support.session, "Team", GRAFANA_CACHED, &org,
						     &answer, &err), 0);
		assert_int_equal(answer.code, ANSWER_NOT_FOUND);
	}
	support_close(&support);
	assert_int_equal(http_script_count(support.script), 4);
	support_end(&support);
}

/* ---- the cache alone ---- */

static int64_t now_ms;

static int64_t tell_time(void *context)
{
	(void)context;
	return now_ms;
}

static const struct clock test_clock = {tell_time, tell_time, NULL, NULL};

static void put(struct org_cache *cache, int64_t id, const char *name)
{
	struct grafana_org org = {.id = id};

	text_copy(org.name, sizeof(org.name), name);
	org_cache_put(cache, &org);
}

static void remembers_for_as_long_as_told(void **state)
{
	struct org_cache *cache = org_cache_new(&test_clock, 1000);
	struct grafana_org org;

	(void)state;
	now_ms = 5000;
	put(cache, 7, "Team");
	now_ms = 5999;
	assert_true(org_cache_find_name(cache, "Team", &org));
	assert_int_equal(org.id, 7);
	now_ms = 6000;
	assert_false(org_cache_find_name(cache, "Team", &org));
	assert_false(org_cache_find_id(cache, 7, &org));
	org_cache_free(cache);
}

static void a_name_and_an_id_are_kept_once(void **state)
{
	struct org_cache *cache = org_cache_new(&test_clock, 1000);
	struct grafana_org org;

	(void)state;
	put(cache, 7, "Team");
	put(cache, 8, "Team"); /* deleted, and made anew */
	assert_true(org_cache_find_name(cache, "Team", &org));
	assert_int_equal(org.id, 8);
	assert_false(org_cache_find_id(cache, 7, &org));
	put(cache, 8, "Crew"); /* renamed */
	assert_false(org_cache_find_name(cache, "Team", &org));
	assert_true(org_cache_find_id(cache, 8, &org));
	assert_string_equal(org.name, "Crew");
	org_cache_drop_id(cache, 8);
	assert_false(org_cache_find_name(cache, "Crew", &org));
	put(cache, 8, "Crew");
	org_cache_drop_name(cache, "Crew");
	assert_false(org_cache_find_id(cache, 8, &org));
	assert_false(org_cache_find_id(cache, 0, &org));
	org_cache_free(cache);
}

static void stays_bounded(void **state)
{
	struct org_cache *cache = org_cache_new(&test_clock, 1000);
	struct grafana_org org;
	char name[32];
	int found = 0;

	(void)state;
	for (int i = 1; i <= 5000; i++) {
		text_format(name, sizeof(name), "org %d", i);
		put(cache, i, name);
		assert_true(org_cache_find_id(cache, i, &org));
	}
	for (int i = 1; i <= 5000; i++)
		found += org_cache_find_id(cache, i, &org);
	assert_int_equal(found, 512);
	assert_true(org_cache_find_name(cache, "org 4489", &org));
	assert_false(org_cache_find_name(cache, "org 4488", &org));
	org_cache_free(cache);
}

static void keeps_nothing_for_zero(void **state)
{
	struct org_cache *cache = org_cache_new(&test_clock, 0);
	struct grafana_org org;

	(void)state;
	put(cache, 7, "Team");
	assert_false(org_cache_find_id(cache, 7, &org));
	org_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_by_name),
		cmocka_unit_test(finds_by_id),
		cmocka_unit_test(asks_once_and_again_when_told),
		cmocka_unit_test(remembers_for_as_long_as_told),
		cmocka_unit_test(a_name_and_an_id_are_kept_once),
		cmocka_unit_test(stays_bounded),
		cmocka_unit_test(keeps_nothing_for_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
