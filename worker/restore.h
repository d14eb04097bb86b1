/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_RESTORE_H
#define WORKER_RESTORE_H

#include "worker/history.h"
#include "worker/ledger.h"

struct restore_report {
	size_t due;	 /* requests that are to come due */
	size_t due_added; /* of them, how many the ledger did not have */
	size_t subjects; /* with grants alive */
	size_t grants;
};

/* What the outcomes tell is put into the ledger, next to what is there. May be done again,
 * and while workers run. Fails with ERROR_RETRY. */
MUST_CHECK int restore_run(struct ledger *ledger, struct history *history,
			   struct restore_report *report, struct error *err);

#endif
