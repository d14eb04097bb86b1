/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "prng.h"
#include "worker/offset_map.h"

/* (4096 - 3) / 4 * 3 * 8: what three letters and base64 leave of the metadata. */
enum { WINDOW = 24552 };

static void expect_text(const struct offset_map *map, const char *expected)
{
	char text[LIMIT_COMMIT_METADATA_BYTES + 1];

	offset_map_encode(map, text);
	assert_string_equal(text, expected);
}

static void read_records(struct offset_map *map, int64_t from, int64_t to)
{
	for (int64_t offset = from; offset < to; offset++)
		assert_true(offset_map_add(map, offset));
}

static struct offset_map *loaded(int64_t frontier, const char *text)
{
	struct offset_map *map = offset_map_new();

	assert_int_equal(offset_map_load(map, frontier, text, strlen(text)), 0);
	return map;
}

/* ---- by hand ---- */

static void knows_nothing_at_first(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	assert_int_equal(offset_map_frontier(map), -1);
	assert_int_equal(offset_map_pending(map), 0);
	assert_false(offset_map_covers(map, 0));
	assert_true(offset_map_has_room(map, INT64_MAX));
	expect_text(map, "");
	offset_map_free(map);
	offset_map_free(NULL);
}

static void frontier_is_the_lowest_not_settled(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	read_records(map, 100, 105);
	assert_int_equal(offset_map_frontier(map), 100);
	offset_map_settle(map, 102);
	offset_map_settle(map, 101);
	assert_int_equal(offset_map_frontier(map), 100);
	assert_int_equal(offset_map_pending(map), 3);
	assert_false(offset_map_covers(map, 100));
	assert_true(offset_map_covers(map, 101));
	assert_true(offset_map_covers(map, 99));
	assert_false(offset_map_covers(map, 105)); /* not read yet */
	expect_text(map, "g1:Aw=="); /* 101 and 102: bits 0 and 1 */
	offset_map_settle(map, 100);
	assert_int_equal(offset_map_frontier(map), 103);
	expect_text(map, "");
	offset_map_settle(map, 104);
	expect_text(map, "g1:AQ==");
	offset_map_settle(map, 103);
	assert_int_equal(offset_map_frontier(map), 105); /* one past the last one read */
	assert_int_equal(offset_map_pending(map), 0);
	expect_text(map, "");
	offset_map_free(map);
}

static void settling_twice_or_the_unknown_changes_nothing(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	read_records(map, 10, 13);
	offset_map_settle(map, 11);
	offset_map_settle(map, 11);
	offset_map_settle(map, 13);
	offset_map_settle(map, 9);
	offset_map_settle(map, INT64_MAX);
	assert_int_equal(offset_map_frontier(map), 10);
	assert_int_equal(offset_map_pending(map), 2);
	expect_text(map, "g1:AQ==");
	offset_map_free(map);
}

static void what_was_left_out_counts_as_settled(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	assert_true(offset_map_add(map, 5));
	assert_true(offset_map_add(map, 14));
	assert_int_equal(offset_map_pending(map), 2);
	assert_true(offset_map_covers(map, 6));
	assert_true(offset_map_covers(map, 13));
	expect_text(map, "g1:/w=="); /* 6 to 13: bits 0 to 7 */
	offset_map_settle(map, 5);
	assert_int_equal(offset_map_frontier(map), 14);
	offset_map_free(map);
}

/* However far the next record lies away: no stall, no memory, no time. */
static void a_gap_wider_than_the_window_holds_up_nothing(void **state)
{
	static const int64_t far_away[] = {WINDOW + 1, 100000, INT64_C(1) << 60};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(far_away); i++) {
		struct offset_map *map = offset_map_new();

		read_records(map, 0, 2);
		assert_true(offset_map_add(map, far_away[i]));
		offset_map_settle(map, far_away[i]);
		assert_int_equal(offset_map_pending(map), 2);
		assert_int_equal(offset_map_frontier(map), 0);
		offset_map_settle(map, 1);
		offset_map_settle(map, 0);
		assert_int_equal(offset_map_pending(map), 0);
		assert_int_equal(offset_map_frontier(map), far_away[i] + 1);
		offset_map_free(map);
	}
}

static void has_room_for_what_the_metadata_can_tell(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	assert_true(offset_map_add(map, 1000));
	assert_true(offset_map_has_room(map, 1000 + WINDOW));
	assert_false(offset_map_has_room(map, 1000 + WINDOW + 1));
	offset_map_settle(map, 1000);
	assert_true(offset_map_has_room(map, 1000 + WINDOW + 1));
	offset_map_free(map);
}

static void a_full_window_is_told_whole(void **state)
{
	struct offset_map *map = offset_map_new(), *next;
	char text[LIMIT_COMMIT_METADATA_BYTES + 1];

	(void)state;
	read_records(map, 0, WINDOW + 3);
	for (int64_t offset = 1; offset < WINDOW + 3; offset++)
		offset_map_settle(map, offset);
	offset_map_encode(map, text);
	assert_int_equal(strlen(text), 3 + 4092);
	next = loaded(0, text);
	assert_false(offset_map_covers(next, 0));
	assert_true(offset_map_covers(next, 1));
	assert_true(offset_map_covers(next, WINDOW));
	assert_false(offset_map_covers(next, WINDOW + 1)); /* beyond: read again */
	offset_map_free(next);
	offset_map_free(map);
}

static void skips_what_was_read_back_as_settled(void **state)
{
	struct offset_map *map = loaded(50, "g1:BQ=="); /* 51 and 53 */

	(void)state;
	assert_int_equal(offset_map_frontier(map), 50);
	assert_int_equal(offset_map_pending(map), 0);
	expect_text(map, "g1:BQ=="); /* kept, though nothing is read again yet */
	assert_true(offset_map_add(map, 50));
	assert_false(offset_map_add(map, 51));
	assert_true(offset_map_add(map, 52));
	assert_false(offset_map_add(map, 53));
	assert_true(offset_map_add(map, 54));
	assert_int_equal(offset_map_pending(map), 3);
	expect_text(map, "g1:BQ==");
	offset_map_settle(map, 50);
	assert_int_equal(offset_map_frontier(map), 52);
	expect_text(map, "g1:AQ==");
	offset_map_free(map);
}

static void frontier_passes_over_what_was_read_back(void **state)
{
	struct offset_map *map = loaded(50, "g1:Aw=="); /* 51 and 52 */

	(void)state;
	assert_true(offset_map_add(map, 50));
	offset_map_settle(map, 50);
	assert_int_equal(offset_map_frontier(map), 53);
	expect_text(map, "");
	assert_false(offset_map_add(map, 51));
	assert_false(offset_map_add(map, 52));
	assert_true(offset_map_add(map, 53));
	assert_int_equal(offset_map_frontier(map), 53);
	offset_map_free(map);
}

static void a_record_gone_from_the_log_does_not_hold_it_up(void **state)
{
	struct offset_map *map = loaded(50, "g1:BQ=="); /* 51 and 53 */

	(void)state;
	assert_true(offset_map_add(map, 60)); /* 50, 52, 54 were compacted away */
	assert_int_equal(offset_map_frontier(map), 60);
	assert_int_equal(offset_map_pending(map), 1);
	offset_map_free(map);
}

static void a_record_read_before_is_skipped(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	read_records(map, 10, 15);
	offset_map_settle(map, 12);
	assert_false(offset_map_add(map, 12));
	assert_false(offset_map_add(map, 13));
	assert_false(offset_map_add(map, 14));
	assert_int_equal(offset_map_pending(map), 4);
	offset_map_free(map);
}

static void begins_anew_when_the_log_does(void **state)
{
	struct offset_map *map = loaded(500, "g1:BQ==");

	(void)state;
	assert_true(offset_map_add(map, 500));
	assert_true(offset_map_add(map, 3));
	assert_int_equal(offset_map_frontier(map), 3);
	assert_int_equal(offset_map_pending(map), 1);
	assert_false(offset_map_covers(map, 501));
	expect_text(map, "");
	offset_map_settle(map, 500); /* of the log that was */
	assert_int_equal(offset_map_pending(map), 1);
	assert_true(offset_map_add(map, 4));
	offset_map_free(map);
}

/* ---- metadata that is not ours ---- */

static const char *const foreign[] = {
	"g", "g1", "g1:", "g2:AQ==", "G1:AQ==", " g1:AQ==", "g1:AQ== ", "g1:AQ", "g1:AQ=", "g1:====",
	"g1:AQ==AQ==", "g1:A===", "g1:!!!!", "g1:AR==", /* bits that base64 does not use */
	"g1:AA==", "g1:AQAA", /* trailing zero bytes */
	"g1:-_==", "leader-epoch=7", "{\"v\":1}", "\xff\xfe", "g1:AQ\n=",
};

static void only_the_frontier_is_left(const char *text, size_t length)
{
	struct offset_map *map = offset_map_new();

	assert_int_equal(offset_map_load(map, 50, text, length), -1);
	assert_int_equal(offset_map_frontier(map), 50);
	assert_int_equal(offset_map_pending(map), 0);
	assert_true(offset_map_covers(map, 49));
	for (int64_t offset = 50; offset < 50 + WINDOW + 10; offset++)
		assert_false(offset_map_covers(map, offset));
	assert_true(offset_map_add(map, 50));
	assert_true(offset_map_add(map, 51));
	expect_text(map, "");
	offset_map_free(map);
}

static void refuses_foreign_metadata_and_keeps_the_frontier(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(foreign); i++)
		only_the_frontier_is_left(foreign[i], strlen(foreign[i]));
	only_the_frontier_is_left("g1:AQ==\0", 8);
	only_the_frontier_is_left("\0\0\0\0\0\0\0", 7);
}

static void refuses_more_than_the_window(void **state)
{
	enum { LONGER = 3 + 4096 };
	char text[LONGER + 1];

	(void)state;
	memset(text, '/', sizeof(text)); /* all ones */
	memcpy(text, "g1:", 3);
	only_the_frontier_is_left(text, LONGER);
	only_the_frontier_is_left(text, LIMIT_COMMIT_METADATA_BYTES);
}

static void no_crafted_map_reaches_beyond_the_window(void **state)
{
	enum { LENGTH = 3 + 4092 };
	struct offset_map *map = offset_map_new();
	char text[LENGTH];

	(void)state;
	memset(text, '/', sizeof(text));
	memcpy(text, "g1:", 3);
	assert_int_equal(offset_map_load(map, 50, text, sizeof(text)), 0);
	assert_false(offset_map_covers(map, 50));
	assert_true(offset_map_covers(map, 50 + WINDOW));
	assert_false(offset_map_covers(map, 50 + WINDOW + 1));
	assert_false(offset_map_covers(map, INT64_MAX));
	assert_true(offset_map_add(map, 50));
	assert_true(offset_map_add(map, 50 + WINDOW + 1));
	offset_map_free(map);
}

static void refuses_a_frontier_no_log_reaches(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	assert_int_equal(offset_map_load(map, INT64_MAX, "g1:AQ==", 7), -1);
	assert_int_equal(offset_map_frontier(map), -1);
	assert_true(offset_map_add(map, 5));
	assert_int_equal(offset_map_frontier(map), 5);
	offset_map_free(map);
}

static void no_metadata_is_no_fault(void **state)
{
	struct offset_map *map = offset_map_new();

	(void)state;
	assert_int_equal(offset_map_load(map, 50, NULL, 0), 0);
	assert_int_equal(offset_map_frontier(map), 50);
	offset_map_free(map);
}

/* ---- against a plain log ----
 *
 * A log in which offsets may be missing, and a worker that reads it, settles in
 * any order, commits, dies, and is followed by another that has only the commit. */

enum { LOG_LENGTH = 120000 };

struct world {
	struct prng prng;
	bool exists[LOG_LENGTH], done[LOG_LENGTH], handed[LOG_LENGTH];
	bool known[LOG_LENGTH]; /* done, and the present worker must know it */
	int64_t read_to;   /* by the present worker */
	int64_t lowest;	   /* no record below is not done */
	int64_t pending[LOG_LENGTH];
	size_t pending_count;
	struct offset_map *map;
	int64_t committed;
	char metadata[LIMIT_COMMIT_METADATA_BYTES + 1];
	bool committed_known[WINDOW + 1]; /* from the committed offset on */
};

static void world_fill(struct world *world)
{
	for (int64_t offset = 0; offset < LOG_LENGTH;) {
		int64_t gap = prng_below(&world->prng, 20) > 0	   ? 0
			      : prng_below(&world->prng, 100) == 0 ? 30000
								   : prng_below(&world->prng, 30);

		for (offset += gap; offset < LOG_LENGTH && prng_below(&world->prng, 8) > 0; offset++)
			world->exists[offset] = true;
	}
}

static bool is_there(const struct world *world, int64_t offset)
{
	return offset < LOG_LENGTH && world->exists[offset];
}

/* Is a record settled for all that the map can know? */
static bool may_be_skipped(const struct world *world, int64_t offset)
{
	return !is_there(world, offset) || world->done[offset];
}

static void read_one(struct world *world)
{
	int64_t offset = world->read_to;
	bool fresh;

	while (offset < LOG_LENGTH && !world->exists[offset])
		offset++;
	/* As the consumer does: what comes next may lie further off than there is room. */
	if (offset == LOG_LENGTH || !offset_map_has_room(world->map, world->read_to))
		return;
	fresh = offset_map_add(world->map, offset);
	/* Never lost; done again only if the last commit could not tell. */
	assert_true(fresh || world->done[offset]);
	assert_true(!fresh || !world->known[offset]);
	world->read_to = offset + 1;
	if (!fresh)
		return;
	world->handed[offset] = true;
	world->pending[world->pending_count++] = offset;
}

static void settle_one(struct world *world)
{
	size_t index;
	int64_t offset;

	if (world->pending_count == 0)
		return;
	/* Mostly old ones, so that the frontier moves. */
	index = (size_t)prng_below(&world->prng, (int64_t)world->pending_count);
	if (prng_below(&world->prng, 3) > 0)
		index = index % 16;
	offset = world->pending[index];
	offset_map_settle(world->map, offset);
	memmove(&world->pending[index], &world->pending[index + 1],
		(--world->pending_count - index) * sizeof(world->pending[0]));
	world->handed[offset] = false;
	world->done[offset] = world->known[offset] = true;
}

static void commit(struct world *world)
{
	world->committed = offset_map_frontier(world->map);
	offset_map_encode(world->map, world->metadata);
	for (int64_t i = 0; i <= WINDOW; i++) {
		int64_t offset = world->committed + i;

		world->committed_known[i] = is_there(world, offset) && world->known[offset];
	}
}

static void die_and_follow(struct world *world)
{
	offset_map_free(world->map);
	world->map = offset_map_new();
	assert_int_equal(offset_map_load(world->map, world->committed, world->metadata,
					 strlen(world->metadata)),
			 0);
	for (size_t i = 0; i < world->pending_count; i++)
		world->handed[world->pending[i]] = false;
	world->pending_count = 0;
	world->read_to = world->committed;
	for (int64_t offset = world->committed; offset < LOG_LENGTH; offset++)
		world->known[offset] = offset - world->committed <= WINDOW &&
				       world->committed_known[offset - world->committed];
}

static void check(struct world *world)
{
	int64_t frontier = offset_map_frontier(world->map), probe;

	assert_int_equal(offset_map_pending(world->map), world->pending_count);
	for (; world->lowest < frontier; world->lowest++)
		assert_true(may_be_skipped(world, world->lowest));
	if (world->pending_count > 0)
		assert_int_equal(frontier, world->pending[0]);
	else
		assert_true(frontier >= world->read_to);
	for (int i = 0; i < 8; i++) {
		probe = frontier + prng_below(&world->prng, i < 4 ? 100 : WINDOW + 100);
		if (offset_map_covers(world->map, probe))
			assert_true(may_be_skipped(world, probe));
		else if (probe < world->read_to)
			assert_true(world->handed[probe]);
	}
}

static void live(struct world *world, int steps)
{
	for (int i = 0; i < steps; i++) {
		int64_t dice = prng_below(&world->prng, 1000);

		if (dice < 520)
			read_one(world);
		else if (dice < 985)
			settle_one(world);
		else if (dice < 999)
			commit(world);
		else
			die_and_follow(world);
		check(world);
	}
}

static void loses_nothing_whatever_comes(void **state)
{
#ifdef __SANITIZE_THREAD__
	enum { SEEDS = 1, STEPS = 500 }; /* one thread: nothing to find, and slow */
#else
	enum { SEEDS = 5, STEPS = 10000 };
#endif

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct world *world = calloc(1, sizeof(*world));

		assert_non_null(world);
		world->prng.state = seed;
		world_fill(world);
		world->map = loaded(0, "");
		live(world, STEPS);
		/* In the end everything is read and settled: the frontier stands behind it. */
		for (int64_t left = 2 * LOG_LENGTH; left > 0; left--) {
			read_one(world);
			settle_one(world);
		}
		check(world);
		assert_int_equal(world->pending_count, 0);
		for (int64_t offset = 0; offset < LOG_LENGTH; offset++)
			assert_true(may_be_skipped(world, offset));
		assert_int_equal(offset_map_frontier(world->map), world->read_to);
		offset_map_free(world->map);
		free(world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_nothing_at_first),
		cmocka_unit_test(frontier_is_the_lowest_not_settled),
		cmocka_unit_test(settling_twice_or_the_unknown_changes_nothing),
		cmocka_unit_test(what_was_left_out_counts_as_settled),
		cmocka_unit_test(a_gap_wider_than_the_window_holds_up_nothing),
		cmocka_unit_test(has_room_for_what_the_metadata_can_tell),
		cmocka_unit_test(a_full_window_is_told_whole),
		cmocka_unit_test(skips_what_was_read_back_as_settled),
		cmocka_unit_test(frontier_passes_over_what_was_read_back),
		cmocka_unit_test(a_record_gone_from_the_log_does_not_hold_it_up),
		cmocka_unit_test(a_record_read_before_is_skipped),
		cmocka_unit_test(begins_anew_when_the_log_does),
		cmocka_unit_test(refuses_foreign_metadata_and_keeps_the_frontier),
		cmocka_unit_test(refuses_more_than_the_window),
		cmocka_unit_test(no_crafted_map_reaches_beyond_the_window),
		cmocka_unit_test(refuses_a_frontier_no_log_reaches),
		cmocka_unit_test(no_metadata_is_no_fault),
		cmocka_unit_test(loses_nothing_whatever_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
