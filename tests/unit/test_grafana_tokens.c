/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_grafana_tokens.c - tokens of service accounts and legacy keys, against the
 * answers of Grafana 7.5 to 12, recorded ones where there are any.
 */
#include "tests/unit/grafana_support.h"

#include <stdio.h>

#include "grafana/tokens.h"

#define KEY "glsa_yscW25imSKJIuav8zF37RZmnbiDvB05G_fcaaf58a"

static const struct grafana_token_place of_account = {.org_id = 7, .account_id = 11};
static const struct grafana_token_place legacy = {.org_id = 7};

struct expectation {
	const char *label;
	int status;
	const char *body;
	enum answer_code code;
	int64_t id; /* 0: none, and no key either */
};

typedef int (*call_fn)(struct support *support, int64_t *id, struct secret *key,
		       struct answer *answer, struct error *err);

static void check(const struct expectation *cases, size_t count, call_fn call, const char *line,
		  const char *body)
{
	for (size_t i = 0; i < count; i++) {
		const struct http_step step = {.status = cases[i].status, .body = cases[i].body};
		struct support support;
		struct secret key = {0};
		struct answer answer;
		struct error err = {0};
		int64_t id = 0;

		support_begin(&support, &step, 1);
		if (call(&support, &id, &key, &answer, &err) != 0)
			fail_msg("%s: %s", cases[i].label, err.text);
		if (answer.code != cases[i].code || (answer.code == ANSWER_OK && id != cases[i].id))
			fail_msg("%s: %s, id %d", cases[i].label, answer_name(answer.code), (int)id);
		if ((key.length > 0) != (cases[i].id != 0))
			fail_msg("%s: a key of %zu bytes", cases[i].label, key.length);
		if (key.length > 0)
			assert_string_equal(key.bytes, KEY);
		secret_clear(&key);
		support_close(&support);
		support_assert_request(&support, 0, line, body);
		assert_non_null(strstr(http_script_request(support.script, 0),
				       "\r\nX-Grafana-Org-Id: 7\r\n"));
		support_end(&support);
	}
}

#define TYPED(status, id, message)                                                          \
	"{\"message\":\"" message "\",\"messageId\":\"" id "\",\"statusCode\":" #status     \
	",\"traceID\":\"\"}"
#define PLAIN(message) "{\"message\":\"" message "\"}"
#define TAKEN "service account token with given name already exists in the organization"

/* The list is cut at 100; then a key that is not on it may be there all the same. */
static void a_full_list_of_keys_does_not_tell_that_one_is_missing(void **state)
{
	static const struct {
		int listed;
		bool was_listed;
		int64_t wanted;
		enum answer_code code;
	} cases[] = {
		{100, false, 7, ANSWER_OK},	 {99, false, 200, ANSWER_NOT_FOUND},
		{100, false, 200, ANSWER_UNSUPPORTED}, {100, true, 200, ANSWER_NOT_FOUND},
	};
	char body[100 * 32];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		const struct http_step step = {.status = 200, .body = body};
		const struct grafana_token_wish wish = {.id = cases[i].wanted,
							.was_listed = cases[i].was_listed};
		struct grafana_token token;
		struct support support;
		struct answer answer;
		struct error err = {0};
		int length = 0;
		size_t count;

		for (int id = 1; id <= cases[i].listed; id++)
			length += snprintf(body + length, sizeof(body) - (size_t)length,
					   "%s{\"id\":%d,\"name\":\"k%d\"}", id == 1 ? "[" : ",",
					   id, id);
		snprintf(body + length, sizeof(body) - (size_t)length, "]");
		support_begin(&support, &step, 1);
		assert_int_equal(grafana_token_find(support.session, &legacy, &wish, &token,
						    &count, &answer, &err),
				 0);
		if (answer.code != cases[i].code)
			fail_msg("case %zu: %s", i, answer_name(answer.code));
		support_close(&support);
		support_end(&support);
	}
}

/* ---- making ---- */

static int make(struct support *support, int64_t *id, struct secret *key, struct answer *answer,
		struct error *err)
{
	const struct grafana_new_token wanted = {.name = "tok", .ttl_s = 60};

	return grafana_token_create(support->session, &of_account, &wanted, key, id, answer, err);
}

static void makes_a_token(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"id\":5,\"name\":\"tok\",\"key\":\"" KEY "\"}", ANSWER_OK, 5},
		{"yes without a key", 200, "{\"id\":5,\"name\":\"tok\"}", ANSWER_DOUBT, 0},
		{"yes with an empty key", 200, "{\"id\":5,\"key\":\"\"}", ANSWER_DOUBT, 0},
		{"yes with a key that is none", 200, "{\"id\":5,\"key\":7}", ANSWER_DOUBT, 0},
		{"yes without an id", 200, "{\"key\":\"" KEY "\"}", ANSWER_DOUBT, 0},
		{"unreadable", 200, "{\"id\":5,\"key\":\"" KEY, ANSWER_DOUBT, 0},
		{"taken, 9.4", 409, PLAIN(TAKEN), ANSWER_EXISTS, 0},
		{"taken, 10.1", 400, TYPED(400, "serviceaccounts.ErrTokenAlreadyExists", TAKEN),
		 ANSWER_EXISTS, 0},
		{"for ever, where lives are bounded", 400,
		 PLAIN("Number of seconds before expiration should be set"), ANSWER_LIFETIME, 0},
		{"too long", 400,
		 PLAIN("Number of seconds before expiration is greater than the global limit"),
		 ANSWER_LIFETIME, 0},
		{"too many days", 400,
		 "The expiration date input exceeds the limit for service account access tokens "
		 "expiration date", ANSWER_LIFETIME, 0},
		{"negative", 400,
		 TYPED(400, "serviceaccounts.ErrInvalidInput", "invalid SecondsToLive value"),
		 ANSWER_LIFETIME, 0},
		{"no such account", 404,
		 TYPED(404, "serviceaccounts.ErrNotFound", "service account not found"),
		 ANSWER_NOT_FOUND, 0},
		{"trouble", 500, PLAIN("Failed to add service account token"), ANSWER_DOUBT, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), make, "POST /api/serviceaccounts/11/tokens HTTP/1.1\r\n",
	      "{\"name\":\"tok\",\"secondsToLive\":60}");
}

static int make_legacy(struct support *support, int64_t *id, struct secret *key,
		       struct answer *answer, struct error *err)
{
	const struct grafana_new_token wanted = {.name = "tok", .role = ROLE_VIEWER};

	return grafana_token_create(support->session, &legacy, &wanted, key, id, answer, err);
}

static void makes_a_legacy_key(void **state)
{
	static const struct expectation cases[] = {
		{"yes", 200, "{\"id\":5,\"name\":\"tok\",\"key\":\"" KEY "\"}", ANSWER_OK, 5},
		{"taken", 409, PLAIN("API key, organization ID and name must be unique"),
		 ANSWER_EXISTS, 0},
		{"no such role", 400, "{\"message\":\"bad request data\",\"traceID\":\"\"}",
		 ANSWER_ROLE_INVALID, 0},
		{"no such role, 7.5", 400, PLAIN("Invalid role specified"), ANSWER_ROLE_INVALID, 0},
		{"too long", 400,
		 PLAIN("Number of seconds before expiration is greater than the global limit"),
		 ANSWER_LIFETIME, 0},
		{"removed, 11.6", 410,
		 PLAIN("this endpoint has been removed, please use POST /api/serviceaccounts"),
		 ANSWER_UNSUPPORTED, 0},
		{"moved, 11.3", 301, "", ANSWER_UNSUPPORTED, 0},
		{"gone, 12.1", 404, PLAIN("Not found"), ANSWER_UNSUPPORTED, 0},
	};

	(void)state;
	check(cases, ARRAY_COUNT(cases), make_legacy, "POST /api/auth/keys HTTP/1.1\r\n",
	      "{\"name\":\"tok\",\"role\":\"Viewer\",\"secondsToLive\":0}");
}

static void a_lost_answer_is_in_doubt(void **state)
{
	static const struct http_step steps[] = {
		{.status = 0, .end = HTTP_RESET},
		{.status = 200, .body = "{\"id\":5,\"key\":\"" KEY "\"}", .withheld = 10,
		 .end = HTTP_CLOSE},
		{.status = 503, .body = "<html>"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
		struct support support;
		struct secret key = {0};
		struct answer answer;
		struct error err = {0};
		int64_t id = 0;

		support_begin(&support, &steps[i], 1);
		assert_int_equal(make(&support, &id, &key, &answer, &err), 0);
		assert_int_equal(answer.code, ANSWER_DOUBT);
		assert_int_equal(key.length, 0);
		assert_null(strstr(answer.message, "glsa_"));
		support_close(&support);
		support_end(&support);
	}
}

/* ---- deleting ---- */

static int erase(struct support *support, int64_t *id, struct secret *key,
		 struct answer *answer, struct error *err)
{
	(void)id;
	(void)key;
	return grafana_token_delete(support->session, &of_account, 5, answer, err);
}

static int erase_legacy(struct support *support, int64_t *id, struct secret *key,
			struct answer *answer, struct error *err)
{
	(void)id;
	(void)key;
	return grafana_token_delete(support->session, &legacy, 5, answer, err);
}

static void deletes(void **state)
{
	static const struct expectation tokens[] = {
		{"yes", 200, PLAIN("Service account token deleted"), ANSWER_OK, 0},
		{"gone, or trouble, 9.4", 500, PLAIN("Failed to delete service account token"),
		 ANSWER_DOUBT, 0},
		{"gone", 404,
		 TYPED(404, "serviceaccounts.ErrTokenNotFound", "service account token not found"),
		 ANSWER_NOT_FOUND, 0},
	};
	static const struct expectation keys[] = {
		{"yes", 200, PLAIN("API key deleted"), ANSWER_OK, 0},
		{"gone", 404, "{\"message\":\"Failed to delete API key\",\"traceID\":\"\"}",
		 ANSWER_NOT_FOUND, 0},
	};

	(void)state;
	check(tokens, ARRAY_COUNT(tokens), erase,
	      "DELETE /api/serviceaccounts/11/tokens/5 HTTP/1.1\r\n", "");
	check(keys, ARRAY_COUNT(keys), erase_legacy, "DELETE /api/auth/keys/5 HTTP/1.1\r\n", "");
}

/* ---- finding ---- */

#define LIST                                                                                \
	"[{\"id\":4,\"name\":\"short\",\"created\":\"2026-11-22T20:45:46Z\","               \
	"\"lastUsedAt\":null,\"expiration\":\"2026-11-22T20:45:51Z\","                      \
	"\"secondsUntilExpiration\":4.157812687,\"hasExpired\":false,\"isRevoked\":false}," \
	"{\"id\":1,\"name\":\"tok1\",\"created\":\"2026-11-22T20:45:45Z\","                 \
	"\"lastUsedAt\":\"2026-11-22T20:45:49Z\",\"expiration\":null,"                      \
	"\"secondsUntilExpiration\":0,\"hasExpired\":false,\"isRevoked\":false}]"

static void find(const char *body, const struct grafana_token_wish *wish,
		 enum answer_code code, struct grafana_token *token, size_t *count)
{
	const struct http_step step = {.status = 200, .body = body};
	struct support support;
	struct answer answer;
	struct error err = {0};

	support_begin(&support, &step, 1);
	assert_int_equal(grafana_token_find(support.session, &of_account, wish, token, count,
					    &answer, &err),
			 0);
	assert_int_equal(answer.code, code);
	support_close(&support);
	support_assert_request(&support, 0, "GET /api/serviceaccounts/11/tokens HTTP/1.1\r\n", "");
	support_end(&support);
}

static void finds(void **state)
{
	struct grafana_token token;
	size_t count;

	(void)state;
	find(LIST, &(struct grafana_token_wish){.id = 4}, ANSWER_OK, &token, &count);
	assert_string_equal(token.name, "short");
	assert_int_equal(token.created_ms, 1795380346000);
	assert_int_equal(token.expires_ms, 1795380351000);
	assert_false(token.was_used);
	find(LIST, &(struct grafana_token_wish){.name = "tok1"}, ANSWER_OK, &token, &count);
	assert_int_equal(token.id, 1);
	assert_int_equal(token.expires_ms, 0);
	assert_true(token.was_used);
	find(LIST, &(struct grafana_token_wish){0}, ANSWER_OK, &token, &count);
	assert_int_equal(count, 2);
	find(LIST, &(struct grafana_token_wish){.but_name = "tok1"}, ANSWER_OK, &token, &count);
	assert_int_equal(count, 1);
	assert_int_equal(token.id, 4);
	find(LIST, &(struct grafana_token_wish){.id = 9}, ANSWER_NOT_FOUND, &token, &count);
	find(LIST, &(struct grafana_token_wish){.name = "TOK1"}, ANSWER_NOT_FOUND, &token, &count);
	find("[]", &(struct grafana_token_wish){0}, ANSWER_NOT_FOUND, &token, &count);
}

static void finds_legacy_keys(void **state)
{
	const struct http_step step = {
		.status = 200,
		.body = "[{\"id\":5,\"name\":\"key1\",\"role\":\"Admin\"},{\"id\":6,\"name\":\"key2\","
			"\"role\":\"Viewer\",\"expiration\":\"2026-11-22T21:46:07Z\"}]"};
	const struct grafana_token_wish wish = {.name = "key2"};
	struct support support;
	struct grafana_token key;
	struct answer answer;
	struct error err = {0};
	size_t count;

	(void)state;
	support_begin(&support, &step, 1);
	assert_int_equal(grafana_token_find(support.session, &legacy, &wish, &key, &count, &answer,
					    &err),
			 0);
	assert_int_equal(key.id, 6);
	assert_int_equal(key.role, ROLE_VIEWER);
	assert_true(key.expires_ms > 0);
	support_close(&support);
	support_assert_request(&support, 0, "GET /api/auth/keys?includeExpired=true HTTP/1.1\r\n",
			       "");
	support_end(&support);
}

static void a_list_that_is_none_is_tried_again(void **state)
{
	const struct http_step step = {.status = 200, .body = "{}"};
	struct support support;
	struct grafana_token token;
	struct answer answer;
	struct error err = {0};
	size_t count;

	(void)state;
	support_begin(&support, &step, 1);
	assert_int_equal(grafana_token_find(support.session, &of_account,
					    &(struct grafana_token_wish){0}, &token, &count,
					    &answer, &err),
			 -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	support_close(&support);
	support_end(&support);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_list_of_keys_does_not_tell_that_one_is_missing),
		cmocka_unit_test(makes_a_token),
		cmocka_unit_test(makes_a_legacy_key),
		cmocka_unit_test(a_lost_answer_is_in_doubt),
		cmocka_unit_test(deletes),
		cmocka_unit_test(finds),
		cmocka_unit_test(finds_legacy_keys),
		cmocka_unit_test(a_list_that_is_none_is_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
