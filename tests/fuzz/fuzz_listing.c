/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_listing.c - any bytes as one of Grafana's lists. The first byte says of which kind,
 * the second in pieces of which size it arrives. However it is cut, the same objects come
 * out; what is JSON as a whole and a list of objects comes out whole; and what is read of
 * an entry stays in its bounds.
 */
#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "grafana/json_split.h"
#include "grafana/listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct found {
	enum list_kind kind;
	size_t objects;
	uint64_t sum; /* of their bytes and lengths */
};

static void check_text(const char *text)
{
	assert(strnlen(text, LISTED_TEXT_BYTES + 1) <= LISTED_TEXT_BYTES);
	for (; *text != '\0'; text++)
		assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_entry(enum list_kind kind, const json_t *json)
{
	struct listed item;

	if (!listed_from_json(kind, json, &item))
		return;
	assert(item.id > 0 && item.created_ms >= 0 && item.expires_ms >= 0);
	assert(item.module_count <= LISTED_MODULES);
	check_text(item.login);
	check_text(item.email);
	check_text(item.name);
	for (size_t i = 0; i < item.module_count; i++)
		assert(strnlen(item.modules[i], LISTED_MODULE_BYTES + 1) <= LISTED_MODULE_BYTES);
}

static bool take(void *context, struct slice object)
{
	struct found *found = context;
	json_t *json;

	assert(object.length >= 2 && object.data[0] == '{');
	found->objects++;
	found->sum = found->sum * 31 + object.length;
	for (size_t i = 0; i < object.length; i++)
		found->sum = found->sum * 31 + (unsigned char)object.data[i];
	json = json_loadb(object.data, object.length, 0, NULL);
	if (json != NULL)
		check_entry(found->kind, json);
	json_decref(json);
	return true;
}

/* Was it a whole list? */
static bool split(const char *bytes, size_t length, size_t piece, struct found *found)
{
	struct json_split splitter;
	bool goes_on = true;

	json_split_init(&splitter, take, found);
	for (size_t i = 0; goes_on && i < length; i += piece)
		goes_on = json_split_feed(&splitter, bytes + i,
					  length - i < piece ? length - i : piece);
	goes_on = goes_on && json_split_is_whole(&splitter);
	json_split_clear(&splitter);
	return goes_on;
}

static bool is_list_of_objects(const json_t *json)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json, i, entry)
		if (!json_is_object(entry))
			return false;
	return json_is_array(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found whole = {0}, pieces = {0};
	const char *bytes = (const char *)data + 2;
	json_t *json;
	bool is_whole;

	if (size < 2)
		return 0;
	size -= 2;
	whole.kind = pieces.kind = (enum list_kind)(data[0] % LIST_KINDS);
	is_whole = split(bytes, size, size + 1, &whole);
	assert(is_whole == split(bytes, size, 1 + data[1], &pieces));
	assert(!is_whole || (whole.objects == pieces.objects && whole.sum == pieces.sum));
	json = json_loadb(bytes, size, 0, NULL);
	if (is_list_of_objects(json))
		assert(is_whole && whole.objects == json_array_size(json));
	json_decref(json);
	return 0;
}
