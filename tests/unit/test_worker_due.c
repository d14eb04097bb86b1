/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_due.c - what is due, taken from a real redis-server, and how much of it is
 * taken while it cannot be published.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "tests/unit/redis_server.h"
#include "worker/due.h"

enum { HIDDEN_MS = 20000, BATCH = 100 };

static struct redis_server server;

struct fixture {
	int64_t now_ms;
	struct clock clock;
	struct settings settings;
	struct pipeline pipeline;
	struct ledger *ledger;
	struct due due;
	struct job_queue settled;
};

static struct fixture fixture;

static int64_t fake_ms(void *context)
{
	return *(int64_t *)context;
}

static void keep(void *context, struct job *job)
{
	(void)context;
	job_queue_push(&fixture.settled, job);
}

static int set_up(void **state)
{
	static char prefix[] = "grantd", group[] = "workers", topic[] = "access.requests", none[] = "";
	const struct ledger_options options = {&fixture.settings, &fixture.clock, "a"};

	(void)state;
	redis_server_tell(&server, "FLUSHALL");
	memset(&fixture, 0, sizeof(fixture));
	fixture.now_ms = 1000000;
	fixture.clock = (struct clock){fake_ms, fake_ms, &fixture.now_ms, NULL};
	fixture.settings.redis.url = server.unix_url;
	fixture.settings.redis.key_prefix = prefix;
	fixture.settings.redis.ca_file = none;
	fixture.settings.redis.timeout_ms = 5000;
	fixture.settings.kafka.group = group;
	fixture.settings.kafka.requests_topic = topic;
	fixture.pipeline.settings = &fixture.settings;
	fixture.pipeline.clock = &fixture.clock;
	fixture.pipeline.claims = claims_new();
	fixture.pipeline.settle = (struct settle_port){keep, NULL};
	job_queue_init(&fixture.settled);
	return ledger_new(&options, &fixture.ledger, NULL);
}

static void end_all(void)
{
	for (struct job *job; (job = job_queue_pop(&fixture.settled)) != NULL;)
		pipeline_end(&fixture.pipeline, job);
}

static int tear_down(void **state)
{
	(void)state;
	end_all();
	ledger_free(fixture.ledger);
	claims_free(fixture.pipeline.claims);
	return 0;
}

static void name_item(size_t number, char id[16])
{
	text_format(id, 16, "id-%zu", number);
}

static void put(size_t count)
{
	struct record record;
	struct buffer packed;
	char id[16];

	buffer_init(&packed, 1024);
	record_init(&record, RECORD_REQUEST);
	record_pack(&record, &packed);
	for (size_t i = 0; i < count; i++) {
		struct ledger_due due = {id, 0, {packed.bytes, packed.length}};

		name_item(i, id);
		assert_int_equal(ledger_due_add(fixture.ledger, &due, NULL), 0);
	}
	buffer_clear(&packed);
}

/* As if the time were over for which what was taken is hidden. */
static void let_time_pass(size_t count, int64_t duration_ms)
{
	char id[16], command[64];

	fixture.now_ms += duration_ms;
	for (size_t i = 0; duration_ms >= HIDDEN_MS && i < count; i++) {
		name_item(i, id);
		text_format(command, sizeof(command), "ZADD {grantd:workers}:due 0 %s", id);
		redis_server_tell(&server, command);
	}
}

static bool take(void)
{
	bool more = false;

	assert_int_equal(due_publish(&fixture.due, &fixture.pipeline, fixture.ledger, &more, NULL),
			 0);
	return more;
}

static void what_is_due_is_taken_once_while_it_cannot_be_published(void **state)
{
	(void)state;
	put(3);
	assert_false(take());
	assert_int_equal(fixture.settled.count, 3);
	for (int i = 0; i < 5; i++) {
		let_time_pass(3, HIDDEN_MS);
		assert_false(take());
		assert_int_equal(fixture.settled.count, 3);
	}
	end_all();
	assert_int_equal(atomic_load(&fixture.pipeline.due_jobs), 0);
	assert_int_equal(atomic_load(&fixture.pipeline.jobs), 0);
	assert_false(take());
	assert_int_equal(fixture.settled.count, 3);
}

static void there_is_an_end_to_what_is_taken_in_advance(void **state)
{
	(void)state;
	put(11 * BATCH);
	for (int i = 1; i <= 10; i++) {
		assert_true(take());
		assert_int_equal(fixture.settled.count, i * BATCH);
	}
	assert_false(take());
	assert_int_equal(fixture.settled.count, 10 * BATCH);
	end_all();
	assert_true(take());
	assert_int_equal(fixture.settled.count, BATCH);
}

/* A steady flow is not held up for longer than it takes to catch up. */
static void it_goes_on_once_all_is_published(void **state)
{
	(void)state;
	put(2 * BATCH);
	assert_true(take());
	let_time_pass(0, HIDDEN_MS - 1);
	assert_false(take());
	end_all();
	assert_true(take());
	assert_int_equal(fixture.settled.count, BATCH);
}

static int start(void **state)
{
	(void)state;
	redis_server_init(&server);
	redis_server_start(&server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_server_clear(&server);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_due_is_taken_once_while_it_cannot_be_published),
		TEST(there_is_an_end_to_what_is_taken_in_advance),
		TEST(it_goes_on_once_all_is_published),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
