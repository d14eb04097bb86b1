/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_cloudevent_headers.c - any bytes as the headers of a record. Each header is
 * one byte that picks a name, one byte of length (255: a null value), and the value.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/cloudevent.h"

enum { HEADERS_MOST = 80, NULL_VALUE = 255 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
	"ce_specversion", "ce_id",	 "ce_source",	"ce_type",     "ce_subject",
	"ce_time",	  "content-type", "traceparent", "ce_dataschema", "other",
};

static size_t read_headers(const uint8_t *data, size_t size, struct header_view *headers)
{
	size_t count = 0;

	while (size >= 2 && count < HEADERS_MOST) {
		struct header_view *header = &headers[count++];
		size_t length = data[1] == NULL_VALUE ? 0 : data[1];

		if (length > size - 2)
			length = size - 2;
		header->name = names[data[0] % ARRAY_COUNT(names)];
		header->value.data = data[1] == NULL_VALUE ? NULL : (const char *)data + 2;
		header->value.length = length;
		data += 2 + length;
		size -= 2 + length;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char value[] = "{\"action\":\"org_role.grant\",\"instance\":\"main\"}";
	struct header_view headers[HEADERS_MOST] = {0};
	struct record_view view = {.topic = "t", .value = {value, sizeof(value) - 1}};
	struct cloudevent event;
	struct error err = {0};

	view.headers = headers;
	view.header_count = read_headers(data, size, headers);
	if (cloudevent_decode(&view, &event, &err) < 0)
		assert(event.error_class != NULL && err.text[0] != '\0');
	else
		assert(event.data != NULL && event.id[0] != '\0' && event.source[0] != '\0');
	cloudevent_clear(&event);
	return 0;
}
