/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_NEW_ORG_H
#define WORKER_NEW_ORG_H

#include "worker/turn.h"

/* An org of exactly that name is there afterwards. GO_ON with *org, and *made when this
 * attempt made it or an earlier one had begun to; ENDED with org.name_taken when Grafana
 * holds the name for taken by another; FAILED when reading back did not show it.
 * before.exists, after.exists and the target are filled. */
MUST_CHECK int new_org_ensure(struct turn *turn, const char *name, struct grafana_org *org,
			      bool *made, struct error *err);

/* Past the cache: OK with *found. ENDED on any other no than "not there". */
MUST_CHECK int new_org_look(struct turn *turn, const char *name, struct grafana_org *org,
			    bool *found, struct error *err);

#endif
