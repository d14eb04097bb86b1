/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_role.c - role names both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/role.h"

static void parses_the_four_names_in_any_case(void **state)
{
	static const struct {
		const char *name;
		enum role role;
	} rows[] = {
		{"None", ROLE_NONE},	 {"Viewer", ROLE_VIEWER}, {"Editor", ROLE_EDITOR},
		{"Admin", ROLE_ADMIN},	 {"viewer", ROLE_VIEWER}, {"EDITOR", ROLE_EDITOR},
		{"aDmIn", ROLE_ADMIN},	 {"none", ROLE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum role role = ROLE_UNSET;

		assert_int_equal(role_parse(rows[i].name, &role), 0);
		assert_int_equal(role, rows[i].role);
	}
}

static void refuses_anything_else_and_keeps_the_output(void **state)
{
	static const char *const names[] = {"", "Owner", "Viewer ", " Admin", "Admins", "Edit"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		enum role role = ROLE_EDITOR;

		assert_int_equal(role_parse(names[i], &role), -1);
		assert_int_equal(role, ROLE_EDITOR);
	}
}

static void names_are_those_of_grafana(void **state)
{
	(void)state;
	assert_string_equal(role_name(ROLE_UNSET), "");
	assert_string_equal(role_name(ROLE_NONE), "None");
	assert_string_equal(role_name(ROLE_VIEWER), "Viewer");
	assert_string_equal(role_name(ROLE_EDITOR), "Editor");
	assert_string_equal(role_name(ROLE_ADMIN), "Admin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_the_four_names_in_any_case),
		cmocka_unit_test(refuses_anything_else_and_keeps_the_output),
		cmocka_unit_test(names_are_those_of_grafana),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
