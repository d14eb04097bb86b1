/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offset_map.c - which records of one partition are not settled yet.
 *
 * Called by assignment.c, which holds the lock. Kept are the offsets that were read
 * and are not settled, in rising order; all else below the last one read is settled,
 * however far apart the records lie. A record settled out of turn stays in its place,
 * complemented, until it comes to the front. What was read back from a commit stays
 * the bitmap it came as, until reading has passed it.
 *
 * The text is "g1:" and base64 of a bitmap, bit 0 for the first offset above the
 * frontier, with trailing zero bytes cut. Its length bounds the window: a map, however
 * crafted, can never make a record look settled that lies further ahead.
 *
 * Limit: a frontier that stands still for the length of the window holds up its
 * partition, not the others. What is settled beyond the window is not told, and is
 * read again by the next owner.
 */
#include "worker/offset_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char VERSION[] = "g1:";

enum {
	VERSION_BYTES = sizeof(VERSION) - 1,
	BITMAP_BYTES = (LIMIT_COMMIT_METADATA_BYTES - VERSION_BYTES) / 4 * 3,
	WINDOW = BITMAP_BYTES * 8, /* offsets above the frontier */
	FIRST_CAPACITY = 64,
	KEPT_CAPACITY = 1024, /* an empty map gives back more than that */
};

/* So that no sum of an offset and the window overflows. */
static const int64_t HIGHEST = INT64_MAX - 2 * WINDOW;

struct offset_map {
	int64_t next;	  /* one past the highest offset read; -1 = nothing known */
	int64_t clear_to; /* from 'next' to here all was read back as settled */

	int64_t *offsets; /* rising; ~offset when settled; the first never is */
	size_t first, length, capacity;
	size_t pending;

	uint8_t *loaded; /* bit i: loaded_from + i is settled */
	size_t loaded_bytes;
	int64_t loaded_from;
};

struct offset_map *offset_map_new(void)
{
	struct offset_map *map = mem_zalloc(sizeof(*map));

	map->next = map->clear_to = -1;
	return map;
}

void offset_map_free(struct offset_map *map)
{
	if (map == NULL)
		return;
	free(map->offsets);
	free(map->loaded);
	free(map);
}

/* ---- what was read back ---- */

static bool is_loaded(const struct offset_map *map, int64_t offset)
{
	int64_t index = offset - map->loaded_from;

	if (map->loaded == NULL || index < 0 || index / 8 >= (int64_t)map->loaded_bytes)
		return false;
	return (map->loaded[index / 8] >> (index % 8) & 1) != 0;
}

static void unload(struct offset_map *map)
{
	free(map->loaded);
	map->loaded = NULL;
	map->loaded_bytes = 0;
}

/* ---- what was read and is not settled ---- */

static int64_t offset_at(const struct offset_map *map, size_t index)
{
	int64_t stored = map->offsets[map->first + index];

	return stored < 0 ? ~stored : stored;
}

static bool is_settled_at(const struct offset_map *map, size_t index)
{
	return map->offsets[map->first + index] < 0;
}

/* False: the offset was left out, or lies outside of what is kept. */
static bool find(const struct offset_map *map, int64_t offset, size_t *index)
{
	size_t low = 0, high = map->length;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (offset_at(map, middle) < offset)
			low = middle + 1;
		else
			high = middle;
	}
	*index = low;
	return low < map->length && offset_at(map, low) == offset;
}

static void make_place(struct offset_map *map)
{
	if (map->first + map->length < map->capacity)
		return;
	if (map->first >= map->capacity / 2 && map->first > 0) {
		memmove(map->offsets, map->offsets + map->first,
			map->length * sizeof(*map->offsets));
		map->first = 0;
		return;
	}
	map->capacity = map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2;
	map->offsets = mem_grow_array(map->offsets, map->capacity, sizeof(*map->offsets));
}

static void append(struct offset_map *map, int64_t offset)
{
	make_place(map);
	map->offsets[map->first + map->length++] = offset;
	map->pending++;
}

static void drop_settled_front(struct offset_map *map)
{
	while (map->length > 0 && is_settled_at(map, 0)) {
		map->first++;
		map->length--;
	}
	if (map->length > 0)
		return;
	map->first = 0;
	if (map->capacity > KEPT_CAPACITY) {
		free(map->offsets);
		map->offsets = NULL;
		map->capacity = 0;
	}
}

/* ---- reading and settling ---- */

/* Nothing was read yet; or a record from below what was committed: the log begins
 * anew (its topic was deleted and made again), and what was known of it means
 * nothing now. */
static void restart(struct offset_map *map, int64_t offset)
{
	map->next = map->clear_to = offset;
	map->first = map->length = map->pending = 0;
	unload(map);
}

static void move_next(struct offset_map *map, int64_t next)
{
	map->next = next;
	if (map->clear_to < next)
		map->clear_to = next;
	while (is_loaded(map, map->clear_to))
		map->clear_to++;
	if (map->loaded != NULL && next - map->loaded_from >= (int64_t)map->loaded_bytes * 8)
		unload(map);
}

bool offset_map_add(struct offset_map *map, int64_t offset)
{
	int64_t lowest = map->length > 0 ? offset_at(map, 0) : map->next;
	bool settled;

	assert(offset >= 0 && offset <= HIGHEST);
	if (map->next < 0 || offset < lowest)
		restart(map, offset);
	if (offset < map->next)
		return false;
	settled = is_loaded(map, offset);
	if (!settled)
		append(map, offset);
	move_next(map, offset + 1);
	return !settled;
}

void offset_map_settle(struct offset_map *map, int64_t offset)
{
	size_t index;

	/* Not there only if the log began anew since it was read. */
	if (!find(map, offset, &index) || is_settled_at(map, index))
		return;
	map->offsets[map->first + index] = ~offset;
	map->pending--;
	if (index == 0)
		drop_settled_front(map);
}

int64_t offset_map_frontier(const struct offset_map *map)
{
	return map->length > 0 ? offset_at(map, 0) : map->clear_to;
}

bool offset_map_covers(const struct offset_map *map, int64_t offset)
{
	size_t index;

	if (offset < offset_map_frontier(map))
		return true;
	if (map->next < 0 || offset >= map->next)
		return is_loaded(map, offset);
	return !find(map, offset, &index) || is_settled_at(map, index);
}

size_t offset_map_pending(const struct offset_map *map)
{
	return map->pending;
}

bool offset_map_has_room(const struct offset_map *map, int64_t offset)
{
	return map->next < 0 || offset - offset_map_frontier(map) <= WINDOW;
}

/* ---- text ---- */

static void set_first_bits(uint8_t *bits, int64_t count)
{
	memset(bits, 0xff, (size_t)(count / 8));
	if (count % 8 != 0)
		bits[count / 8] = (uint8_t)((1u << (count % 8)) - 1);
}

/* Bit 0 is the offset above the frontier. All that was read is settled, but for
 * the records that are kept as not so; after that comes what was read back. */
static void draw(const struct offset_map *map, uint8_t bits[BITMAP_BYTES])
{
	int64_t from = offset_map_frontier(map) + 1;
	int64_t known = map->next - from < WINDOW ? map->next - from : WINDOW;
	int64_t loaded_bits = map->loaded_from + (int64_t)map->loaded_bytes * 8 - from;

	memset(bits, 0, BITMAP_BYTES);
	if (known > 0)
		set_first_bits(bits, known);
	for (size_t i = 1; i < map->length && offset_at(map, i) - from < WINDOW; i++)
		if (!is_settled_at(map, i)) {
			int64_t bit = offset_at(map, i) - from;

			bits[bit / 8] = (uint8_t)(bits[bit / 8] & ~(1u << (bit % 8)));
		}
	for (int64_t bit = known > 0 ? known : 0;
	     map->loaded != NULL && bit < loaded_bits && bit < WINDOW; bit++)
		if (is_loaded(map, from + bit))
			bits[bit / 8] = (uint8_t)(bits[bit / 8] | 1u << (bit % 8));
}

void offset_map_encode(const struct offset_map *map, char out[LIMIT_COMMIT_METADATA_BYTES + 1])
{
	uint8_t bits[BITMAP_BYTES];
	size_t bytes = sizeof(bits);

	out[0] = '\0';
	if (map->next < 0)
		return;
	draw(map, bits);
	while (bytes > 0 && bits[bytes - 1] == 0)
		bytes--;
	if (bytes == 0)
		return;
	memcpy(out, VERSION, VERSION_BYTES);
	text_base64(bits, bytes, out + VERSION_BYTES);
}

static int load_bits(struct offset_map *map, const char *text, size_t length)
{
	uint8_t bits[BITMAP_BYTES];
	char again[LIMIT_COMMIT_METADATA_BYTES + 1];
	long bytes = text_unbase64(text, length, bits, sizeof(bits));

	if (bytes <= 0 || bits[bytes - 1] == 0)
		return -1;
	/* Only what this very code would have written. */
	text_base64(bits, (size_t)bytes, again);
	if (strlen(again) != length || memcmp(again, text, length) != 0)
		return -1;
	map->loaded = mem_alloc((size_t)bytes);
	map->loaded_bytes = (size_t)bytes;
	map->loaded_from = map->next + 1;
	memcpy(map->loaded, bits, (size_t)bytes);
	return 0;
}

int offset_map_load(struct offset_map *map, int64_t frontier, const char *metadata,
		    size_t length)
{
	assert(map->next < 0 && frontier >= 0);
	if (frontier > HIGHEST) /* no log gets there: somebody made it up */
		return -1;
	map->next = map->clear_to = frontier;
	if (length == 0)
		return 0;
	if (length <= VERSION_BYTES || length > LIMIT_COMMIT_METADATA_BYTES ||
	    memcmp(metadata, VERSION, VERSION_BYTES) != 0)
		return -1;
	return load_bits(map, metadata + VERSION_BYTES, length - VERSION_BYTES);
}
