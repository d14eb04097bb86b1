/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_parts.c - the parts of a request: the order in which they are done, and
 * what an attempt that takes over reads of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "worker/parts.h"

static char ada[] = "ada", mail[] = "b@x", org[] = "New", title[] = "F", uid[] = "g", machine[] = "ci";
static char one[] = "D", two[] = "E";

static void plan(struct request *request, struct request_bootstrap *bootstrap,
		 struct request_dashboard dashboards[2])
{
	memset(request, 0, sizeof(*request));
	memset(bootstrap, 0, sizeof(*bootstrap));
	request->org.name = org;
	request->bootstrap = bootstrap;
	bootstrap->admins[0].login = ada;
	bootstrap->admins[1].login = ada;
	bootstrap->admins[1].email = mail;
	bootstrap->admin_count = 2;
	dashboards[0].title = one;
	dashboards[1].title = two;
	bootstrap->folders[0].named.title = title;
	bootstrap->folders[0].dashboards = dashboards;
	bootstrap->folders[0].dashboard_count = 2;
	bootstrap->folders[1].named.uid = uid;
	bootstrap->folder_count = 2;
}

static void are_planned_in_the_order_in_which_they_are_done(void **state)
{
	static const struct {
		enum part_kind kind;
		const char *name;
	} expected[] = {
		{PART_ORG, "New"}, {PART_ADMIN, "ada"}, {PART_ADMIN, "b@x"}, {PART_FOLDER, "F"},
		{PART_DASHBOARD, "D"}, {PART_DASHBOARD, "E"}, {PART_FOLDER, "g"},
		{PART_SERVICE_ACCOUNT, "ci"}, {PART_TOKEN, "ci"},
	};
	struct request_dashboard dashboards[2] = {{0}};
	struct request_bootstrap bootstrap;
	struct request request;
	struct outcome_part *parts;
	size_t count = 0;

	(void)state;
	plan(&request, &bootstrap, dashboards);
	bootstrap.service_account = machine;
	parts = parts_plan(&request, &count);
	assert_int_equal(count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(parts[i].kind, expected[i].kind);
		assert_string_equal(parts[i].name, expected[i].name);
		assert_int_equal(parts[i].state, PART_NOT_DONE);
	}
	free(parts);
}

static void other_requests_have_none(void **state)
{
	const struct request request = {.org = {.name = org}};
	size_t count = 9;

	(void)state;
	assert_null(parts_plan(&request, &count));
	assert_int_equal(count, 0);
}

static void are_read_as_they_were_noted(void **state)
{
	static const enum part_state states[] = {PART_APPLIED, PART_ALREADY_SO, PART_APPLIED};
	struct request_dashboard dashboards[2] = {{0}};
	struct request_bootstrap bootstrap;
	struct request request;
	struct outcome_part *noted, *read;
	struct buffer intent;
	size_t count = 0;

	(void)state;
	plan(&request, &bootstrap, dashboards);
	noted = parts_plan(&request, &count);
	read = parts_plan(&request, &count);
	for (size_t i = 0; i < ARRAY_COUNT(states); i++)
		noted[i].state = states[i];
	buffer_init(&intent, 4096);
	parts_put(&intent, noted, count);
	assert_string_equal(intent.bytes, "parts=asa----\n");
	parts_get((struct slice){intent.bytes, intent.length}, read, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(read[i].state, i < ARRAY_COUNT(states) ? states[i] : PART_NOT_DONE);
	buffer_clear(&intent);
	free(noted);
	free(read);
}

/* A newer or older version's intent: what is unknown counts as not done. */
static void what_is_unreadable_is_not_done(void **state)
{
	static const char text[] = "parts=ax";
	struct outcome_part parts[3] = {{0}};

	(void)state;
	parts_get((struct slice){text, sizeof(text) - 1}, parts, ARRAY_COUNT(parts));
	assert_int_equal(parts[0].state, PART_APPLIED);
	assert_int_equal(parts[1].state, PART_NOT_DONE);
	assert_int_equal(parts[2].state, PART_NOT_DONE);
	parts_get((struct slice){"x=1", 3}, parts, ARRAY_COUNT(parts));
	assert_int_equal(parts[0].state, PART_APPLIED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(are_planned_in_the_order_in_which_they_are_done),
		cmocka_unit_test(other_requests_have_none),
		cmocka_unit_test(are_read_as_they_were_noted),
		cmocka_unit_test(what_is_unreadable_is_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
