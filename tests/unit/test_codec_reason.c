/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include <stdio.h>

#include "base/buffer.h"
#include "codec/reason.h"

enum { FILE_MOST = 256 * 1024 };

static void codes_are_what_the_contract_says(void **state)
{
	(void)state;
	assert_string_equal(reason_code(REASON_OK), "ok");
	assert_string_equal(reason_code(REASON_REQUEST_INVALID), "request.invalid");
	assert_string_equal(reason_code(REASON_REQUEST_ID_REUSED), "request.id_reused");
	assert_string_equal(reason_code(REASON_ORG_LAST_ADMIN), "org.last_admin");
	assert_string_equal(reason_code(REASON_RETRIES_EXHAUSTED), "retries.exhausted");
}

static void every_reason_has_a_code_of_its_own_and_prose(void **state)
{
	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		assert_non_null(reason_code((enum reason)i));
		assert_true(strlen(reason_prose((enum reason)i)) > 10);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(reason_code((enum reason)i),
						reason_code((enum reason)other));
	}
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, FILE_MOST);

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	assert_non_null(text);
	assert_true(fread(text, 1, FILE_MOST - 1, file) > 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* If not: build/grantctl reasons > docs/reason-codes.md */
static void the_document_is_the_table(void **state)
{
	char *document = read_file("docs/reason-codes.md");
	struct buffer list;

	(void)state;
	buffer_init(&list, FILE_MOST);
	reason_write_list(&list);
	assert_false(list.overflowed);
	assert_string_equal(document, list.bytes);
	buffer_clear(&list);
	free(document);
}

static void the_schema_of_outcomes_names_every_code(void **state)
{
	char *schema = read_file("docs/schema/outcome.schema.json");
	char quoted[80];

	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", reason_code((enum reason)i));
		if (strstr(schema, quoted) == NULL)
			fail_msg("outcome.schema.json lacks %s", quoted);
	}
	free(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_what_the_contract_says),
		cmocka_unit_test(every_reason_has_a_code_of_its_own_and_prose),
		cmocka_unit_test(the_document_is_the_table),
		cmocka_unit_test(the_schema_of_outcomes_names_every_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
