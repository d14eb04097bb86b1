/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_restore.c - what the ledger keeps for later: put back, and looked at.
 *
 * Called through restore.c and by grantctl due, a round trip for each. Everything may be
 * done twice. Fails with ERROR_RETRY.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/limits.h"
#include "worker/ledger_batch.h"
#include "worker/ledger_scripts.h"

static int send_one(struct ledger *ledger, const char *doing, struct error *err)
{
	int rc = ledger_batch_send(ledger, err);

	if (rc < 0) {
		ledger_batch_end(ledger);
		error_prefix(err, "%s", doing);
	}
	return rc;
}

int ledger_epoch_begin(struct ledger *ledger, char epoch[LEDGER_EPOCH_CAPACITY],
		       bool *restored, struct error *err)
{
	struct redis_value now, then;
	struct redis_command *command;
	int rc = 0;

	ledger_make_random(ledger);
	ledger_batch_begin(ledger, 1, 0);
	command = ledger_batch_add(ledger, &ledger_script_epoch);
	ledger_argument_text(command, "2");
	ledger_argument_text(command, ledger->epoch_key);
	ledger_argument_text(command, ledger->restored_key);
	ledger_argument_text(command, ledger->random_text);
	if (send_one(ledger, "read the epoch", err) < 0)
		return -1;
	now = redis_reply_at(ledger->replies[0], 0);
	then = redis_reply_at(ledger->replies[0], 1);
	if (now.type != REDIS_BYTES || then.type != REDIS_BYTES ||
	    !text_copy_bytes(epoch, LEDGER_EPOCH_CAPACITY, now.bytes.data, now.bytes.length))
		rc = ledger_answer_strange(err, "epoch");
	else
		*restored = then.bytes.length == now.bytes.length &&
			    memcmp(then.bytes.data, now.bytes.data, now.bytes.length) == 0;
	ledger_batch_end(ledger);
	return rc;
}

int ledger_epoch_restored(struct ledger *ledger, const char *epoch, bool *marked,
			  struct error *err)
{
	struct redis_command *command;

	ledger_batch_begin(ledger, 1, 0);
	command = ledger_batch_add(ledger, &ledger_script_restored);
	ledger_argument_text(command, "2");
	ledger_argument_text(command, ledger->epoch_key);
	ledger_argument_text(command, ledger->restored_key);
	ledger_argument_text(command, epoch);
	if (send_one(ledger, "mark as restored", err) < 0)
		return -1;
	*marked = redis_reply_at(ledger->replies[0], 0).integer == 1;
	ledger_batch_end(ledger);
	return 0;
}

int ledger_due_restore(struct ledger *ledger, const struct ledger_key *key,
		       const struct ledger_due *due, bool *added, struct error *err)
{
	struct redis_command *command;

	ledger_batch_begin(ledger, 1, ledger_key_bytes(ledger, key) + LEDGER_NUMBER_BYTES);
	command = ledger_batch_add(ledger, &ledger_script_due_restore);
	ledger_argument_text(command, "3");
	ledger_argument_text(command, ledger->due_key);
	ledger_argument_text(command, ledger->due_records_key);
	ledger_argument_key(ledger, command, key);
	ledger_argument_text(command, due->id);
	ledger_argument_number(ledger, command, due->at_ms);
	ledger_argument_slice(command, due->record);
	if (send_one(ledger, "restore what is due", err) < 0)
		return -1;
	*added = redis_reply_at(ledger->replies[0], 0).integer == 1;
	ledger_batch_end(ledger);
	return 0;
}

int ledger_grants_restore(struct ledger *ledger, const char *subject,
			  struct ledger_grants *known, struct slice grants,
			  enum grants_restored *answer, struct error *err)
{
	static const enum grants_restored answers[] = {GRANTS_CHANGED, GRANTS_KEPT, GRANTS_BUSY};
	struct redis_command *command;
	struct redis_value value;
	int rc = 0;

	ledger_batch_begin(ledger, 1, ledger_subject_bytes(ledger, subject));
	command = ledger_batch_add(ledger, &ledger_script_grants_restore);
	ledger_argument_text(command, "1");
	ledger_argument_subject(ledger, command, subject);
	ledger_argument_slice(command, (struct slice){known->length > 0 ? known->bytes : "",
						      known->length});
	ledger_argument_slice(command, grants);
	if (send_one(ledger, "restore grants", err) < 0)
		return -1;
	value = redis_reply_at(ledger->replies[0], 0);
	if (value.type != REDIS_INTEGER || value.integer < 0 || value.integer > GRANTS_BUSY) {
		rc = ledger_answer_strange(err, "grants_restore");
	} else {
		*answer = answers[value.integer];
		free(known->bytes);
		*known = (struct ledger_grants){0};
		ledger_copy_bytes(redis_reply_at(ledger->replies[0], 1), &known->bytes,
				  &known->length);
	}
	ledger_batch_end(ledger);
	return rc;
}

/* ---- for people ---- */

static int list_ids(struct ledger *ledger, size_t from, struct ledger_due_item *items,
		    size_t most, size_t *count, struct error *err)
{
	struct redis_command *command;
	char score[LEDGER_NUMBER_BYTES];

	ledger_batch_begin(ledger, 1, 2 * LEDGER_NUMBER_BYTES);
	command = ledger_batch_add(ledger, NULL);
	ledger_argument_text(command, "ZRANGE");
	ledger_argument_text(command, ledger->due_key);
	ledger_argument_number(ledger, command, (int64_t)from);
	ledger_argument_number(ledger, command, (int64_t)(from + most - 1));
	ledger_argument_text(command, "WITHSCORES");
	if (send_one(ledger, "list what is due", err) < 0)
		return -1;
	for (size_t i = 0; i + 1 < redis_reply_count(ledger->replies[0]); i += 2) {
		struct slice id = redis_reply_at(ledger->replies[0], i).bytes;
		struct slice at = redis_reply_at(ledger->replies[0], i + 1).bytes;

		items[*count].id = mem_strndup(id.data, id.length);
		if (!text_copy_bytes(score, sizeof(score), at.data, at.length) ||
		    !text_to_int64(score, 0, INT64_MAX, &items[*count].at_ms))
			items[*count].at_ms = 0;
		(*count)++;
	}
	ledger_batch_end(ledger);
	return 0;
}

int ledger_due_list(struct ledger *ledger, size_t from, struct ledger_due_item *items,
		    size_t most, size_t *count, struct error *err)
{
	*count = 0;
	if (list_ids(ledger, from, items, most, count, err) < 0)
		return -1;
	for (size_t i = 0; i < *count; i++) {
		struct redis_command *command;

		ledger_batch_begin(ledger, 1, 0);
		command = ledger_batch_add(ledger, NULL);
		ledger_argument_text(command, "HGET");
		ledger_argument_text(command, ledger->due_records_key);
		ledger_argument_text(command, items[i].id);
		if (send_one(ledger, "read what is due", err) < 0)
			return -1;
		ledger_copy_bytes(redis_reply_at(ledger->replies[0], 0), &items[i].record,
				  &items[i].record_bytes);
		ledger_batch_end(ledger);
	}
	return 0;
}
