/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_small_texts.c - any bytes as one of the small texts that others wrote: what the
 * ledger keeps of a step and of its age, what a setting says of Redis and of the vault's
 * key, and an event that grantctl shows. The first byte chooses which.
 *
 * A new text is a new row at the table's end; the corpus knows rows by their place.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "codec/event_view.h"
#include "codec/request.h"
#include "codec/seal.h"
#include "worker/intent.h"
#include "worker/ledger_batch.h"
#include "worker/parts.h"
#include "worker/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_EVENT_BYTES = 1 << 20 };

/* What was read can be written, and reads the same. */
static void read_intent(struct slice text)
{
	struct evidence before, again;
	struct buffer out;

	intent_get_evidence(text, &before);
	buffer_init(&out, LIMIT_INTENT_BYTES);
	intent_put_evidence(&out, &before);
	assert(!out.overflowed);
	intent_get_evidence((struct slice){out.bytes, out.length}, &again);
	assert(again.role == before.role && again.account == before.account);
	assert(again.version == before.version && strcmp(again.name, before.name) == 0);
	buffer_clear(&out);
}

static void read_parts(struct slice text)
{
	struct request_bootstrap asked = {.admin_count = 3};
	struct request request = {.bootstrap = &asked};
	size_t count;
	struct outcome_part *parts = parts_plan(&request, &count);

	parts_get(text, parts, count);
	assert(count == 4);
	for (size_t i = 0; i < count; i++)
		assert(parts[i].state <= PART_ALREADY_SO);
	free(parts);
}

static void read_epoch(struct slice text)
{
	int64_t epoch_ms = 0;

	if (ledger_epoch_read(text, &epoch_ms))
		assert(epoch_ms >= 0);
}

static void read_redis_url(struct slice text)
{
	char *url = mem_strndup(text.data, text.length);
	struct redis_url read;
	struct error err = {0};

	if (redis_url_parse(url, &read, &err) == 0) {
		assert((read.host != NULL) != (read.path != NULL));
		assert(read.path != NULL || (read.port > 0 && read.port < 65536));
		redis_url_clear(&read);
	} else {
		assert(err.kind == ERROR_FATAL && err.text[0] != '\0');
	}
	free(url);
}

static void read_key(struct slice text)
{
	struct seal_key *key = NULL;
	struct error err = {0};

	if (seal_key_parse(text.data, text.length, &key, &err) == 0)
		assert(strlen(seal_key_id(key)) == 64);
	else
		assert(err.kind == ERROR_REFUSED && err.text[0] != '\0');
	seal_key_free(key);
}

/* What grantctl shows of an event: what it writes, it reads as the same. */
static void read_event(struct slice text)
{
	struct event_view *view = NULL, *again = NULL;
	struct buffer out, twice;
	struct error err = {0};

	if (event_view_parse(text, &view, &err) < 0) {
		assert(view == NULL && err.text[0] != '\0');
		return;
	}
	buffer_init(&out, MAX_EVENT_BYTES);
	buffer_init(&twice, MAX_EVENT_BYTES);
	event_view_write(view, &out);
	if (!out.overflowed) {
		assert(event_view_parse((struct slice){out.bytes, out.length}, &again, &err) == 0);
		event_view_write(again, &twice);
		assert(out.length == twice.length && memcmp(out.bytes, twice.bytes, out.length) == 0);
		assert(strcmp(event_view_text(view, "data.reason.code"),
			      event_view_text(again, "data.reason.code")) == 0);
	}
	buffer_clear(&twice);
	buffer_clear(&out);
	event_view_free(again);
	event_view_free(view);
}

static void (*const readers[])(struct slice text) = {
	read_intent, read_parts, read_epoch, read_redis_url, read_key, read_event,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	readers[(size_t)(data[0] - '0') % ARRAY_COUNT(readers)](
		(struct slice){(const char *)data + 1, size - 1});
	return 0;
}
