/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_INVITATION_H
#define WORKER_INVITATION_H

#include "worker/turn.h"

/*
 * Invite the person that the request names to the org with the request's role: for
 * people who have no account. Always ends the turn (or FAILED): needs_action when an
 * invite waits, already_so when one waited already, applied when there was an account
 * after all.
 */
MUST_CHECK int invitation_make(struct turn *turn, const struct grafana_org *org,
			       struct error *err);

/* Revoke all that are pending for that person in the org; ends the turn. */
MUST_CHECK int invitation_revoke(struct turn *turn, const struct grafana_org *org,
				 struct error *err);

#endif
