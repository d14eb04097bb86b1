/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_bound.c - grants that end by themselves, where attempts were broken off and
 * others came in between. The ledger is played; Grafana is asked nothing.
 */
#include "tests/unit/grafana_support.h"

#include "base/text.h"
#include "codec/request.h"
#include "worker/bound.h"
#include "worker/operations.h"

enum { NOW_MS = 5000000, SOON_MS = 6000000, LATER_MS = 7000000 };

/* One request, and what the ledger has of its subject. */
struct scene {
	struct support support;
	struct settings settings;
	struct clock clock;
	struct request request;
	struct turn turn;

	char grants[512]; /* "" = none */
	int64_t epoch_ms;
	bool was_ours;
	bool is_fenced; /* the subject is another's by now */
	size_t steps;
	enum ledger_taking taking; /* of the last one */
	char subject[BOUND_SUBJECT_CAPACITY];
};

static int64_t now_ms(void *context)
{
	(void)context;
	return NOW_MS;
}

static int begin_step(void *context, struct ledger_step *step, struct error *err)
{
	struct scene *scene = context;

	scene->steps++;
	scene->taking = step->taking;
	text_copy(scene->subject, sizeof(scene->subject),
		  step->subject != NULL ? step->subject : "");
	if (scene->is_fenced) {
		error_set(err, ERROR_RETRY, "scene", 0, "fenced");
		return -1;
	}
	step->answer = LEDGER_HELD;
	if (step->subject == NULL || step->taking == TAKE_KEPT)
		return 0;
	step->grants.was_ours = scene->was_ours;
	step->grants.epoch_ms = scene->epoch_ms;
	if (scene->grants[0] != '\0') {
		step->grants.bytes = mem_strdup(scene->grants);
		step->grants.length = strlen(scene->grants);
	}
	return 0;
}

static void name_key(const char *id, char key[GRANT_KEY_CAPACITY])
{
	grants_key("/portal", id, key);
}

/* "base given until" and one grant. */
static void keep(struct scene *scene, int base, int given, const char *id, int level,
		 int64_t expires_ms)
{
	char key[GRANT_KEY_CAPACITY];

	name_key(id, key);
	text_format(scene->grants, sizeof(scene->grants), "v1 %d %d %lld %s %d %lld", base, given,
		    (long long)expires_ms, key, level, (long long)expires_ms);
}

static void open_scene(struct scene *scene, const struct operation *operation, const char *step)
{
	static char url[] = "http://127.0.0.1:1", intent[] = "user_id=7\norg_id=3\n";
	struct turn *turn = &scene->turn;

	memset(scene, 0, sizeof(*scene));
	scene->support.settings = support_settings(url);
	support_open(&scene->support);
	scene->clock = (struct clock){now_ms, now_ms, NULL, NULL};
	scene->request = (struct request){.id = mem_strdup("mine"),
					  .source = mem_strdup("/portal"),
					  .action = mem_strdup(operation->action),
					  .instance = mem_strdup("main"),
					  .role = ROLE_EDITOR,
					  .duration_s = NUMBER_NOT_SAID,
					  .time_ms = NOW_MS - 1000};
	turn->request = &scene->request;
	turn->operation = operation;
	turn->grafana = scene->support.session;
	turn->settings = &scene->settings;
	turn->clock = &scene->clock;
	turn->own_login = "";
	turn->begin_step = begin_step;
	turn->context = scene;
	turn->step = step;
	turn->intent = (struct slice){intent, step != NULL ? sizeof(intent) - 1 : 0};
	turn_init(turn);
	turn->outcome.target.user_id = 7;
	turn->outcome.target.org_id = 3;
}

static void close_scene(struct scene *scene)
{
	turn_clear(&scene->turn);
	request_clear(&scene->request);
	grafana_session_end(scene->support.session);
	grafana_free(scene->support.grafana);
}

static void hold_now(struct evidence *evidence, enum role role)
{
	evidence->member = role != ROLE_UNSET ? FACT_YES : FACT_NO;
	evidence->role = role;
}

/* ---- giving up ---- */

/* An attempt that is over before it asks Grafana anything knows the account's id only. */
static void what_was_begun_and_given_up_ends_whoever_was_named_how(void **state)
{
	static const struct request_user named[] = {
		{.login = (char *)(uintptr_t) "ada"},
		{.email = (char *)(uintptr_t) "ada@example.com"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(named); i++) {
		const struct request *asked;
		struct scene scene;

		open_scene(&scene, &operation_org_role_grant, "role");
		scene.was_ours = true;
		scene.request.expires_ms = LATER_MS;
		scene.request.user.login = named[i].login ? mem_strdup(named[i].login) : NULL;
		scene.request.user.email = named[i].email ? mem_strdup(named[i].email) : NULL;
		assert_int_equal(bound_give_up(&scene.turn, NULL), 0);
		asked = &scene.turn.follow_up.asked;
		assert_int_equal(scene.turn.follow_up.at_ms, LATER_MS);
		assert_int_equal(asked->grant.user_id, 7);
		assert_true((asked->user.login == NULL) == (named[i].login == NULL));
		assert_string_equal(named[i].login ? asked->user.login : asked->user.email,
				    named[i].login ? named[i].login : named[i].email);
		close_scene(&scene);
	}
}

/* A no that came before anybody could look is none, but for what is gone with all it had. */
static void what_may_have_been_given_is_not_refused(void **state)
{
	static const struct {
		enum reason reason;
		const char *step;
		bool was_read, is_for_good;
		enum result result;
	} cases[] = {
		{REASON_GRAFANA_PERMISSION, "role", false, false, RESULT_FAILED},
		{REASON_ACCOUNT_AMBIGUOUS, "role", false, false, RESULT_FAILED},
		{REASON_ACCOUNT_NOT_FOUND, "role", false, false, RESULT_REFUSED},
		{REASON_ORG_NOT_FOUND, "role", false, false, RESULT_REFUSED},
		{REASON_GRAFANA_PERMISSION, "role", true, false, RESULT_REFUSED},
		{REASON_GRAFANA_PERMISSION, "role", false, true, RESULT_REFUSED},
		{REASON_GRAFANA_PERMISSION, NULL, false, false, RESULT_REFUSED},
		{REASON_GRAFANA_PERMISSION, "nothing", false, false, RESULT_REFUSED},
	};
	int wanted;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		bool fails = cases[i].result == RESULT_FAILED;
		struct error err = {0};
		struct scene scene;

		open_scene(&scene, &operation_org_role_grant, cases[i].step);
		scene.was_ours = true;
		scene.request.expires_ms = cases[i].is_for_good ? 0 : LATER_MS;
		scene.request.user.login = mem_strdup("ada");
		if (cases[i].was_read)
			assert_int_equal(bound_decide(&scene.turn, ROLE_EDITOR, &wanted),
					 TURN_GO_ON);
		turn_refused(&scene.turn, cases[i].reason, "no");
		assert_int_equal(bound_refused(&scene.turn, &err), 0);
		assert_int_equal(scene.turn.outcome.result, cases[i].result);
		assert_int_equal(scene.turn.outcome.reason, cases[i].reason);
		assert_int_equal(scene.turn.follow_up.at_ms, fails ? LATER_MS : 0);
		assert_int_equal(scene.turn.grants_changed, fails);
		assert_non_null(strstr(scene.turn.outcome.message, "no"));
		close_scene(&scene);
	}
}

/* Not while it cannot be written down. */
static void what_may_have_been_given_waits_for_the_ledger(void **state)
{
	struct error err = {0};
	struct scene scene;

	(void)state;
	open_scene(&scene, &operation_org_role_grant, "role");
	scene.request.expires_ms = LATER_MS;
	scene.is_fenced = true;
	turn_refused(&scene.turn, REASON_GRAFANA_PERMISSION, "no");
	assert_int_equal(bound_refused(&scene.turn, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	close_scene(&scene);
}

/* ---- taking a subject ---- */

static void it_is_taken_before_reading_and_kept_from_then_on(void **state)
{
	const struct slice nothing = {"", 0};
	struct error err = {0};
	struct scene scene;

	(void)state;
	open_scene(&scene, &operation_org_role_grant, NULL);
	scene.request.expires_ms = LATER_MS;
	assert_int_equal(bound_take(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(scene.taking, TAKE_FIRST);
	assert_string_equal(scene.subject, "main:org:3:0:7");
	assert_int_equal(bound_begin_step(&scene.turn, "role", nothing, &err), TURN_GO_ON);
	assert_int_equal(scene.taking, TAKE_KEPT);
	assert_string_equal(scene.subject, "main:org:3:0:7");
	scene.is_fenced = true;
	assert_int_equal(bound_begin_step(&scene.turn, "role", nothing, &err), TURN_FAILED);
	assert_int_equal(err.kind, ERROR_RETRY);
	close_scene(&scene);
}

/* What is for good takes it with its first step, or at its end: what it is like was read. */
static void what_is_for_good_takes_it_late(void **state)
{
	struct error err = {0};
	struct scene scene;

	(void)state;
	open_scene(&scene, &operation_org_role_revoke, NULL);
	assert_int_equal(bound_take(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(scene.steps, 0);
	assert_int_equal(bound_begin_step(&scene.turn, "remove", (struct slice){"", 0}, &err),
			 TURN_GO_ON);
	assert_int_equal(scene.taking, TAKE_LATE);
	close_scene(&scene);

	open_scene(&scene, &operation_org_role_revoke, NULL);
	keep(&scene, 0, ROLE_EDITOR, "other", ROLE_EDITOR, LATER_MS);
	assert_int_equal(bound_take(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(bound_settle(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(scene.taking, TAKE_LATE);
	assert_true(scene.turn.grants_changed);
	assert_int_equal(scene.turn.grants.count, 0);
	close_scene(&scene);
}

/* ---- giving, when others came in between ---- */

/* It began when nobody could be held (the account was made by it); while it was away somebody
 * gave the same person more, and saw what the beginning had made. Nothing of either is lost. */
static void who_began_unheld_joins_those_who_came_first(void **state)
{
	struct error err = {0};
	struct scene scene;
	int wanted = 0;

	(void)state;
	open_scene(&scene, &operation_org_role_grant, "create");
	keep(&scene, ROLE_VIEWER, ROLE_ADMIN, "other", ROLE_ADMIN, SOON_MS);
	scene.request.expires_ms = LATER_MS;
	scene.request.user.login = mem_strdup("ada");
	scene.turn.outcome.before = (struct evidence){.account = FACT_NO};
	assert_int_equal(bound_take(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(bound_decide(&scene.turn, ROLE_EDITOR, &wanted), TURN_GO_ON);
	assert_int_equal(wanted, ROLE_ADMIN);
	assert_int_equal(bound_settle(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(scene.turn.grants.count, 2);
	assert_int_equal(scene.turn.grants.given, ROLE_ADMIN);
	assert_int_equal(scene.turn.grants.base, 0);
	assert_int_equal(scene.turn.outcome.reverts_to.member, FACT_NO);
	close_scene(&scene);
}

/* One that held it all along is told by what it saw at first, whatever it wrote since. */
static void who_held_it_all_along_notices_a_change_by_hand(void **state)
{
	struct error err = {0};
	struct scene scene;
	int wanted = 0;

	(void)state;
	open_scene(&scene, &operation_org_role_grant, "role");
	scene.was_ours = true;
	keep(&scene, ROLE_VIEWER, ROLE_ADMIN, "other", ROLE_ADMIN, SOON_MS);
	scene.request.expires_ms = LATER_MS;
	hold_now(&scene.turn.outcome.before, ROLE_VIEWER);
	assert_int_equal(bound_take(&scene.turn, &err), TURN_GO_ON);
	assert_int_equal(bound_decide(&scene.turn, ROLE_EDITOR, &wanted), TURN_GO_ON);
	assert_int_equal(wanted, ROLE_EDITOR);
	assert_int_equal(scene.turn.grants.count, 1);
	assert_int_equal(scene.turn.grants.base, ROLE_VIEWER);
	close_scene(&scene);
}

/* ---- ends that were broken off ---- */

static int end(struct scene *scene, const char *step, bool was_ours, enum role before,
	       enum role now, int *wanted)
{
	struct error err = {0};

	open_scene(scene, &operation_org_role_revoke, step);
	keep(scene, ROLE_VIEWER, ROLE_EDITOR, "grant", ROLE_EDITOR, SOON_MS);
	scene->was_ours = was_ours;
	scene->request.grant.id = mem_strdup("grant");
	scene->request.grant.source = mem_strdup("/portal");
	hold_now(&scene->turn.outcome.before, before);
	hold_now(&scene->turn.outcome.after, now);
	assert_int_equal(bound_take(&scene->turn, &err), TURN_GO_ON);
	return bound_end(&scene->turn, wanted, &err);
}

static void an_end_that_goes_on_leaves_alone_what_others_made_meanwhile(void **state)
{
	static const struct {
		const char *step;
		bool was_ours;
		enum role before, now;
		int rc;
	} rows[] = {
		{NULL, false, ROLE_EDITOR, ROLE_EDITOR, TURN_GO_ON},
		{NULL, false, ROLE_ADMIN, ROLE_ADMIN, TURN_ENDED},
		/* The write it was about to make did not come about, or did. */
		{"role", true, ROLE_EDITOR, ROLE_EDITOR, TURN_GO_ON},
		{"role", true, ROLE_EDITOR, ROLE_VIEWER, TURN_GO_ON},
		/* Neither. */
		{"role", true, ROLE_EDITOR, ROLE_ADMIN, TURN_ENDED},
		{"role", true, ROLE_EDITOR, ROLE_UNSET, TURN_ENDED},
		/* It lost the subject for a while: only what is so now counts. */
		{"role", false, ROLE_ADMIN, ROLE_EDITOR, TURN_GO_ON},
		{"role", false, ROLE_EDITOR, ROLE_ADMIN, TURN_ENDED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct scene scene;
		int wanted = -1, rc = end(&scene, rows[i].step, rows[i].was_ours, rows[i].before,
					  rows[i].now, &wanted);

		if (rc != rows[i].rc)
			fail_msg("row %zu: %d", i, rc);
		assert_true(scene.turn.grants_changed);
		assert_int_equal(scene.turn.grants.count, 0);
		if (rc == TURN_GO_ON)
			assert_int_equal(wanted, ROLE_VIEWER);
		else
			assert_non_null(strstr(scene.turn.outcome.message, "somebody else changed it"));
		close_scene(&scene);
	}
}

/* Nothing else would ever take it out of the ledger. */
static void the_grant_goes_with_what_it_was_about(void **state)
{
	struct error err = {0};
	struct scene scene;

	(void)state;
	open_scene(&scene, &operation_org_role_revoke, NULL);
	keep(&scene, ROLE_VIEWER, ROLE_EDITOR, "grant", ROLE_EDITOR, SOON_MS);
	scene.turn.outcome.target = (struct outcome_target){0};
	scene.request.org.id = 3;
	scene.request.grant = (struct request_grant){
		.id = mem_strdup("grant"), .source = mem_strdup("/portal"), .user_id = 7};
	assert_int_equal(bound_end_gone(&scene.turn, "the org", &err), TURN_ENDED);
	assert_string_equal(scene.subject, "main:org:3:0:7");
	assert_true(scene.turn.grants_changed);
	assert_int_equal(scene.turn.grants.count, 0);
	assert_int_equal(scene.turn.outcome.result, RESULT_ALREADY_SO);
	close_scene(&scene);
}

/* A grant that is not known is over, unless it is older than the ledger that does not know
 * it: then nobody can say before that has been restored. */
static void an_end_of_before_the_ledger_was_emptied_waits(void **state)
{
	static const struct {
		int64_t at_ms;
		int rc;
	} rows[] = {{999, TURN_FAILED}, {1000, TURN_ENDED}, {0, TURN_ENDED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct error err = {0};
		struct scene scene;
		int wanted = -1;

		open_scene(&scene, &operation_org_role_revoke, NULL);
		scene.epoch_ms = 1000;
		scene.request.grant = (struct request_grant){.id = mem_strdup("grant"),
							     .source = mem_strdup("/portal"),
							     .at_ms = rows[i].at_ms};
		hold_now(&scene.turn.outcome.before, ROLE_EDITOR);
		hold_now(&scene.turn.outcome.after, ROLE_EDITOR);
		assert_int_equal(bound_take(&scene.turn, &err), TURN_GO_ON);
		if (bound_end(&scene.turn, &wanted, &err) != rows[i].rc)
			fail_msg("row %zu", i);
		if (rows[i].rc == TURN_FAILED)
			assert_int_equal(err.kind, ERROR_RETRY);
		assert_false(scene.turn.grants_changed);
		close_scene(&scene);
	}
}

/* It may have been given, so that its end must be known. */
static void what_was_begun_is_not_too_late(void **state)
{
	static const struct {
		const char *step;
		int64_t expires_ms;
		int rc;
	} rows[] = {
		{NULL, NOW_MS + 1, TURN_GO_ON},
		{NULL, NOW_MS, TURN_ENDED},
		{"role", NOW_MS - 1000, TURN_GO_ON},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct scene scene;

		open_scene(&scene, &operation_org_role_grant, rows[i].step);
		scene.request.expires_ms = rows[i].expires_ms;
		assert_int_equal(bound_check(&scene.turn), rows[i].rc);
		if (rows[i].rc == TURN_ENDED)
			assert_int_equal(scene.turn.outcome.reason, REASON_GRANT_OVER);
		close_scene(&scene);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_begun_and_given_up_ends_whoever_was_named_how),
		cmocka_unit_test(what_may_have_been_given_is_not_refused),
		cmocka_unit_test(what_may_have_been_given_waits_for_the_ledger),
		cmocka_unit_test(it_is_taken_before_reading_and_kept_from_then_on),
		cmocka_unit_test(what_is_for_good_takes_it_late),
		cmocka_unit_test(who_began_unheld_joins_those_who_came_first),
		cmocka_unit_test(who_held_it_all_along_notices_a_change_by_hand),
		cmocka_unit_test(the_grant_goes_with_what_it_was_about),
		cmocka_unit_test(an_end_that_goes_on_leaves_alone_what_others_made_meanwhile),
		cmocka_unit_test(an_end_of_before_the_ledger_was_emptied_waits),
		cmocka_unit_test(what_was_begun_is_not_too_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
