/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_SERVICE_ACCOUNTS_H
#define GRAFANA_SERVICE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/limits.h"
#include "config/role.h"
#include "grafana/http.h"

struct grafana_service_account {
	int64_t id;
	char name[LIMIT_NAME_BYTES + 1];
	char login[LIMIT_NAME_BYTES + 1];
	enum role role;
	bool is_disabled;
};

/*
 * The machines' accounts of one org, which need not be grantd's current one; its
 * credentials must be Admin there, or everything is answered with PERMISSION.
 * Grafana has them since 9.0: earlier ones answer UNSUPPORTED.
 *
 * Reads: 0 with *answer OK or NOT_FOUND (or PERMISSION, ...), -1 RETRY. Writes: 0 with
 * *answer, which may be DOUBT, or -1 RETRY when surely nothing happened.
 */
MUST_CHECK int grafana_service_account_by_id(struct grafana_session *session, int64_t org_id,
					     int64_t id,
					     struct grafana_service_account *account,
					     struct answer *answer, struct error *err);
/* The exact name. Renaming can make names repeat: *count says how many have it (at most 2 are
 * counted), *account is one of them. */
MUST_CHECK int grafana_service_account_by_name(struct grafana_session *session,
					       int64_t org_id, const char *name,
					       struct grafana_service_account *account,
					       size_t *count, struct answer *answer,
					       struct error *err);
/* Is there an account with the role Admin, not disabled, other than that id? */
MUST_CHECK int grafana_service_account_other_admin(struct grafana_session *session,
						   int64_t org_id, int64_t id, bool *other,
						   struct answer *answer, struct error *err);

/* The login of the service account whose token we have; "" where Grafana does not tell,
 * which is before 11.3. 0; -1 RETRY. */
MUST_CHECK int grafana_service_account_own(struct grafana_session *session,
					   char login[LIMIT_NAME_BYTES + 1], struct error *err);

/* OK with *id; EXISTS: the login that is made of the name is taken, up to Grafana 10 by
 * an account of any org; ROLE_INVALID; PERMISSION; DOUBT, also when it was made and only
 * the rights of its maker could not be written. */
MUST_CHECK int grafana_service_account_create(struct grafana_session *session, int64_t org_id,
					      const char *name, enum role role, int64_t *id,
					      struct answer *answer, struct error *err);

/* What to change; the rest stays. */
struct grafana_service_account_change {
	const char *name;    /* NULL = not */
	enum role role;	     /* ROLE_UNSET = not */
	const bool *disabled; /* NULL = not */
};
/* OK; NOT_FOUND; ROLE_INVALID; PERMISSION; DOUBT. */
MUST_CHECK int
grafana_service_account_update(struct grafana_session *session, int64_t org_id, int64_t id,
			       const struct grafana_service_account_change *change,
			       struct answer *answer, struct error *err);
/* OK; NOT_FOUND; DOUBT, which up to Grafana 10 is also the answer for what is not there.
 * Its tokens go with it. */
MUST_CHECK int grafana_service_account_delete(struct grafana_session *session, int64_t org_id,
					      int64_t id, struct answer *answer,
					      struct error *err);

#endif
