/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suggest.c - "did you mean": edit distance, letter case aside.
 *
 * Called where a name is unknown. Pure. A name longer than the capacity is never
 * suggested for, which also bounds the work.
 */
#include "config/suggest.h"

#include <string.h>

#include "base/text.h"

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static size_t smaller(size_t left, size_t right)
{
	return left < right ? left : right;
}

/* Levenshtein with one row; 'right' is shorter than the capacity. */
static size_t edit_distance(const char *left, const char *right)
{
	size_t row[SUGGEST_NAME_CAPACITY];
	size_t width = strlen(right);

	for (size_t i = 0; i <= width; i++)
		row[i] = i;
	for (size_t y = 1; *left != '\0'; left++, y++) {
		size_t diagonal = row[0];

		row[0] = y;
		for (size_t x = 1; x <= width; x++) {
			size_t replaced = diagonal + (lower(*left) != lower(right[x - 1]));

			diagonal = row[x];
			row[x] = smaller(replaced, smaller(row[x], row[x - 1]) + 1);
		}
	}
	return row[width];
}

void suggest_init(struct suggest *suggest, const char *wanted)
{
	size_t length = strlen(wanted);

	suggest->wanted = wanted;
	suggest->best[0] = '\0';
	/* Nearer than this, or it is another word: about one letter in three. */
	suggest->distance = length < SUGGEST_NAME_CAPACITY ? length / 3 + 2 : 0;
}

void suggest_offer(struct suggest *suggest, const char *candidate)
{
	size_t distance;

	if (suggest->distance == 0 || strlen(candidate) >= SUGGEST_NAME_CAPACITY)
		return;
	distance = edit_distance(suggest->wanted, candidate);
	if (distance >= suggest->distance)
		return;
	suggest->distance = distance;
	text_copy(suggest->best, sizeof(suggest->best), candidate);
}
