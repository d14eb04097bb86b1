/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_claim.c - asks the ledger who may work on what, and takes its answers apart.
 *
 * Called by the dispatcher with the heads of all ready lanes. The judging is done
 * in worker/ledger/claim.lua; its answers are lists whose first two members are
 * the outcome's name and the epoch. The strings in an answered claim are owned by
 * it. A batch fails as a whole and then answers nothing: what Redis granted
 * before the fault lapses with its lease.
 */
#include "worker/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/text.h"
#include "worker/ledger_batch.h"
#include "worker/ledger_scripts.h"

enum { FIRST_ANSWER = 2 }; /* after outcome and epoch */

void ledger_stored_clear(struct ledger_stored *stored)
{
	free(stored->outcome);
	free(stored->credential);
	memset(stored, 0, sizeof(*stored));
}

void ledger_claim_clear(struct ledger_claim *claim)
{
	free(claim->step);
	free(claim->intent);
	claim->step = NULL;
	claim->intent = NULL;
	claim->intent_bytes = 0;
	ledger_stored_clear(&claim->stored);
}

static bool to_number(struct redis_value value, int64_t *number)
{
	char text[LEDGER_NUMBER_BYTES];

	return value.type == REDIS_BYTES &&
	       text_copy_bytes(text, sizeof(text), value.bytes.data, value.bytes.length) &&
	       text_to_int64(text, 0, INT64_MAX, number);
}

/* token, attempts, started_ms [, step, intent] */
static bool read_granted(const struct redis_reply *reply, struct ledger_claim *claim)
{
	struct redis_value step = redis_reply_at(reply, FIRST_ANSWER + 3);
	size_t step_bytes;

	ledger_copy_bytes(step, &claim->step, &step_bytes);
	ledger_copy_bytes(redis_reply_at(reply, FIRST_ANSWER + 4), &claim->intent,
			  &claim->intent_bytes);
	return to_number(redis_reply_at(reply, FIRST_ANSWER), &claim->token) &&
	       to_number(redis_reply_at(reply, FIRST_ANSWER + 1), &claim->attempts) &&
	       to_number(redis_reply_at(reply, FIRST_ANSWER + 2), &claim->started_ms);
}

static bool read_busy(const struct redis_reply *reply, struct ledger_claim *claim)
{
	return to_number(redis_reply_at(reply, FIRST_ANSWER), &claim->busy_ms);
}

/* outcome, credential */
static bool read_done(const struct redis_reply *reply, struct ledger_claim *claim)
{
	struct ledger_stored *stored = &claim->stored;

	ledger_copy_bytes(redis_reply_at(reply, FIRST_ANSWER), &stored->outcome,
			  &stored->outcome_bytes);
	ledger_copy_bytes(redis_reply_at(reply, FIRST_ANSWER + 1), &stored->credential,
			  &stored->credential_bytes);
	return true;
}

/* "topic/partition/offset"; a topic's name has no slash. */
static bool read_owed(const struct redis_reply *reply, struct ledger_claim *claim)
{
	struct redis_value at = redis_reply_at(reply, FIRST_ANSWER);
	char text[sizeof(claim->owed_topic) + 2 * LEDGER_NUMBER_BYTES];
	char *partition, *offset;
	int64_t number;

	if (at.type != REDIS_BYTES ||
	    !text_copy_bytes(text, sizeof(text), at.bytes.data, at.bytes.length))
		return false;
	offset = strrchr(text, '/');
	partition = strchr(text, '/');
	if (partition == NULL || partition == offset)
		return false;
	*partition++ = '\0';
	*offset++ = '\0';
	if (!text_copy(claim->owed_topic, sizeof(claim->owed_topic), text) ||
	    !text_to_int64(partition, 0, INT32_MAX, &number) ||
	    !text_to_int64(offset, 0, INT64_MAX, &claim->owed_offset))
		return false;
	claim->owed_partition = (int32_t)number;
	return true;
}

static bool read_nothing(const struct redis_reply *reply, struct ledger_claim *claim)
{
	(void)reply;
	(void)claim;
	return true;
}

static const struct {
	const char *name;
	enum claim_outcome outcome;
	bool (*read)(const struct redis_reply *reply, struct ledger_claim *claim);
} answers[] = {
	{"fresh", CLAIM_FRESH, read_granted},	{"resume", CLAIM_RESUME, read_granted},
	{"busy", CLAIM_BUSY, read_busy},	{"done", CLAIM_DONE, read_done},
	{"owed", CLAIM_OWED, read_owed},	{"published", CLAIM_PUBLISHED, read_nothing},
	{"mismatch", CLAIM_MISMATCH, read_nothing},
};

/* "<created_ms>:<random>" */
bool ledger_epoch_read(struct slice epoch, int64_t *epoch_ms)
{
	const char *end = epoch.length == 0 ? NULL : memchr(epoch.data, ':', epoch.length);
	char text[LEDGER_NUMBER_BYTES];

	return end != NULL &&
	       text_copy_bytes(text, sizeof(text), epoch.data, (size_t)(end - epoch.data)) &&
	       text_to_int64(text, 0, INT64_MAX, epoch_ms);
}

static bool note_epoch(struct ledger *ledger, struct redis_value epoch)
{
	char text[sizeof(ledger->epoch)];
	int64_t epoch_ms;

	if (epoch.type != REDIS_BYTES ||
	    !text_copy_bytes(text, sizeof(text), epoch.bytes.data, epoch.bytes.length))
		return false;
	if (strcmp(text, ledger->epoch) == 0)
		return true;
	if (ledger->epoch[0] != '\0')
		ledger->epoch_changes++;
	ledger->epoch_made = strstr(text, ledger->random_text) != NULL;
	text_copy(ledger->epoch, sizeof(ledger->epoch), text);
	if (!ledger_epoch_read(epoch.bytes, &epoch_ms))
		return false;
	ledger->epoch_ms = epoch_ms;
	return true;
}

static int read_claim(struct ledger *ledger, const struct redis_reply *reply,
		      struct ledger_claim *claim, struct error *err)
{
	const struct slice name = redis_reply_at(reply, 0).bytes;

	if (!note_epoch(ledger, redis_reply_at(reply, 1)))
		return ledger_answer_strange(err, "claim");
	for (size_t i = 0; i < ARRAY_COUNT(answers); i++) {
		if (name.length != strlen(answers[i].name) ||
		    memcmp(name.data, answers[i].name, name.length) != 0)
			continue;
		claim->outcome = answers[i].outcome;
		return answers[i].read(reply, claim) ? 0 : ledger_answer_strange(err, "claim");
	}
	return ledger_answer_strange(err, "claim");
}

static void add_claim(struct ledger *ledger, const struct ledger_claim *claim)
{
	struct redis_command *command = ledger_batch_add(ledger, &ledger_script_claim);

	ledger_argument_text(command, "2");
	ledger_argument_key(ledger, command, &claim->key);
	ledger_argument_text(command, ledger->epoch_key);
	ledger_argument_text(command, claim->fingerprint);
	ledger_argument_place(ledger, command, &claim->place);
	ledger_argument_text(command, ledger->owner);
	ledger_argument_text(command, ledger->lease_text);
	ledger_argument_text(command, ledger->horizon_text);
	ledger_argument_number(ledger, command, claim->record_time_ms);
	ledger_argument_text(command, ledger->skew_text);
	ledger_argument_text(command, ledger->random_text);
}

/* In case an epoch has to be made. New each time, because Redis may be emptied
 * twice within a millisecond. */
void ledger_make_random(struct ledger *ledger)
{
	uint8_t bytes[LEDGER_RANDOM_BYTES];

	random_bytes(bytes, sizeof(bytes));
	text_hex(bytes, sizeof(bytes), ledger->random_text);
}

int ledger_claim_many(struct ledger *ledger, struct ledger_claim *claims, size_t count,
		      struct error *err)
{
	int64_t asked_ms;
	size_t text_bytes = 0;
	int rc;

	if (count == 0)
		return 0;
	ledger_make_random(ledger);
	for (size_t i = 0; i < count; i++)
		text_bytes += ledger_key_bytes(ledger, &claims[i].key) +
			      ledger_place_bytes(&claims[i].place) + LEDGER_NUMBER_BYTES;
	ledger_batch_begin(ledger, count, text_bytes);
	for (size_t i = 0; i < count; i++)
		add_claim(ledger, &claims[i]);
	asked_ms = clock_steady_ms(ledger->clock);
	rc = ledger_batch_send(ledger, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		ledger_claim_clear(&claims[i]);
		claims[i].lease_until_ms = asked_ms + ledger->lease_ms;
		rc = read_claim(ledger, ledger->replies[i], &claims[i], err);
	}
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "claim");
	return rc;
}

int64_t ledger_epoch_ms(const struct ledger *ledger)
{
	return ledger->epoch_ms;
}

bool ledger_epoch_made(struct ledger *ledger)
{
	bool made = ledger->epoch_made;

	ledger->epoch_made = false;
	return made;
}

int64_t ledger_epoch_changes(const struct ledger *ledger)
{
	return ledger->epoch_changes;
}
