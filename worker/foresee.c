/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foresee.c - Grafana's noes, told without asking for a write.
 *
 * Called by membership.c and op_account_*.c, op_server_admin.c where a write comes next.
 * Does nothing unless the request is a plan: otherwise Grafana's own word counts.
 *
 * Limits: who may not see the org's service accounts, one of which may be Admin besides
 * the last person that is, takes it that there is none. Of a server that hides its
 * version the newest is expected.
 */
#include "worker/foresee.h"

#include "grafana/guards.h"
#include "grafana/server.h"
#include "grafana/service_accounts.h"

static bool is_plan(const struct turn *turn)
{
	return turn->request->mode == MODE_PLAN;
}

int foresee_last_admin(struct turn *turn, const struct grafana_org *org,
		       const struct grafana_user *user, const struct membership *wanted,
		       struct error *err)
{
	const struct evidence *before = &turn->outcome.before;
	struct answer answer = {0};
	bool other = false;

	if (!is_plan(turn) || before->member != FACT_YES || before->role != ROLE_ADMIN ||
	    wanted->role == ROLE_ADMIN)
		return TURN_GO_ON;
	if (grafana_org_other_admin(turn->grafana, org->id, user->id, &other, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "look for another Admin");
	if (!other && grafana_service_account_other_admin(turn->grafana, org->id, 0, &other,
							   &answer, err) < 0)
		return TURN_FAILED;
	if (other)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ORG_LAST_ADMIN,
			    "'%s' is the only Admin of the org '%s'; give another member that "
			    "role first", user->login, org->name);
}

int foresee_external(struct turn *turn, const struct grafana_user *user, int since_major,
		     struct error *err)
{
	int version;

	if (!is_plan(turn) || !user->is_external)
		return TURN_GO_ON;
	if (grafana_version_probe(turn->grafana, err) < 0)
		return TURN_FAILED;
	version = grafana_version(grafana_session_instance(turn->grafana));
	if (version != 0 && version < since_major * GRAFANA_VERSION_MAJOR)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_EXTERNAL,
			    "'%s' is managed by an identity provider; change it there",
			    user->login);
}

int foresee_synced_admin(struct turn *turn, const struct grafana_user *user)
{
	if (!is_plan(turn) || !user->is_admin_synced)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_ACCOUNT_EXTERNALLY_SYNCED,
			    "whether '%s' is a server admin comes from an identity provider; "
			    "change it there, or set skip_org_role_sync", user->login);
}
