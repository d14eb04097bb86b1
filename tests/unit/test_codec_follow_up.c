/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "codec/follow_up.h"

static char approver[] = "bob@example.com";

static struct request cause = {.id = (char[]){"req-1"},
			       .source = (char[]){"/portal"},
			       .subject = (char[]){"ci@example.com"},
			       .action = (char[]){"service_account_token.rotate"},
			       .instance = (char[]){"main"},
			       .requested_by = (char[]){"ada"},
			       .approved_by = {approver},
			       .approver_count = 1,
			       .reason = (char[]){"quarterly\nrotation"},
			       .ticket = (char[]){"INC-4711"}};

static char action[] = "service_account_token.delete", token[] = "deploy";

static struct follow_up sample(void)
{
	return (struct follow_up){
		.kind = "overlap",
		.at_ms = SUPPORT_NOW_MS,
		.asked = {.action = action,
			  .org = {3, NULL},
			  .service_account = {9, NULL},
			  .token = {4, token}},
	};
}

static void writes_a_request_that_can_be_read(void **state)
{
	const struct follow_up follow_up = sample();
	struct outcome_frame frame = support_frame(&cause);
	struct cloudevent event = {0};
	struct request request;
	enum reason reason;
	struct error err = {0};
	struct record record;
	struct record_view view;

	(void)state;
	frame.mode = CLOUDEVENT_STRUCTURED;
	follow_up_encode(&follow_up, &frame, &record);
	assert_int_equal(record.kind, RECORD_REQUEST);
	assert_string_equal(record.key, "ci@example.com");
	view = (struct record_view){.topic = "access.requests",
				    .timestamp_ms = -1,
				    .value = {record.value, record.value_bytes},
				    .headers = &(struct header_view){"content-type",
								     support_slice(SUPPORT_STRUCTURED)},
				    .header_count = 1};
	if (cloudevent_decode(&view, &event, &err) < 0 ||
	    request_decode(&event, SUPPORT_NOW_MS, &request, &reason, &err) < 0)
		fail_msg("%s: %s", err.text, record.value);
	assert_memory_equal(request.id, "req-1/overlap/", 14);
	assert_int_equal(strlen(request.id), 14 + 8);
	assert_string_equal(request.source, frame.event_source);
	assert_string_equal(request.subject, "ci@example.com");
	assert_string_equal(request.action, "service_account_token.delete");
	assert_string_equal(request.instance, "main");
	assert_true(request.org.id == 3 && request.service_account.id == 9 && request.token.id == 4);
	assert_string_equal(request.token.name, "deploy");
	assert_string_equal(request.requested_by, "ada");
	assert_string_equal(request.approved_by[0], "bob@example.com");
	assert_string_equal(request.ticket, "INC-4711");
	assert_string_equal(request.reason, "quarterly\nrotation");
	request_clear(&request);
	cloudevent_clear(&event);
	record_clear(&record);
}

static void ids_differ_with_source_and_kind_and_always_fit(void **state)
{
	struct follow_up follow_up = sample();
	char first[LIMIT_EVENT_ID_BYTES + 1], other[LIMIT_EVENT_ID_BYTES + 1];
	char long_id[LIMIT_EVENT_ID_BYTES + 1];
	struct request request = cause;

	(void)state;
	follow_up_id(&follow_up, &request, first);
	follow_up_id(&follow_up, &request, other);
	assert_string_equal(first, other);
	request.source = (char[]){"/elsewhere"};
	follow_up_id(&follow_up, &request, other);
	assert_string_not_equal(first, other);
	request.source = cause.source;
	follow_up.kind = "expiry";
	follow_up_id(&follow_up, &request, other);
	assert_string_not_equal(first, other);
	memset(long_id, 'x', LIMIT_EVENT_ID_BYTES);
	long_id[LIMIT_EVENT_ID_BYTES] = '\0';
	request.id = long_id;
	follow_up_id(&follow_up, &request, other);
	assert_int_equal(strlen(other), 32);
}

static void the_outcome_tells_of_it(void **state)
{
	const struct follow_up follow_up = sample();
	struct outcome_frame frame = support_frame(&cause);
	const struct outcome outcome = {.result = RESULT_APPLIED};
	struct record record;

	(void)state;
	frame.follow_up = &follow_up;
	outcome_encode(&outcome, &frame, &record);
	assert_non_null(strstr(record.value,
			       "\"follow_up\":{\"action\":\"service_account_token.delete\","
			       "\"at\":\"2026-11-22T10:00:00.000Z\","
			       "\"request_id\":\"req-1/overlap/"));
	record_clear(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_request_that_can_be_read),
		cmocka_unit_test(ids_differ_with_source_and_kind_and_always_fit),
		cmocka_unit_test(the_outcome_tells_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
