/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PERMIT_H
#define WORKER_PERMIT_H

#include "worker/ports.h"

/*
 * The policy, asked of requests. Its rules and what they mean: config/policy.h.
 *
 * What grantd asks of itself (the end of a grant, of a token's overlap) was decided when
 * it was promised: no rule stops it.
 */

/* Every pattern of every 'actions' must fit an action there is. -1 FATAL: names the first
 * that does not. */
MUST_CHECK int permit_check_settings(const struct settings *settings, struct error *err);

/* With what the request says, before Grafana is asked. False: *refusal says why. */
bool permit_request(const struct settings *settings, const struct operation *operation,
		    const struct request *request, struct refusal *refusal);

/* Is it such a promise of grantd's own? */
bool permit_is_own(const struct settings *settings, const struct operation *operation,
		   const struct request *request);

/* The org that it turned out to be; id 0: one that is to be made. GO_ON, or ENDED with
 * what permit_request() would have said. An attempt that takes over from one that had
 * begun to write is not stopped here. */
int permit_org(struct turn *turn, int64_t id, const char *name);

/* The account that it turned out to be (e-mail may be NULL). GO_ON, or ENDED with
 * policy.protected_user; likewise. */
int permit_user(struct turn *turn, const char *login, const char *email);

#endif
