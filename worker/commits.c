/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commits.c - the group's committed offsets: asked of Kafka, judged, and listed for a
 * transaction.
 *
 * Called by consumer.c, with its client; any thread. Owns nothing. A record is settled
 * when the offset map in its partition's commit covers it (see offset_map.h); metadata
 * that is not ours is ignored, and the committed offset alone tells. Fails: RETRY.
 */
#include "worker/commits.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

#include "base/memory.h"

enum { COMMITTED_TIMEOUT_MS = 5000, WATERMARK_TIMEOUT_MS = 2000 };

/* ---- asking ---- */

/* Waits for pending transactions of the group (isolation.level read_committed makes
 * librdkafka ask for stable offsets, KIP-447). A partition may fail by itself. */
int commits_ask(rd_kafka_t *kafka, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t code = rd_kafka_committed(kafka, list, COMMITTED_TIMEOUT_MS);

	for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < list->cnt; i++)
		code = list->elems[i].err;
	return code;
}

static void list_distinct(rd_kafka_topic_partition_list_t *list,
			  const struct ledger_place *place)
{
	if (rd_kafka_topic_partition_list_find(list, place->topic, place->partition) == NULL)
		rd_kafka_topic_partition_list_add(list, place->topic, place->partition);
}

static bool is_covered(const rd_kafka_topic_partition_t *committed, int64_t offset)
{
	struct offset_map *map = offset_map_new();
	bool covered;

	if (committed->offset >= 0 &&
	    offset_map_load(map, committed->offset, committed->metadata,
			    committed->metadata_size) < 0)
		covered = offset < committed->offset; /* the frontier is all there is to know */
	else
		covered = committed->offset >= 0 && offset_map_covers(map, offset);
	offset_map_free(map);
	return covered;
}

bool commits_is_gone(rd_kafka_t *kafka, const struct ledger_place *place)
{
	int64_t low = 0, high = 0;
	rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
		kafka, place->topic, place->partition, &low, &high, WATERMARK_TIMEOUT_MS);

	if (code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
	    code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
	    code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return true;
	return code == RD_KAFKA_RESP_ERR_NO_ERROR && place->offset < low;
}

int commits_states(rd_kafka_t *kafka, const struct ledger_place *places, size_t count,
		   enum commit_state *states, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
	rd_kafka_resp_err_t code;
	int rc = -1;

	for (size_t i = 0; i < count; i++)
		list_distinct(list, &places[i]);
	code = commits_ask(kafka, list);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
		error_set(err, ERROR_RETRY, "commits", code, "read committed offsets: %s",
			  rd_kafka_err2str(code));
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		rd_kafka_topic_partition_t *committed = rd_kafka_topic_partition_list_find(
			list, places[i].topic, places[i].partition);

		states[i] =
			is_covered(committed, places[i].offset) ? COMMIT_DONE : COMMIT_PENDING;
	}
	rc = 0;
out:
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}

/* ---- for a transaction ---- */

rd_kafka_topic_partition_list_t *commits_list(const struct commit_entries *entries)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new((int)entries->count);

	for (size_t i = 0; i < entries->count; i++) {
		const struct commit_entry *entry = &entries->entries[i];
		rd_kafka_topic_partition_t *offset =
			rd_kafka_topic_partition_list_add(list, entry->topic, entry->partition);

		offset->offset = entry->offset;
		if (entry->metadata[0] == '\0')
			continue;
		/* librdkafka frees it with free(). */
		offset->metadata_size = strlen(entry->metadata);
		offset->metadata = mem_strndup(entry->metadata, offset->metadata_size);
	}
	return list;
}
