/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_settle.c - the records that tell how a turn ended. The clock moves with
 * every look at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "codec/event_view.h"
#include "worker/settle.h"
#include "worker/turn.h"

static int64_t moving_ms(void *context)
{
	return ++*(int64_t *)context;
}

static struct job *make_job(void)
{
	const struct record_view view = {.topic = "access.requests", .timestamp_ms = 1};
	struct job *job = job_new(&view, 1);

	job->request.id = mem_strdup("req-1");
	job->request.source = mem_strdup("/portal");
	job->request.action = mem_strdup("org_role.grant");
	job->request.instance = mem_strdup("main");
	return job;
}

static int64_t time_at(const struct event_view *view, const char *path)
{
	int64_t time_ms = 0;

	assert_true(text_to_time_ms(event_view_text(view, path), &time_ms));
	return time_ms;
}

static struct event_view *unpack(const struct buffer *packed)
{
	struct event_view *view = NULL;
	struct record record;

	assert_int_equal(record_unpack(packed->bytes, packed->length, &record, NULL), 0);
	assert_int_equal(event_view_of_record(&record, &view, NULL), 0);
	record_clear(&record);
	return view;
}

/* It is made again from the outcome when the ledger has lost it: see history.c. */
static void what_is_due_later_has_the_time_of_its_outcome(void **state)
{
	static char source[] = "/grantd", worker[] = "w1";
	int64_t now_ms = 1700000000000;
	const struct clock clock = {moving_ms, moving_ms, &now_ms, NULL};
	struct settings settings = {.publish.source = source, .worker.id = worker};
	struct pipeline pipeline = {
		.settings = &settings, .clock = &clock, .worker_version = "1"};
	struct job *job = make_job();
	struct turn turn = {.request = &job->request, .settings = &settings, .clock = &clock};
	struct event_view *outcome, *later;

	(void)state;
	turn_follow_up(&turn, "expiry", "org_role.revoke", 1700003600000);
	turn_applied(&turn, "done");
	settle_outcome(&pipeline, job, &turn);
	outcome = unpack(&job->stored_outcome);
	later = unpack(&job->stored_due);
	assert_int_equal(time_at(outcome, "time"), time_at(outcome, "data.finished_at"));
	assert_int_equal(time_at(later, "time"), time_at(outcome, "data.finished_at"));
	event_view_free(outcome);
	event_view_free(later);
	turn_clear(&turn);
	job_free(job);
}

static void a_plan_leaves_nothing_due_and_nothing_given(void **state)
{
	static char source[] = "/grantd", worker[] = "w1";
	int64_t now_ms = 1700000000000;
	const struct clock clock = {moving_ms, moving_ms, &now_ms, NULL};
	struct settings settings = {.publish.source = source, .worker.id = worker};
	struct pipeline pipeline = {
		.settings = &settings, .clock = &clock, .worker_version = "1"};
	struct job *job = make_job();
	struct turn turn = {.request = &job->request, .settings = &settings, .clock = &clock,
			    .has_subject = true, .grants_changed = true, .subject = "s"};

	(void)state;
	job->request.mode = MODE_PLAN;
	turn_follow_up(&turn, "expiry", "org_role.revoke", 1700003600000);
	turn_applied(&turn, "would be done");
	settle_outcome(&pipeline, job, &turn);
	assert_true(job->stored_outcome.length > 0);
	assert_int_equal(job->stored_due.length, 0);
	assert_null(job->due_id);
	assert_null(job->subject);
	assert_int_equal(job->stored_grants.length, 0);
	turn_clear(&turn);
	job_free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_due_later_has_the_time_of_its_outcome),
		cmocka_unit_test(a_plan_leaves_nothing_due_and_nothing_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
