/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_NEW_ACCOUNT_H
#define WORKER_NEW_ACCOUNT_H

#include "worker/turn.h"

/* Is this turn to make the account (or to finish making it)? 'found': it is there now. */
bool new_account_is_due(const struct turn *turn, bool found);

/*
 * The account named by the request, made by this request, with a password sealed
 * for the vault in turn->sealed. 'found' and *user are what turn_look_for_user() said; an
 * account that has the name as the other of its two is account.conflict.
 *
 * An account this request has made, but whose password is in doubt (an earlier
 * attempt crashed, or an answer was lost), gets a new one. One that was there
 * before is refused as account.exists and not touched. GO_ON with *user filled,
 * ENDED or FAILED.
 */
MUST_CHECK int new_account_ensure(struct turn *turn, int64_t org_id, struct grafana_user *user,
				  bool found, struct error *err);

/* A new password for an account that is there; ends its sessions. */
MUST_CHECK int new_account_reset(struct turn *turn, const struct grafana_user *user,
				 struct error *err);

#endif
