/* SPDX-License-Identifier: Apache-2.0 */
/* test_grafana_reply.c - decoding and meaning of answers: grafana/reply.c, json_get.c. */
#include "tests/unit/grafana_support.h"

#include <jansson.h>

#include "grafana/json_get.h"
#include "grafana/reply.h"

#define NOW_MS INT64_C(1795341600000) /* 2026-11-22T10:00:00Z */

static void decode(struct reply *reply, int status, const char *body)
{
	reply_decode(reply, status, "application/json; charset=UTF-8", body, strlen(body));
}

static void decodes_bodies(void **state)
{
	static const struct {
		const char *label, *body;
		bool has_json;
		const char *message, *message_id;
	} cases[] = {
		{"plain", "{\"message\":\"User not found\"}", true, "User not found", ""},
		{"9.x", "{\"message\":\"x\",\"traceID\":\"\"}\n", true, "x", ""},
		{"typed", "{\"statusCode\":401,\"messageId\":\"a.b\",\"message\":\"m\"}", true, "m", "a.b"},
		{"old binder", "[{\"fieldNames\":[\"Name\"],\"message\":\"Required\"}]", true, "Required",
		 ""},
		{"list", "[]", true, "", ""},
		{"list of numbers", "[1]", true, "", ""},
		{"string", "\"Logged in\"", true, "", ""},
		{"message of another type", "{\"message\":{\"a\":1},\"messageId\":7}", true, "", ""},
		{"control bytes", "{\"message\":\"a\\nb\\u0000c\\u007fd\"}", true, "a?b?c?d", ""},
		{"empty", "", false, "", ""},
		{"no JSON", "Ok", false, "", ""},
		{"two values", "{} {}", false, "", ""},
		{"cut", "{\"message\":\"User", false, "", ""},
		{"not UTF-8", "{\"message\":\"\xff\"}", false, "", ""},
		{"number too large", "{\"id\":99999999999999999999}", false, "", ""},
		{"brackets in strings", "{\"message\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\"}", true,
		 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct reply reply;

		decode(&reply, 200, cases[i].body);
		if ((reply.json != NULL) != cases[i].has_json ||
		    strcmp(reply.message, cases[i].message) != 0 ||
		    strcmp(reply.message_id, cases[i].message_id) != 0)
			fail_msg("%s: json %d, '%s', '%s'", cases[i].label, reply.json != NULL,
				 reply.message, reply.message_id);
		reply_clear(&reply);
	}
}

static void what_is_nested_absurdly_deep_is_no_json(void **state)
{
	enum { MOST = LIMIT_DASHBOARD_DEPTH + 8 };
	char body[2 * (MOST + 1) + 1];
	struct reply reply;

	(void)state;
	for (int depth = MOST; depth <= MOST + 1; depth++) {
		memset(body, '[', (size_t)depth);
		memset(body + depth, ']', (size_t)depth);
		body[2 * depth] = '\0';
		decode(&reply, 200, body);
		assert_int_equal(reply.json != NULL, depth == MOST);
		reply_clear(&reply);
	}
}

static void a_page_is_no_json_whatever_it_holds(void **state)
{
	struct reply reply;

	(void)state;
	reply_decode(&reply, 503, "text/html; charset=utf-8", "{}", 2);
	assert_null(reply.json);
	reply_clear(&reply);
}

static void cuts_messages_between_characters(void **state)
{
	char body[600] = "{\"message\":\"x", *end = body + strlen(body);
	struct reply reply;

	(void)state;
	for (int i = 0; i < 200; i++, end += 2)
		memcpy(end, "\xc3\xa9", 2);
	memcpy(end, "\"}", 3);
	decode(&reply, 400, body);
	/* 'x' and 127 characters of two bytes: exactly 255 */
	assert_int_equal(strlen(reply.message), 255);
	reply_clear(&reply);
	body[strlen("{\"message\":\"")] = ' ';
	memmove(body + 12, body + 13, strlen(body + 13) + 1);
	decode(&reply, 400, body);
	assert_int_equal(strlen(reply.message), 254);
	reply_clear(&reply);
}

static void means_what_is_common_to_all_routes(void **state)
{
	static const struct {
		int status;
		const char *body;
		enum answer_code code;
	} cases[] = {
		{200, "{\"message\":\"User created\"}", ANSWER_OK},
		{201, "{}", ANSWER_OK},
		{302, "", ANSWER_REJECTED},
		{400, "{\"message\":\"bad request data\"}", ANSWER_REJECTED},
		{403,
		 "{\"accessErrorId\":\"ACE0123456789\",\"message\":\"You'll need additional permissions\","
		 "\"title\":\"Access denied\"}",
		 ANSWER_PERMISSION},
		{403, "{\"message\":\"Permission denied\"}", ANSWER_PERMISSION},
		{403, "{\"message\":\"Access denied\"}", ANSWER_PERMISSION},
		{403, "{\"message\":\"Cannot assign a role higher than user's role\"}", ANSWER_PERMISSION},
		{403, "{\"message\":\"org_user Quota reached\"}", ANSWER_QUOTA},
		{403, "{\"message\":\"cannot update a provisioned user\"}", ANSWER_PROVISIONED},
		{403, "{\"message\":\"something else\"}", ANSWER_REJECTED},
		{404, "{\"message\":\"user not found\"}", ANSWER_NOT_FOUND},
		{404, "{\"message\":\"Organization not found\",\"traceID\":\"\"}", ANSWER_NOT_FOUND},
		{404, "{\"message\":\"NotFound\",\"messageId\":\"user.notFound\"}", ANSWER_NOT_FOUND},
		{404, "{\"message\":\"Not found\"}", ANSWER_UNSUPPORTED},
		{404, "<html>", ANSWER_UNSUPPORTED},
		{404, "", ANSWER_UNSUPPORTED},
		{405, "", ANSWER_UNSUPPORTED},
		{408, "", ANSWER_DOUBT},
		{409, "{\"message\":\"taken\"}", ANSWER_REJECTED},
		{412, "{\"message\":\"User with email 'provisioned' already exists\"}", ANSWER_REJECTED},
		{422, "[{\"message\":\"Required\"}]", ANSWER_REJECTED},
		{499, "{\"message\":\"Request canceled\"}", ANSWER_DOUBT},
		{500, "{\"message\":\"failed to create user\"}", ANSWER_DOUBT},
		{501, "{}", ANSWER_UNSUPPORTED},
		{503, "<html>", ANSWER_DOUBT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct reply reply;
		struct answer answer;

		decode(&reply, cases[i].status, cases[i].body);
		answer_from_reply(&answer, &reply);
		if (answer.code != cases[i].code || answer.status != cases[i].status)
			fail_msg("%d %s: %s", cases[i].status, cases[i].body,
				 answer_name(answer.code));
		assert_true(answer.message[0] != '\0');
		reply_clear(&reply);
	}
}

static void refines_by_status_then_id_then_message(void **state)
{
	static const struct answer_rule rules[] = {
		{400, "org.notFound", NULL, ANSWER_NOT_FOUND},
		{400, NULL, "New password", ANSWER_PASSWORD_POLICY},
		{412, NULL, NULL, ANSWER_EXISTS},
	};
	static const struct {
		int status;
		const char *body;
		enum answer_code code;
	} cases[] = {
		{400, "{\"message\":\"x\",\"messageId\":\"org.notFound\"}", ANSWER_NOT_FOUND},
		{400, "{\"message\":\"NEW password is too short\"}", ANSWER_PASSWORD_POLICY},
		{403, "{\"message\":\"New password is too short\"}", ANSWER_REJECTED},
		{400, "{\"message\":\"A new password\"}", ANSWER_REJECTED},
		{412, "", ANSWER_EXISTS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct reply reply;
		struct answer answer;

		decode(&reply, cases[i].status, cases[i].body);
		answer_from_reply(&answer, &reply);
		answer_refine(&answer, &reply, rules, ARRAY_COUNT(rules));
		if (answer.code != cases[i].code)
			fail_msg("%d %s: %s", cases[i].status, cases[i].body,
				 answer_name(answer.code));
		reply_clear(&reply);
	}
}

static void knows_a_500_that_is_a_no(void **state)
{
	struct reply reply;

	(void)state;
	decode(&reply, 500, "{\"message\":\"failed update org user\"}");
	assert_true(reply_is_known_no(&reply));
	reply_clear(&reply);
	decode(&reply, 503, "{\"message\":\"Failed update org user\"}");
	assert_false(reply_is_known_no(&reply));
	reply_clear(&reply);
	decode(&reply, 500, "{\"message\":\"Failed to disable user\"}");
	assert_false(reply_is_known_no(&reply));
	reply_clear(&reply);
}

static void reads_retry_after(void **state)
{
	static const struct {
		const char *value;
		int64_t wait_ms;
	} cases[] = {
		{"0", 0},
		{"1", 1000},
		{"120", 120000},
		{"86400", 86400000},
		{"86401", 86400000},
		{"9223372036854775807", 0},
		{"-1", 0},
		{"1.5", 0},
		{"", 0},
		{"soon", 0},
		{"Sun, 22 Nov 2026 10:00:30 GMT", 30000},
		{"Sun, 22 Nov 2026 09:59:59 GMT", 0},
		{"Fri, 01 Jan 2100 00:00:00 GMT", 86400000},
		{"Sun, 22 Xyz 2026 10:00:30 GMT", 0},
		{"Sun, 22 Nov 2026 10:00:30", 0},
		{"Sun, 22 Nov", 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		if (reply_parse_retry_after(cases[i].value, NOW_MS) != cases[i].wait_ms)
			fail_msg("'%s'", cases[i].value);
}

static void fields_are_read_within_bounds(void **state)
{
	static const char text[] = "{\"id\":3,\"zero\":0,\"negative\":-1,\"real\":3.0,\"word\":\"3\","
				   "\"login\":\"ada\",\"nul\":\"a\\u0000b\",\"none\":null,\"yes\":true,"
				   "\"one\":1,\"at\":\"2026-11-22T10:00:00Z\"}";
	json_t *json = json_loads(text, JSON_ALLOW_NUL, NULL);
	char out[4];
	int64_t id = 77;

	(void)state;
	assert_true(json_get_id(json, "id", &id));
	assert_int_equal(id, 3);
	assert_false(json_get_id(json, "zero", &id));
	assert_false(json_get_id(json, "negative", &id));
	assert_false(json_get_id(json, "real", &id));
	assert_false(json_get_id(json, "word", &id));
	assert_false(json_get_id(json, "absent", &id));
	assert_false(json_get_id(NULL, "id", &id));
	assert_int_equal(id, 3);
	assert_true(json_get_text(json, "login", out, 4));
	assert_string_equal(out, "ada");
	assert_false(json_get_text(json, "login", out, 3));
	assert_string_equal(out, "");
	assert_false(json_get_text(json, "nul", out, 4));
	assert_false(json_get_text(json, "id", out, 4));
	assert_true(json_get_text(json, "none", out, 4));
	assert_true(json_get_text(json, "absent", out, 4));
	assert_true(json_get_true(json, "yes"));
	assert_false(json_get_true(json, "one"));
	assert_true(json_get_time(json, "at", &id));
	assert_int_equal(id, NOW_MS);
	assert_false(json_get_time(json, "login", &id));
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_bodies),
		cmocka_unit_test(what_is_nested_absurdly_deep_is_no_json),
		cmocka_unit_test(a_page_is_no_json_whatever_it_holds),
		cmocka_unit_test(cuts_messages_between_characters),
		cmocka_unit_test(means_what_is_common_to_all_routes),
		cmocka_unit_test(refines_by_status_then_id_then_message),
		cmocka_unit_test(knows_a_500_that_is_a_no),
		cmocka_unit_test(reads_retry_after),
		cmocka_unit_test(fields_are_read_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
