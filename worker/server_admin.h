/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_SERVER_ADMIN_H
#define WORKER_SERVER_ADMIN_H

#include "worker/turn.h"

/* Before a server admin is taken away (disabled, deleted, or only the flag): GO_ON
 * when the account is none, or when there is another that is not disabled; ENDED
 * with account.last_server_admin. Grafana guards only the flag, and there it counts
 * disabled accounts as well. */
MUST_CHECK int server_admin_keep_one(struct turn *turn, const struct grafana_user *user,
				     struct error *err);

#endif
