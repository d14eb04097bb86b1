/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_examples.c - docs/examples: one for each action there is, and each is a
 * request that its action accepts. That they fit the schema is tests/e2e/test_examples.py's;
 * that the schema demands of an action what the worker does is shown here.
 */
#include "tests/unit/codec_support.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

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
static bool is_accepted(const struct operation *operation, const char *text, size_t length,
			struct error *err)
{
	struct header_view header = support_header("content-type", SUPPORT_STRUCTURED);
	const struct record_view view = {.topic = "access.requests",
					 .value = {text, length},
					 .headers = &header,
					 .header_count = 1};
	struct cloudevent event;
	struct request request = {0};
	enum reason reason;
	bool accepted = cloudevent_decode(&view, &event, err) == 0 &&
			request_decode(&event, SUPPORT_NOW_MS, &request, &reason, err) == 0 &&
			operation_validate(operation, &request, err) == 0;

	if (accepted) {
		assert_string_equal(request.action, operation->action);
		assert_non_null(request.subject);
	}
	request_clear(&request);
	cloudevent_clear(&event);
	return accepted;
}

static void every_action_has_an_example_that_it_accepts(void **state)
{
	(void)state;
	for (const struct operation *const *all = operation_all(); *all != NULL; all++) {
		size_t length = 0;
		char *text = read_example((*all)->action, &length);
		struct error err = {0};

		if (text == NULL)
			fail_msg("%s has no file in %s", (*all)->action, folder);
		if (!is_accepted(*all, text, length, &err))
			fail_msg("%s: %s", (*all)->action, err.text);
		free(text);
	}
}

/* ---- what the schema demands ---- */

static bool has_text(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (strcmp(json_string_value(one), text) == 0)
			return true;
	return false;
}

static const json_t *at(const json_t *object, const char *first, const char *second)
{
	return json_object_get(json_object_get(object, first), second);
}

/* Is a rule's condition true of the data, as far as such rules go? */
static bool applies(const json_t *condition, const json_t *data)
{
	const char *name;
	json_t *wanted;

	json_object_foreach((json_t *)(uintptr_t)json_object_get(condition, "properties"), name,
			    wanted) {
		const json_t *said = json_object_get(data, name);
		const json_t *list = json_object_get(wanted, "enum");
		const char *type = json_string_value(json_object_get(wanted, "type"));

		if (list != NULL && (said == NULL || !has_text(list, json_string_value(said))))
			return false;
		if (type != NULL && (strcmp(type, "null") == 0) != (said == NULL))
			return false;
		if (list == NULL && type == NULL)
			return false;
	}
	return true;
}

static bool is_demanded(const json_t *schema, const json_t *data, const char *member)
{
	const json_t *rule;
	size_t i;

	if (has_text(json_object_get(schema, "required"), member))
		return true;
	json_array_foreach(json_object_get(schema, "allOf"), i, rule)
		if (has_text(at(rule, "then", "required"), member) &&
		    applies(json_object_get(rule, "if"), data))
			return true;
	return false;
}

static void leave_out(const struct operation *operation, const json_t *event,
		      const char *member, const json_t *schema)
{
	json_t *copy = json_deep_copy(event);
	struct error err = {0};
	char *text;

	assert_int_equal(json_object_del(json_object_get(copy, "data"), member), 0);
	text = json_dumps(copy, JSON_COMPACT);
	if (is_accepted(operation, text, strlen(text), &err) ==
	    is_demanded(schema, json_object_get(copy, "data"), member))
		fail_msg("%s without %s: the schema and the worker differ (%s)", operation->action,
			 member, err.text);
	free(text);
	json_decref(copy);
}

static void the_schema_demands_what_the_worker_does(void **state)
{
	json_t *schema = json_load_file("docs/schema/request.schema.json", 0, NULL);

	(void)state;
	assert_non_null(schema);
	for (const struct operation *const *all = operation_all(); *all != NULL; all++) {
		char path[PATH_MOST];
		const char *member;
		json_t *event, *value;

		assert_true(text_format(path, sizeof(path), "%s/%s.json", folder, (*all)->action));
		event = json_load_file(path, 0, NULL);
		assert_non_null(event);
		json_object_foreach(json_object_get(event, "data"), member, value)
			if (strcmp(member, "action") != 0)
				leave_out(*all, event, member, schema);
		json_decref(event);
	}
	json_decref(schema);
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
		cmocka_unit_test(the_schema_demands_what_the_worker_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
