/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operations.c - the table of actions, and what all of them need of a request.
 *
 * Called by the pipeline for every request. To add an action: an op_*.c file and
 * a row here and in operations.h.
 */
#include "worker/operations.h"

#include <string.h>

static const struct operation *const operations[] = {
	&operation_org_role_grant,
	&operation_org_role_revoke,
	&operation_account_create,
	&operation_account_update,
	&operation_account_disable,
	&operation_account_enable,
	&operation_account_delete,
	&operation_account_logout,
	&operation_account_reset_password,
	&operation_invite_create,
	&operation_invite_revoke,
	&operation_server_admin_grant,
	&operation_server_admin_revoke,
	&operation_team_create,
	&operation_team_delete,
	&operation_team_member_add,
	&operation_team_member_remove,
	&operation_service_account_create,
	&operation_service_account_update,
	&operation_service_account_disable,
	&operation_service_account_enable,
	&operation_service_account_delete,
	&operation_service_account_token_create,
	&operation_service_account_token_rotate,
	&operation_service_account_token_delete,
	&operation_api_key_create,
	&operation_api_key_delete,
	&operation_org_create,
	&operation_org_rename,
	&operation_org_delete,
	&operation_dashboard_apply,
	&operation_org_bootstrap,
	&operation_inventory_snapshot,
	NULL,
};

const struct operation *operation_find(const char *action)
{
	for (size_t i = 0; operations[i] != NULL; i++)
		if (strcmp(operations[i]->action, action) == 0)
			return operations[i];
	return NULL;
}

const struct operation *const *operation_all(void)
{
	return operations;
}

static bool has_user(const struct request *request)
{
	return request->user.login != NULL || request->user.email != NULL;
}

static bool has_org(const struct request *request)
{
	return request->org.id != 0 || request->org.name != NULL;
}

static bool has_role(const struct request *request)
{
	return request->role != ROLE_UNSET;
}

static bool has_set(const struct request *request)
{
	return request->set.login != NULL || request->set.email != NULL ||
	       request->set.name != NULL;
}

static bool has_named(const struct request_named *named)
{
	return named->id != 0 || named->name != NULL;
}

static bool has_team(const struct request *request)
{
	return request->team.id != 0 || request->team.name != NULL;
}

static bool has_service_account(const struct request *request)
{
	return has_named(&request->service_account);
}

static bool has_token(const struct request *request)
{
	return has_named(&request->token);
}

static bool has_api_key(const struct request *request)
{
	return has_named(&request->api_key);
}

static bool has_dashboard(const struct request *request)
{
	return request->dashboard.model != NULL;
}

static const struct {
	unsigned need;
	bool (*has)(const struct request *request);
	const char *fault;
} needs[] = {
	{NEED_ORG, has_org, "data.org: missing: say its id or its name"},
	{NEED_USER, has_user, "data.user: missing: say login or email"},
	{NEED_ROLE, has_role, "data.role: missing"},
	{NEED_TEAM, has_team, "data.team: missing: say its id or its name"},
	{NEED_SERVICE_ACCOUNT, has_service_account,
	 "data.service_account: missing: say its id or its name"},
	{NEED_TOKEN, has_token, "data.token: missing: say its id or its name"},
	{NEED_API_KEY, has_api_key, "data.api_key: missing: say its id or its name"},
	{NEED_DASHBOARD, has_dashboard, "data.dashboard: missing"},
	{NEED_SET, has_set, "data.set: missing: say at least one of login, email, name"},
};

static bool has_bound(const struct request *request)
{
	return request->duration_s != NUMBER_NOT_SAID || request->expires_ms != 0;
}

static bool has_grant(const struct request *request)
{
	return request->grant.id != NULL;
}

/* To ignore these would change the meaning of a request. */
static const struct {
	unsigned take;
	bool (*has)(const struct request *request);
	const char *fault;
} takes[] = {
	{TAKES_BOUND, has_bound, "data: duration_s and expires_at have no meaning"},
	{TAKES_GRANT, has_grant, "data.grant: has no meaning"},
};

static int check_takes(const struct operation *operation, const struct request *request,
		       struct error *err)
{
	for (size_t i = 0; i < ARRAY_COUNT(takes); i++)
		if ((operation->takes & takes[i].take) == 0 && takes[i].has(request)) {
			error_set(err, ERROR_REFUSED, "operation", 0, "%s for %s", takes[i].fault,
				  operation->action);
			return -1;
		}
	return 0;
}

int operation_validate(const struct operation *operation, const struct request *request,
		       struct error *err)
{
	for (size_t i = 0; i < ARRAY_COUNT(needs); i++)
		if ((operation->needs & needs[i].need) != 0 && !needs[i].has(request)) {
			error_set(err, ERROR_REFUSED, "operation", 0, "%s (for %s)",
				  needs[i].fault, operation->action);
			return -1;
		}
	if (check_takes(operation, request, err) < 0)
		return -1;
	return operation->validate == NULL ? 0 : operation->validate(request, err);
}
