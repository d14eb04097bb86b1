/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_INVITES_H
#define GRAFANA_INVITES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "config/limits.h"
#include "config/role.h"
#include "grafana/http.h"

/*
 * Pending invites of one org, which need not be grantd's current one (org_id 0: it is).
 * An invite's code and link let whoever has them in, so both are secrets.
 *
 * Reads: 0 with *answer, -1 RETRY. Writes: 0 with *answer, which may be DOUBT, or -1
 * RETRY when surely nothing happened.
 */
struct grafana_invite {
	struct secret code, link;
	enum role role; /* ROLE_UNSET = one that we do not know */
	int64_t created_ms; /* 0 = not told */
};

struct grafana_invites {
	struct grafana_invite *items; /* owned */
	size_t count;
};
void grafana_invites_clear(struct grafana_invites *invites);

/* Those for this login or e-mail, in any letter case, in Grafana's order; all of them: the
 * list has no pages. Grafana does not keep one person from being invited several times. */
MUST_CHECK int grafana_invites_find(struct grafana_session *session, int64_t org_id,
				    const char *login_or_email,
				    struct grafana_invites *found, struct answer *answer,
				    struct error *err);

/*
 * OK with *added false: an invite is pending, and a mail was sent if 'mail' says so;
 * with *added true there was an account, which now belongs to the org. EXISTS: the
 * account belongs to it already. MAIL_OFF: the mail was not sent, but all else is done.
 * LOGIN_FORM_OFF: people without an account can't come in. ROLE_INVALID; DOUBT.
 */
struct grafana_new_invite {
	const char *login_or_email;
	const char *name; /* "" = none */
	enum role role;
	bool mail;
};
MUST_CHECK int grafana_invite_create(struct grafana_session *session, int64_t org_id,
				     const struct grafana_new_invite *invite, bool *added,
				     struct answer *answer, struct error *err);

/* OK (up to 10 also when there is none); NOT_FOUND; DOUBT. */
MUST_CHECK int grafana_invite_revoke(struct grafana_session *session, int64_t org_id,
				     const struct secret *code, struct answer *answer,
				     struct error *err);

#endif
