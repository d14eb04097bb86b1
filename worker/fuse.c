/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuse.c - no more removals than expected: a faulty upstream must not empty a Grafana.
 *
 * Called by the pipeline before a removal runs, and by bound.c with each step. The
 * counting and the judging are one script in the ledger's Redis (step.lua), by its clock;
 * nothing is kept here.
 *
 * Limit: an emptied Redis forgets that the fuse was open.
 */
#include "worker/fuse.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "worker/permit.h"

static bool counts(const struct turn *turn)
{
	return turn->operation->removes && turn->settings->policy.max_removals_per_minute > 0 &&
	       !permit_is_own(turn->settings, turn->operation, turn->request);
}

void fuse_ask(const struct turn *turn, struct ledger_step *step)
{
	if (!counts(turn))
		return;
	step->fuse = turn->request->instance;
	step->fuse_limit = turn->settings->policy.max_removals_per_minute;
}

int fuse_answer(struct turn *turn, const struct ledger_step *step)
{
	if (step->answer != LEDGER_FUSE_OPEN && step->answer != LEDGER_FUSE_TRIPPED)
		return TURN_GO_ON;
	text_copy(turn->outcome.rule, sizeof(turn->outcome.rule), "policy");
	return turn_refused(turn, REASON_POLICY_FUSE_OPEN,
			    "more than %" PRId64 " removals in a minute were asked of '%s' ([policy] "
			    "max_removals_per_minute), so none is made until somebody has looked and "
			    "said: grantctl fuse reset %s",
			    turn->settings->policy.max_removals_per_minute,
			    turn->request->instance, turn->request->instance);
}

int fuse_check(struct turn *turn, struct error *err)
{
	struct ledger_step look = {.name = "", .intent = {"", 0}};

	fuse_ask(turn, &look);
	if (look.fuse == NULL)
		return TURN_GO_ON;
	if (turn->begin_step(turn->context, &look, err) < 0)
		return TURN_FAILED;
	return fuse_answer(turn, &look);
}
