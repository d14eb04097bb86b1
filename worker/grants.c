/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grants.c - which time-bound grants are alive, and what they come to.
 *
 * Called by bound.c with what the ledger keeps, and by grantctl, which makes it anew
 * from the outcomes. Pure. The strongest counts; when the last ends, what was there
 * before the first does. Whatever else changes what is held ends them all.
 */
#include "worker/grants.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"

enum { FIELD_BYTES = 64 };
static const char MARK[] = "v1";

void grants_key(const char *source, const char *id, char out[GRANT_KEY_CAPACITY])
{
	char seed[LIMIT_EVENT_SOURCE_BYTES + LIMIT_EVENT_ID_BYTES + 2], hex[DIGEST_HEX_CAPACITY];
	size_t used;

	/* NUL cannot be part of either. */
	text_copy(seed, LIMIT_EVENT_SOURCE_BYTES + 1, source);
	used = strlen(seed) + 1;
	text_copy(seed + used, LIMIT_EVENT_ID_BYTES + 1, id);
	digest_sha256_hex(seed, used + strlen(seed + used), hex);
	text_copy_bytes(out, GRANT_KEY_CAPACITY, hex, GRANT_KEY_CAPACITY - 1);
}

bool grants_observe(struct grants *grants, int level)
{
	if (grants->count == 0 || grants->given == level)
		return false;
	grants_end_all(grants);
	return true;
}

const struct grant *grants_find(const struct grants *grants, const char *key)
{
	for (size_t i = 0; i < grants->count; i++)
		if (strcmp(grants->list[i].key, key) == 0)
			return &grants->list[i];
	return NULL;
}

bool grants_add(struct grants *grants, int level_now, const struct grant *grant)
{
	if (grants_find(grants, grant->key) != NULL)
		return true;
	if (grants->count == LIMIT_GRANTS)
		return false;
	if (grants->count == 0)
		grants->base = level_now;
	grants->list[grants->count++] = *grant;
	if (grant->expires_ms > grants->until_ms)
		grants->until_ms = grant->expires_ms;
	grants->given = grants_level(grants);
	return true;
}

void grants_lower_base(struct grants *grants, int level)
{
	if (level < grants->base)
		grants->base = level;
}

bool grants_end(struct grants *grants, const char *key)
{
	for (size_t i = 0; i < grants->count; i++) {
		if (strcmp(grants->list[i].key, key) != 0)
			continue;
		grants->list[i] = grants->list[--grants->count];
		return true;
	}
	return false;
}

void grants_end_all(struct grants *grants)
{
	grants->count = 0;
	grants->base = grants->given = 0;
}

int grants_level(const struct grants *grants)
{
	int level = 0;

	for (size_t i = 0; i < grants->count; i++)
		if (grants->list[i].level > level)
			level = grants->list[i].level;
	return grants->count == 0 ? grants->base : level;
}

/* ---- as text: "v1 base given until", and for each grant "key level expires" ---- */

void grants_write(const struct grants *grants, struct buffer *out)
{
	buffer_append_format(out, "%s %d %d %" PRId64, MARK, grants->base, grants->given,
			     grants->until_ms);
	for (size_t i = 0; i < grants->count; i++)
		buffer_append_format(out, " %s %d %" PRId64, grants->list[i].key,
				     grants->list[i].level, grants->list[i].expires_ms);
}

static bool is_word(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (bytes[i] <= ' ' || bytes[i] > '~')
			return false;
	return length > 0;
}

/* The next word, up to a space. */
static bool take_word(struct slice *rest, char *out, size_t capacity)
{
	const char *end;
	size_t length;

	if (rest->length == 0)
		return false;
	end = memchr(rest->data, ' ', rest->length);
	length = end == NULL ? rest->length : (size_t)(end - rest->data);
	if (!is_word(rest->data, length) || !text_copy_bytes(out, capacity, rest->data, length))
		return false;
	rest->data += length + (end != NULL);
	rest->length -= length + (end != NULL);
	return true;
}

static bool take_number(struct slice *rest, int64_t most, int64_t *number)
{
	char word[FIELD_BYTES];

	return take_word(rest, word, sizeof(word)) && text_to_int64(word, 0, most, number);
}

static bool take_level(struct slice *rest, int *level)
{
	enum { LEVEL_MOST = 100 };
	int64_t number;

	if (!take_number(rest, LEVEL_MOST, &number))
		return false;
	*level = (int)number;
	return true;
}

bool grants_read(struct grants *grants, struct slice text)
{
	char mark[sizeof(MARK)];

	memset(grants, 0, sizeof(*grants));
	if (!take_word(&text, mark, sizeof(mark)) || strcmp(mark, MARK) != 0 ||
	    !take_level(&text, &grants->base) || !take_level(&text, &grants->given) ||
	    !take_number(&text, INT64_MAX, &grants->until_ms))
		return false;
	while (text.length > 0) {
		struct grant *grant = &grants->list[grants->count];

		if (grants->count == LIMIT_GRANTS ||
		    !take_word(&text, grant->key, sizeof(grant->key)) ||
		    !take_level(&text, &grant->level) ||
		    !take_number(&text, INT64_MAX, &grant->expires_ms))
			return false;
		grants->count++;
	}
	return true;
}
