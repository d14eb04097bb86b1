/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

/*
 * The nearest known name to one that is not known. Offer every candidate, then
 * look at 'best', which is "" when none is near enough to be meant.
 */
enum { SUGGEST_NAME_CAPACITY = 128 };

struct suggest {
	const char *wanted;
	char best[SUGGEST_NAME_CAPACITY];
	size_t distance;
};

void suggest_init(struct suggest *suggest, const char *wanted);
void suggest_offer(struct suggest *suggest, const char *candidate);

#endif
