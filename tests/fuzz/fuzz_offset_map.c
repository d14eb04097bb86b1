/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_offset_map.c - any metadata, then any reading and settling.
 *
 * The input is metadata up to the first NUL, then pairs of bytes: what to do and how
 * far. Whatever was loaded, a record that was handed out and is not settled is never
 * covered, nothing lies covered beyond the window, and what is written is read back
 * as the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "worker/offset_map.h"

enum { WINDOW = 24552, FRONTIER = 1000, KEPT = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
	struct offset_map *map;
	int64_t next;	     /* to be read */
	int64_t open[KEPT]; /* handed out and not settled; rising */
	size_t open_count;
};

static void check_written(const struct offset_map *map)
{
	char text[LIMIT_COMMIT_METADATA_BYTES + 1], again[LIMIT_COMMIT_METADATA_BYTES + 1];
	int64_t frontier = offset_map_frontier(map);
	struct offset_map *copy = offset_map_new();

	offset_map_encode(map, text);
	assert(strlen(text) <= LIMIT_COMMIT_METADATA_BYTES);
	assert(offset_map_load(copy, frontier, text, strlen(text)) == 0);
	assert(offset_map_frontier(copy) == frontier);
	offset_map_encode(copy, again);
	assert(strcmp(text, again) == 0);
	/* Near the frontier all, further off some: the texts are the same already. */
	for (int64_t offset = frontier; offset <= frontier + WINDOW;
	     offset += offset < frontier + 128 ? 1 : 97)
		assert(offset_map_covers(copy, offset) == offset_map_covers(map, offset));
	assert(!offset_map_covers(copy, frontier + WINDOW + 1));
	offset_map_free(copy);
}

static void check(const struct reader *reader)
{
	int64_t frontier = offset_map_frontier(reader->map);

	assert(offset_map_pending(reader->map) == reader->open_count);
	for (size_t i = 0; i < reader->open_count; i += 1 + i / 8)
		assert(!offset_map_covers(reader->map, reader->open[i]));
	if (reader->open_count > 0)
		assert(frontier == reader->open[0]);
	else
		assert(frontier >= reader->next);
	assert(!offset_map_covers(reader->map, frontier));
	assert(offset_map_covers(reader->map, frontier - 1));
}

static void read_record(struct reader *reader, int64_t gap)
{
	int64_t offset = reader->next + gap;
	bool covered = offset_map_covers(reader->map, offset);

	if (reader->open_count == KEPT)
		return;
	assert(offset_map_add(reader->map, offset) == !covered);
	reader->next = offset + 1;
	if (covered)
		return;
	assert(!offset_map_add(reader->map, offset)); /* not handed out twice */
	reader->open[reader->open_count++] = offset;
}

static void settle_record(struct reader *reader, size_t which)
{
	size_t index;

	if (reader->open_count == 0)
		return;
	index = which % reader->open_count;
	offset_map_settle(reader->map, reader->open[index]);
	assert(offset_map_covers(reader->map, reader->open[index]));
	memmove(&reader->open[index], &reader->open[index + 1],
		(--reader->open_count - index) * sizeof(reader->open[0]));
}

static void act(struct reader *reader, uint8_t what, uint8_t how)
{
	if (what % 8 < 4)
		read_record(reader, what % 8 == 0 ? how : 0);
	else if (what % 8 < 7)
		settle_record(reader, how);
	else
		read_record(reader, (int64_t)how << (what / 8));
	check(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size == 0 ? NULL : memchr(data, '\0', size);
	size_t length = nul == NULL ? size : (size_t)(nul - data);
	struct reader reader = {.map = offset_map_new(), .next = FRONTIER};
	int rc = offset_map_load(reader.map, FRONTIER, (const char *)data, length);

	assert(offset_map_frontier(reader.map) == FRONTIER);
	assert(!offset_map_covers(reader.map, FRONTIER + WINDOW + 1));
	if (rc < 0)
		assert(!offset_map_covers(reader.map, FRONTIER + 1));
	check_written(reader.map);
	for (size_t i = length + 1; i + 1 < size && i < length + 1000; i += 2)
		act(&reader, data[i], data[i + 1]);
	check_written(reader.map);
	offset_map_free(reader.map);
	return 0;
}
