/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

/* SHA-256 of "/portal\0req-1\0outcome", first 32 hex digits. */
#define OUTCOME_ID "f42871d31f60a50508289b3d6555ee00"

static char approver[] = "bob@example.com";

static const struct request request = {.id = (char[]){"req-1"},
				       .source = (char[]){"/portal"},
				       .subject = (char[]){"ada@example.com"},
				       .traceparent = (char[]){"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
				       .action = (char[]){"org_role.grant"},
				       .instance = (char[]){"main"},
				       .requested_by = (char[]){"ada"},
				       .approved_by = {approver},
				       .approver_count = 1,
				       .reason = (char[]){"on call\nthis week"},
				       .ticket = (char[]){"INC-4711"}};

static const struct outcome applied = {
	.result = RESULT_APPLIED,
	.reason = REASON_OK,
	.message = "role changed",
	.grafana_status = 200,
	.target = {.user_id = 12,
		   .login = "ada",
		   .email = "ada@example.com",
		   .org_id = 3,
		   .org_name = "Observability"},
	.before = {.member = FACT_YES, .role = ROLE_VIEWER},
	.after = {.member = FACT_YES, .role = ROLE_EDITOR},
};

static void writes_every_member_in_the_contract_s_order(void **state)
{
	const struct outcome_frame frame = support_frame(&request);
	struct record record;

	(void)state;
	outcome_encode(&applied, &frame, &record);
	assert_string_equal(
		record.value,
		"{\"request\":{\"id\":\"req-1\",\"source\":\"/portal\",\"topic\":\"access.requests\","
		"\"partition\":3,\"offset\":77},"
		"\"action\":\"org_role.grant\",\"instance\":\"main\",\"result\":\"applied\","
		"\"reason\":{\"code\":\"ok\",\"message\":\"role changed\","
		"\"grafana\":{\"status\":200,\"message_id\":null}},"
		"\"target\":{\"user_id\":12,\"login\":\"ada\",\"email\":\"ada@example.com\","
		"\"org_id\":3,\"org_name\":\"Observability\"},"
		"\"before\":{\"role\":\"Viewer\"},\"after\":{\"role\":\"Editor\"},"
		"\"attempts\":2,\"started_at\":\"2026-11-22T10:00:00.000Z\","
		"\"finished_at\":\"2026-11-22T10:00:00.025Z\","
		"\"requested_by\":\"ada\",\"approved_by\":[\"bob@example.com\"],"
		"\"ticket\":\"INC-4711\",\"justification\":\"on call\\nthis week\","
		"\"worker\":{\"id\":\"host-1\",\"version\":\"0.1.0\"}}");
	record_clear(&record);
}

static void addresses_the_event_in_binary_mode(void **state)
{
	static const struct {
		const char *name, *value;
	} expected[] = {
		{"content-type", "application/json"},
		{"ce_specversion", "1.0"},
		{"ce_type", "io.grantd.outcome.v1"},
		{"ce_id", OUTCOME_ID},
		{"ce_source", "/grantd/grantd"},
		{"ce_subject", "ada@example.com"},
		{"ce_time", "2026-11-22T10:00:00.025Z"},
		{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	};
	const struct outcome_frame frame = support_frame(&request);
	struct record record;

	(void)state;
	outcome_encode(&applied, &frame, &record);
	assert_int_equal(record.kind, RECORD_OUTCOME);
	assert_int_equal(record.key_bytes, 15);
	assert_string_equal(record.key, "ada@example.com");
	assert_int_equal(record.header_count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		assert_string_equal(record.headers[i].name, expected[i].name);
		assert_string_equal(record.headers[i].value, expected[i].value);
	}
	record_clear(&record);
}

static void says_little_of_a_request_that_could_not_be_read(void **state)
{
	const struct request bare = {.id = (char[]){"req-1"}, .source = (char[]){"/portal"}};
	const struct outcome refused = {.result = RESULT_REFUSED,
					.reason = REASON_REQUEST_INVALID,
					.message = "data: missing"};
	const struct outcome_frame frame = support_frame(&bare);
	struct record record;

	(void)state;
	outcome_encode(&refused, &frame, &record);
	assert_string_equal(
		record.value,
		"{\"request\":{\"id\":\"req-1\",\"source\":\"/portal\",\"topic\":\"access.requests\","
		"\"partition\":3,\"offset\":77},"
		"\"action\":null,\"instance\":null,\"result\":\"refused\","
		"\"reason\":{\"code\":\"request.invalid\",\"message\":\"data: missing\",\"grafana\":null},"
		"\"target\":{},"
		"\"attempts\":2,\"started_at\":\"2026-11-22T10:00:00.000Z\","
		"\"finished_at\":\"2026-11-22T10:00:00.025Z\","
		"\"worker\":{\"id\":\"host-1\",\"version\":\"0.1.0\"}}");
	assert_string_equal(record.key, "req-1");
	assert_null(support_find_header(&record, "ce_subject"));
	assert_null(support_find_header(&record, "traceparent"));
	record_clear(&record);
}

static void assert_evidence(struct evidence before, const char *expected)
{
	const struct outcome_frame frame = support_frame(&request);
	struct outcome outcome = applied;
	struct record record;

	outcome.before = before;
	outcome_encode(&outcome, &frame, &record);
	if (strstr(record.value, expected) == NULL)
		fail_msg("%s is not in %s", expected, record.value);
	record_clear(&record);
}

static void evidence_tells_no_from_unsaid(void **state)
{
	(void)state;
	assert_evidence((struct evidence){.account = FACT_NO}, ",\"before\":{\"account\":false},\"after\"");
	assert_evidence((struct evidence){.account = FACT_YES, .member = FACT_NO},
			",\"before\":{\"account\":true,\"role\":null},\"after\"");
	assert_evidence((struct evidence){.disabled = FACT_NO}, ",\"before\":{\"disabled\":false},\"after\"");
	assert_evidence((struct evidence){.member = FACT_YES, .role = ROLE_NONE},
			",\"before\":{\"role\":\"None\"},\"after\"");
	assert_evidence((struct evidence){.login = "ada", .email = "a@b", .name = "Ada"},
			",\"before\":{\"login\":\"ada\",\"email\":\"a@b\",\"name\":\"Ada\"},\"after\"");
	assert_evidence((struct evidence){0}, "\"org_name\":\"Observability\"},\"after\"");
}

static void names_grafana_s_message_and_the_credential(void **state)
{
	const struct outcome_frame frame = support_frame(&request);
	struct outcome outcome = applied;
	struct record record;

	(void)state;
	outcome.grafana_status = 403;
	memcpy(outcome.grafana_message_id, "org.externallySynced", 21);
	outcome.credential_version = 2;
	outcome_encode(&outcome, &frame, &record);
	assert_non_null(strstr(record.value, "\"grafana\":{\"status\":403,"
					     "\"message_id\":\"org.externallySynced\"}"));
	assert_non_null(strstr(record.value, "\"after\":{\"role\":\"Editor\"},\"credential\":{\"version\":2},"
					     "\"attempts\":2"));
	record_clear(&record);
}

static void wraps_the_same_data_in_structured_mode(void **state)
{
	struct outcome_frame frame = support_frame(&request);
	struct record record;

	(void)state;
	frame.mode = CLOUDEVENT_STRUCTURED;
	outcome_encode(&applied, &frame, &record);
	assert_non_null(strstr(record.value,
			       "{\"specversion\":\"1.0\",\"type\":\"io.grantd.outcome.v1\","
			       "\"id\":\"" OUTCOME_ID "\",\"source\":\"/grantd/grantd\","
			       "\"subject\":\"ada@example.com\",\"time\":\"2026-11-22T10:00:00.025Z\","
			       "\"datacontenttype\":\"application/json\","
			       "\"data\":{\"request\":{\"id\":\"req-1\","));
	assert_int_equal(record.header_count, 2);
	record_clear(&record);
}

/* The largest of everything, in characters that JSON makes twice as long. */
static void the_largest_outcome_fits(void **state)
{
	enum { MOST_PARTS = 1 + LIMIT_BOOTSTRAP_ADMINS + LIMIT_BOOTSTRAP_FOLDERS +
			    LIMIT_BOOTSTRAP_DASHBOARDS + 2 };
	static char reason[LIMIT_REASON_BYTES + 1], person[LIMIT_PERSON_BYTES + 1];
	static char name[LIMIT_NAME_BYTES + 1];
	static struct outcome_part parts[MOST_PARTS];
	struct request large = request;
	struct outcome_frame frame = support_frame(&large);
	struct outcome outcome = applied;
	struct record record;

	(void)state;
	memset(reason, '\\', LIMIT_REASON_BYTES);
	memset(person, '"', LIMIT_PERSON_BYTES);
	large.reason = reason;
	large.id = large.source = large.ticket = large.requested_by = person;
	for (large.approver_count = 0; large.approver_count < LIMIT_APPROVERS;)
		large.approved_by[large.approver_count++] = person;
	memset(outcome.message, '"', sizeof(outcome.message) - 1);
	memset(outcome.before.login, '"', LIMIT_LOGIN_BYTES);
	memset(name, '"', LIMIT_NAME_BYTES);
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++)
		parts[i] = (struct outcome_part){PART_SERVICE_ACCOUNT, name, PART_REFUSED,
						 REASON_REQUEST_UNKNOWN_INSTANCE};
	outcome.parts = parts;
	outcome.part_count = ARRAY_COUNT(parts);
	outcome_encode(&outcome, &frame, &record);
	assert_int_equal(record.value[record.value_bytes - 1], '}');
	assert_non_null(strstr(record.value, "\"worker\":{\"id\":\"host-1\",\"version\":\"0.1.0\"}}"));
	record_clear(&record);
}

static void tells_what_became_of_each_part(void **state)
{
	static const struct outcome_part parts[] = {
		{PART_ORG, "New", PART_APPLIED, REASON_OK},
		{PART_ADMIN, NULL, PART_ALREADY_SO, REASON_OK},
		{PART_FOLDER, "F", PART_REFUSED, REASON_FOLDER_CONFLICT},
		{PART_DASHBOARD, "D", PART_NOT_DONE, REASON_OK},
	};
	const struct outcome_frame frame = support_frame(&request);
	struct outcome outcome = applied;
	struct record record;

	(void)state;
	outcome.parts = parts;
	outcome.part_count = ARRAY_COUNT(parts);
	outcome_encode(&outcome, &frame, &record);
	assert_non_null(strstr(record.value,
			       "\"parts\":[{\"part\":\"org\",\"name\":\"New\",\"result\":\"applied\"},"
			       "{\"part\":\"admin\",\"name\":null,\"result\":\"already_so\"},"
			       "{\"part\":\"folder\",\"name\":\"F\",\"result\":\"refused\","
			       "\"reason\":\"folder.conflict\"},"
			       "{\"part\":\"dashboard\",\"name\":\"D\",\"result\":\"not_done\"}],"
			       "\"attempts\":2"));
	record_clear(&record);
}

static void results_have_the_contract_s_names(void **state)
{
	(void)state;
	assert_string_equal(result_name(RESULT_APPLIED), "applied");
	assert_string_equal(result_name(RESULT_ALREADY_SO), "already_so");
	assert_string_equal(result_name(RESULT_REFUSED), "refused");
	assert_string_equal(result_name(RESULT_FAILED), "failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_every_member_in_the_contract_s_order),
		cmocka_unit_test(addresses_the_event_in_binary_mode),
		cmocka_unit_test(says_little_of_a_request_that_could_not_be_read),
		cmocka_unit_test(evidence_tells_no_from_unsaid),
		cmocka_unit_test(names_grafana_s_message_and_the_credential),
		cmocka_unit_test(wraps_the_same_data_in_structured_mode),
		cmocka_unit_test(the_largest_outcome_fits),
		cmocka_unit_test(tells_what_became_of_each_part),
		cmocka_unit_test(results_have_the_contract_s_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
