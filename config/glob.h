/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_GLOB_H
#define CONFIG_GLOB_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Does all of 'text' look like 'pattern'? '*' stands for any text, also none, '?' for
 * one character (of UTF-8); ASCII letters match in either case, all else only itself.
 * There is no escape: a comma or a star in a name is written as '?'.
 *
 * Time grows with the product of both lengths at worst, memory not at all.
 */
bool glob_match(struct slice pattern, struct slice text);

/* Lists of patterns are separated by commas; blanks around them do not count. Cuts the
 * next item off, which may be empty; false at the end, when *list is NULL. */
bool glob_list_next(const char **list, struct slice *item);

/* Does any pattern of the list match? */
bool glob_list_match(const char *list, const char *text);

#endif
