/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/text.h"

/* ---- copies ---- */

static const struct {
	const char *text;
	size_t capacity;
	const char *copied;
	bool whole;
} copies[] = {
	{"", 1, "", true},	{"", 4, "", true},	{"a", 1, "", false},
	{"abc", 4, "abc", true}, {"abcd", 4, "abc", false}, {"abcdefgh", 2, "a", false},
};

static void copies_what_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(copies); i++) {
		char out[8] = "#######";

		assert_int_equal(text_copy(out, copies[i].capacity, copies[i].text),
				 copies[i].whole);
		assert_string_equal(out, copies[i].copied);
		assert_int_equal(out[copies[i].capacity], '#');
	}
}

static void copies_bytes_without_an_end(void **state)
{
	char out[4] = "###";

	(void)state;
	assert_true(text_copy_bytes(out, sizeof(out), "abcdef", 3));
	assert_string_equal(out, "abc");
	assert_true(text_copy_bytes(out, sizeof(out), NULL, 0));
	assert_string_equal(out, "");
	assert_false(text_copy_bytes(out, sizeof(out), "a\0bcd", 5));
	assert_memory_equal(out, "a\0b", 4);
}

static void formats_what_fits(void **state)
{
	char out[6];

	(void)state;
	assert_true(text_format(out, sizeof(out), "%d-%s", 12, "ab"));
	assert_string_equal(out, "12-ab");
	assert_false(text_format(out, sizeof(out), "%d-%s", 123, "ab"));
	assert_string_equal(out, "123-a");
}

/* ---- letters and bytes ---- */

static void compares_without_case(void **state)
{
	(void)state;
	assert_true(text_equal_nocase("Ann@Example.org", "aNN@example.ORG"));
	assert_false(text_equal_nocase("ann", "anne"));
	assert_false(text_equal_nocase("", "a"));
	assert_true(text_starts_with_nocase("Bearer x", "bearer "));
	assert_true(text_starts_with_nocase("anything", ""));
	assert_false(text_starts_with_nocase("bear", "bearer"));
}

static void lowers_ascii_only(void **state)
{
	char text[] = "@AZ[`az{ \xc3\x84";

	(void)state;
	text_lower(text);
	assert_string_equal(text, "@az[`az{ \xc3\x84");
}

static void replaces_control_bytes(void **state)
{
	char text[] = "a\tb\r\nc\x1f\x7f \x80\xff~";

	(void)state;
	text_replace_control(text);
	assert_string_equal(text, "a?b??c?? \x80\xff~");
	assert_false(text_has_control(text, sizeof(text) - 1));
	assert_true(text_has_control(text, sizeof(text))); /* the NUL */
	assert_true(text_has_control("ab\x7f", 3));
	assert_false(text_has_control("ab\x7f", 2));
	assert_false(text_has_control(NULL, 0));
}

static const struct {
	const char *bytes;
	size_t length;
	bool valid;
} utf8_cases[] = {
	{"", 0, true},
	{"abc\0d", 5, true},
	{"\x7f", 1, true},
	{"\x80", 1, false},			/* a tail without a lead */
	{"\xc2\x80", 2, true},			/* U+0080 */
	{"\xc1\xbf", 2, false},			/* too long for U+007F */
	{"\xdf\xbf", 2, true},			/* U+07FF */
	{"\xc3", 1, false},			/* cut */
	{"\xc3(", 2, false},
	{"\xe0\xa0\x80", 3, true},		/* U+0800 */
	{"\xe0\x9f\xbf", 3, false},		/* too long for U+07FF */
	{"\xed\x9f\xbf", 3, true},		/* U+D7FF */
	{"\xed\xa0\x80", 3, false},		/* a surrogate */
	{"\xed\xbf\xbf", 3, false},
	{"\xee\x80\x80", 3, true},		/* U+E000 */
	{"\xe2\x82", 2, false},
	{"\xf0\x90\x80\x80", 4, true},		/* U+10000 */
	{"\xf0\x8f\xbf\xbf", 4, false},		/* too long for U+FFFF */
	{"\xf4\x8f\xbf\xbf", 4, true},		/* U+10FFFF */
	{"\xf4\x90\x80\x80", 4, false},		/* beyond */
	{"\xf5\x80\x80\x80", 4, false},
	{"\xff", 1, false},
	{"\xf0\x9f\x98\x80\xc3\xa4z", 7, true},
	{"\xf0\x9f\x98\x80\xc3\xa4\xc3", 7, false},
};

static void knows_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(utf8_cases); i++)
		if (text_is_utf8(utf8_cases[i].bytes, utf8_cases[i].length) != utf8_cases[i].valid)
			fail_msg("case %zu", i);
}

/* ---- numbers ---- */

static const struct {
	const char *text;
	int64_t min, max;
	bool valid;
	int64_t value;
} numbers[] = {
	{"0", 0, 10, true, 0},
	{"10", 0, 10, true, 10},
	{"11", 0, 10, false, 0},
	{"-1", 0, 10, false, 0},
	{"-5", -5, 10, true, -5},
	{"007", 0, 10, true, 7},
	{"9223372036854775807", INT64_MIN, INT64_MAX, true, INT64_MAX},
	{"9223372036854775808", INT64_MIN, INT64_MAX, false, 0},
	{"-9223372036854775808", INT64_MIN, INT64_MAX, true, INT64_MIN},
	{"-9223372036854775809", INT64_MIN, INT64_MAX, false, 0},
	{"", 0, 10, false, 0},
	{"-", -10, 10, false, 0},
	{"--1", -10, 10, false, 0},
	{"- 1", -10, 10, false, 0},
	{"+1", 0, 10, false, 0},
	{" 1", 0, 10, false, 0},
	{"1 ", 0, 10, false, 0},
	{"0x1", 0, 10, false, 0},
	{"1.0", 0, 10, false, 0},
	{"1e0", 0, 10, false, 0},
};

static void reads_whole_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		int64_t value = 77;

		if (text_to_int64(numbers[i].text, numbers[i].min, numbers[i].max, &value) !=
		    numbers[i].valid)
			fail_msg("'%s'", numbers[i].text);
		assert_int_equal(value, numbers[i].valid ? numbers[i].value : 77);
	}
}

/* ---- times ---- */

static const struct {
	const char *text;
	int64_t ms;
} times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1970-01-01t00:00:00.001z", 1},
	{"1970-01-01 00:00:00.1Z", 100},
	{"1970-01-01T00:00:00.123999999Z", 123},
	{"1970-01-01T01:30:00+01:30", 0},
	{"1969-12-31T23:00:00-01:00", 0},
	{"1969-12-31T23:59:59.999Z", -1},
	{"2026-11-22T10:00:00.123Z", INT64_C(1795341600123)},
	{"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
	{"2000-02-29T12:00:00Z", INT64_C(951825600000)},
	{"2016-12-31T23:59:60Z", INT64_C(1483228800000)}, /* a leap second */
	{"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
	{"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
};

static const char *const no_times[] = {
	"",
	"now",
	"2026-11-22",
	"2026-11-22T10:00Z",
	"2026-11-22T10:00:00",
	"2026-11-22T10:00:00.Z",
	"2026-11-22T10:00:00.1234567890Z",
	"2026-11-22T10:00:00Zz",
	"2026-11-22T10:00:00+0100",
	"2026-11-22T10:00:00+24:00",
	"2026-11-22T10:00:00+01:60",
	"2026-11-22T24:00:00Z",
	"2026-11-22T10:60:00Z",
	"2026-11-22T10:00:61Z",
	"2026-00-22T10:00:00Z",
	"2026-13-22T10:00:00Z",
	"2026-11-00T10:00:00Z",
	"2026-11-31T10:00:00Z",
	"2026-02-29T10:00:00Z",
	"2100-02-29T10:00:00Z",
	"2026-11-22_10:00:00Z",
	"26-11-22T10:00:00Z",
	"12026-11-22T10:00:00Z",
	"-026-11-22T10:00:00Z",
	"2026-11-22T1 :00:00Z",
};

static void reads_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(times); i++) {
		int64_t ms = 77;

		if (!text_to_time_ms(times[i].text, &ms))
			fail_msg("'%s'", times[i].text);
		assert_int_equal(ms, times[i].ms);
	}
	for (size_t i = 0; i < ARRAY_COUNT(no_times); i++) {
		int64_t ms = 77;

		if (text_to_time_ms(no_times[i], &ms))
			fail_msg("'%s'", no_times[i]);
		assert_int_equal(ms, 77);
	}
}

static const struct {
	int64_t ms;
	const char *text;
} written_times[] = {
	{0, "1970-01-01T00:00:00.000Z"},
	{1, "1970-01-01T00:00:00.001Z"},
	{-1, "1969-12-31T23:59:59.999Z"},
	{-1000, "1969-12-31T23:59:59.000Z"},
	{INT64_C(1795341600123), "2026-11-22T10:00:00.123Z"},
	{INT64_C(-62135596800000), "0001-01-01T00:00:00.000Z"},
	{INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
	{INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
	/* What four digits can't say is the nearest that they can. */
	{INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
	{INT64_MAX, "9999-12-31T23:59:59.999Z"},
	{INT64_C(-62167219200001), "0000-01-01T00:00:00.000Z"},
	{INT64_MIN, "0000-01-01T00:00:00.000Z"},
};

static void writes_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(written_times); i++) {
		char out[TEXT_TIME_CAPACITY];

		text_from_time_ms(written_times[i].ms, out);
		assert_string_equal(out, written_times[i].text);
	}
}

/* ---- hex and base64 ---- */

static void writes_hex(void **state)
{
	const uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff};
	char out[9];

	(void)state;
	text_hex(bytes, sizeof(bytes), out);
	assert_string_equal(out, "000fa5ff");
	text_hex(bytes, 0, out);
	assert_string_equal(out, "");
}

/* RFC 4648 section 10, and the two digits that are not letters or numbers. */
static const struct {
	const char *bytes, *text;
} encodings[] = {
	{"", ""},	    {"f", "Zg=="},	    {"fo", "Zm8="},	    {"foo", "Zm9v"},
	{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "+/8="},
};

static void converts_base64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(encodings); i++) {
		size_t length = strlen(encodings[i].bytes);
		char out[TEXT_BASE64_CAPACITY(6)];
		uint8_t back[6];

		text_base64((const uint8_t *)encodings[i].bytes, length, out);
		assert_string_equal(out, encodings[i].text);
		assert_int_equal(text_unbase64(out, strlen(out), back, length), length);
		assert_memory_equal(back, encodings[i].bytes, length);
		if (length > 0)
			assert_int_equal(text_unbase64(out, strlen(out), back, length - 1), -1);
	}
}

static const char *const no_base64[] = {
	"Z",	"Zg",	"Zg=",	    "Zm9",  "Zg==Zg==", "Z===", "====", "=g==",
	"Zg=A", "Zm-_", "Zm9v\n", "Zm9 ", "Zm=v",	 "Zm9vZ",
};

static void refuses_what_is_not_base64(void **state)
{
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(no_base64); i++)
		if (text_unbase64(no_base64[i], strlen(no_base64[i]), out, sizeof(out)) != -1)
			fail_msg("'%s'", no_base64[i]);
	assert_int_equal(text_unbase64("Zm\0v", 4, out, sizeof(out)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_what_fits),
		cmocka_unit_test(copies_bytes_without_an_end),
		cmocka_unit_test(formats_what_fits),
		cmocka_unit_test(compares_without_case),
		cmocka_unit_test(lowers_ascii_only),
		cmocka_unit_test(replaces_control_bytes),
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(reads_whole_numbers),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(writes_times),
		cmocka_unit_test(writes_hex),
		cmocka_unit_test(converts_base64),
		cmocka_unit_test(refuses_what_is_not_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
