/* SPDX-License-Identifier: Apache-2.0 */
/*
 * offset_map.c - a bitmap of settled offsets from the frontier on.
 *
 * Bit 0 stands for the frontier itself, which is never settled unless it is one
 * past the last record read. The window is what fits into the commit's metadata,
 * so a map, however crafted, can never make a record look settled that lies
 * further ahead. The text is "g1:" and base64 of the bits above the frontier, with
 * trailing zero bytes cut.
 *
 * Limit: a frontier that stands still for the length of the window holds up its
 * partition, not the others.
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
	FIRST_BYTES = 64,
};

struct offset_map {
	int64_t frontier; /* lowest unsettled; -1 = nothing known */
	int64_t next;	  /* one past the highest offset read */
	uint8_t *bits;	  /* bit i: frontier + 1 + i is settled */
	size_t bytes;
	int64_t settled_above; /* how many of them are set */
};

struct offset_map *offset_map_new(void)
{
	struct offset_map *map = mem_zalloc(sizeof(*map));

	map->frontier = -1;
	return map;
}

void offset_map_free(struct offset_map *map)
{
	if (map == NULL)
		return;
	free(map->bits);
	free(map);
}

/* ---- bits ---- */

static bool get_bit(const struct offset_map *map, int64_t index)
{
	size_t byte = (size_t)index / 8;

	return byte < map->bytes && (map->bits[byte] >> (index % 8) & 1) != 0;
}

static void set_bit(struct offset_map *map, int64_t index)
{
	size_t byte = (size_t)index / 8, bytes = map->bytes == 0 ? FIRST_BYTES : map->bytes;

	while (bytes <= byte)
		bytes *= 2;
	if (bytes != map->bytes) {
		map->bits = mem_grow_array(map->bits, bytes, 1);
		memset(map->bits + map->bytes, 0, bytes - map->bytes);
		map->bytes = bytes;
	}
	if (get_bit(map, index))
		return;
	map->bits[byte] = (uint8_t)(map->bits[byte] | 1u << (index % 8));
	map->settled_above++;
}

/* Forget the first 'count' bits. */
static void shift_bits(struct offset_map *map, int64_t count)
{
	size_t whole = (size_t)count / 8;
	unsigned part = (unsigned)(count % 8);

	if (whole >= map->bytes) {
		memset(map->bits, 0, map->bytes);
		return;
	}
	memmove(map->bits, map->bits + whole, map->bytes - whole);
	memset(map->bits + map->bytes - whole, 0, whole);
	for (size_t i = 0; part > 0 && i < map->bytes; i++) {
		unsigned above = i + 1 < map->bytes ? map->bits[i + 1] : 0;

		map->bits[i] = (uint8_t)(map->bits[i] >> part | above << (8 - part));
	}
}

/* The frontier is settled: it moves on to the next offset that is not. */
static void advance(struct offset_map *map)
{
	int64_t settled = 0;

	while (get_bit(map, settled))
		settled++;
	map->frontier += settled + 1;
	map->settled_above -= settled;
	if (map->bytes > 0)
		shift_bits(map, settled + 1);
}

static void mark(struct offset_map *map, int64_t offset)
{
	if (offset == map->frontier)
		advance(map);
	else
		set_bit(map, offset - map->frontier - 1);
}

/* ---- what is read and settled ---- */

bool offset_map_covers(const struct offset_map *map, int64_t offset)
{
	return offset < map->frontier || (offset > map->frontier && map->frontier >= 0 &&
					  get_bit(map, offset - map->frontier - 1));
}

/* Offsets that were left out have no record: settled, as far as the window goes.
 * Beyond it nothing can be told, and nothing needs to be: they are read again. */
static void settle_gap(struct offset_map *map, int64_t from, int64_t to)
{
	for (int64_t offset = from; offset < to; offset++) {
		if (offset == map->frontier && map->settled_above == 0) {
			map->frontier = to;
			return;
		}
		if (offset - map->frontier > WINDOW)
			return;
		if (!offset_map_covers(map, offset))
			mark(map, offset);
	}
}

/* A record from below what was committed: the log begins anew (its topic was
 * deleted and made again), and what was known of it means nothing now. */
static void restart(struct offset_map *map, int64_t offset)
{
	map->frontier = map->next = offset;
	map->settled_above = 0;
	if (map->bytes > 0)
		memset(map->bits, 0, map->bytes);
}

bool offset_map_add(struct offset_map *map, int64_t offset)
{
	if (map->frontier < 0 || offset < (map->next < map->frontier ? map->next : map->frontier))
		restart(map, offset);
	if (offset < map->next)
		return false;
	settle_gap(map, map->next, offset);
	map->next = offset + 1;
	return !offset_map_covers(map, offset);
}

void offset_map_settle(struct offset_map *map, int64_t offset)
{
	/* Not below 'next' only if the log began anew since it was read. */
	if (offset < map->next && !offset_map_covers(map, offset))
		mark(map, offset);
}

int64_t offset_map_frontier(const struct offset_map *map)
{
	return map->frontier;
}

size_t offset_map_pending(const struct offset_map *map)
{
	int64_t pending = 0;

	for (int64_t offset = map->frontier; offset >= 0 && offset < map->next; offset++)
		pending += !offset_map_covers(map, offset);
	return (size_t)pending;
}

bool offset_map_has_room(const struct offset_map *map, int64_t offset)
{
	return map->frontier < 0 || offset - map->frontier <= WINDOW;
}

/* ---- text ---- */

void offset_map_encode(const struct offset_map *map, char out[LIMIT_COMMIT_METADATA_BYTES + 1])
{
	size_t bytes = map->bytes < BITMAP_BYTES ? map->bytes : BITMAP_BYTES;

	out[0] = '\0';
	while (bytes > 0 && map->bits[bytes - 1] == 0)
		bytes--;
	if (bytes == 0)
		return;
	memcpy(out, VERSION, VERSION_BYTES);
	text_base64(map->bits, bytes, out + VERSION_BYTES);
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
	for (int64_t i = 0; i < bytes * 8; i++)
		if ((bits[i / 8] >> (i % 8) & 1) != 0)
			set_bit(map, i);
	return 0;
}

int offset_map_load(struct offset_map *map, int64_t frontier, const char *metadata,
		    size_t length)
{
	assert(map->frontier < 0 && frontier >= 0);
	map->frontier = map->next = frontier;
	if (length == 0)
		return 0;
	if (length <= VERSION_BYTES || length > LIMIT_COMMIT_METADATA_BYTES ||
	    memcmp(metadata, VERSION, VERSION_BYTES) != 0)
		return -1;
	return load_bits(map, metadata + VERSION_BYTES, length - VERSION_BYTES);
}
