/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_SERVICE_ACCOUNT_H
#define WORKER_SERVICE_ACCOUNT_H

#include "grafana/service_accounts.h"
#include "worker/turn.h"

/* What the operations on service accounts and their tokens share. */

/* The service account the request names, by id or exact name; with both, they must name
 * one. After an attempt that had found it: that one, as its name may be changed by now. ENDED
 * with service_account.ambiguous when several have the name. *found false: there is none. */
MUST_CHECK int service_account_find(struct turn *turn, const struct grafana_org *org,
				    struct grafana_service_account *account, bool *found,
				    struct error *err);
/* The same for one that must be there: else ENDED with service_account.not_found; and
 * with account.protected when it is the one that grantd itself uses. */
MUST_CHECK int service_account_find_existing(struct turn *turn, const struct grafana_org *org,
					     struct grafana_service_account *account,
					     struct error *err);

/* ENDED with org.last_admin when the org would be left without any Admin, person or
 * machine, if this account no longer were one. */
MUST_CHECK int service_account_guard_admin(struct turn *turn, const struct grafana_org *org,
					   const struct grafana_service_account *account,
					   struct error *err);

/* Grafana's definite no to a call on service accounts. ENDED or FAILED. */
int service_account_refused(struct turn *turn, const struct grafana_org *org,
			    const struct answer *answer, const char *doing, struct error *err);

void service_account_target(struct turn *turn, const struct grafana_service_account *account);
void service_account_evidence(const struct grafana_service_account *account,
			      struct evidence *evidence);

#endif
