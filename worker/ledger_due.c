/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_due.c - requests that come due: taken from the ledger when it is time.
 *
 * Called by the dispatcher; dropping them is part of ledger_settle_many(). Redis's
 * clock decides what is due. Fails with ERROR_RETRY.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "config/limits.h"
#include "worker/ledger_batch.h"
#include "worker/ledger_scripts.h"

/* Several workers look at the same set; what one has taken it should have committed
 * by then. If not, another writes the request again, which is a duplicate. */
enum { HIDDEN_MS = 20000 };

static void copy_items(const struct redis_reply *reply, struct ledger_due_item *items,
		       size_t most, size_t *count)
{
	size_t values = redis_reply_count(reply);

	for (size_t i = 0; i + 1 < values && *count < most; i += 2) {
		struct slice id = redis_reply_at(reply, i).bytes;
		struct ledger_due_item *item = &items[(*count)++];

		item->id = mem_strndup(id.data, id.length);
		ledger_copy_bytes(redis_reply_at(reply, i + 1), &item->record,
				  &item->record_bytes);
	}
}

int ledger_due_take(struct ledger *ledger, struct ledger_due_item *items, size_t most,
		    size_t *count, struct error *err)
{
	struct redis_command *command;
	int rc;

	*count = 0;
	ledger_batch_begin(ledger, 1, 2 * LEDGER_NUMBER_BYTES);
	command = ledger_batch_add(ledger, &ledger_script_due_take);
	ledger_argument_due(ledger, command);
	ledger_argument_number(ledger, command, (int64_t)most);
	ledger_argument_number(ledger, command, HIDDEN_MS);
	rc = ledger_batch_send(ledger, err);
	if (rc == 0)
		copy_items(ledger->replies[0], items, most, count);
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "take what is due");
	return rc;
}

int ledger_due_add(struct ledger *ledger, const struct ledger_due *due, struct error *err)
{
	struct redis_command *command;
	int rc;

	ledger_batch_begin(ledger, 1, LEDGER_NUMBER_BYTES);
	command = ledger_batch_add(ledger, &ledger_script_due_add);
	ledger_argument_due(ledger, command);
	ledger_argument_text(command, due->id);
	ledger_argument_number(ledger, command, due->at_ms);
	ledger_argument_slice(command, due->record);
	rc = ledger_batch_send(ledger, err);
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "plan what comes due");
	return rc;
}

void ledger_due_item_clear(struct ledger_due_item *item)
{
	free(item->id);
	free(item->record);
	*item = (struct ledger_due_item){0};
}
