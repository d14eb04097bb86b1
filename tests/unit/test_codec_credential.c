/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "base/text.h"
#include "codec/credential.h"

/* SHA-256 of "/portal\0req-1\0credential/1" and of the same with 2. */
#define FIRST_ID "2acc93c4c8350850113019fce4f03382"
#define SECOND_ID "ce6ae417b3d8f9e7c17c27b65d30f41b"

static const struct request request = {.id = (char[]){"req-1"},
				       .source = (char[]){"/portal"},
				       .subject = (char[]){"ada@example.com"},
				       .instance = (char[]){"main"}};

static const struct outcome_target ada = {
	.user_id = 12, .login = "ada", .email = "ada@example.com"};

static struct credential sample(const struct outcome_target *target)
{
	return (struct credential){.kind = CREDENTIAL_PASSWORD,
				   .version = 1,
				   .sealed = "aaa..bbb.ccc.ddd",
				   .kid = "0123",
				   .path_prefix = "grafana",
				   .target = target};
}

static void writes_the_vault_s_data(void **state)
{
	const struct outcome_frame frame = support_frame(&request);
	const struct credential credential = sample(&ada);
	struct record record;

	(void)state;
	credential_encode(&credential, &frame, &record);
	assert_int_equal(record.kind, RECORD_CREDENTIAL);
	assert_string_equal(
		record.value,
		"{\"request\":{\"id\":\"req-1\",\"source\":\"/portal\",\"topic\":\"access.requests\","
		"\"partition\":3,\"offset\":77},"
		"\"instance\":\"main\",\"kind\":\"password\",\"version\":1,"
		"\"target\":{\"user_id\":12,\"login\":\"ada\",\"email\":\"ada@example.com\"},"
		"\"sealed\":\"aaa..bbb.ccc.ddd\",\"kid\":\"0123\",\"alg\":\"ECDH-ES\",\"enc\":\"A256GCM\","
		"\"path\":\"grafana/main/ada\",\"created_at\":\"2026-11-22T10:00:00.025Z\"}");
	record_clear(&record);
}

static void key_and_headers_hold_no_ciphertext(void **state)
{
	const struct outcome_frame frame = support_frame(&request);
	const struct credential credential = sample(&ada);
	struct record record;

	(void)state;
	credential_encode(&credential, &frame, &record);
	assert_int_equal(record.key_bytes, 8);
	assert_string_equal(record.key, "main/ada");
	assert_string_equal(support_find_header(&record, "ce_type"), "io.grantd.credential.v1");
	assert_string_equal(support_find_header(&record, "ce_id"), FIRST_ID);
	for (size_t i = 0; i < record.header_count; i++)
		assert_null(strstr(record.headers[i].value, "ccc"));
	record_clear(&record);
}

static void another_version_is_another_event(void **state)
{
	const struct outcome_frame frame = support_frame(&request);
	struct credential credential = sample(&ada);
	struct record record;

	(void)state;
	credential.version = 2;
	credential_encode(&credential, &frame, &record);
	assert_string_equal(support_find_header(&record, "ce_id"), SECOND_ID);
	record_clear(&record);
}

static void a_token_is_filed_under_its_service_account(void **state)
{
	const struct outcome_frame frame = support_frame(&request);
	const struct outcome_target target = {.org_id = 3,
					      .service_account_id = 9,
					      .service_account_name = "ci bot",
					      .token_id = 4,
					      .token_name = "deploy"};
	struct credential credential = sample(&target);
	struct record record;

	(void)state;
	credential.kind = CREDENTIAL_TOKEN;
	credential.expires_ms = frame.finished_ms;
	credential_encode(&credential, &frame, &record);
	assert_string_equal(record.key, "main/org-3/ci bot/deploy");
	assert_non_null(strstr(record.value, "\"kind\":\"token\""));
	assert_non_null(strstr(record.value,
			       "\"path\":\"grafana/main/org-3/ci%20bot/deploy\","
			       "\"expires_at\":\"2026-11-22T10:00:00.025Z\""));
	record_clear(&record);
}

static void assert_path(const char *prefix, const char *login, const char *expected)
{
	const struct outcome_frame frame = support_frame(&request);
	struct outcome_target target = {0};
	struct credential credential = sample(&target);
	struct record record;

	text_copy(target.login, sizeof(target.login), login);
	credential.path_prefix = prefix;
	credential_encode(&credential, &frame, &record);
	if (strstr(record.value, expected) == NULL)
		fail_msg("%s is not in %s", expected, record.value);
	record_clear(&record);
}

static void a_login_stays_one_segment_of_the_path(void **state)
{
	(void)state;
	assert_path("secret/grafana", "ada@example.com", "\"path\":\"secret/grafana/main/ada@example.com\"");
	assert_path("p", "a/../b c", "\"path\":\"p/main/a%2F..%2Fb%20c\"");
	assert_path("p", "..", "\"path\":\"p/main/%2E%2E\"");
	assert_path("p", "j\xc3\xb6rg", "\"path\":\"p/main/j%C3%B6rg\"");
	assert_path("", "ada", "\"path\":\"main/ada\"");
	assert_path(NULL, "ada", "\"path\":\"main/ada\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_vault_s_data),
		cmocka_unit_test(key_and_headers_hold_no_ciphertext),
		cmocka_unit_test(a_token_is_filed_under_its_service_account),
		cmocka_unit_test(another_version_is_another_event),
		cmocka_unit_test(a_login_stays_one_segment_of_the_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
