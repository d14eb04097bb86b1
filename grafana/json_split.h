/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_JSON_SPLIT_H
#define GRAFANA_JSON_SPLIT_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * A JSON array of objects, cut into its objects while its bytes arrive, so that a list
 * of any length takes the memory of one of them.
 */
struct json_split {
	/* One object: its bytes, brace to brace, which may still be no JSON inside. False
	 * stops. */
	bool (*take)(void *context, struct slice object);
	void *context;

	/* its own */
	struct buffer object;
	int depth; /* of braces and brackets, from the object's own on; 0 = between objects */
	bool in_text, escaped, began, ended, wants_comma;
	unsigned null_bytes; /* of a null in the array's place, which is an empty one */
};

void json_split_init(struct json_split *split,
		     bool (*take)(void *context, struct slice object), void *context);
void json_split_clear(struct json_split *split);

/* False when it is no such array, an object is longer than the limit, or take() said so:
 * then nothing more may be fed. */
bool json_split_feed(struct json_split *split, const char *bytes, size_t length);
/* Has the whole array been seen? */
bool json_split_is_whole(const struct json_split *split);

#endif
