/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec_submission.c - JSON that somebody wrote, to a request event. */
#include "codec_support.h"

#include "base/text.h"
#include "codec/submission.h"

static const struct submission_terms terms = {
	.default_id = "new-id",
	.default_source = "/grantctl/ada@host",
	.default_instance = "main",
	.now_ms = SUPPORT_NOW_MS,
};

static void wraps_data_in_an_event(void **state)
{
	const char *data = "{\"action\":\"account.disable\",\"user\":{\"email\":\"ada@example.com\","
			   "\"login\":\"ada\"}}";
	struct submission submission;

	(void)state;
	assert_int_equal(submission_make(support_slice(data), &terms, &submission, NULL), 0);
	assert_string_equal(
		submission.value,
		"{\"specversion\":\"1.0\",\"type\":\"io.grantd.request.v1\",\"id\":\"new-id\","
		"\"source\":\"/grantctl/ada@host\",\"subject\":\"ada@example.com\","
		"\"time\":\"2026-11-22T10:00:00.000Z\",\"datacontenttype\":\"application/json\","
		"\"data\":{\"action\":\"account.disable\",\"user\":{\"email\":\"ada@example.com\","
		"\"login\":\"ada\"},\"instance\":\"main\"}}");
	assert_int_equal(submission.value_bytes, strlen(submission.value));
	assert_string_equal(submission.id, "new-id");
	assert_string_equal(submission.source, "/grantctl/ada@host");
	assert_string_equal(submission.key, "ada@example.com");
	submission_clear(&submission);
}

static void says_what_it_is_told_to(void **state)
{
	struct submission_terms told = terms;
	struct submission submission;

	(void)state;
	told.id = "req-7";
	told.source = "/portal";
	told.instance = "other";
	assert_int_equal(submission_make(support_slice("{\"action\":\"a\",\"instance\":\"main\","
						       "\"user\":{\"login\":\"ada\"}}"),
					 &told, &submission, NULL),
			 0);
	assert_string_equal(submission.id, "req-7");
	assert_string_equal(submission.source, "/portal");
	assert_string_equal(submission.key, "ada");
	assert_non_null(strstr(submission.value, "\"instance\":\"other\""));
	assert_null(strstr(submission.value, "\"main\""));
	submission_clear(&submission);
}

static void keeps_the_instance_that_data_says(void **state)
{
	struct submission submission;

	(void)state;
	assert_int_equal(submission_make(support_slice("{\"action\":\"a\",\"instance\":\"other\"}"),
					 &terms, &submission, NULL),
			 0);
	assert_non_null(strstr(submission.value, "\"instance\":\"other\""));
	assert_string_equal(submission.key, "new-id"); /* it names nobody */
	submission_clear(&submission);
}

static void orgs_as_such_have_a_lane_too(void **state)
{
	static const char both[] = "{\"action\":\"a\",\"instance\":\"main\",\"org\":{\"name\":\"Org A\"},"
				   "\"user\":{\"login\":\"ada\"}}";
	static const char org[] =
		"{\"action\":\"a\",\"instance\":\"main\",\"org\":{\"name\":\"Org A\"}}";
	struct submission submission;

	(void)state;
	assert_int_equal(submission_make(support_slice(both), &terms, &submission, NULL), 0);
	assert_string_equal(submission.key, "ada");
	submission_clear(&submission);
	assert_int_equal(submission_make(support_slice(org), &terms, &submission, NULL), 0);
	assert_string_equal(submission.key, "Org A");
	assert_non_null(strstr(submission.value, "\"subject\":\"Org A\""));
	submission_clear(&submission);
}

/* What is made first must be there when the next is done to it. */
static void what_is_of_an_org_has_the_orgs_lane(void **state)
{
	static const char *const members[] = {
		"\"service_account\":{\"name\":\"bot\"}",
		"\"service_account\":{\"id\":4},\"token\":{\"name\":\"t\"}",
		"\"team\":{\"name\":\"Team\"}",
		"\"api_key\":{\"name\":\"k\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		struct submission submission;
		char text[256];

		text_format(text, sizeof(text),
			    "{\"action\":\"a\",\"instance\":\"main\",\"org\":{\"id\":3},%s}",
			    members[i]);
		assert_int_equal(submission_make(support_slice(text), &terms, &submission, NULL),
				 0);
		assert_string_equal(submission.key, "org-3");
		submission_clear(&submission);
	}
}

#define WHOLE(rest)                                                                            \
	"{ \"specversion\": \"1.0\", \"type\": \"io.grantd.request.v1\", \"id\": \"req-1\", "  \
	"\"source\": \"/portal\"" rest "}"
#define WHOLE_DATA ", \"data\": {\"action\": \"a\", \"instance\": \"main\"}"

static void takes_a_whole_event_byte_for_byte(void **state)
{
	const char *event = WHOLE(", \"subject\": \"ada\"" WHOLE_DATA);
	struct submission submission;

	(void)state;
	assert_int_equal(submission_make(support_slice(event), &terms, &submission, NULL), 0);
	assert_string_equal(submission.value, event);
	assert_string_equal(submission.id, "req-1");
	assert_string_equal(submission.source, "/portal");
	assert_string_equal(submission.key, "ada");
	submission_clear(&submission);
}

static void will_not_change_a_whole_event(void **state)
{
	struct submission_terms told[] = {terms, terms, terms};
	struct submission submission;

	(void)state;
	told[0].id = "x";
	told[1].source = "x";
	told[2].instance = "x";
	for (size_t i = 0; i < ARRAY_COUNT(told); i++) {
		struct error err = {0};

		assert_int_equal(submission_make(support_slice(WHOLE(WHOLE_DATA)), &told[i],
						 &submission, &err),
				 -1);
		assert_string_equal(err.text, "a whole event says its id, source and instance "
					      "itself; only data can be completed by options");
		submission_clear(&submission);
	}
}

static void finds_what_the_worker_would_find(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{NULL, "is empty"},
		{" ", "ends in the middle of JSON (line 1, column 1)"},
		{"{\"action\":", "ends in the middle of JSON (line 1, column 10)"},
		{"[]", "is JSON, but not an object"},
		{"{}", "data.action: missing"},
		{"{\"action\":\"a\",\"user\":{\"login\":\"\"}}", "data.user.login: must not be empty"},
		{"{\"action\":\"a\",\"user\":\"ada\"}", "data.user: must be an object, is a string"},
		{WHOLE(""), "data: missing"},
		{WHOLE(", \"data\": {\"action\": \"a\"}"), "data.instance: missing"},
		{"{\"specversion\":\"1.0\",\"type\":\"t\",\"data\":{}}",
		 "id: missing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct submission submission;
		struct error err = {0};

		assert_int_equal(submission_make(support_slice(cases[i].text), &terms, &submission,
						 &err),
				 -1);
		assert_string_equal(err.text, cases[i].error);
		assert_null(submission.value);
		submission_clear(&submission);
	}
}

static void asks_for_an_instance_when_there_is_no_default(void **state)
{
	struct submission_terms none = terms;
	struct submission submission;
	struct error err = {0};

	(void)state;
	none.default_instance = NULL;
	assert_int_equal(submission_make(support_slice("{\"action\":\"a\"}"), &none, &submission,
					 &err),
			 -1);
	assert_string_equal(err.text, "data.instance: missing");
	submission_clear(&submission);
}

/* A plan has an id of its own, or it would be taken for the real request. */
static void makes_a_plan_of_it(void **state)
{
	struct submission_terms told = terms;
	struct submission submission;

	(void)state;
	told.plan = true;
	assert_int_equal(submission_make(support_slice("{\"action\":\"a\"}"), &told, &submission,
					 NULL),
			 0);
	assert_string_equal(submission.id, "new-id");
	assert_non_null(strstr(submission.value, "\"mode\":\"plan\""));
	submission_clear(&submission);
	told.id = "req-7";
	assert_int_equal(submission_make(support_slice("{\"action\":\"a\",\"mode\":\"apply\"}"),
					 &told, &submission, NULL),
			 0);
	assert_string_equal(submission.id, "req-7/plan");
	assert_non_null(strstr(submission.value, "\"mode\":\"plan\""));
	submission_clear(&submission);
	told.id = NULL;
	assert_int_equal(submission_make(support_slice(WHOLE(",\"data\":{\"action\":\"a\","
							     "\"instance\":\"main\"}")),
					 &told, &submission, NULL),
			 0);
	assert_string_equal(submission.id, "req-1/plan");
	assert_string_equal(submission.source, "/portal");
	assert_non_null(strstr(submission.value, "\"mode\":\"plan\""));
	submission_clear(&submission);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_a_plan_of_it),
		cmocka_unit_test(wraps_data_in_an_event),
		cmocka_unit_test(says_what_it_is_told_to),
		cmocka_unit_test(keeps_the_instance_that_data_says),
		cmocka_unit_test(orgs_as_such_have_a_lane_too),
		cmocka_unit_test(what_is_of_an_org_has_the_orgs_lane),
		cmocka_unit_test(takes_a_whole_event_byte_for_byte),
		cmocka_unit_test(will_not_change_a_whole_event),
		cmocka_unit_test(finds_what_the_worker_would_find),
		cmocka_unit_test(asks_for_an_instance_when_there_is_no_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
