/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_history.c - any bytes as an outcome, and as the grants that a ledger keeps. What
 * is told of them can be written and read back.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/cloudevent.h"
#include "worker/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_due(void *context, const struct history_due *due, struct error *err)
{
	(void)context, (void)err;
	assert(due->id[0] != '\0' && due->record->value_bytes > 0);
	return 0;
}

static int check_grants(void *context, const char *subject, const struct grants *grants,
			struct error *err)
{
	struct buffer text;
	struct grants again;

	(void)context, (void)err;
	buffer_init(&text, 64 * 1024);
	grants_write(grants, &text);
	assert(subject[0] != '\0' && grants->count > 0 && !text.overflowed);
	assert(grants_read(&again, (struct slice){text.bytes, text.length}));
	assert(again.count == grants->count && again.base == grants->base);
	buffer_clear(&text);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char type[] = "application/cloudevents+json";
	const struct header_view header = {"content-type", {type, sizeof(type) - 1}};
	const struct record_view record = {.topic = "access.outcomes",
					   .value = {(const char *)data, size},
					   .headers = &header,
					   .header_count = 1,
					   .timestamp_ms = -1};
	struct history *history = history_new();
	struct error err = {0};
	struct grants grants;

	if (history_take(history, &record, &err) == 0) {
		assert(history_each_due(history, check_due, NULL, &err) == 0);
		assert(history_each_subject(history, check_grants, NULL, &err) == 0);
	}
	history_free(history);
	if (grants_read(&grants, (struct slice){(const char *)data, size}) && grants.count > 0)
		check_grants(NULL, "s", &grants, &err);
	return 0;
}
