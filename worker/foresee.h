/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_FORESEE_H
#define WORKER_FORESEE_H

#include "worker/membership.h"
#include "worker/turn.h"

/*
 * What Grafana would refuse when it is asked to write, for plans, which do not ask. Each
 * answers GO_ON when the request is no plan, or nothing is in the way; ENDED with the
 * reason that Grafana's no would have; FAILED.
 */

/* org.last_admin: of a role that goes, or falls to 'wanted'. */
MUST_CHECK int foresee_last_admin(struct turn *turn, const struct grafana_org *org,
				  const struct grafana_user *user,
				  const struct membership *wanted, struct error *err);

/* account.external: Grafana from this major version on leaves that to the identity
 * provider. 'user' as grafana_person_get() tells it. */
MUST_CHECK int foresee_external(struct turn *turn, const struct grafana_user *user,
				int since_major, struct error *err);

/* account.externally_synced: the server admin flag comes from an identity provider. */
int foresee_synced_admin(struct turn *turn, const struct grafana_user *user);

#endif
