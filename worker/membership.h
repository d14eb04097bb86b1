/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_MEMBERSHIP_H
#define WORKER_MEMBERSHIP_H

#include "worker/turn.h"

/* One user's place in one org, as Grafana tells it. */
struct membership {
	bool member;
	enum role role; /* with member */
};

MUST_CHECK int membership_read(struct turn *turn, int64_t org_id, int64_t user_id,
			       struct membership *membership, struct error *err);
void membership_evidence(const struct membership *membership, struct evidence *evidence);

/* "Editor", or "no member": for messages. */
const char *membership_name(const struct membership *membership);

/*
 * For who was not found. With a token that may be somebody with an account who does not
 * belong to the org: GO_ON with *user as membership_read() and membership_set() take
 * him (id 0), and the latter answers with account.not_found when there is none. Else
 * ENDED with account.not_found.
 */
MUST_CHECK int membership_find_unseen(struct turn *turn, struct grafana_user *user);

/*
 * Make it so: the role is changed in place, or the user is added. 'now' is what was
 * read just before. GO_ON when it is so, with outcome.after filled; ENDED on
 * Grafana's no; FAILED when reading back did not show it.
 */
MUST_CHECK int membership_set(struct turn *turn, const struct grafana_org *org,
			      const struct grafana_user *user, const struct membership *now,
			      enum role role, struct error *err);

/* The user leaves the org; the account stays. The same answers. With a token the account
 * may go too: only if the request allows it, and outcome.after says what became of it. */
MUST_CHECK int membership_end(struct turn *turn, const struct grafana_org *org,
			      const struct grafana_user *user, struct error *err);

#endif
