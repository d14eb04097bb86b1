/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_glob.c - any bytes as a list of patterns and a text, a NUL between them: what
 * matches a list matches an item of it, a text matches itself and '*', and what matches
 * a pattern matches the pattern with a star before or behind it.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/glob.h"
#include "config/policy_list.h"
#include "config/settings_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fits_starred(struct slice pattern, struct slice text, bool before)
{
	char *starred = mem_alloc(pattern.length + 1);
	bool fits;

	memcpy(starred + before, pattern.data, pattern.length);
	starred[before ? 0 : pattern.length] = '*';
	fits = glob_match((struct slice){starred, pattern.length + 1}, text);
	free(starred);
	return fits;
}

static void check_list(const char *list, const char *text)
{
	const struct slice whole = {text, strlen(text)};
	const char *rest = list;
	bool any = false;
	struct slice item;

	while (glob_list_next(&rest, &item)) {
		bool fits = item.length > 0 && glob_match(item, whole);

		assert(item.data >= list && item.data + item.length <= list + strlen(list));
		any = any || fits;
		if (fits)
			assert(fits_starred(item, whole, true) && fits_starred(item, whole, false));
	}
	assert(any == glob_list_match(list, text));
	assert(glob_match(whole, whole) || !text_is_utf8(text, whole.length));
	assert(glob_list_match("*", text));
	(void)check_globs(list);
	(void)check_roles(list);
	if (check_orgs(list) == NULL)
		(void)policy_list_allows_org(list, &(struct policy_org){.id = 7, .name = text});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = mem_strndup((const char *)data, size);
	size_t length = strlen(bytes);

	check_list(bytes, length < size ? bytes + length + 1 : "");
	free(bytes);
	return 0;
}
