/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_LEDGER_BATCH_H
#define WORKER_LEDGER_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "worker/ledger.h"
#include "worker/redis.h"

/*
 * Shared by the ledger's own files, nobody else: its memory, and how a batch of
 * commands is put together and sent.
 */
enum { LEDGER_NUMBER_BYTES = 24, LEDGER_RANDOM_BYTES = 8 };

struct ledger {
	struct redis *redis;
	const struct clock *clock;
	int64_t lease_ms;
	int64_t wait_replicas;

	char *prefix; /* "{<key_prefix>:<group>}:" */
	size_t prefix_bytes;
	char *epoch_key;
	char *restored_key;    /* the epoch whose grants were made anew from the outcomes */
	char *due_key;	       /* a sorted set: what comes due, by when */
	char *due_records_key; /* a hash: its records */
	char *owner;
	/* settings as the scripts take them */
	char lease_text[LEDGER_NUMBER_BYTES];
	char horizon_text[LEDGER_NUMBER_BYTES];
	char skew_text[LEDGER_NUMBER_BYTES];
	char wait_text[LEDGER_NUMBER_BYTES];
	char wait_ms_text[LEDGER_NUMBER_BYTES];
	char random_text[2 * LEDGER_RANDOM_BYTES + 1];

	char epoch[LEDGER_EPOCH_CAPACITY]; /* as last seen; "" = never */
	int64_t epoch_ms;
	int64_t epoch_changes;
	bool epoch_made; /* by this ledger */

	/* the batch in hand; memory is kept from one to the next */
	struct redis_command *commands;
	struct redis_reply **replies;
	size_t command_count, command_capacity;
	char *arena; /* texts that the commands point at */
	size_t arena_used, arena_capacity;
};

/* Begin a batch: room for 'count' commands whose keys, places and numbers take
 * no more than 'text_bytes' in all. */
void ledger_batch_begin(struct ledger *ledger, size_t count, size_t text_bytes);
/* How much one of each takes at the most. */
size_t ledger_key_bytes(const struct ledger *ledger, const struct ledger_key *key);
size_t ledger_place_bytes(const struct ledger_place *place);

struct redis_command *ledger_batch_add(struct ledger *ledger, const struct redis_script *script);
void ledger_argument_slice(struct redis_command *command, struct slice bytes);
void ledger_argument_text(struct redis_command *command, const char *text);
void ledger_argument_key(struct ledger *ledger, struct redis_command *command,
			 const struct ledger_key *key);
void ledger_argument_subject(struct ledger *ledger, struct redis_command *command,
			     const char *subject);
size_t ledger_subject_bytes(const struct ledger *ledger, const char *subject);
/* Both keys of an instance's fuse. */
void ledger_argument_fuse(struct ledger *ledger, struct redis_command *command,
			  const char *instance);
size_t ledger_fuse_bytes(const struct ledger *ledger, const char *instance);
void ledger_argument_place(struct ledger *ledger, struct redis_command *command,
			   const struct ledger_place *place);
/* The keys of what comes due, and their number before them. */
void ledger_argument_due(struct ledger *ledger, struct redis_command *command);
void ledger_argument_number(struct ledger *ledger, struct redis_command *command,
			    int64_t number);

/* Sends the batch; replies[] are then filled until ledger_batch_end(). */
MUST_CHECK int ledger_batch_send(struct ledger *ledger, struct error *err);
void ledger_batch_end(struct ledger *ledger);

/* An answer that none of the scripts gives: ERROR_RETRY. */
MUST_CHECK int ledger_answer_strange(struct error *err, const char *script);
MUST_CHECK int ledger_answer_held(const struct redis_reply *reply, const char *script,
				  enum ledger_answer *answer, struct error *err);
/* In case an epoch has to be made. */
void ledger_make_random(struct ledger *ledger);
/* False: not an epoch. */
MUST_CHECK bool ledger_epoch_read(struct slice epoch, int64_t *epoch_ms);
void ledger_copy_bytes(struct redis_value value, char **bytes, size_t *length);

#endif
