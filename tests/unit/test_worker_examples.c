/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_examples.c - docs/examples: one for each action there is, and each is a
 * request that its action accepts. That they fit the schema is tests/e2e/test_examples.py's.
 */
#include "tests/unit/codec_support.h"

#include <dirent.h>
#include <stdio.h>

#include "base/text.h"
#include "worker/ports.h"

enum { FILE_MOST = 1 << 20, PATH_MOST = 512 };

static const char folder[] = "docs/examples";

/* NULL if there is no such file. */
static char *read_example(const char *action, size_t *length)
{
	char path[PATH_MOST], *bytes;
	FILE *file;

	assert_true(text_format(path, sizeof(path), "%s/%s.json", folder, action));
	file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	bytes = mem_zalloc(FILE_MOST);
	*length = fread(bytes, 1, FILE_MOST, file);
	assert_int_equal(fclose(file), 0);
	return bytes;
}

/* As the worker takes a record. */
static void check(const struct operation *operation, const char *text, size_t length)
{
	struct header_view header = support_header("content-type", SUPPORT_STRUCTURED);
	const struct record_view view = {.topic = "access.requests",
					 .value = {text, length},
					 .headers = &header,
					 .header_count = 1};
	struct cloudevent event;
	struct request request = {0};
	enum reason reason;
	struct error err = {0};

	if (cloudevent_decode(&view, &event, &err) < 0 ||
	    request_decode(&event, SUPPORT_NOW_MS, &request, &reason, &err) < 0)
		fail_msg("%s: %s", operation->action, err.text);
	assert_string_equal(request.action, operation->action);
	assert_non_null(request.subject);
	if (operation_validate(operation, &request, &err) < 0)
		fail_msg("%s: %s", operation->action, err.text);
	request_clear(&request);
	cloudevent_clear(&event);
}

static void every_action_has_an_example_that_it_accepts(void **state)
{
	(void)state;
	for (const struct operation *const *all = operation_all(); *all != NULL; all++) {
		size_t length = 0;
		char *text = read_example((*all)->action, &length);

		if (text == NULL)
			fail_msg("%s has no file in %s", (*all)->action, folder);
		check(*all, text, length);
		free(text);
	}
}

static void every_example_is_of_an_action_there_is(void **state)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	int count = 0;

	(void)state;
	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		char *ending = strstr(entry->d_name, ".json");

		if (ending == NULL)
			continue;
		*ending = '\0';
		if (operation_find(entry->d_name) == NULL)
			fail_msg("%s/%s.json is of no action", folder, entry->d_name);
		count++;
	}
	closedir(list);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_action_has_an_example_that_it_accepts),
		cmocka_unit_test(every_example_is_of_an_action_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
