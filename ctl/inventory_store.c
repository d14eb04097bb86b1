/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inventory_store.c - the snapshots in Kafka, and the things of one of them.
 *
 * Called by cmd_inventory.c. The topic is read from its beginning, once to find the
 * snapshots and once for the things of each that is wanted. Owns what it has read. A record
 * that is none of ours is named on stderr and passed over.
 */
#include "ctl/inventory_store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/text.h"

static int read_snapshots(const struct kafka_access *access, kafka_take_fn take, void *context,
			  struct error *err)
{
	return kafka_read_topic(access, access->settings->kafka.inventory_topic, take, context,
				err);
}

static void complain(const struct record_view *record, const struct error *err)
{
	fprintf(stderr, "grantctl: %s/%" PRId32 "@%" PRId64 " is no record of a snapshot: %s\n",
		record->topic, record->partition, record->offset, err->text);
}

/* ---- which there are ---- */

static struct inventory_listed *find_snapshot(struct inventory_list *list, const char *id)
{
	for (size_t i = list->count; i > 0; i--) /* records of one stand together */
		if (strcmp(list->snapshots[i - 1].mark.snapshot, id) == 0)
			return &list->snapshots[i - 1];
	list->snapshots = mem_grow_array(list->snapshots, list->count + 1,
					 sizeof(*list->snapshots));
	memset(&list->snapshots[list->count], 0, sizeof(*list->snapshots));
	return &list->snapshots[list->count++];
}

static void take_mark(void *context, const struct record_view *record)
{
	struct inventory_listed *listed;
	struct inventory_mark mark;
	struct error err = {0};

	if (inventory_view_read(record, &mark, NULL, &err) < 0) {
		complain(record, &err);
		return;
	}
	listed = find_snapshot(context, mark.snapshot);
	if (mark.closes || listed->mark.snapshot[0] == '\0')
		listed->mark = mark;
	listed->closed |= mark.closes;
	listed->found += !mark.closes;
}

static int compare_start(const void *left, const void *right)
{
	const struct inventory_listed *a = left, *b = right;
	int order = strcmp(a->mark.started_at, b->mark.started_at);

	return order != 0 ? order : strcmp(a->mark.snapshot, b->mark.snapshot);
}

int inventory_list_read(const struct kafka_access *access, struct inventory_list *list,
			struct error *err)
{
	*list = (struct inventory_list){0};
	if (read_snapshots(access, take_mark, list, err) < 0)
		return -1;
	if (list->count > 0)
		qsort(list->snapshots, list->count, sizeof(*list->snapshots), compare_start);
	return 0;
}

void inventory_list_clear(struct inventory_list *list)
{
	free(list->snapshots);
	*list = (struct inventory_list){0};
}

bool inventory_is_whole(const struct inventory_listed *listed)
{
	return listed->closed && listed->found == listed->mark.records;
}

/* ---- what is in one ---- */

struct gathering {
	const char *snapshot;
	struct inventory_things *things;
	size_t capacity;
};

static void take_item(void *context, const struct record_view *record)
{
	struct gathering *gathering = context;
	struct inventory_things *things = gathering->things;
	struct inventory_mark mark;
	struct inventory_item item;

	/* What is no record of ours was named when the snapshots were listed. */
	if (inventory_view_read(record, &mark, &item, NULL) < 0)
		return;
	if (strcmp(mark.snapshot, gathering->snapshot) != 0 || item.entity == NULL) {
		inventory_item_clear(&item);
		return;
	}
	if (things->count == gathering->capacity) {
		gathering->capacity = gathering->capacity * 2 + 256;
		things->items = mem_grow_array(things->items, gathering->capacity,
					       sizeof(*things->items));
	}
	things->items[things->count++] = item;
}

/* "10" after "9", and "3/10" after "3/9". */
static int compare_ids(const char *left, const char *right)
{
	for (;;) {
		size_t a = strcspn(left, "/"), b = strcspn(right, "/");
		int order = a != b ? (a < b ? -1 : 1) : strncmp(left, right, a);

		if (order != 0 || left[a] == '\0' || right[b] == '\0')
			return order;
		left += a + 1;
		right += b + 1;
	}
}

int inventory_compare(const struct inventory_item *left, const struct inventory_item *right)
{
	int order = strcmp(left->entity, right->entity);

	order = order != 0 ? order : compare_ids(left->id, right->id);
	return order < 0 ? -1 : order > 0;
}

static int compare_items(const void *left, const void *right)
{
	return inventory_compare(left, right);
}

/* As one more line. */
static void join_json(struct inventory_item *first, const struct inventory_item *next)
{
	struct buffer lines;

	buffer_init(&lines, SIZE_MAX / 2);
	buffer_append_text(&lines, first->json);
	buffer_append_text(&lines, "\n");
	buffer_append_text(&lines, next->json);
	free(first->json);
	first->json = buffer_take(&lines, NULL);
}

/* The next part's members become the first one's. */
static void join(struct inventory_item *first, struct inventory_item *next)
{
	join_json(first, next);
	for (size_t i = 0; i < next->field_count; i++) {
		struct inventory_field *field = &next->fields[i];

		if (!text_starts_with(field->name, "member "))
			continue;
		first->fields = mem_grow_array(first->fields, first->field_count + 1,
					       sizeof(*first->fields));
		first->fields[first->field_count++] = *field;
		*field = (struct inventory_field){0};
	}
	inventory_item_clear(next);
}

static void join_parts(struct inventory_things *things)
{
	size_t kept = 0;

	for (size_t i = 0; i < things->count; i++) {
		if (kept > 0 &&
		    inventory_compare(&things->items[kept - 1], &things->items[i]) == 0) {
			join(&things->items[kept - 1], &things->items[i]);
			continue;
		}
		things->items[kept++] = things->items[i];
	}
	things->count = kept;
}

int inventory_things_read(const struct kafka_access *access, const char *snapshot,
			  struct inventory_things *things, struct error *err)
{
	struct gathering gathering = {snapshot, things, 0};

	*things = (struct inventory_things){0};
	if (read_snapshots(access, take_item, &gathering, err) < 0)
		return -1;
	if (things->count > 0)
		qsort(things->items, things->count, sizeof(*things->items), compare_items);
	join_parts(things);
	return 0;
}

void inventory_things_clear(struct inventory_things *things)
{
	for (size_t i = 0; i < things->count; i++)
		inventory_item_clear(&things->items[i]);
	free(things->items);
	*things = (struct inventory_things){0};
}
