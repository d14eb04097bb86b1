/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_LEDGER_H
#define WORKER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "config/limits.h"
#include "config/settings.h"

/*
 * Who works on a request, what has been begun, and what came of it: one Redis
 * hash per request, changed only by the scripts in worker/ledger/.
 *
 * A struct ledger is one thread's view (its own connection). Every call is one
 * round trip for the whole batch and fails as a whole with ERROR_RETRY: then
 * nothing may be assumed of any member of the batch.
 */
struct ledger;

struct ledger_options {
	const struct settings *settings;
	const struct clock *clock;
	const char *owner; /* this process: worker id + a random part, new at every start */
};

MUST_CHECK int ledger_new(const struct ledger_options *options, struct ledger **ledger,
			  struct error *err);
void ledger_free(struct ledger *ledger);

/* A request's name in the ledger. */
struct ledger_key {
	const char *source;
	const char *id;
};

/* The record that has the duty to publish. */
struct ledger_place {
	const char *topic;
	int32_t partition;
	int64_t offset;
};

enum claim_outcome {
	CLAIM_FRESH,	/* ours; never begun by anybody: no step was ever noted */
	CLAIM_RESUME,	/* ours; begun before (or the ledger can't know): look before you write */
	CLAIM_BUSY,	/* another works on it; ask again in busy_ms */
	CLAIM_DONE,	/* ended, and this record has the duty: publish the stored bytes */
	CLAIM_OWED,	/* ended, another record (owed_*) has the duty and has not been seen published */
	CLAIM_PUBLISHED, /* ended and published: let the offset pass */
	CLAIM_MISMATCH, /* the id belongs to a request with another payload */
};

/* What complete() was given: opaque bytes, each NULL if it was empty or is gone. */
struct ledger_stored {
	char *outcome;
	size_t outcome_bytes;
	char *credential;
	size_t credential_bytes;
};
void ledger_stored_clear(struct ledger_stored *stored);

struct ledger_claim {
	/* asked; the rest is zeroed before the first question */
	struct ledger_key key;
	const char *fingerprint;
	struct ledger_place place;
	int64_t record_time_ms; /* the Kafka record's timestamp; -1 = none, taken as old */
	/* answered */
	enum claim_outcome outcome;
	int64_t token;
	int64_t lease_until_ms; /* on the steady clock, counted from before the question */
	int64_t attempts;	/* claims that led to work, this one included */
	int64_t started_ms;	/* wall clock of Redis at the first claim */
	int64_t busy_ms;
	char *step;		/* RESUME: the last step begun, or NULL; owned by the claim */
	char *intent;		/* its intent, or NULL; owned */
	size_t intent_bytes;
	struct ledger_stored stored; /* DONE: what complete() was given; owned */
	char owed_topic[LIMIT_TOPIC_BYTES + 1];
	int32_t owed_partition;
	int64_t owed_offset;
};
void ledger_claim_clear(struct ledger_claim *claim); /* frees what was answered */

MUST_CHECK int ledger_claim_many(struct ledger *ledger, struct ledger_claim *claims,
				 size_t count, struct error *err);

/* What a holder shows to prove that the request is still its own. */
struct ledger_hold {
	struct ledger_key key;
	int64_t token;
};

enum ledger_answer {
	LEDGER_HELD,
	LEDGER_LOST,
	LEDGER_BUSY, /* only of a step with a subject: another request has that, or changed it */
	LEDGER_FUSE_OPEN, /* only of a step with a fuse: nothing may be removed now */
	LEDGER_FUSE_TRIPPED, /* likewise, because of this one */
};

/* The time-bound grants of a subject as bytes that nobody looks into here. */
struct ledger_grants {
	char *bytes; /* NULL = none were ever kept, or they were lost; owned by the caller */
	size_t length;
	int64_t epoch_ms; /* since when what is not there is known never to have been */
	bool was_ours; /* an earlier attempt at the same request had the subject, and nobody since */
};

/* When a subject is taken. */
enum ledger_taking {
	TAKE_FIRST, /* before what it is like is read */
	TAKE_LATE,  /* after that: BUSY if its grants have changed since the claim */
	TAKE_KEPT,  /* it was taken by this claim: BUSY if it is another's by now */
};

/* Note what is about to be done, before it is done; waits for replicas when
 * redis.wait_replicas says so. Renews the lease too. On LEDGER_LOST stop at once.
 * With a subject, that is this request's alone until it is completed. */
struct ledger_step {
	struct ledger_hold hold;
	const char *name;    /* "" = nothing is begun, only the subject is wanted */
	struct slice intent;
	const char *subject; /* NULL = none */
	enum ledger_taking taking;
	const char *fuse; /* the instance whose removals it is one of; NULL = it is none */
	int64_t fuse_limit; /* most in a minute; counts with the first step that has a name */
	enum ledger_answer answer;
	int64_t lease_until_ms;
	struct ledger_grants grants; /* with a subject that was not KEPT, and LEDGER_HELD */
};
MUST_CHECK int ledger_step_many(struct ledger *ledger, struct ledger_step *steps, size_t count,
				struct error *err);

/* For people: the fuse of an instance. ledger_fuse_clear() is due when 0. */
struct ledger_fuse {
	bool is_open;
	int64_t removals; /* of the last minute */
	int64_t tripped_ms, limit; /* when it is open */
	char *request_id; /* of the one too many; owned, NULL = not known */
};
MUST_CHECK int ledger_fuse_read(struct ledger *ledger, const char *instance,
				struct ledger_fuse *fuse, struct error *err);
void ledger_fuse_clear(struct ledger_fuse *fuse);
MUST_CHECK int ledger_fuse_reset(struct ledger *ledger, const char *instance, bool *was_open,
				 struct error *err);

/* A new lease for each. */
struct ledger_renewal {
	struct ledger_hold hold;
	enum ledger_answer answer;
	int64_t lease_until_ms;
};
MUST_CHECK int ledger_renew_many(struct ledger *ledger, struct ledger_renewal *renewals,
				 size_t count, struct error *err);

/* Does Redis answer? For when there is nothing else to ask. */
MUST_CHECK int ledger_ping(struct ledger *ledger, struct error *err);

/* Give the claim back: anybody may resume it at once. */
MUST_CHECK int ledger_park_many(struct ledger *ledger, const struct ledger_hold *holds,
				size_t count, struct error *err);

/* What is to be asked later: the packed record of a request, and when. Kept with the
 * end of the request that causes it, in one step. */
struct ledger_due {
	const char *id;
	int64_t at_ms; /* wall clock; judged by Redis's */
	struct slice record;
};

/* The end of a request: 'outcome' and 'credential' (either may be empty) are what
 * a replay will publish. Completing again with the same token answers LEDGER_HELD
 * and changes nothing (a lost answer is asked again). */
struct ledger_completion {
	struct ledger_hold hold;
	struct slice outcome;
	struct slice credential;
	struct ledger_due due; /* id NULL = nothing is to come due */
	const char *subject;   /* that a step of this request took; NULL = none */
	struct slice grants;   /* of the subject from now on; empty = as they were */
	int64_t grants_until_ms; /* how long they are kept; 0 = for good */
	enum ledger_answer answer;
};
/* All lists in one round trip; any may be empty. 'published' marks requests
 * whose outcome was committed from 'place'; it drops step, intent and credential
 * (secret, though sealed) and keeps the outcome for people to look at. */
struct ledger_publication {
	struct ledger_key key;
	struct ledger_place place;
};
struct ledger_settlements {
	struct ledger_completion *completions;
	size_t completion_count;
	const struct ledger_publication *publications;
	size_t publication_count;
	const char *const *dropped; /* ids of what was due and is committed */
	size_t dropped_count;
};
MUST_CHECK int ledger_settle_many(struct ledger *ledger,
				  const struct ledger_settlements *settlements,
				  struct error *err);

/* Something is to come due at that time; nothing changes if it is known. -1 RETRY. */
MUST_CHECK int ledger_due_add(struct ledger *ledger, const struct ledger_due *due,
			      struct error *err);

/* At most 'most' of what is due now, hidden from others for 20 seconds. The caller
 * clears the items. */
struct ledger_due_item {
	char *id;
	char *record;
	size_t record_bytes;
	int64_t at_ms; /* only of a list */
};
MUST_CHECK int ledger_due_take(struct ledger *ledger, struct ledger_due_item *items,
			       size_t most, size_t *count, struct error *err);
void ledger_due_item_clear(struct ledger_due_item *item);

/* ---- made anew from the outcomes, and for people to look at ---- */

/* *restored: what the outcomes tell is in the ledger since it was last emptied. */
enum { LEDGER_EPOCH_CAPACITY = 64 };
MUST_CHECK int ledger_epoch_begin(struct ledger *ledger, char epoch[LEDGER_EPOCH_CAPACITY],
				  bool *restored, struct error *err);
/* *marked false: it was emptied meanwhile. */
MUST_CHECK int ledger_epoch_restored(struct ledger *ledger, const char *epoch, bool *marked,
				     struct error *err);

/* 'key' is the request's that is due. *added false: it is known. */
MUST_CHECK int ledger_due_restore(struct ledger *ledger, const struct ledger_key *key,
				  const struct ledger_due *due, bool *added, struct error *err);

enum grants_restored { GRANTS_CHANGED, GRANTS_KEPT, GRANTS_BUSY };
/* Instead of what was there when they were last read (*known; none at first), or *known is
 * what is there now. The caller frees known->bytes. */
MUST_CHECK int ledger_grants_restore(struct ledger *ledger, const char *subject,
				     struct ledger_grants *known, struct slice grants,
				     enum grants_restored *answer, struct error *err);

/* Up to 'most' from the 'from'th on, soonest first; with their times. */
MUST_CHECK int ledger_due_list(struct ledger *ledger, size_t from,
			       struct ledger_due_item *items, size_t most, size_t *count,
			       struct error *err);

/* Moves the duty to publish from a record that no longer exists to another.
 * LEDGER_HELD: publish 'stored' (owned by the caller). LEDGER_LOST: it was not
 * 'from' that had the duty, or it is published; claim again to see. */
struct ledger_take_over {
	struct ledger_key key;
	struct ledger_place from;
	struct ledger_place to;
	enum ledger_answer answer;
	struct ledger_stored stored;
};
MUST_CHECK int ledger_take_over(struct ledger *ledger, struct ledger_take_over *take_over,
				struct error *err);

/* The creation time of the ledger's epoch as last seen by this ledger, and how
 * often it was seen to change since: Redis was emptied or swapped. */
int64_t ledger_epoch_ms(const struct ledger *ledger);
int64_t ledger_epoch_changes(const struct ledger *ledger);
/* Was the epoch made by a claim of this ledger? Said once. */
bool ledger_epoch_made(struct ledger *ledger);

/* For grantctl show: every field of the request's hash as Redis has it; *count 0: there is
 * none. The caller frees them with ledger_fields_free(). */
struct ledger_field {
	char *name;
	char *value;
	size_t value_bytes;
};
MUST_CHECK int ledger_read(struct ledger *ledger, const struct ledger_key *key,
			   struct ledger_field **fields, size_t *count, struct error *err);
void ledger_fields_free(struct ledger_field *fields, size_t count);

/* See redis_inspect(). */
MUST_CHECK int ledger_inspect(struct ledger *ledger, struct buffer *warnings, struct error *err);

/*
 * Steps of many worker threads through one ledger: whoever finds the connection
 * free takes along what the others have queued meanwhile, in one round trip.
 * Thread-safe. Owns 'ledger'.
 */
struct ledger_combiner;
struct ledger_combiner *ledger_combiner_new(struct ledger *ledger);
void ledger_combiner_free(struct ledger_combiner *combiner);
MUST_CHECK int ledger_combiner_step(struct ledger_combiner *combiner, struct ledger_step *step,
				    struct error *err);

#endif
