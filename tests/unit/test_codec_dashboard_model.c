/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec_dashboard_model.c - dashboards as requests bring them. */
#include "codec_support.h"

#include <jansson.h>
#include <stdio.h>

#include "codec/dashboard_model.h"
#include "config/limits.h"

static bool read_model(const char *text, struct request_dashboard *dashboard, struct error *err)
{
	json_t *object = json_loads(text, JSON_ALLOW_NUL, NULL);
	const struct json_place place = {object, "data.dashboard"};
	struct json_reader reader = {.err = err, .reason = REASON_OK};

	assert_non_null(object);
	dashboard_model_read(&reader, &place, dashboard);
	json_decref(object);
	return !reader.failed;
}

static void leaves_out_what_is_another_servers(void **state)
{
	struct request_dashboard dashboard;
	struct error err = {0};

	(void)state;
	assert_true(read_model("{\"version\":3,\"id\":1,\"uid\":\"a-B_9\",\"title\":\"T\",\"x\":0.1,\"n\":\"a\\u0000b\"}",
			       &dashboard, &err));
	assert_string_equal(dashboard.model, "{\"n\":\"a\\u0000b\",\"title\":\"T\",\"x\":0.1}");
	assert_string_equal(dashboard.uid, "a-B_9");
	assert_string_equal(dashboard.title, "T");
	dashboard_model_clear(&dashboard);
	assert_null(dashboard.model);
}

/* {"title":"T","a":[[...]]}, 'levels' deep altogether */
static char *make_nested(int levels)
{
	char *text = malloc((size_t)levels * 2 + 40);
	int at = snprintf(text, 40, "{\"title\":\"T\",\"a\":");

	for (int i = 1; i < levels; i++)
		text[at++] = '[';
	for (int i = 1; i < levels; i++)
		text[at++] = ']';
	text[at++] = '}';
	text[at] = '\0';
	return text;
}

static void is_only_so_deep(void **state)
{
	(void)state;
	for (int levels = LIMIT_DASHBOARD_DEPTH; levels <= LIMIT_DASHBOARD_DEPTH + 1; levels++) {
		struct request_dashboard dashboard;
		struct error err = {0};
		char *text = make_nested(levels);
		bool fits = levels == LIMIT_DASHBOARD_DEPTH;

		assert_int_equal(read_model(text, &dashboard, &err), fits);
		assert_int_equal(dashboard.model != NULL, fits);
		if (!fits)
			assert_string_equal(err.text, "data.dashboard: is nested more than 100 levels deep");
		dashboard_model_clear(&dashboard);
		free(text);
	}
}

static void is_only_so_long(void **state)
{
	char *text = malloc(LIMIT_DASHBOARD_BYTES + 100);
	struct request_dashboard dashboard;
	struct error err = {0};
	int at = snprintf(text, 40, "{\"title\":\"T\",\"a\":\"");

	(void)state;
	memset(text + at, 'x', LIMIT_DASHBOARD_BYTES);
	memcpy(text + at + LIMIT_DASHBOARD_BYTES, "\"}", 3);
	assert_false(read_model(text, &dashboard, &err));
	assert_string_equal(err.text, "data.dashboard: is longer than 524288 bytes");
	assert_null(dashboard.model);
	dashboard_model_clear(&dashboard);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_out_what_is_another_servers),
		cmocka_unit_test(is_only_so_deep),
		cmocka_unit_test(is_only_so_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
