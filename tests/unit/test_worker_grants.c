/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_grants.c - the grants of one subject, by example and against a model that
 * keeps the whole history and looks at all of it each time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "prng.h"
#include "worker/grants.h"

static struct grant grant_of(const char *id, int level, int64_t expires_ms)
{
	struct grant grant = {.level = level, .expires_ms = expires_ms};

	grants_key("/portal", id, grant.key);
	return grant;
}

static void add(struct grants *grants, int now, const char *id, int level)
{
	const struct grant grant = grant_of(id, level, 1000);

	assert_true(grants_add(grants, now, &grant));
}

static bool end(struct grants *grants, const char *id)
{
	const struct grant grant = grant_of(id, 0, 0);

	return grants_end(grants, grant.key);
}

static void the_strongest_counts_and_then_what_was_before(void **state)
{
	struct grants grants = {0};

	(void)state;
	add(&grants, 2, "a", 3);
	add(&grants, 3, "b", 4);
	add(&grants, 4, "c", 3);
	assert_int_equal(grants_level(&grants), 4);
	assert_true(end(&grants, "b"));
	assert_int_equal(grants_level(&grants), 3);
	assert_true(end(&grants, "a"));
	assert_int_equal(grants_level(&grants), 3);
	assert_true(end(&grants, "c"));
	assert_int_equal(grants_level(&grants), 2);
	assert_false(end(&grants, "c"));
}

static void the_same_grant_counts_once(void **state)
{
	struct grants grants = {0};

	(void)state;
	add(&grants, 2, "a", 3);
	add(&grants, 3, "a", 3);
	assert_int_equal(grants.count, 1);
	assert_int_equal(grants.base, 2);
}

/* So long the ledger keeps what is left of them, whoever comes last. */
static void the_latest_end_is_kept(void **state)
{
	const struct grant list[] = {grant_of("a", 3, 2000), grant_of("b", 3, 3000),
				     grant_of("c", 3, 1000)};
	struct grants grants = {0};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_true(grants_add(&grants, 2, &list[i]));
	assert_int_equal(grants.until_ms, 3000);
	grants_end_all(&grants);
	assert_int_equal(grants.until_ms, 3000);
}

static void a_change_by_hand_ends_all(void **state)
{
	struct grants grants = {0};

	(void)state;
	add(&grants, 2, "a", 3);
	add(&grants, 3, "b", 4);
	assert_false(grants_observe(&grants, 4));
	assert_true(grants_observe(&grants, 0));
	assert_int_equal(grants.count, 0);
	assert_false(grants_observe(&grants, 0));
	add(&grants, 0, "c", 3);
	assert_int_equal(grants.base, 0);
}

static void there_are_only_so_many(void **state)
{
	struct grants grants = {0};
	struct grant grant;
	char id[16];

	(void)state;
	for (int i = 0; i < LIMIT_GRANTS; i++) {
		snprintf(id, sizeof(id), "%d", i);
		add(&grants, 1, id, 3);
	}
	grant = grant_of("more", 4, 1000);
	assert_false(grants_add(&grants, 3, &grant));
	grant = grant_of("0", 3, 1000);
	assert_true(grants_add(&grants, 3, &grant));
}

static void keys_tell_source_and_id_apart(void **state)
{
	char one[GRANT_KEY_CAPACITY], other[GRANT_KEY_CAPACITY];

	(void)state;
	grants_key("/a", "bc", one);
	grants_key("/ab", "c", other);
	assert_int_equal(strlen(one), GRANT_KEY_CAPACITY - 1);
	assert_string_not_equal(one, other);
}

static void text_that_is_not_ours_is_refused(void **state)
{
	static const char *const texts[] = {
		"", "v1", "v2 1 1 0", "v1 1 1", "v1 1 1 x", "v1 -1 1 0", "v1 1 1000 0",
		"v1 1 1 0 abc", "v1 1 1 0 abc 3", "v1 1 1 0 abc 3 -5", "v1  1 1 0", "v1 1 1 0 a 3 5 ", "v1 1 1\t0", "v1 1 1 0 \xff 3 5",
		"v1 1 1 0 123456789012345678901234567890123 3 5",
	};
	struct grants grants;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		bool understood = grants_read(&grants, (struct slice){texts[i], strlen(texts[i])});

		/* A space at the end says that nothing follows. */
		if (understood != (i == 11))
			fail_msg("'%s' was %s", texts[i], understood ? "understood" : "refused");
	}
}

/* ---- against a model ---- */

enum { GRANTS_MOST = 12, STEPS = 60, HISTORIES = 3000 };

/* Every grant there ever was, and since when nothing before counts. */
struct model {
	int held;
	struct {
		int level, held_before;
		bool over;
	} list[STEPS];
	int count;
};

static int first_alive(const struct model *model)
{
	int i = 0;

	while (i < model->count && model->list[i].over)
		i++;
	return i;
}

static int strongest(const struct model *model)
{
	int level = 0;

	for (int i = 0; i < model->count; i++)
		if (!model->list[i].over && model->list[i].level > level)
			level = model->list[i].level;
	return level;
}

static void end_all(struct model *model)
{
	for (int i = 0; i < model->count; i++)
		model->list[i].over = true;
}

/* Was this the first of those that overlap? Then what was before it is the base of all. */
static int base_of(const struct model *model, int index)
{
	return model->list[index].held_before;
}

static struct grants through_text(const struct grants *grants)
{
	struct grants copy;
	struct buffer text;

	buffer_init(&text, 64 * 1024);
	grants_write(grants, &text);
	if (!grants_read(&copy, (struct slice){text.bytes, text.length}))
		fail_msg("not read back: %s", text.bytes);
	assert_int_equal(copy.count, grants->count);
	buffer_clear(&text);
	return copy;
}

static void name_grant(int index, char out[16])
{
	snprintf(out, 16, "g%d", index);
}

static void give(struct model *model, struct grants *grants, int level)
{
	int before = model->held, first;
	char id[16];

	if (grants_observe(grants, model->held))
		end_all(model);
	first = first_alive(model);
	if (first < model->count)
		before = base_of(model, first);
	model->list[model->count].level = level;
	model->list[model->count].held_before = before;
	model->list[model->count].over = false;
	name_grant(model->count++, id);
	add(grants, model->held, id, level);
	model->held = strongest(model);
	assert_int_equal(grants_level(grants), model->held);
	assert_int_equal(grants->base, before);
}

static void take_back(struct model *model, struct grants *grants, int index)
{
	bool was_alive = !model->list[index].over, is_ours;
	int base = base_of(model, index);
	char id[16];

	name_grant(index, id);
	assert_int_equal(grants_find(grants, grant_of(id, 0, 0).key) != NULL, was_alive);
	if (!was_alive)
		return;
	is_ours = !grants_observe(grants, model->held);
	assert_int_equal(is_ours, model->held == strongest(model));
	if (!is_ours) {
		end_all(model);
		return;
	}
	model->list[index].over = true;
	assert_true(end(grants, id));
	model->held = first_alive(model) < model->count ? strongest(model) : base;
	assert_int_equal(grants_level(grants), model->held);
	grants->given = grants_level(grants);
}

static void histories_end_as_the_model_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
		struct prng prng = {seed};
		struct model model = {.held = (int)prng_below(&prng, 5)};
		struct grants grants = {0};

		for (int i = 0; i < STEPS && model.count < GRANTS_MOST; i++) {
			int64_t what = prng_below(&prng, 10);

			if (what < 5 || model.count == 0)
				give(&model, &grants, 1 + (int)prng_below(&prng, 4));
			else if (what < 8)
				take_back(&model, &grants,
					  (int)prng_below(&prng, model.count));
			else if (what == 8) /* by hand, perhaps to the same */
				model.held = (int)prng_below(&prng, 5);
			else { /* for good, or taken away */
				grants_end_all(&grants);
				end_all(&model);
				model.held = (int)prng_below(&prng, 5);
			}
			grants = through_text(&grants);
		}
		for (int i = 0; i < model.count; i++)
			take_back(&model, &grants, i);
		assert_int_equal(grants.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_strongest_counts_and_then_what_was_before),
		cmocka_unit_test(the_same_grant_counts_once),
		cmocka_unit_test(the_latest_end_is_kept),
		cmocka_unit_test(a_change_by_hand_ends_all),
		cmocka_unit_test(there_are_only_so_many),
		cmocka_unit_test(keys_tell_source_and_id_apart),
		cmocka_unit_test(text_that_is_not_ours_is_refused),
		cmocka_unit_test(histories_end_as_the_model_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
