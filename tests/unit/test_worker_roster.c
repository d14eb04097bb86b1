/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker_roster.c - memberships by account, and who was met. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "worker/roster.h"

static void finds_an_account_s_memberships_once(void **state)
{
	static const struct roster_entry entries[] = {
		{7, 2, ROLE_VIEWER}, {5, 0, ROLE_ADMIN}, {7, 0, ROLE_EDITOR}, {7, 2, ROLE_VIEWER},
	};
	struct roster *roster = roster_new(10);
	const struct roster_entry *found;
	size_t count;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(entries); i++)
		assert_true(roster_add(roster, &entries[i]));
	roster_sort(roster);
	found = roster_find(roster, 7, &count);
	assert_int_equal(count, 2);
	assert_int_equal(found[0].org, 0);
	assert_int_equal(found[0].role, ROLE_EDITOR);
	assert_int_equal(found[1].org, 2);
	assert_null(roster_find(roster, 6, &count));
	assert_int_equal(count, 0);
	roster_free(roster);
}

static void is_full_when_it_is(void **state)
{
	const struct roster_entry entry = {1, 0, ROLE_VIEWER};
	struct roster *roster = roster_new(2);

	(void)state;
	assert_true(roster_add(roster, &entry));
	assert_true(roster_add(roster, &entry));
	assert_false(roster_add(roster, &entry));
	roster_free(roster);
}

static void knows_whom_it_has_met(void **state)
{
	enum { MANY = 20000 };
	struct roster *roster = roster_new(MANY);
	size_t cursor = 0;
	int64_t id;

	(void)state;
	for (int64_t i = 1; i <= MANY; i++) {
		assert_true(roster_add(roster, &(struct roster_entry){i, 0, ROLE_VIEWER}));
		if (i % 1000 != 0)
			assert_true(roster_meet(roster, i));
	}
	roster_sort(roster);
	for (int64_t i = 1; i <= MANY; i++)
		if (i % 1000 != 0)
			assert_false(roster_meet(roster, i));
	for (int64_t i = 1000; i <= MANY; i += 1000) {
		assert_true(roster_next_unmet(roster, &cursor, &id));
		assert_int_equal(id, i);
	}
	assert_false(roster_next_unmet(roster, &cursor, &id));
	roster_free(roster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_an_account_s_memberships_once),
		cmocka_unit_test(is_full_when_it_is),
		cmocka_unit_test(knows_whom_it_has_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
