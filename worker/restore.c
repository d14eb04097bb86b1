/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.c - a ledger that was emptied gets back what it kept for later.
 *
 * Called by grantctl due restore. What requests have written since it was emptied stays:
 * grants of the outcomes are added to those, with what was there before the first of all.
 *
 * Limits: a grant that was given for good in the moments between the last outcome read
 * and this is not known; its role is left alone unless it is what a grant gives anyhow.
 */
#include "worker/restore.h"

#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

enum { TRIES = 50, WAIT_MS = 200, GRANTS_BYTES = 64 * 1024 };

struct restoring {
	struct ledger *ledger;
	struct restore_report *report;
};

static int put_due(void *context, const struct history_due *due, struct error *err)
{
	struct restoring *restoring = context;
	const struct ledger_key key = {due->source, due->id};
	struct buffer packed;
	bool added = false;
	int rc;

	buffer_init(&packed, 2 * LIMIT_OUTCOME_BYTES);
	record_pack(due->record, &packed);
	rc = ledger_due_restore(restoring->ledger, &key,
				&(struct ledger_due){due->id, due->at_ms,
						     {packed.bytes, packed.length}},
				&added, err);
	buffer_clear(&packed);
	restoring->report->due++;
	restoring->report->due_added += added;
	return rc;
}

/* What is there knows what is held now; what the outcomes tell knows what was before. */
static void merge(struct grants *merged, const struct grants *told, const struct grants *there)
{
	*merged = *told;
	for (size_t i = 0; i < there->count; i++)
		if (!grants_add(merged, told->base, &there->list[i]))
			return;
	if (there->count > 0)
		merged->given = there->given;
}

static int put_once(struct restoring *restoring, const char *subject,
		    const struct grants *told, struct ledger_grants *known,
		    enum grants_restored *answer, struct error *err)
{
	struct grants there = {0}, merged;
	struct buffer text;
	int rc;

	if (known->length > 0 &&
	    !grants_read(&there, (struct slice){known->bytes, known->length})) {
		error_set(err, ERROR_RETRY, "restore", 0, "the grants of %s are not understood",
			  subject);
		return -1;
	}
	merge(&merged, told, &there);
	buffer_init(&text, GRANTS_BYTES);
	grants_write(&merged, &text);
	rc = ledger_grants_restore(restoring->ledger, subject, known,
				   (struct slice){text.bytes, text.length}, answer, err);
	buffer_clear(&text);
	return rc;
}

static int put_grants(void *context, const char *subject, const struct grants *told,
		      struct error *err)
{
	const struct timespec pause = {.tv_nsec = WAIT_MS * 1000L * 1000L};
	struct restoring *restoring = context;
	enum grants_restored answer = GRANTS_CHANGED;
	struct ledger_grants known = {0};
	int rc = 0;

	for (int i = 0; rc == 0 && answer != GRANTS_KEPT && i < TRIES; i++) {
		rc = put_once(restoring, subject, told, &known, &answer, err);
		if (rc == 0 && answer == GRANTS_BUSY)
			nanosleep(&pause, NULL);
	}
	free(known.bytes);
	restoring->report->subjects++;
	restoring->report->grants += told->count;
	if (rc < 0 || answer == GRANTS_KEPT)
		return rc;
	error_set(err, ERROR_RETRY, "restore", 0,
		  "a request about %s is being worked on; run it once more", subject);
	return -1;
}

int restore_run(struct ledger *ledger, struct history *history, struct restore_report *report,
		struct error *err)
{
	struct restoring restoring = {ledger, report};
	char epoch[LEDGER_EPOCH_CAPACITY];
	bool restored = false, marked = false;

	*report = (struct restore_report){0};
	if (ledger_epoch_begin(ledger, epoch, &restored, err) < 0)
		return -1;
	/* The grants first: what is due may come due at once. */
	if (history_each_subject(history, put_grants, &restoring, err) < 0 ||
	    history_each_due(history, put_due, &restoring, err) < 0 ||
	    ledger_epoch_restored(ledger, epoch, &marked, err) < 0)
		return -1;
	if (marked)
		return 0;
	error_set(err, ERROR_RETRY, "restore", 0, "the ledger was emptied meanwhile; run it again");
	return -1;
}
