/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_TURN_H
#define WORKER_TURN_H

#include "base/memory.h"
#include "grafana/orgs.h"
#include "grafana/reply.h"
#include "grafana/users.h"
#include "worker/ports.h"

/*
 * What operations share. A helper that may end the operation answers one of
 * these; ENDED and FAILED are what run() itself answers, so that an operation
 * reads:   if ((rc = bound_take(turn, err)) != TURN_GO_ON) return rc;
 */
enum { TURN_FAILED = -1, TURN_ENDED = 0, TURN_GO_ON = 1 };

/* Take over what an earlier attempt left: the evidence of before its first write,
 * the account it worked on, the sealed secret. Called by the pipeline. */
void turn_init(struct turn *turn);
void turn_clear(struct turn *turn);

/* Run the operation; answers as its run() does. If it fails with nothing written, neither by
 * this attempt nor by one before, its steps are taken back: what somebody else makes until
 * the next attempt is not ours. */
MUST_CHECK int turn_run(struct turn *turn, struct error *err);

/* Was anything begun with this step, the last one noted? NULL = none was. Not if the steps
 * were taken back. */
bool turn_step_counts(const char *step);
/* Did an earlier attempt begin to write? */
bool turn_was_begun(const struct turn *turn);

/* Was this the last step that it began? */
bool turn_step_was(const struct turn *turn, const char *step);

/* ---- how an operation ends (turn.c) ---- */

/* APPLIED, or ALREADY_SO; with a sentence for people. Answers TURN_ENDED. */
int turn_applied(struct turn *turn, const char *format, ...) PRINTF_LIKE(2, 3);
/* Things are as asked without a write in this attempt: ALREADY_SO, or APPLIED
 * when an earlier attempt had begun to write. */
int turn_as_asked(struct turn *turn, const char *format, ...) PRINTF_LIKE(2, 3);
/* Done as far as grantd can; a human has to do the rest. */
int turn_needs_action(struct turn *turn, const char *format, ...) PRINTF_LIKE(2, 3);
int turn_refused(struct turn *turn, enum reason reason, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* Grafana's definite no. 'doing' is what was tried: "change the role". */
int turn_refused_by(struct turn *turn, const struct answer *answer, const char *doing);
/* The same where the operation knows the reason better. */
int turn_refused_as(struct turn *turn, enum reason reason, const struct answer *answer,
		    const char *doing);
/* The same for a call inside an org (teams, service accounts, invites, dashboards):
 * there a server admin that is no Admin of the org has no rights. grantd does not
 * join orgs by itself; the message says who has to be added where. FAILED when the
 * org could not be asked for; ENDED with org.not_found when it is gone. */
int turn_refused_in_org(struct turn *turn, const struct grafana_org *org,
			const struct answer *answer, const char *doing, struct error *err);
/* Grafana's yes to a write, for the outcome's evidence. Answers TURN_GO_ON. */
int turn_wrote(struct turn *turn, const struct answer *answer);
/* A write that may have happened, and reading back did not show it: try again
 * later. Answers TURN_FAILED. */
int turn_in_doubt(const struct answer *answer, const char *doing, struct error *err);

/* ---- plans (turn.c) ---- */

/* In a plan: true, and the write that would come now is left out: go on as if Grafana had
 * said yes, with what would be so. However the turn then ends well, it ends as PLANNED. A
 * write that is not asked about is not made either: the turn ends there. */
bool turn_skips(struct turn *turn);

/* ---- finding what the request names (turn_find.c) ---- */

/* Do the credentials reach one org only, and no account that does not belong to it? */
bool turn_has_one_org(const struct turn *turn);

/* The org by id or exact name, after an earlier attempt by the id it had then; ENDED
 * with org.not_found, grafana.unsupported when it is not the one our token works in, or
 * what the policy says. */
MUST_CHECK int turn_find_org(struct turn *turn, enum grafana_cache cache,
			     struct grafana_org *org, struct error *err);

/* The account by login and/or e-mail: exact, case-insensitive. ENDED with
 * account.ambiguous when the two don't name one account, or when another account has the
 * e-mail as its login or the other way round. *found false: there is none. */
MUST_CHECK int turn_find_user(struct turn *turn, const struct request_user *named,
			      struct grafana_user *user, bool *found, struct error *err);
/* The same where one is made if there is none. With *found false *user is the account that
 * has the name as the other of its two; its id is 0 if there is none. */
MUST_CHECK int turn_look_for_user(struct turn *turn, const struct request_user *named,
				  struct grafana_user *user, bool *found, struct error *err);

/* The same, for an operation that changes an account: ENDED with
 * account.not_found, or with account.protected for grantd's own login. After an
 * earlier attempt the account is found by the id it had then. Details (disabled,
 * external) are filled. */
MUST_CHECK int turn_find_account(struct turn *turn, struct grafana_user *user,
				 struct error *err);
/* By the id that Grafana gave it. */
MUST_CHECK int turn_find_by_id(struct turn *turn, int64_t user_id, struct grafana_user *user,
			       bool *found, struct error *err);
/* ENDED with account.not_found, for who the request names; in the words that fit what
 * our credentials can see. */
int turn_refused_missing(struct turn *turn);
/* ENDED with account.protected if this is grantd's own login, or with
 * policy.protected_user. */
int turn_protect_self(struct turn *turn, const struct grafana_user *user);

void turn_target_user(struct turn *turn, const struct grafana_user *user);
void turn_target_org(struct turn *turn, const struct grafana_org *org);
/* What was so before, unless an earlier attempt has told it already. */
void turn_set_before(struct turn *turn, const struct evidence *before);
void turn_evidence_of_user(const struct grafana_user *user, struct evidence *evidence);
/* The account's login, or e-mail, or what the request said: for messages. */
const char *turn_who(const struct turn *turn);

/* A record that is kept and committed with the outcome, if this turn ends as applied; it is
 * taken over. Not beside a secret. */
void turn_closes_with(struct turn *turn, struct record *record);

/* ---- later (turn.c) ---- */

/* If this turn does not end as refused, 'action' is asked by grantd itself at that time (wall
 * clock), of the same instance, for the same people. The caller fills in what it is
 * about (see codec/follow_up.h); strings are the turn's then. 'kind' is static: what
 * tells it from other follow-ups of the request. */
struct request *turn_follow_up(struct turn *turn, const char *kind, const char *action,
			       int64_t at_ms);

/* ---- before a write (turn.c) ---- */

/* Note in the ledger what is about to be done; what this turn knows goes along
 * (evidence of before, account, sealed secret). GO_ON or FAILED. */
MUST_CHECK int turn_begin_step(struct turn *turn, const char *step, struct error *err);
/* What the steps so far were to do, somebody else had done: nothing was written, and the secret
 * that was to be is nobody's. A later attempt begins as if there had been none. */
MUST_CHECK int turn_take_back_steps(struct turn *turn, struct error *err);

/* ---- secrets (turn_secret.c) ---- */

/* ENDED with vault.no_key when no secret can be made. */
int turn_need_vault(struct turn *turn);
/* A new password and, in turn->sealed, what the vault will get; its version is one
 * higher than any an earlier attempt may have set. */
MUST_CHECK int turn_new_secret(struct turn *turn, struct secret *password, struct error *err);
/* A secret that Grafana has made (a token, a link) and that is in force: sealed into
 * turn->sealed, the version raised. 'expires_ms' is wall clock, 0 = never. Note it in
 * the ledger with turn_begin_step() at once: until then a crash loses it. */
MUST_CHECK int turn_take_secret(struct turn *turn, enum credential_kind kind,
				const struct secret *secret, int64_t expires_ms,
				struct error *err);
/* Grafana has taken the secret: from here on the sealed one is in force. */
void turn_secret_is_set(struct turn *turn);
/* Is the sealed secret an earlier attempt left known to be in force? */
bool turn_has_secret(const struct turn *turn);

#endif
