/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_ACCOUNTS_H
#define GRAFANA_ACCOUNTS_H

#include "base/memory.h"
#include "grafana/http.h"

/*
 * The server admin's calls on accounts (/api/admin/users). All are writes: 0 with
 * an *answer, which may be ANSWER_DOUBT, or -1 RETRY when surely nothing happened.
 */
struct grafana_new_account {
	const char *login, *email, *name; /* name may be "" */
	const struct secret *password;
	int64_t org_id; /* 0 = the server's default */
};

/* OK with *user_id; EXISTS (412); PASSWORD_POLICY; NOT_FOUND (the org); DOUBT. */
MUST_CHECK int grafana_account_create(struct grafana_session *session,
				      const struct grafana_new_account *account,
				      int64_t *user_id, struct answer *answer,
				      struct error *err);

/* OK; SESSIONS_REMAIN; PASSWORD_POLICY; EXTERNAL; LOGIN_FORM_OFF; NOT_FOUND; DOUBT. */
MUST_CHECK int grafana_account_set_password(struct grafana_session *session, int64_t user_id,
					    const struct secret *password,
					    struct answer *answer, struct error *err);

/* OK (also when it was so already); NOT_FOUND; EXTERNAL (Grafana says it with a 500); DOUBT. */
MUST_CHECK int grafana_account_disable(struct grafana_session *session, int64_t user_id,
				       struct answer *answer, struct error *err);
MUST_CHECK int grafana_account_enable(struct grafana_session *session, int64_t user_id,
				      struct answer *answer, struct error *err);

/* The instance-wide right. OK (Grafana up to 10 says so for an unknown id as well:
 * read back); LAST_ADMIN; EXTERNALLY_SYNCED (from 10.1 on); DOUBT. */
MUST_CHECK int grafana_account_set_admin(struct grafana_session *session, int64_t user_id,
					 bool is_admin, struct answer *answer,
					 struct error *err);

/* OK; NOT_FOUND (already gone); DOUBT. */
MUST_CHECK int grafana_account_delete(struct grafana_session *session, int64_t user_id,
				      struct answer *answer, struct error *err);

/* Ends all sessions. OK; NOT_FOUND; SELF; DOUBT (repeating it is harmless). */
MUST_CHECK int grafana_account_logout(struct grafana_session *session, int64_t user_id,
				      struct answer *answer, struct error *err);

#endif
