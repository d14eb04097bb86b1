/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_BOUND_H
#define WORKER_BOUND_H

#include "worker/turn.h"

/*
 * Grants that end by themselves, as operations deal with them. An operation that gives
 * or takes what can be bound in time calls, in this order,
 *
 *   bound_check()	first of all
 *   bound_take()	when the target is known and before what is held now is read
 *   bound_decide() or bound_end()	when outcome.before is filled
 *   bound_settle()	when it is so, just before it ends as applied or already_so
 *
 * whether or not this request is bound. Levels: see worker/grants.h; of an org's role
 * they are those of enum role, of a team or the server admin flag 1.
 */

/* Is this request to end one grant (and not to take away whatever is there)? */
bool bound_is_end(const struct turn *turn);

/* ENDED with grant.over when it is too late to give anything. */
int bound_check(struct turn *turn);

/* From here on nobody else changes the same of the same person. What is not bound in time
 * takes it with its first step, which costs nothing. GO_ON or FAILED. */
MUST_CHECK int bound_take(struct turn *turn, struct error *err);

/* For what concerns no grants: of an instance nobody else does what goes by this name until
 * the request is completed. GO_ON or FAILED. */
MUST_CHECK int bound_take_alone(struct turn *turn, const char *name, struct error *err);

/* A grant: what is to be held now, which is more than was asked while a stronger grant is
 * alive. ENDED when there are too many, or its end could not be carried out. */
MUST_CHECK int bound_decide(struct turn *turn, int asked, int *wanted);

/* The end of a grant: what is to be held without it. ENDED with already_so when it has
 * ended before or what is held is not what it gave; FAILED while nobody can know. */
MUST_CHECK int bound_end(struct turn *turn, int *wanted, struct error *err);
/* What it was about is gone, and the grant with it: ENDED with already_so, or FAILED. */
MUST_CHECK int bound_end_gone(struct turn *turn, const char *what, struct error *err);
/* The account that the grant was given to; else as turn_find_account(). ENDED when it is
 * gone. */
MUST_CHECK int bound_find_user(struct turn *turn, struct grafana_user *user, struct error *err);

/* It is so: the grants alive, the expiry, what it goes back to. GO_ON or FAILED. */
MUST_CHECK int bound_settle(struct turn *turn, struct error *err);

/* " until 2026-...", or "" when it is for good: for messages. */
const char *bound_until(const struct turn *turn, char out[BOUND_UNTIL_CAPACITY]);

/* ---- for turn.c, the pipeline and settle.c ---- */

/* A step with what the turn has taken. GO_ON or FAILED. */
MUST_CHECK int bound_begin_step(struct turn *turn, const char *step, struct slice intent,
				struct error *err);
/* The turn will not be tried again, but may have given something: see that it ends. */
MUST_CHECK int bound_give_up(struct turn *turn, struct error *err);
/* The turn was refused. What may have been given before anybody could see it is not: that
 * ends as failed, and comes to its end like any other. 0, or -1 as bound_give_up(). */
MUST_CHECK int bound_refused(struct turn *turn, struct error *err);
/* What the ledger is to keep of it. */
void bound_store(const struct turn *turn, int64_t horizon_s, struct job *job);

#endif
