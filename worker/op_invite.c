/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_invite.c - invite.create and invite.revoke.
 */
#include "worker/operations.h"

#include "worker/invitation.h"

static int run_create(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	int rc = turn_find_org(turn, GRAFANA_CACHED, &org, err);

	return rc == TURN_GO_ON ? invitation_make(turn, &org, err) : rc;
}

const struct operation operation_invite_create = {
	.action = "invite.create",
	.needs = NEED_ORG | NEED_USER | NEED_ROLE,
	.gives = GIVES_ROLE,
	.run = run_create,
};

static int run_revoke(struct turn *turn, struct error *err)
{
	struct grafana_org org;
	int rc = turn_find_org(turn, GRAFANA_CACHED, &org, err);

	return rc == TURN_GO_ON ? invitation_revoke(turn, &org, err) : rc;
}

const struct operation operation_invite_revoke = {
	.action = "invite.revoke",
	.needs = NEED_ORG | NEED_USER,
	.removes = true,
	.run = run_revoke,
};
