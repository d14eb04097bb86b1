/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_ORG_WRITE_H
#define GRAFANA_ORG_WRITE_H

#include <stddef.h>

#include "grafana/orgs.h"

/* Making, renaming and deleting orgs, and what to look at before. What is remembered
 * of the org is forgotten whatever the answer. */

/* OK with *org_id, EXISTS (the name is taken, perhaps in another letter case), DOUBT.
 * Whoever asks becomes an Admin of the new org. */
MUST_CHECK int grafana_org_create(struct grafana_session *session, const char *name,
				  int64_t *org_id, struct answer *answer, struct error *err);

/* OK, EXISTS (the name is taken), DOUBT (also for an org that is not there). */
MUST_CHECK int grafana_org_rename(struct grafana_session *session, int64_t org_id,
				  const char *name, struct answer *answer, struct error *err);

/* OK, NOT_FOUND, SELF (Grafana takes it for the org its caller is in), DOUBT. Members
 * lose the org, not their accounts. */
MUST_CHECK int grafana_org_delete(struct grafana_session *session, int64_t org_id,
				  struct answer *answer, struct error *err);

/* Is there but one org? */
MUST_CHECK int grafana_org_is_only(struct grafana_session *session, bool *only,
				   struct answer *answer, struct error *err);

enum { GRAFANA_CROWD_IDS = 50 };

/* The members of an org other than our own login, which 'own' names by login or e-mail. */
struct grafana_crowd {
	size_t count;
	size_t id_count; /* of the first ones */
	int64_t ids[GRAFANA_CROWD_IDS];
};

MUST_CHECK int grafana_org_crowd(struct grafana_session *session, int64_t org_id,
				 const char *own, struct grafana_crowd *crowd,
				 struct answer *answer, struct error *err);

/* How many orgs the account is in. */
MUST_CHECK int grafana_user_count_orgs(struct grafana_session *session, int64_t user_id,
				       size_t *count, struct answer *answer,
				       struct error *err);

#endif
