/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec_event_view.c - published events, for people to look at. */
#include "codec_support.h"

#include "codec/event_view.h"

enum { TEXT_BYTES = 64 * 1024 };

static struct event_view *read_view(const struct header_view *headers, size_t count,
				    const char *value)
{
	const struct record_view record = {
		.value = support_slice(value), .headers = headers, .header_count = count};
	struct event_view *view = NULL;
	struct error err = {0};

	if (event_view_read(&record, &view, &err) < 0)
		fail_msg("%s", err.text);
	return view;
}

static void assert_text(const struct event_view *view, const char *expected)
{
	struct buffer text;

	buffer_init(&text, TEXT_BYTES);
	event_view_write(view, &text);
	assert_string_equal(text.bytes, expected);
	buffer_clear(&text);
}

static void puts_a_binary_event_together(void **state)
{
	const struct header_view headers[] = {
		support_header("content-type", "application/json"),
		support_header("ce_id", "o-1"),
		support_header("ce_type", "io.grantd.outcome.v1"),
		support_header("traceparent", "00-x"),
		support_header("ce_odd", "\xff\xfe"),
		{"ce_null", {NULL, 0}},
	};
	struct event_view *view = read_view(headers, ARRAY_COUNT(headers), "{\"result\":\"applied\"}");

	(void)state;
	assert_text(view, "{\"datacontenttype\":\"application/json\",\"id\":\"o-1\","
			  "\"type\":\"io.grantd.outcome.v1\",\"data\":{\"result\":\"applied\"}}");
	event_view_free(view);
}

static void takes_a_structured_event_as_it_is(void **state)
{
	const struct header_view headers[] = {
		support_header("Content-Type", "application/cloudevents+json; charset=UTF-8")};
	struct event_view *view =
		read_view(headers, ARRAY_COUNT(headers), "{ \"id\": \"o-1\", \"data\": {\"n\": 1} }");

	(void)state;
	assert_text(view, "{\"id\":\"o-1\",\"data\":{\"n\":1}}");
	event_view_free(view);
}

static void reads_by_path(void **state)
{
	struct event_view *view =
		read_view(NULL, 0, "{\"reason\":{\"code\":\"ok\"},\"n\":7,\"role\":null,\"b\":true}");
	int64_t number = -1;

	(void)state;
	assert_string_equal(event_view_text(view, "data.reason.code"), "ok");
	assert_string_equal(event_view_text(view, "data.reason"), "");
	assert_string_equal(event_view_text(view, "data.reason.code.more"), "");
	assert_string_equal(event_view_text(view, "data.nothing.at.all"), "");
	assert_string_equal(event_view_text(view, "data.n"), "");
	assert_true(event_view_integer(view, "data.n", &number));
	assert_int_equal(number, 7);
	assert_false(event_view_integer(view, "data.b", &number));
	assert_true(event_view_has(view, "data.role"));
	assert_false(event_view_has(view, "data.rol"));
	event_view_free(view);
}

static void parses_a_whole_event_or_data_alone(void **state)
{
	static const char *const texts[] = {"{\"id\":\"1\",\"data\":{\"kind\":\"password\"}}",
					    "{\"kind\":\"password\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct event_view *view = NULL;

		assert_int_equal(event_view_parse(support_slice(texts[i]), &view, NULL), 0);
		assert_string_equal(event_view_text(view, "data.kind"), "password");
		event_view_free(view);
	}
}

static void refuses_what_is_no_event(void **state)
{
	static const char *const texts[] = {NULL, "", "[]", "{", "\"text\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		const struct record_view record = {.value = support_slice(texts[i])};
		struct event_view *view = NULL;
		struct error err = {0};

		assert_int_equal(event_view_read(&record, &view, &err), -1);
		assert_int_equal(err.kind, ERROR_POISON);
		assert_int_equal(event_view_parse(support_slice(texts[i]), &view, &err), -1);
		assert_null(view);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_a_binary_event_together),
		cmocka_unit_test(takes_a_structured_event_as_it_is),
		cmocka_unit_test(reads_by_path),
		cmocka_unit_test(parses_a_whole_event_or_data_alone),
		cmocka_unit_test(refuses_what_is_no_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
