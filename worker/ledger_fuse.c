/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_fuse.c - the fuse of an instance's removals, for people to look at and reset.
 *
 * Called by grantctl. What trips it is step.lua.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "worker/ledger.h"
#include "worker/ledger_batch.h"
#include "worker/ledger_scripts.h"

static int ask(struct ledger *ledger, const struct redis_script *script, const char *instance,
	       struct error *err)
{
	struct redis_command *command;

	ledger_batch_begin(ledger, 1, ledger_fuse_bytes(ledger, instance));
	command = ledger_batch_add(ledger, script);
	ledger_argument_text(command, "2");
	ledger_argument_fuse(ledger, command, instance);
	return ledger_batch_send(ledger, err);
}

static int64_t number_of(struct redis_value value)
{
	char text[LEDGER_NUMBER_BYTES] = "";
	int64_t number = 0;

	if (value.type == REDIS_BYTES)
		text_copy_bytes(text, sizeof(text), value.bytes.data, value.bytes.length);
	return text_to_int64(text, 0, INT64_MAX, &number) ? number : 0;
}

/* "<prefix>request:<length of source>:<source>:<id>" -> the id */
static char *id_of(const struct ledger *ledger, struct redis_value value)
{
	char *key = NULL, *id = NULL;
	size_t length = 0;
	const char *rest;
	char *end;
	unsigned long source_bytes;

	ledger_copy_bytes(value, &key, &length);
	if (key == NULL || strncmp(key, ledger->prefix, ledger->prefix_bytes) != 0)
		goto out;
	rest = key + ledger->prefix_bytes;
	if (!text_starts_with(rest, "request:"))
		goto out;
	rest += strlen("request:");
	source_bytes = strtoul(rest, &end, 10);
	if (*end != ':' || strlen(end) < source_bytes + 2)
		goto out;
	id = mem_strdup(end + 1 + source_bytes + 1);
out:
	free(key);
	return id;
}

int ledger_fuse_read(struct ledger *ledger, const char *instance, struct ledger_fuse *fuse,
		     struct error *err)
{
	struct redis_value count;

	memset(fuse, 0, sizeof(*fuse));
	if (ask(ledger, &ledger_script_fuse_read, instance, err) < 0) {
		error_prefix(err, "read the fuse");
		return -1;
	}
	count = redis_reply_at(ledger->replies[0], 0);
	fuse->removals = count.type == REDIS_INTEGER ? count.integer : 0;
	fuse->is_open = redis_reply_count(ledger->replies[0]) > 1;
	if (fuse->is_open) {
		fuse->tripped_ms = number_of(redis_reply_at(ledger->replies[0], 1));
		fuse->request_id = id_of(ledger, redis_reply_at(ledger->replies[0], 2));
		fuse->limit = number_of(redis_reply_at(ledger->replies[0], 3));
	}
	ledger_batch_end(ledger);
	return 0;
}

void ledger_fuse_clear(struct ledger_fuse *fuse)
{
	free(fuse->request_id);
	memset(fuse, 0, sizeof(*fuse));
}

int ledger_fuse_reset(struct ledger *ledger, const char *instance, bool *was_open,
		      struct error *err)
{
	struct redis_value answer;

	if (ask(ledger, &ledger_script_fuse_reset, instance, err) < 0) {
		error_prefix(err, "reset the fuse");
		return -1;
	}
	answer = redis_reply_at(ledger->replies[0], 0);
	*was_open = answer.type == REDIS_INTEGER && answer.integer == 1;
	ledger_batch_end(ledger);
	return 0;
}
