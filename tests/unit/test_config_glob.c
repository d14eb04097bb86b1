/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_config_glob.c - patterns, by hand and against the plainest matcher there is,
 * and that no pattern takes for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "config/glob.h"
#include "tests/unit/prng.h"

static struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

static const struct {
	const char *pattern, *text;
	bool fits;
} by_hand[] = {
	{"", "", true},
	{"", "a", false},
	{"*", "", true},
	{"*", "anything at all", true},
	{"**", "", true},
	{"?", "", false},
	{"?", "a", true},
	{"?", "ab", false},
	{"?", "\xc3\xbc", true},	 /* one letter of two bytes */
	{"??", "\xc3\xbc", false},
	{"*??", "\xc3\xbc", false},
	{"*?", "\xe2\x82\xac", true},
	{"*??", "\xe2\x82\xac", false},
	{"abc", "abc", true},
	{"abc", "ABC", true},
	{"ABC", "abc", true},
	{"abc", "abcd", false},
	{"abc", "xabc", false},
	{"\xc3\xbc", "\xc3\x9c", false}, /* letter case beyond ASCII counts */
	{"a*", "a", true},
	{"a*", "b", false},
	{"*@example.com", "ada@example.com", true},
	{"*@example.com", "ada@example.com.evil.org", false},
	{"*@example.com", "ada@sub.example.com", false},
	{"*example.com", "ada@notexample.com", true},
	{"org_role.*", "org_role.grant", true},
	{"org_role.*", "org_roles.grant", false},
	{"*.delete", "service_account_token.delete", true},
	{"a*b*c", "axxbxxc", true},
	{"a*b*c", "axxbxx", false},
	{"a*b*c", "abcabc", true},
	{"*a*a*a", "aaa", true},
	{"*a*a*a", "aa", false},
	{"a.b", "axb", false},
	{"[ab]", "a", false},
	{"[ab]", "[ab]", true},
	{"a\\*", "a\\*", true}, /* there is no escape */
	{"a\\*", "a*", false},
};

static void matches_as_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(by_hand); i++)
		if (glob_match(slice_of(by_hand[i].pattern), slice_of(by_hand[i].text)) !=
		    by_hand[i].fits)
			fail_msg("'%s' and '%s'", by_hand[i].pattern, by_hand[i].text);
}

/* A table of which beginnings match: for ASCII, where a character is a byte. */
static bool plainly(const char *pattern, size_t pattern_length, const char *text,
		    size_t text_length)
{
	enum { MOST = 64 };
	bool fits[MOST + 1][MOST + 1] = {{false}};

	assert_true(pattern_length <= MOST && text_length <= MOST);
	fits[0][0] = true;
	for (size_t p = 1; p <= pattern_length; p++) {
		char sign = pattern[p - 1];

		fits[p][0] = sign == '*' && fits[p - 1][0];
		for (size_t t = 1; t <= text_length; t++)
			fits[p][t] = sign == '*' ? fits[p - 1][t] || fits[p][t - 1]
						 : fits[p - 1][t - 1] &&
							   (sign == '?' || sign == text[t - 1]);
	}
	return fits[pattern_length][text_length];
}

static size_t make(struct prng *prng, const char *letters, size_t most, char *out)
{
	size_t length = (size_t)prng_below(prng, (int64_t)most + 1);

	for (size_t i = 0; i < length; i++)
		out[i] = letters[prng_below(prng, (int64_t)strlen(letters))];
	return length;
}

static void agrees_with_the_plainest_matcher(void **state)
{
	struct prng prng = {20261123};
	int fitted = 0;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char pattern[16], text[24];
		size_t p = make(&prng, "aab*?", sizeof(pattern), pattern);
		size_t t = make(&prng, "ab", sizeof(text), text);
		bool expected = plainly(pattern, p, text, t);

		fitted += expected;
		if (glob_match((struct slice){pattern, p}, (struct slice){text, t}) != expected)
			fail_msg("'%.*s' and '%.*s'", (int)p, pattern, (int)t, text);
	}
	assert_in_range(fitted, 10000, 190000); /* both answers are tried often */
}

/* With a way back for every star this would take longer than there is time. */
static void many_stars_take_no_time(void **state)
{
	enum { STARS = 4000, LETTERS = 8000 };
	char *pattern = mem_alloc(2 * STARS + 1), *text = mem_alloc(LETTERS);

	(void)state;
	for (size_t i = 0; i < STARS; i++)
		memcpy(pattern + 2 * i, "*a", 2);
	pattern[2 * (size_t)STARS] = 'b';
	memset(text, 'a', LETTERS);
	assert_false(glob_match((struct slice){pattern, 2 * STARS + 1},
				(struct slice){text, LETTERS}));
	assert_true(glob_match((struct slice){pattern, 2 * STARS},
			       (struct slice){text, LETTERS}));
	free(pattern);
	free(text);
}

static void lists_are_separated_by_commas(void **state)
{
	(void)state;
	assert_true(glob_list_match("a, b ,c*", "b"));
	assert_true(glob_list_match("a,b,c*", "cd"));
	assert_true(glob_list_match("Team A, Team B", "team b"));
	assert_false(glob_list_match("a, b", "a, b"));
	assert_false(glob_list_match("a,b", "ab"));
	assert_false(glob_list_match("", ""));
	assert_false(glob_list_match("a,,b", "")); /* an empty item is a fault, no pattern */
	assert_true(glob_list_match("a,*", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_said),
		cmocka_unit_test(agrees_with_the_plainest_matcher),
		cmocka_unit_test(many_stars_take_no_time),
		cmocka_unit_test(lists_are_separated_by_commas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
