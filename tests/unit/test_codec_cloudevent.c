/* SPDX-License-Identifier: Apache-2.0 */
/* What a whole file of bytes can show is in tests/corpus/request; here is the rest. */
#include "codec_support.h"

#include <jansson.h>
#include <stdio.h>

#define TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define ATTRIBUTES                                                                              \
	"\"specversion\":\"1.0\",\"type\":\"io.grantd.request.v1\",\"id\":\"req-1\","           \
	"\"source\":\"/portal\",\"subject\":\"ada\",\"time\":\"2026-11-22T10:00:00Z\""

static int decode(const struct header_view *headers, size_t count, const char *value,
		  struct cloudevent *event, struct error *err)
{
	const struct record_view view = {.topic = "access.requests",
					 .value = support_slice(value),
					 .headers = headers,
					 .header_count = count};

	return cloudevent_decode(&view, event, err);
}

static void assert_sample(const struct cloudevent *event)
{
	assert_string_equal(event->id, "req-1");
	assert_string_equal(event->source, "/portal");
	assert_string_equal(event->subject, "ada");
	assert_string_equal(event->type, "io.grantd.request.v1");
	assert_true(event->has_time);
	assert_true(event->time_ms == SUPPORT_NOW_MS);
	assert_int_equal(json_integer_value(json_object_get(event->data, "a")), 7);
	assert_null(event->error_class);
}

static void reads_structured_mode(void **state)
{
	static const char *const content_types[] = {
		"application/cloudevents+json",
		"Application/CloudEvents+JSON; charset=utf-8",
		"application/cloudevents+json ;charset=utf-8",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(content_types); i++) {
		const struct header_view headers[] = {
			support_header("content-type", content_types[i])};
		struct cloudevent event;
		struct error err = {0};

		assert_int_equal(decode(headers, 1, "{" ATTRIBUTES ",\"data\":{\"a\":7}}", &event, &err), 0);
		assert_sample(&event);
		cloudevent_clear(&event);
	}
}

static void reads_binary_mode_with_any_json_content_type(void **state)
{
	static const char *const content_types[] = {
		"application/json", "application/json; charset=utf-8", "application/vnd.portal+json"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(content_types); i++) {
		const struct header_view headers[] = {
			support_header("ce_specversion", "1.0"),
			support_header("ce_type", "io.grantd.request.v1"),
			support_header("ce_id", "req-1"),
			support_header("ce_source", "/portal"),
			support_header("ce_subject", "ada"),
			support_header("ce_time", "2026-11-22T10:00:00Z"),
			support_header("ce_unknownextension", "\x01\xff"),
			support_header("other", NULL),
			support_header("content-type", content_types[i]),
		};
		struct cloudevent event;
		struct error err = {0};

		assert_int_equal(decode(headers, ARRAY_COUNT(headers), "{\"a\":7}", &event, &err), 0);
		assert_sample(&event);
		cloudevent_clear(&event);
	}
}

static void accepts_headers_that_agree_with_the_value(void **state)
{
	const struct header_view headers[] = {
		support_header("content-type", SUPPORT_STRUCTURED),
		support_header("ce_id", "req-1"),
		support_header("ce_time", "2026-11-22T10:00:00Z"),
	};
	struct cloudevent event;
	struct error err = {0};

	(void)state;
	assert_int_equal(decode(headers, 3, "{" ATTRIBUTES ",\"data\":{\"a\":7}}", &event, &err), 0);
	assert_sample(&event);
	cloudevent_clear(&event);
}

static void assert_traceparent(const char *header, const char *member, const char *expected)
{
	const struct header_view headers[] = {
		support_header("content-type", SUPPORT_STRUCTURED),
		support_header("traceparent", header),
	};
	struct cloudevent event;
	struct error err = {0};
	char value[600];

	snprintf(value, sizeof(value), "{" ATTRIBUTES ",\"traceparent\":%s,\"data\":{}}", member);
	assert_int_equal(decode(headers, header == NULL ? 1 : 2, value, &event, &err), 0);
	assert_string_equal(event.traceparent, expected);
	cloudevent_clear(&event);
}

static void takes_a_valid_traceparent_and_drops_others(void **state)
{
	(void)state;
	assert_traceparent(TRACEPARENT, "null", TRACEPARENT);
	assert_traceparent(NULL, "\"" TRACEPARENT "\"", TRACEPARENT);
	assert_traceparent("00-evil\r\nX: y", "null", "");
	assert_traceparent("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "7", "");
	assert_traceparent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "null", "");
	assert_traceparent(TRACEPARENT "0", "null", "");
}

static void addresses_a_bad_event_as_far_as_it_is_readable(void **state)
{
	const struct header_view headers[] = {
		support_header("ce_specversion", "1.0"), support_header("ce_type", "com.example.other"),
		support_header("ce_id", "req-1"),	 support_header("ce_source", "/portal"),
		support_header("ce_subject", "ada"),
	};
	struct cloudevent event;
	struct error err = {0};

	(void)state;
	assert_int_equal(decode(headers, ARRAY_COUNT(headers), "not json", &event, &err), -1);
	assert_int_equal(err.kind, ERROR_POISON);
	assert_string_equal(err.text, "ce_type: must be io.grantd.request.v1");
	assert_string_equal(event.error_class, "bad_attribute");
	assert_string_equal(event.id, "req-1");
	assert_string_equal(event.source, "/portal");
	assert_string_equal(event.subject, "ada");
	assert_null(event.data);
	cloudevent_clear(&event);
}

static void addresses_an_event_whose_data_is_bad(void **state)
{
	const struct header_view headers[] = {support_header("content-type", SUPPORT_STRUCTURED)};
	struct cloudevent event;
	struct error err = {0};

	(void)state;
	assert_int_equal(decode(headers, 1, "{" ATTRIBUTES ",\"data\":[]}", &event, &err), -1);
	assert_string_equal(event.error_class, "bad_data");
	assert_string_equal(event.id, "req-1");
	assert_string_equal(event.source, "/portal");
	cloudevent_clear(&event);
}

static void works_for_a_caller_without_interest_in_the_error(void **state)
{
	struct cloudevent event;

	(void)state;
	assert_int_equal(decode(NULL, 0, NULL, &event, NULL), -1);
	assert_string_equal(event.error_class, "null_value");
	cloudevent_clear(&event);
	cloudevent_clear(NULL);
}

static void limits_are_inclusive(void **state)
{
	char id[LIMIT_EVENT_ID_BYTES + 2];
	struct header_view headers[] = {
		support_header("ce_specversion", "1.0"),
		support_header("ce_type", "io.grantd.request.v1"),
		support_header("ce_source", "/portal"),
		{"ce_id", {id, LIMIT_EVENT_ID_BYTES}},
	};
	struct cloudevent event;
	struct error err = {0};

	(void)state;
	memset(id, 'x', sizeof(id));
	assert_int_equal(decode(headers, 4, "{}", &event, &err), 0);
	assert_int_equal(strlen(event.id), LIMIT_EVENT_ID_BYTES);
	cloudevent_clear(&event);
	headers[3].value.length++;
	assert_int_equal(decode(headers, 4, "{}", &event, &err), -1);
	assert_string_equal(event.id, "");
	assert_string_equal(event.source, "/portal");
	cloudevent_clear(&event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_structured_mode),
		cmocka_unit_test(reads_binary_mode_with_any_json_content_type),
		cmocka_unit_test(accepts_headers_that_agree_with_the_value),
		cmocka_unit_test(takes_a_valid_traceparent_and_drops_others),
		cmocka_unit_test(addresses_a_bad_event_as_far_as_it_is_readable),
		cmocka_unit_test(addresses_an_event_whose_data_is_bad),
		cmocka_unit_test(works_for_a_caller_without_interest_in_the_error),
		cmocka_unit_test(limits_are_inclusive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
