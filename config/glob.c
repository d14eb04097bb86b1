/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glob.c - patterns with '*' and '?', as the policy has them.
 *
 * Called by policy.c and the checks of settings. Pure. Only the last '*' is ever tried
 * again, one character further on: what an earlier one could take, the last one can
 * take as well. So there is no recursion, and no pattern that takes for ever.
 *
 * Limit: letters beyond ASCII match in their own case only.
 */
#include "config/glob.h"

#include <string.h>

static char fold(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

/* Past the character that begins at 'text'. */
static const char *next_character(const char *text, const char *end)
{
	text++;
	while (text < end && ((unsigned char)*text & 0xc0) == 0x80)
		text++;
	return text;
}

bool glob_match(struct slice pattern, struct slice text)
{
	const char *p = pattern.data, *p_end = p + pattern.length;
	const char *t = text.data, *t_end = t + text.length;
	const char *after_star = NULL, *taken = NULL; /* the last star, and what it took */

	while (t < t_end) {
		if (p < p_end && *p == '*') {
			after_star = ++p;
			taken = t;
		} else if (p < p_end && *p == '?') {
			p++;
			t = next_character(t, t_end);
		} else if (p < p_end && fold(*p) == fold(*t)) {
			p++;
			t++;
		} else if (after_star != NULL) {
			p = after_star;
			t = taken = next_character(taken, t_end);
		} else {
			return false;
		}
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

bool glob_list_next(const char **list, struct slice *item)
{
	const char *start = *list;
	size_t length;

	if (start == NULL)
		return false;
	length = strcspn(start, ",");
	*list = start[length] == ',' ? start + length + 1 : NULL;
	while (length > 0 && is_blank(*start))
		start++, length--;
	while (length > 0 && is_blank(start[length - 1]))
		length--;
	*item = (struct slice){start, length};
	return true;
}

bool glob_list_match(const char *list, const char *text)
{
	const struct slice whole = {text, strlen(text)};
	struct slice item;

	while (glob_list_next(&list, &item))
		if (item.length > 0 && glob_match(item, whole))
			return true;
	return false;
}
