/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_PEOPLE_H
#define GRAFANA_PEOPLE_H

#include "grafana/users.h"

/*
 * People, as far as our credentials see them: all accounts of the server, or with a
 * token the members of its org only. Contracts are those of users.h: 0 with *answer
 * OK or NOT_FOUND (or PERMISSION, UNSUPPORTED, REJECTED); -1 RETRY.
 */

/* By that name, whatever the letter case; exact. With NOT_FOUND *user may be another one,
 * whom Grafana would take the name for: who has it as the other of his two. Its id is 0 if
 * there is none. */
MUST_CHECK int grafana_person_find(struct grafana_session *session, const char *said,
				   enum grafana_name name, struct grafana_user *user,
				   struct answer *answer, struct error *err);

/* By id, with all that is told: of a member is_disabled and is_externally_synced. */
MUST_CHECK int grafana_person_get(struct grafana_session *session, int64_t user_id,
				  struct grafana_user *user, struct answer *answer,
				  struct error *err);

/* *member false = not a member, also for an id that is not there. 'login' is the
 * account's, or "": it spares a long list. */
MUST_CHECK int grafana_person_role(struct grafana_session *session, int64_t org_id,
				   int64_t user_id, const char *login, bool *member,
				   enum role *role, struct answer *answer, struct error *err);

#endif
