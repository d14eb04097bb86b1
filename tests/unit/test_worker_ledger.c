/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_ledger.c - the ledger against a real redis-server: every outcome of
 * a claim, fencing, and what happens when Redis forgets, stops or refuses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/limits.h"
#include "tests/unit/redis_server.h"
#include "worker/ledger.h"

enum {
	LONG_LEASE_MS = 60000,
	SHORT_LEASE_MS = 40,
	DEADLINE_TRIES = 2000,
	THREADS = 16,
	STEPS_EACH = 40,
};

static struct redis_server server;
static char key_prefix[] = "grantd";
static char group[] = "workers";
static char no_file[] = "";

struct view { /* one worker process's */
	struct settings settings;
	struct ledger *ledger;
};

static void view_open(struct view *view, const char *owner, int64_t lease_ms, int64_t replicas)
{
	const struct ledger_options options = {&view->settings, clock_system(), owner};

	memset(view, 0, sizeof(*view));
	view->settings.redis.url = server.unix_url;
	view->settings.redis.key_prefix = key_prefix;
	view->settings.redis.ca_file = no_file;
	view->settings.redis.timeout_ms = 5000;
	view->settings.redis.horizon_s = 3600;
	view->settings.redis.wait_replicas = replicas;
	view->settings.redis.wait_replicas_ms = 20;
	view->settings.redis.epoch_skew_ms = 1000;
	view->settings.kafka.group = group;
	view->settings.worker.lease_ms = lease_ms;
	assert_int_equal(ledger_new(&options, &view->ledger, NULL), 0);
}

static void view_close(struct view *view)
{
	ledger_free(view->ledger);
}

static int64_t now_ms(void)
{
	return clock_wall_ms(clock_system());
}

static void pause_briefly(void)
{
	const struct timespec pause = {.tv_nsec = 5000000};

	nanosleep(&pause, NULL);
}

/* Of a record that is younger than any epoch made before this. */
static struct ledger_claim young(const char *id, int64_t offset)
{
	return (struct ledger_claim){
		.key = {"/access:requests", id},
		.fingerprint = "f1",
		.place = {"access.requests", 3, offset},
		.record_time_ms = now_ms() + 10000,
	};
}

static void assert_claim(struct view *view, struct ledger_claim *claim, enum claim_outcome outcome)
{
	struct error err = {0};

	if (ledger_claim_many(view->ledger, claim, 1, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(claim->outcome, outcome);
}

static struct ledger_hold hold_of(const struct ledger_claim *claim)
{
	return (struct ledger_hold){claim->key, claim->token};
}

static enum ledger_answer step(struct view *view, const struct ledger_claim *claim,
			       const char *name, struct slice intent)
{
	struct ledger_step steps = {.hold = hold_of(claim), .name = name, .intent = intent};
	struct error err = {0};

	if (ledger_step_many(view->ledger, &steps, 1, &err) < 0)
		fail_msg("%s", err.text);
	return steps.answer;
}

static enum ledger_answer renew(struct view *view, const struct ledger_claim *claim)
{
	struct ledger_renewal renewal = {.hold = hold_of(claim)};

	assert_int_equal(ledger_renew_many(view->ledger, &renewal, 1, NULL), 0);
	return renewal.answer;
}

static void settle(struct view *view, const struct ledger_settlements *settlements)
{
	struct error err = {0};

	if (ledger_settle_many(view->ledger, settlements, &err) < 0)
		fail_msg("%s", err.text);
}

static enum ledger_answer complete(struct view *view, const struct ledger_claim *claim,
				   struct slice outcome, struct slice credential)
{
	struct ledger_completion completion = {
		.hold = hold_of(claim), .outcome = outcome, .credential = credential};

	settle(view, &(struct ledger_settlements){.completions = &completion,
						  .completion_count = 1});
	return completion.answer;
}

static void publish(struct view *view, const struct ledger_claim *claim)
{
	const struct ledger_publication publication = {claim->key, claim->place};

	settle(view, &(struct ledger_settlements){.publications = &publication,
						  .publication_count = 1});
}

/* A field of the record, or NULL; valid until the next call. */
static const char *field(struct view *view, const struct ledger_key *key, const char *name)
{
	static char value[256];
	struct ledger_field *fields = NULL;
	size_t count = 0;
	bool found = false;

	assert_int_equal(ledger_read(view->ledger, key, &fields, &count, NULL), 0);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		text_copy_bytes(value, sizeof(value), fields[i].value, fields[i].value_bytes);
		found = true;
	}
	ledger_fields_free(fields, count);
	return found ? value : NULL;
}

#define BYTES(text) ((struct slice){(text), sizeof(text) - 1})
static const struct slice NOTHING = {NULL, 0};

/* Waits until the claim is no longer busy. */
static void claim_when_free(struct view *view, struct ledger_claim *claim)
{
	for (int i = 0; i < DEADLINE_TRIES; i++) {
		assert_int_equal(ledger_claim_many(view->ledger, claim, 1, NULL), 0);
		if (claim->outcome != CLAIM_BUSY)
			return;
		pause_briefly();
	}
	fail_msg("the lease never lapses");
}

/* ---- claims ---- */

static void first_claim_of_a_young_record_is_fresh(void **state)
{
	struct ledger_claim claim = young("fresh", 1);
	struct view a;
	int64_t before_ms = clock_steady_ms(clock_system());

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &claim, CLAIM_FRESH);
	assert_true(claim.token > 0);
	assert_int_equal(claim.attempts, 1);
	assert_true(claim.started_ms > 0);
	assert_true(claim.lease_until_ms >= before_ms + LONG_LEASE_MS);
	assert_true(claim.lease_until_ms <= clock_steady_ms(clock_system()) + LONG_LEASE_MS);
	assert_null(claim.step);
	assert_true(ledger_epoch_ms(a.ledger) > 0);
	assert_string_equal(field(&a, &claim.key, "at"), "access.requests/3/1");
	assert_string_equal(field(&a, &claim.key, "owner"), "a");
	assert_true(redis_server_tell(
			    &server,
			    "PTTL {grantd:workers}:request:16:/access:requests:fresh") > 3000000);
	view_close(&a);
}

static void record_that_may_be_older_than_the_epoch_is_resumed(void **state)
{
	struct view a;
	struct ledger_claim claims[4] = {young("old-0", 1), young("old-1", 2), young("old-2", 3),
					 young("old-3", 4)};
	struct ledger_claim first = young("old-first", 0);

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &first, CLAIM_FRESH);
	claims[0].record_time_ms = -1;
	claims[1].record_time_ms = 0;
	claims[2].record_time_ms = ledger_epoch_ms(a.ledger) + 999;
	claims[3].record_time_ms = ledger_epoch_ms(a.ledger) + 1000;
	assert_int_equal(ledger_claim_many(a.ledger, claims, 4, NULL), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(claims[i].outcome, CLAIM_RESUME);
		assert_null(claims[i].step);
		assert_null(claims[i].intent);
		assert_int_equal(claims[i].attempts, 1);
	}
	assert_int_equal(claims[3].outcome, CLAIM_FRESH);
	view_close(&a);
}

static void record_older_than_the_horizon_is_resumed(void **state)
{
	struct ledger_claim claim = young("forgotten", 1);
	struct view a;

	(void)state;
	redis_server_tell(&server, "SET {grantd:workers}:epoch 1000:feed");
	view_open(&a, "a", LONG_LEASE_MS, 0);
	claim.record_time_ms = now_ms() - 3600 * 1000;
	assert_claim(&a, &claim, CLAIM_RESUME);
	assert_int_equal(ledger_epoch_ms(a.ledger), 1000);
	claim = young("remembered", 2);
	claim.record_time_ms = now_ms() - 3500 * 1000;
	assert_claim(&a, &claim, CLAIM_FRESH);
	view_close(&a);
}

static void held_request_is_busy_even_for_its_holder(void **state)
{
	struct ledger_claim mine = young("busy", 1), again = young("busy", 1),
			    other = young("busy", 2);
	struct view a, b;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	view_open(&b, "b", LONG_LEASE_MS, 0);
	assert_claim(&a, &mine, CLAIM_FRESH);
	assert_claim(&a, &again, CLAIM_BUSY);
	assert_claim(&b, &other, CLAIM_BUSY);
	assert_true(other.busy_ms > 0 && other.busy_ms <= LONG_LEASE_MS);
	assert_int_equal(renew(&a, &mine), LEDGER_HELD);
	view_close(&a);
	view_close(&b);
}

static void lapsed_lease_is_resumed_and_fences_the_old_holder(void **state)
{
	struct ledger_claim first = young("lapse", 1), second = young("lapse", 2);
	struct view a, b;

	(void)state;
	view_open(&a, "a", SHORT_LEASE_MS, 0);
	view_open(&b, "b", LONG_LEASE_MS, 0);
	assert_claim(&a, &first, CLAIM_FRESH);
	assert_int_equal(step(&a, &first, "create", BYTES("pri\0or")), LEDGER_HELD);
	claim_when_free(&b, &second);
	assert_int_equal(second.outcome, CLAIM_RESUME);
	assert_true(second.token > first.token);
	assert_int_equal(second.attempts, 2);
	assert_int_equal(second.started_ms, first.started_ms);
	assert_string_equal(second.step, "create");
	assert_int_equal(second.intent_bytes, 6);
	assert_memory_equal(second.intent, "pri\0or", 6);
	assert_string_equal(field(&b, &second.key, "at"), "access.requests/3/2");
	assert_string_equal(field(&b, &second.key, "owner"), "b");

	assert_int_equal(step(&a, &first, "late", NOTHING), LEDGER_LOST);
	assert_int_equal(renew(&a, &first), LEDGER_LOST);
	assert_int_equal(complete(&a, &first, BYTES("late"), NOTHING), LEDGER_LOST);
	assert_int_equal(ledger_park_many(a.ledger, &(struct ledger_hold){first.key, first.token},
					  1, NULL),
			 0);
	assert_string_equal(field(&b, &second.key, "state"), "working");
	assert_string_equal(field(&b, &second.key, "step"), "create");
	assert_int_equal(step(&b, &second, "again", NOTHING), LEDGER_HELD);
	ledger_claim_clear(&second);
	view_close(&a);
	view_close(&b);
}

static void renewing_and_stepping_keep_the_lease(void **state)
{
	struct ledger_claim mine = young("renew", 1), other = young("renew", 2);
	struct view brief, lasting;

	(void)state;
	view_open(&brief, "a", SHORT_LEASE_MS, 0);
	view_open(&lasting, "a", LONG_LEASE_MS, 0);
	assert_claim(&brief, &mine, CLAIM_FRESH);
	assert_int_equal(renew(&lasting, &mine), LEDGER_HELD);
	assert_claim(&brief, &other, CLAIM_BUSY);
	assert_true(other.busy_ms > SHORT_LEASE_MS);
	assert_int_equal(step(&brief, &mine, "s", NOTHING), LEDGER_HELD);
	assert_int_equal(step(&lasting, &mine, "s", NOTHING), LEDGER_HELD);
	assert_claim(&brief, &other, CLAIM_BUSY);
	assert_true(other.busy_ms > SHORT_LEASE_MS);
	view_close(&brief);
	view_close(&lasting);
}

static void parked_request_is_claimed_at_once(void **state)
{
	struct ledger_claim first = young("park", 1), second = young("park", 1),
			    third = young("park", 1);
	struct ledger_hold hold;
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &first, CLAIM_FRESH);
	hold = hold_of(&first);
	assert_int_equal(ledger_park_many(a.ledger, &hold, 1, NULL), 0);
	assert_string_equal(field(&a, &first.key, "state"), "parked");
	assert_int_equal(step(&a, &first, "late", NOTHING), LEDGER_LOST);
	assert_int_equal(complete(&a, &first, BYTES("late"), NOTHING), LEDGER_LOST);
	assert_claim(&a, &second, CLAIM_FRESH);
	assert_true(second.token > first.token);
	assert_int_equal(second.attempts, 2);
	assert_int_equal(step(&a, &second, "create", NOTHING), LEDGER_HELD);
	hold = hold_of(&second);
	assert_int_equal(ledger_park_many(a.ledger, &hold, 1, NULL), 0);
	assert_claim(&a, &third, CLAIM_RESUME);
	ledger_claim_clear(&third);
	view_close(&a);
}

/* The clock may go back, and a request be at work for longer than it is remembered. */
static void claimed_again_it_has_a_newer_token_and_its_whole_time(void **state)
{
	struct ledger_claim first = young("again", 1), second = young("again", 1);
	struct ledger_hold hold;
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &first, CLAIM_FRESH);
	hold = hold_of(&first);
	assert_int_equal(ledger_park_many(a.ledger, &hold, 1, NULL), 0);
	redis_server_tell(&server, "HSET {grantd:workers}:request:16:/access:requests:again "
				   "token 4000000000000000");
	redis_server_tell(&server, "PEXPIRE {grantd:workers}:request:16:/access:requests:again 60000");
	assert_claim(&a, &second, CLAIM_FRESH);
	assert_true(second.token > 4000000000000000);
	assert_true(redis_server_tell(&server,
			    "PTTL {grantd:workers}:request:16:/access:requests:again") > 3000000);
	ledger_claim_clear(&first);
	ledger_claim_clear(&second);
	view_close(&a);
}

static void forgotten_request_stays_forgotten(void **state)
{
	struct ledger_claim first = young("twice", 1), second = young("twice", 1);
	struct ledger_hold hold;
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	first.record_time_ms = second.record_time_ms = 0;
	assert_claim(&a, &first, CLAIM_RESUME);
	hold = hold_of(&first);
	assert_int_equal(ledger_park_many(a.ledger, &hold, 1, NULL), 0);
	assert_claim(&a, &second, CLAIM_RESUME);
	assert_null(second.step);
	view_close(&a);
}

static void ended_request_is_replayed_owed_and_published(void **state)
{
	struct ledger_claim mine = young("end", 1), again = young("end", 1), twin = young("end", 2);
	struct ledger_hold hold;
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &mine, CLAIM_FRESH);
	hold = hold_of(&mine);
	assert_int_equal(step(&a, &mine, "s", BYTES("i")), LEDGER_HELD);
	publish(&a, &mine); /* not done yet: changes nothing */
	assert_int_equal(complete(&a, &mine, BYTES("out\0come"), BYTES("sealed")), LEDGER_HELD);
	assert_int_equal(complete(&a, &mine, BYTES("other"), NOTHING), LEDGER_HELD);
	assert_int_equal(ledger_park_many(a.ledger, &hold, 1, NULL), 0);
	assert_int_equal(renew(&a, &mine), LEDGER_LOST);

	assert_claim(&a, &again, CLAIM_DONE);
	assert_int_equal(again.stored.outcome_bytes, 8);
	assert_memory_equal(again.stored.outcome, "out\0come", 8);
	assert_string_equal(again.stored.credential, "sealed");
	assert_claim(&a, &twin, CLAIM_OWED);
	assert_string_equal(twin.owed_topic, "access.requests");
	assert_int_equal(twin.owed_partition, 3);
	assert_int_equal(twin.owed_offset, 1);

	publish(&a, &twin); /* it does not have the duty */
	assert_string_equal(field(&a, &mine.key, "state"), "done");
	publish(&a, &mine);
	assert_claim(&a, &again, CLAIM_PUBLISHED);
	assert_null(again.stored.outcome);
	assert_claim(&a, &twin, CLAIM_PUBLISHED);
	assert_int_equal(complete(&a, &mine, BYTES("other"), NOTHING), LEDGER_HELD);
	assert_null(field(&a, &mine.key, "credential"));
	assert_null(field(&a, &mine.key, "intent"));
	assert_null(field(&a, &mine.key, "step"));
	assert_string_equal(field(&a, &mine.key, "outcome"), "out");
	view_close(&a);
}

static void duty_moves_only_from_who_has_it(void **state)
{
	struct ledger_claim mine = young("duty", 1), twin = young("duty", 2);
	struct ledger_take_over wrong = {.key = mine.key,
					 .from = {"access.requests", 3, 9},
					 .to = {"access.requests", 3, 8}};
	struct ledger_take_over right = {.key = mine.key, .from = mine.place, .to = twin.place};
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &mine, CLAIM_FRESH);
	assert_int_equal(ledger_take_over(a.ledger, &right, NULL), 0);
	assert_int_equal(right.answer, LEDGER_LOST); /* still at work */
	assert_int_equal(complete(&a, &mine, BYTES("o"), BYTES("c")), LEDGER_HELD);
	assert_int_equal(ledger_take_over(a.ledger, &wrong, NULL), 0);
	assert_int_equal(wrong.answer, LEDGER_LOST);
	assert_null(wrong.stored.outcome);
	assert_int_equal(ledger_take_over(a.ledger, &right, NULL), 0);
	assert_int_equal(right.answer, LEDGER_HELD);
	assert_string_equal(right.stored.outcome, "o");
	assert_string_equal(right.stored.credential, "c");
	ledger_stored_clear(&right.stored);
	assert_claim(&a, &mine, CLAIM_OWED);
	assert_claim(&a, &twin, CLAIM_DONE);
	ledger_claim_clear(&twin);
	publish(&a, &mine);
	assert_string_equal(field(&a, &mine.key, "state"), "done");
	publish(&a, &twin);
	assert_string_equal(field(&a, &mine.key, "state"), "published");
	view_close(&a);
}

static void other_payload_is_a_mismatch_in_every_state(void **state)
{
	struct ledger_claim mine = young("mix", 1), other = young("mix", 2);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	other.fingerprint = "f2";
	assert_claim(&a, &mine, CLAIM_FRESH);
	assert_claim(&a, &other, CLAIM_MISMATCH);
	assert_int_equal(complete(&a, &mine, BYTES("o"), NOTHING), LEDGER_HELD);
	assert_claim(&a, &other, CLAIM_MISMATCH);
	publish(&a, &mine);
	assert_claim(&a, &other, CLAIM_MISMATCH);
	assert_claim(&a, &mine, CLAIM_PUBLISHED);
	view_close(&a);
}

static void keys_do_not_run_together(void **state)
{
	struct ledger_claim one = young("c", 1), two = young("b:c", 2);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	one.key.source = "a:b";
	two.key.source = "a";
	assert_claim(&a, &one, CLAIM_FRESH);
	assert_claim(&a, &two, CLAIM_FRESH);
	view_close(&a);
}

static void many_claims_go_in_one_batch(void **state)
{
	static char ids[64][8];
	struct ledger_claim claims[64];
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	for (int i = 0; i < 64; i++) {
		text_format(ids[i], sizeof(ids[i]), "m%d", i % 63);
		claims[i] = young(ids[i], i);
	}
	assert_int_equal(ledger_claim_many(a.ledger, claims, 64, NULL), 0);
	for (int i = 0; i < 63; i++)
		assert_int_equal(claims[i].outcome, CLAIM_FRESH);
	assert_int_equal(claims[63].outcome, CLAIM_BUSY); /* the first one's twin */
	view_close(&a);
}

/* ---- when Redis forgets, stops or refuses ---- */

static void emptied_redis_gives_a_new_epoch_and_new_tokens(void **state)
{
	struct ledger_claim first = young("flush", 1), second = young("flush", 1);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &first, CLAIM_FRESH);
	assert_int_equal(ledger_epoch_changes(a.ledger), 0);
	redis_server_tell(&server, "FLUSHALL");
	second.record_time_ms = now_ms() - 60000;
	assert_claim(&a, &second, CLAIM_RESUME);
	assert_null(second.step);
	assert_int_equal(ledger_epoch_changes(a.ledger), 1);
	assert_true(second.token != first.token);
	assert_int_equal(step(&a, &first, "late", NOTHING), LEDGER_LOST);
	assert_int_equal(complete(&a, &first, BYTES("late"), NOTHING), LEDGER_LOST);
	assert_int_equal(step(&a, &second, "now", NOTHING), LEDGER_HELD);
	view_close(&a);
}

static void holder_of_a_forgotten_request_has_lost_it(void **state)
{
	struct ledger_claim mine = young("gone", 1);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &mine, CLAIM_FRESH);
	redis_server_tell(&server, "FLUSHALL");
	assert_int_equal(step(&a, &mine, "s", NOTHING), LEDGER_LOST);
	assert_int_equal(renew(&a, &mine), LEDGER_LOST);
	assert_int_equal(complete(&a, &mine, BYTES("o"), NOTHING), LEDGER_LOST);
	publish(&a, &mine);
	assert_null(field(&a, &mine.key, "state"));
	view_close(&a);
}

static void assert_fails_with(struct view *view, const char *id, const char *text)
{
	struct ledger_claim claim = young(id, 1);
	struct error err = {0};

	assert_int_equal(ledger_claim_many(view->ledger, &claim, 1, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	if (strstr(err.text, text) == NULL)
		fail_msg("%s", err.text);
}

static void flushed_scripts_fail_once_and_are_loaded_again(void **state)
{
	struct ledger_claim claim = young("noscript", 1);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &claim, CLAIM_FRESH);
	redis_server_tell(&server, "SCRIPT FLUSH");
	assert_fails_with(&a, "noscript-2", "NOSCRIPT");
	claim = young("noscript-3", 1);
	assert_claim(&a, &claim, CLAIM_FRESH);
	view_close(&a);
}

static void restarted_redis_has_kept_the_claim(void **state)
{
	struct ledger_claim mine = young("restart", 1), other = young("restart", 2);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &mine, CLAIM_FRESH);
	redis_server_kill(&server);
	assert_fails_with(&a, "restart", "redis");
	assert_fails_with(&a, "restart", "connect");
	redis_server_start(&server);
	assert_claim(&a, &other, CLAIM_BUSY);
	assert_int_equal(step(&a, &mine, "s", NOTHING), LEDGER_HELD);
	assert_int_equal(ledger_epoch_changes(a.ledger), 0);
	view_close(&a);
}

static void full_redis_fails_closed(void **state)
{
	struct ledger_claim claim = young("oom", 1);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	redis_server_tell(&server, "CONFIG SET maxmemory 1");
	assert_fails_with(&a, "oom", "OOM");
	redis_server_tell(&server, "CONFIG SET maxmemory 0");
	assert_claim(&a, &claim, CLAIM_FRESH);
	view_close(&a);
}

static void replica_fails_closed(void **state)
{
	struct ledger_claim claim = young("readonly", 1);
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	redis_server_tell(&server, "REPLICAOF 127.0.0.1 1");
	assert_fails_with(&a, "readonly", "READONLY");
	redis_server_tell(&server, "REPLICAOF NO ONE");
	assert_claim(&a, &claim, CLAIM_FRESH);
	view_close(&a);
}

static void step_without_its_replicas_fails(void **state)
{
	struct ledger_claim claim = young("wait", 1);
	struct ledger_step steps;
	struct error err = {0};
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 1);
	assert_claim(&a, &claim, CLAIM_FRESH);
	steps = (struct ledger_step){.hold = hold_of(&claim), .name = "s"};
	assert_int_equal(ledger_step_many(a.ledger, &steps, 1, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_non_null(strstr(err.text, "0 of 1 replicas"));
	view_close(&a);
}

/* Nobody asks again for what Kafka has committed: what is to come due would be lost. */
static void end_without_its_replicas_fails_and_is_told_again(void **state)
{
	struct ledger_claim claim = young("wait-end", 1);
	struct ledger_completion completion = {.outcome = {"o", 1}};
	const struct ledger_settlements settlements = {.completions = &completion,
						       .completion_count = 1};
	struct error err = {0};
	struct view a, b;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 1);
	view_open(&b, "b", LONG_LEASE_MS, 0);
	assert_claim(&a, &claim, CLAIM_FRESH);
	completion.hold = hold_of(&claim);
	assert_int_equal(ledger_settle_many(a.ledger, &settlements, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_non_null(strstr(err.text, "0 of 1 replicas"));
	publish(&a, &claim); /* only says that nothing is left to do */
	settle(&b, &settlements);
	assert_int_equal(completion.answer, LEDGER_HELD);
	view_close(&a);
	view_close(&b);
}

static void intent_is_bounded(void **state)
{
	static char bytes[LIMIT_INTENT_BYTES + 1];
	struct ledger_claim claim = young("bound", 1);
	struct ledger_step steps;
	struct error err = {0};
	struct view a;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	assert_claim(&a, &claim, CLAIM_FRESH);
	assert_int_equal(step(&a, &claim, "s", (struct slice){bytes, LIMIT_INTENT_BYTES}),
			 LEDGER_HELD);
	steps = (struct ledger_step){
		.hold = hold_of(&claim), .name = "s", .intent = {bytes, sizeof(bytes)}};
	assert_int_equal(ledger_step_many(a.ledger, &steps, 1, &err), -1);
	assert_int_equal(err.kind, ERROR_FATAL);
	view_close(&a);
}

/* ---- the combiner ---- */

struct stepper {
	struct ledger_combiner *combiner;
	struct ledger_claim claim;
	struct ledger_claim stale; /* a token that was never given */
	int wrong;
};

static void *step_often(void *argument)
{
	struct stepper *stepper = argument;

	for (int i = 0; i < STEPS_EACH; i++) {
		struct ledger_step mine = {.hold = hold_of(&stepper->claim), .name = "mine"};
		struct ledger_step stale = {.hold = hold_of(&stepper->stale), .name = "stale"};

		if (ledger_combiner_step(stepper->combiner, &mine, NULL) < 0 ||
		    mine.answer != LEDGER_HELD || mine.lease_until_ms == 0)
			stepper->wrong++;
		if (ledger_combiner_step(stepper->combiner, &stale, NULL) < 0 ||
		    stale.answer != LEDGER_LOST)
			stepper->wrong++;
	}
	return NULL;
}

static void combiner_gives_each_thread_its_own_answer(void **state)
{
	static char ids[THREADS][8];
	static struct stepper steppers[THREADS];
	struct ledger_combiner *combiner;
	pthread_t threads[THREADS];
	struct view a, combined;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	view_open(&combined, "a", LONG_LEASE_MS, 0);
	combiner = ledger_combiner_new(combined.ledger);
	for (int i = 0; i < THREADS; i++) {
		text_format(ids[i], sizeof(ids[i]), "t%d", i);
		steppers[i] = (struct stepper){.combiner = combiner, .claim = young(ids[i], i)};
		assert_claim(&a, &steppers[i].claim, CLAIM_FRESH);
		steppers[i].stale = steppers[i].claim;
		steppers[i].stale.token++;
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, step_often, &steppers[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(steppers[i].wrong, 0);
		assert_string_equal(field(&a, &steppers[i].claim.key, "step"), "mine");
	}
	ledger_combiner_free(combiner);
	view_close(&a);
}

static void combiner_passes_a_fault_on(void **state)
{
	struct ledger_claim claim = young("fault", 1);
	struct ledger_combiner *combiner;
	struct ledger_step steps;
	struct error err = {0};
	struct view a, combined;

	(void)state;
	view_open(&a, "a", LONG_LEASE_MS, 0);
	view_open(&combined, "a", LONG_LEASE_MS, 1);
	combiner = ledger_combiner_new(combined.ledger);
	assert_claim(&a, &claim, CLAIM_FRESH);
	steps = (struct ledger_step){.hold = hold_of(&claim), .name = "s"};
	assert_int_equal(ledger_combiner_step(combiner, &steps, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_non_null(strstr(err.text, "replicas"));
	ledger_combiner_free(combiner);
	view_close(&a);
}

static int start(void **state)
{
	(void)state;
	redis_server_init(&server);
	redis_server_start(&server);
	return 0;
}

/* ---- what comes due ---- */

enum { MOST_DUE = 10 };

static enum ledger_answer complete_with_due(struct view *view, const struct ledger_claim *claim,
					    const char *id, int64_t at_ms, const char *record)
{
	struct ledger_completion completion = {
		.hold = hold_of(claim),
		.outcome = {"o", 1},
		.due = {id, at_ms, {record, strlen(record)}},
	};

	settle(view, &(struct ledger_settlements){.completions = &completion,
						  .completion_count = 1});
	return completion.answer;
}

static size_t take_due(struct view *view, struct ledger_due_item *items)
{
	struct error err = {0};
	size_t count = 0;

	if (ledger_due_take(view->ledger, items, MOST_DUE, &count, &err) < 0)
		fail_msg("%s", err.text);
	return count;
}

static void assert_due(struct view *view, const char *id, const char *record)
{
	struct ledger_due_item items[MOST_DUE] = {{0}};

	assert_int_equal(take_due(view, items), 1);
	assert_string_equal(items[0].id, id);
	assert_int_equal(items[0].record_bytes, strlen(record));
	assert_memory_equal(items[0].record, record, strlen(record));
	ledger_due_item_clear(&items[0]);
}

static void what_is_due_is_taken_by_one_until_it_is_dropped(void **state)
{
	struct ledger_claim claim = young("a", 1);
	struct ledger_due_item items[MOST_DUE] = {{0}};
	const char *dropped = "a/overlap";
	struct view view, other;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	view_open(&other, "two", LONG_LEASE_MS, 0);
	assert_claim(&view, &claim, CLAIM_FRESH);
	assert_int_equal(take_due(&view, items), 0);
	assert_int_equal(complete_with_due(&view, &claim, "a/overlap", now_ms() - 1, "record"),
			 LEDGER_HELD);
	assert_due(&other, "a/overlap", "record");
	assert_int_equal(take_due(&view, items), 0);
	/* Nobody dropped it: it is due again once it is no longer hidden. */
	redis_server_tell(&server, "ZADD {grantd:workers}:due 0 a/overlap");
	assert_due(&view, "a/overlap", "record");
	settle(&view, &(struct ledger_settlements){.dropped = &dropped, .dropped_count = 1});
	assert_int_equal(redis_server_tell(&server, "EXISTS {grantd:workers}:due"), 0);
	assert_int_equal(redis_server_tell(&server, "EXISTS {grantd:workers}:due:records"), 0);
	ledger_claim_clear(&claim);
	view_close(&view);
	view_close(&other);
}

static void what_comes_later_is_left_alone(void **state)
{
	struct ledger_claim claim = young("a", 1);
	struct ledger_due_item items[MOST_DUE] = {{0}};
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &claim, CLAIM_FRESH);
	assert_int_equal(complete_with_due(&view, &claim, "a/overlap", now_ms() + 3600000, "r"),
			 LEDGER_HELD);
	assert_int_equal(take_due(&view, items), 0);
	assert_int_equal(redis_server_tell(&server, "ZCARD {grantd:workers}:due"), 1);
	ledger_claim_clear(&claim);
	view_close(&view);
}

/* Both are one step: who may not end the request may not leave anything behind either,
 * and an end that is told twice leaves it once. */
static void only_who_ends_a_request_leaves_something_due(void **state)
{
	struct ledger_claim claim = young("a", 1), again = young("a", 1);
	struct view view, other;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	view_open(&other, "two", LONG_LEASE_MS, 0);
	assert_claim(&view, &claim, CLAIM_FRESH);
	assert_int_equal(ledger_park_many(view.ledger, &(struct ledger_hold){claim.key, claim.token},
					  1, NULL), 0);
	assert_claim(&other, &again, CLAIM_FRESH);
	assert_int_equal(complete_with_due(&view, &claim, "a/overlap", 1, "old"), LEDGER_LOST);
	assert_int_equal(redis_server_tell(&server, "EXISTS {grantd:workers}:due"), 0);
	assert_int_equal(complete_with_due(&other, &again, "a/overlap", 1, "new"), LEDGER_HELD);
	assert_int_equal(complete_with_due(&other, &again, "a/overlap", 1, "newer"), LEDGER_HELD);
	assert_due(&view, "a/overlap", "new");
	ledger_claim_clear(&claim);
	ledger_claim_clear(&again);
	view_close(&view);
	view_close(&other);
}

/* ---- the fuse ---- */

static enum ledger_answer remove_one(struct view *view, const struct ledger_claim *claim,
				     const char *step_name)
{
	struct ledger_step note = {.hold = hold_of(claim),
				   .name = step_name,
				   .intent = NOTHING,
				   .fuse = "main",
				   .fuse_limit = 2};

	assert_int_equal(ledger_step_many(view->ledger, &note, 1, NULL), 0);
	return note.answer;
}

static void assert_fuse(struct view *view, bool is_open, int64_t removals, const char *id)
{
	struct ledger_fuse fuse;

	assert_int_equal(ledger_fuse_read(view->ledger, "main", &fuse, NULL), 0);
	assert_int_equal(fuse.is_open, is_open);
	assert_int_equal(fuse.removals, removals);
	if (is_open) {
		assert_string_equal(fuse.request_id, id);
		assert_int_equal(fuse.limit, 2);
		assert_true(fuse.tripped_ms > 0);
	}
	ledger_fuse_clear(&fuse);
}

static void one_removal_too_many_opens_the_fuse_until_it_is_reset(void **state)
{
	struct ledger_claim claims[4];
	bool was_open = true;
	struct view view;

	(void)state;
	view_open(&view, "a", LONG_LEASE_MS, 0);
	for (size_t i = 0; i < ARRAY_COUNT(claims); i++) {
		static const char *const ids[] = {"1", "2", "with:colons/and spaces", "4"};

		claims[i] = young(ids[i], (int64_t)i);
		assert_claim(&view, &claims[i], CLAIM_FRESH);
	}
	assert_int_equal(remove_one(&view, &claims[0], ""), LEDGER_HELD); /* only a look */
	assert_fuse(&view, false, 0, NULL);
	/* However many steps it takes, a request counts once. */
	assert_int_equal(remove_one(&view, &claims[0], "remove"), LEDGER_HELD);
	assert_int_equal(remove_one(&view, &claims[0], "again"), LEDGER_HELD);
	assert_int_equal(remove_one(&view, &claims[1], "remove"), LEDGER_HELD);
	assert_fuse(&view, false, 2, NULL);
	assert_int_equal(remove_one(&view, &claims[2], ""), LEDGER_HELD);
	assert_int_equal(remove_one(&view, &claims[2], "remove"), LEDGER_FUSE_TRIPPED);
	assert_null(field(&view, &claims[2].key, "step"));
	assert_int_equal(remove_one(&view, &claims[3], ""), LEDGER_FUSE_OPEN);
	assert_int_equal(remove_one(&view, &claims[3], "remove"), LEDGER_FUSE_OPEN);
	assert_fuse(&view, true, 2, "with:colons/and spaces");
	/* What was begun is finished, and what is no removal goes on. */
	assert_int_equal(remove_one(&view, &claims[1], "more"), LEDGER_HELD);
	assert_int_equal(step(&view, &claims[3], "create", NOTHING), LEDGER_HELD);

	assert_int_equal(ledger_fuse_reset(view.ledger, "main", &was_open, NULL), 0);
	assert_true(was_open);
	assert_fuse(&view, false, 0, NULL);
	assert_int_equal(remove_one(&view, &claims[2], "remove"), LEDGER_HELD);
	assert_int_equal(ledger_fuse_reset(view.ledger, "main", &was_open, NULL), 0);
	assert_false(was_open);
	for (size_t i = 0; i < ARRAY_COUNT(claims); i++)
		ledger_claim_clear(&claims[i]);
	view_close(&view);
}

/* A removal of a minute ago does not count; each Grafana has a fuse of its own. */
static void removals_are_counted_by_the_minute_and_instance(void **state)
{
	struct ledger_claim claims[3];
	struct view view;

	(void)state;
	view_open(&view, "a", LONG_LEASE_MS, 0);
	redis_server_tell(&server, "ZADD {grantd:workers}:removals:main 1 x 2 y 3 z");
	redis_server_tell(&server, "HSET {grantd:workers}:fuse:other tripped_ms 1 limit 1");
	for (size_t i = 0; i < ARRAY_COUNT(claims); i++) {
		static const char *const ids[] = {"1", "2", "3"};

		claims[i] = young(ids[i], (int64_t)i);
		assert_claim(&view, &claims[i], CLAIM_FRESH);
		assert_int_equal(remove_one(&view, &claims[i], "remove"),
				 i < 2 ? LEDGER_HELD : LEDGER_FUSE_TRIPPED);
		ledger_claim_clear(&claims[i]);
	}
	view_close(&view);
}

static int stop(void **state)
{
	(void)state;
	redis_server_clear(&server);
	return 0;
}

static int empty(void **state)
{
	(void)state;
	redis_server_tell(&server, "FLUSHALL");
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, empty)

/* ---- subjects and their grants ---- */

static struct ledger_step take(struct view *view, const struct ledger_claim *claim,
			       const char *name, const char *subject)
{
	struct ledger_step taken = {
		.hold = hold_of(claim), .name = name, .intent = {"", 0}, .subject = subject};
	struct error err = {0};

	if (ledger_step_many(view->ledger, &taken, 1, &err) < 0)
		fail_msg("%s", err.text);
	return taken;
}

/* What a taken subject's grants are; "" = none. */
static void assert_grants(struct ledger_step taken, const char *grants)
{
	assert_int_equal(taken.answer, LEDGER_HELD);
	assert_int_equal(taken.grants.length, strlen(grants));
	assert_memory_equal(taken.grants.length > 0 ? taken.grants.bytes : "", grants,
			    strlen(grants));
	free(taken.grants.bytes);
}

static enum ledger_answer complete_with_grants(struct view *view,
					       const struct ledger_claim *claim,
					       const char *subject, const char *grants)
{
	struct ledger_completion completion = {.hold = hold_of(claim),
					       .outcome = {"o", 1},
					       .subject = subject,
					       .grants = {grants, strlen(grants)}};

	settle(view, &(struct ledger_settlements){.completions = &completion,
						  .completion_count = 1});
	return completion.answer;
}

static void a_subject_is_one_requests_until_it_is_completed(void **state)
{
	struct ledger_claim first = young("subject-1", 1), second = young("subject-2", 2);
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &first, CLAIM_FRESH);
	assert_claim(&view, &second, CLAIM_FRESH);
	assert_grants(take(&view, &first, "", "s"), "");
	assert_int_equal(take(&view, &second, "role", "s").answer, LEDGER_BUSY);
	assert_grants(take(&view, &second, "role", "another"), "");
	assert_grants(take(&view, &first, "role", "s"), "");
	assert_int_equal(complete_with_grants(&view, &first, "s", "v1 2 3 9"), LEDGER_HELD);
	assert_grants(take(&view, &second, "role", "s"), "v1 2 3 9");
	assert_int_equal(complete_with_grants(&view, &second, "s", ""), LEDGER_HELD);
	ledger_claim_clear(&first);
	ledger_claim_clear(&second);
	view_close(&view);
}

/* A grant may be for months; what is over is kept until nobody asks for its end any more. */
static void grants_stay_while_one_is_alive(void **state)
{
	struct ledger_claim claims[] = {young("stay-1", 1), young("stay-2", 2)};
	struct ledger_completion completion = {
		.outcome = {"o", 1}, .subject = "s", .grants = {"v1 2 3 9", 8}};
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	for (size_t i = 0; i < ARRAY_COUNT(claims); i++) {
		assert_claim(&view, &claims[i], CLAIM_FRESH);
		free(take(&view, &claims[i], "role", "s").grants.bytes);
		completion.hold = hold_of(&claims[i]);
		completion.grants_until_ms = i == 0 ? 0 : now_ms() + 3600000;
		settle(&view, &(struct ledger_settlements){.completions = &completion,
							   .completion_count = 1});
		assert_int_equal(completion.answer, LEDGER_HELD);
		if (i == 0)
			assert_int_equal(redis_server_tell(&server, "PTTL {grantd:workers}:grants:s"),
					 -1);
		ledger_claim_clear(&claims[i]);
	}
	assert_in_range(redis_server_tell(&server, "PTTL {grantd:workers}:grants:s"), 3000000,
			3600000);
	view_close(&view);
}

/* What has begun to write and waits keeps the subject; what has not gives it away, and is
 * told when it comes to its end. */
static void a_request_that_waits_keeps_what_it_has_begun(void **state)
{
	struct ledger_claim begun = young("waits-1", 3), idle = young("waits-2", 4);
	struct ledger_claim other = young("waits-3", 5);
	struct ledger_hold holds[2];
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &begun, CLAIM_FRESH);
	assert_claim(&view, &idle, CLAIM_FRESH);
	assert_claim(&view, &other, CLAIM_FRESH);
	assert_grants(take(&view, &begun, "role", "kept"), "");
	assert_grants(take(&view, &idle, "", "given"), "");
	holds[0] = hold_of(&begun);
	holds[1] = hold_of(&idle);
	assert_int_equal(ledger_park_many(view.ledger, holds, 2, NULL), 0);
	assert_int_equal(take(&view, &other, "role", "kept").answer, LEDGER_BUSY);
	/* Claimed once more it has not taken it once more. */
	assert_claim(&view, &idle, CLAIM_FRESH);
	assert_grants(take(&view, &other, "role", "given"), "");
	assert_int_equal(complete_with_grants(&view, &idle, "given", "v1 2 3 9"), LEDGER_LOST);
	assert_claim(&view, &begun, CLAIM_RESUME);
	/* By an earlier claim it was taken, not by this one. */
	assert_int_equal(complete_with_grants(&view, &begun, "kept", "v1 1 4 9"), LEDGER_LOST);
	assert_grants(take(&view, &begun, "role", "kept"), "");
	assert_int_equal(complete_with_grants(&view, &begun, "kept", "v1 2 3 9"), LEDGER_HELD);
	ledger_claim_clear(&begun);
	ledger_claim_clear(&idle);
	ledger_claim_clear(&other);
	view_close(&view);
}

/* Taken after what it is like was read, or kept. */
static enum ledger_answer take_as(struct view *view, const struct ledger_claim *claim,
				  const char *name, const char *subject,
				  enum ledger_taking taking)
{
	struct ledger_step taken = {.hold = hold_of(claim),
				    .name = name,
				    .intent = {"", 0},
				    .subject = subject,
				    .taking = taking};

	assert_int_equal(ledger_step_many(view->ledger, &taken, 1, NULL), 0);
	free(taken.grants.bytes);
	return taken.answer;
}

/* A worker that was paused for longer than its lease must not write once somebody else has
 * taken the subject, nor when he is done. */
static void who_has_lost_a_subject_is_told_before_it_writes(void **state)
{
	struct ledger_claim paused = young("paused-1", 1), other = young("paused-2", 2);
	struct view view, brief;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	view_open(&brief, "two", SHORT_LEASE_MS, 0);
	assert_claim(&brief, &paused, CLAIM_FRESH);
	assert_claim(&view, &other, CLAIM_FRESH);
	assert_grants(take(&brief, &paused, "", "s"), "");
	assert_int_equal(take_as(&brief, &paused, "role", "s", TAKE_KEPT), LEDGER_HELD);
	redis_server_tell(&server, "HDEL {grantd:workers}:request:16:/access:requests:paused-1 step");
	for (int i = 0; take_as(&view, &other, "", "s", TAKE_FIRST) == LEDGER_BUSY; i++) {
		assert_true(i < DEADLINE_TRIES);
		pause_briefly();
	}
	assert_int_equal(take_as(&brief, &paused, "role", "s", TAKE_KEPT), LEDGER_BUSY);
	assert_int_equal(complete_with_grants(&view, &other, "s", "v1 2 3 9"), LEDGER_HELD);
	assert_int_equal(take_as(&brief, &paused, "role", "s", TAKE_KEPT), LEDGER_BUSY);
	assert_null(field(&view, &paused.key, "step"));
	ledger_claim_clear(&paused);
	ledger_claim_clear(&other);
	view_close(&view);
	view_close(&brief);
}

/* Whoever looked first and takes it afterwards may have seen what is no longer so. */
static void what_was_read_before_the_grants_changed_must_be_read_anew(void **state)
{
	struct ledger_claim late = young("late-1", 1), other = young("late-2", 2);
	struct ledger_hold hold;
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &late, CLAIM_FRESH);
	assert_claim(&view, &other, CLAIM_FRESH);
	assert_grants(take(&view, &other, "", "s"), "");
	assert_int_equal(complete_with_grants(&view, &other, "s", "v1 2 3 9"), LEDGER_HELD);
	assert_int_equal(take_as(&view, &late, "", "s", TAKE_LATE), LEDGER_BUSY);
	assert_int_equal(take_as(&view, &late, "remove", "s", TAKE_LATE), LEDGER_BUSY);
	assert_null(field(&view, &late.key, "step"));
	assert_grants(take(&view, &late, "", "s"), "v1 2 3 9");
	assert_int_equal(take_as(&view, &late, "remove", "s", TAKE_KEPT), LEDGER_HELD);
	redis_server_tell(&server, "HDEL {grantd:workers}:grants:s holder token");
	hold = hold_of(&late);
	assert_int_equal(ledger_park_many(view.ledger, &hold, 1, NULL), 0);
	assert_claim(&view, &late, CLAIM_RESUME);
	assert_int_equal(take_as(&view, &late, "remove", "s", TAKE_LATE), LEDGER_HELD);
	ledger_claim_clear(&late);
	ledger_claim_clear(&other);
	view_close(&view);
}

/* The record of a request that has begun may be gone for ever. */
static void what_was_begun_keeps_a_subject_for_a_day_at_most(void **state)
{
	struct ledger_claim gone = young("gone-1", 1), other = young("gone-2", 2);
	struct ledger_hold hold;
	struct view view;
	char command[128];

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &gone, CLAIM_FRESH);
	assert_claim(&view, &other, CLAIM_FRESH);
	assert_grants(take(&view, &gone, "role", "s"), "");
	hold = hold_of(&gone);
	assert_int_equal(ledger_park_many(view.ledger, &hold, 1, NULL), 0);
	assert_int_equal(take_as(&view, &other, "", "s", TAKE_FIRST), LEDGER_BUSY);
	text_format(command, sizeof(command),
		    "HSET {grantd:workers}:request:16:/access:requests:gone-1 lease_until_ms %lld",
		    (long long)(now_ms() - 86400000 - 1000));
	redis_server_tell(&server, command);
	assert_int_equal(take_as(&view, &other, "", "s", TAKE_FIRST), LEDGER_HELD);
	ledger_claim_clear(&gone);
	ledger_claim_clear(&other);
	view_close(&view);
}

static void who_resumes_is_told_whether_it_was_his_all_along(void **state)
{
	struct ledger_claim claim = young("again-1", 1);
	struct ledger_step taken;
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &claim, CLAIM_FRESH);
	taken = take(&view, &claim, "role", "s");
	assert_false(taken.grants.was_ours);
	taken = take(&view, &claim, "role", "s");
	assert_true(taken.grants.was_ours);
	ledger_claim_clear(&claim);
	view_close(&view);
}

/* ---- restoring ---- */

static bool restore_due(struct view *view, const struct ledger_claim *claim, const char *id)
{
	const struct ledger_due due = {id, now_ms() + 3600000, {"restored", 8}};
	bool added = false;

	assert_int_equal(ledger_due_restore(view->ledger, &claim->key, &due, &added, NULL), 0);
	return added;
}

static void what_is_there_or_was_asked_already_is_not_due_again(void **state)
{
	struct ledger_claim asked = young("asked/expiry", 1), later = young("later/expiry", 2);
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &asked, CLAIM_FRESH);
	assert_false(restore_due(&view, &asked, "asked/expiry"));
	assert_true(restore_due(&view, &later, "later/expiry"));
	assert_false(restore_due(&view, &later, "later/expiry"));
	assert_int_equal(redis_server_tell(&server, "ZCARD {grantd:workers}:due"), 1);
	assert_int_equal(redis_server_tell(&server, "HLEN {grantd:workers}:due:records"), 1);
	ledger_claim_clear(&asked);
	view_close(&view);
}

static enum grants_restored restore_grants(struct view *view, const char *known,
					   const char *grants, const char *there)
{
	struct ledger_grants was = {.bytes = mem_strdup(known), .length = strlen(known)};
	enum grants_restored answer = GRANTS_CHANGED;

	assert_int_equal(ledger_grants_restore(view->ledger, "s", &was,
					       (struct slice){grants, strlen(grants)}, &answer,
					       NULL), 0);
	assert_int_equal(was.length, strlen(there));
	assert_memory_equal(was.length > 0 ? was.bytes : "", there, strlen(there));
	free(was.bytes);
	return answer;
}

static void grants_are_restored_over_nobody(void **state)
{
	struct ledger_claim holder = young("holder", 1), reader = young("reader", 2);
	struct ledger_claim idle = young("idle", 3);
	struct ledger_hold hold;
	struct view view;

	(void)state;
	view_open(&view, "one", LONG_LEASE_MS, 0);
	assert_claim(&view, &holder, CLAIM_FRESH);
	assert_claim(&view, &reader, CLAIM_FRESH);
	assert_claim(&view, &idle, CLAIM_FRESH);
	assert_grants(take(&view, &holder, "role", "s"), "");
	assert_int_equal(restore_grants(&view, "", "v1 1 3 9", ""), GRANTS_BUSY);
	/* It has begun, and waits. */
	hold = hold_of(&holder);
	assert_int_equal(ledger_park_many(view.ledger, &hold, 1, NULL), 0);
	assert_int_equal(restore_grants(&view, "", "v1 1 3 9", ""), GRANTS_BUSY);
	assert_claim(&view, &holder, CLAIM_RESUME);
	assert_grants(take(&view, &holder, "role", "s"), "");
	assert_int_equal(complete_with_grants(&view, &holder, "s", ""), LEDGER_HELD);
	assert_int_equal(redis_server_tell(&server, "EXISTS {grantd:workers}:grants:s"), 0);
	/* Taken, but nothing begun: whose worker has died leaves nothing behind for ever. Once
	 * there are grants it stays. */
	assert_grants(take(&view, &idle, "", "s"), "");
	hold = hold_of(&idle);
	assert_int_equal(ledger_park_many(view.ledger, &hold, 1, NULL), 0);
	assert_true(redis_server_tell(&server, "PTTL {grantd:workers}:grants:s") > 80000000);
	assert_int_equal(restore_grants(&view, "", "v1 1 3 9", "v1 1 3 9"), GRANTS_KEPT);
	assert_int_equal(redis_server_tell(&server, "PTTL {grantd:workers}:grants:s"), -1);
	/* Others by now than those that were read. */
	assert_int_equal(restore_grants(&view, "", "v1 1 4 9", "v1 1 3 9"), GRANTS_CHANGED);
	assert_int_equal(restore_grants(&view, "v1 1 3 9", "v1 1 4 9", "v1 1 4 9"), GRANTS_KEPT);
	/* Who has looked at Grafana before that looks again. */
	assert_int_equal(take_as(&view, &reader, "remove", "s", TAKE_LATE), LEDGER_BUSY);
	assert_grants(take(&view, &reader, "", "s"), "v1 1 4 9");
	ledger_claim_clear(&holder);
	ledger_claim_clear(&reader);
	ledger_claim_clear(&idle);
	view_close(&view);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_claim_of_a_young_record_is_fresh),
		TEST(record_that_may_be_older_than_the_epoch_is_resumed),
		TEST(record_older_than_the_horizon_is_resumed),
		TEST(held_request_is_busy_even_for_its_holder),
		TEST(lapsed_lease_is_resumed_and_fences_the_old_holder),
		TEST(renewing_and_stepping_keep_the_lease),
		TEST(parked_request_is_claimed_at_once),
		TEST(claimed_again_it_has_a_newer_token_and_its_whole_time),
		TEST(forgotten_request_stays_forgotten),
		TEST(ended_request_is_replayed_owed_and_published),
		TEST(duty_moves_only_from_who_has_it),
		TEST(other_payload_is_a_mismatch_in_every_state),
		TEST(keys_do_not_run_together),
		TEST(many_claims_go_in_one_batch),
		TEST(emptied_redis_gives_a_new_epoch_and_new_tokens),
		TEST(holder_of_a_forgotten_request_has_lost_it),
		TEST(flushed_scripts_fail_once_and_are_loaded_again),
		TEST(restarted_redis_has_kept_the_claim),
		TEST(full_redis_fails_closed),
		TEST(replica_fails_closed),
		TEST(step_without_its_replicas_fails),
		TEST(end_without_its_replicas_fails_and_is_told_again),
		TEST(intent_is_bounded),
		TEST(what_is_due_is_taken_by_one_until_it_is_dropped),
		TEST(what_comes_later_is_left_alone),
		TEST(a_subject_is_one_requests_until_it_is_completed),
		TEST(grants_stay_while_one_is_alive),
		TEST(who_has_lost_a_subject_is_told_before_it_writes),
		TEST(what_was_read_before_the_grants_changed_must_be_read_anew),
		TEST(what_was_begun_keeps_a_subject_for_a_day_at_most),
		TEST(who_resumes_is_told_whether_it_was_his_all_along),
		TEST(what_is_there_or_was_asked_already_is_not_due_again),
		TEST(grants_are_restored_over_nobody),
		TEST(a_request_that_waits_keeps_what_it_has_begun),
		TEST(only_who_ends_a_request_leaves_something_due),
		TEST(one_removal_too_many_opens_the_fuse_until_it_is_reset),
		TEST(removals_are_counted_by_the_minute_and_instance),
		TEST(combiner_gives_each_thread_its_own_answer),
		TEST(combiner_passes_a_fault_on),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
