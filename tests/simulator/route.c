/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.c - the routes: pattern, rights and handler of each, in one table.
 *
 * A route is added by one row and one handler. Rights are checked as Grafana does:
 * unknown routes want credentials before they are a 404; access control comes
 * before the path's numbers are read.
 */
#include "tests/simulator/route.h"

#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

enum scope {
	OPEN,	   /* nobody in particular */
	SIGNED_IN, /* anybody known */
	SERVER,	   /* server admins */
	CURRENT,   /* server admins, and min_role in the current org */
	IN_ORG,	   /* min_role in the current org, which server admins need as well */
	PATH_ORG,  /* server admins, and min_role in the org of the path */
	PATH_SERVER, /* server admins; the org of the path must be one all the same */
};

enum {
	STRICT_SLASH = 1,    /* a trailing slash is another route */
	OUTSIDE_SIGN_IN = 2, /* see version.admin_routes_open */
	PING_STYLE = 4,	     /* its own writer for "no credentials" */
	SERVICE_ACCOUNTS = 8, /* only where the version has them */
	API_KEYS_ROUTE = 16,  /* likewise */
	PERSONAL = 32,	      /* needs somebody: a token is nobody */
	FOR_ANYBODY = 64,     /* who is signed in, while there are roles only */
	SERVICE_ROUTE = SERVICE_ACCOUNTS | OUTSIDE_SIGN_IN,
};

struct route {
	enum method method;
	const char *pattern;
	enum scope scope;
	enum role min_role;
	const char *permission;
	int flags;
	route_handler_fn *handler;
};

static const struct route routes[] = {
	{METHOD_GET, "/api/health", OPEN, 0, "", STRICT_SLASH, route_health},
	{METHOD_GET, "/healthz", OPEN, 0, "", STRICT_SLASH, route_healthz},
	{METHOD_POST, "/login", OPEN, 0, "", STRICT_SLASH, route_login},
	{METHOD_GET, "/logout", OPEN, 0, "", STRICT_SLASH, route_logout},
	{METHOD_POST, "/api/user/auth-tokens/rotate", OPEN, 0, "", STRICT_SLASH, route_rotate},
	{METHOD_GET, "/api/login/ping", SIGNED_IN, 0, "", PING_STYLE, route_login_ping},
	{METHOD_GET, "/api/frontend/settings", SIGNED_IN, 0, "", 0, route_frontend_settings},
	{METHOD_GET, "/api/user", SIGNED_IN, 0, "", 0, route_self},
	{METHOD_GET, "/api/user/orgs", SIGNED_IN, 0, "", PERSONAL, route_self_orgs},
	{METHOD_PUT, "/api/user", SIGNED_IN, 0, "", PERSONAL, route_self_update},
	{METHOD_PUT, "/api/user/password", SIGNED_IN, 0, "", PERSONAL, route_self_password},
	{METHOD_POST, "/api/user/using/:orgId", SIGNED_IN, 0, "", PERSONAL, route_self_using},
	{METHOD_GET, "/api/user/teams", SIGNED_IN, 0, "", PERSONAL, route_self_teams},

	{METHOD_GET, "/api/org", CURRENT, ROLE_NONE, "orgs:read", 0, route_org_current},
	{METHOD_PUT, "/api/org", CURRENT, ROLE_ADMIN, "orgs:write", 0, route_org_update_current},
	{METHOD_GET, "/api/org/users", CURRENT, ROLE_ADMIN, "org.users:read", 0,
	 route_cur_member_list},
	{METHOD_GET, "/api/org/users/search", CURRENT, ROLE_ADMIN, "org.users:read", 0,
	 route_cur_member_search},
	{METHOD_GET, "/api/org/users/lookup", CURRENT, ROLE_ADMIN, "org.users:read", 0,
	 route_cur_member_lookup},
	{METHOD_POST, "/api/org/users", CURRENT, ROLE_ADMIN, "org.users:add", 0,
	 route_cur_member_add},
	{METHOD_PATCH, "/api/org/users/:currentUserId", CURRENT, ROLE_ADMIN, "org.users:write", 0,
	 route_cur_member_patch},
	{METHOD_DELETE, "/api/org/users/:currentUserId", CURRENT, ROLE_ADMIN, "org.users:remove",
	 0, route_cur_member_remove},

	{METHOD_GET, "/api/orgs", SERVER, 0, "orgs:read", 0, route_org_list},
	{METHOD_POST, "/api/orgs", SERVER, 0, "orgs:create", 0, route_org_create},
	{METHOD_GET, "/api/orgs/name/:name", SERVER, 0, "orgs:read", 0, route_org_get_by_name},
	{METHOD_GET, "/api/orgs/:orgId", PATH_ORG, ROLE_NONE, "orgs:read", 0, route_org_get},
	{METHOD_PUT, "/api/orgs/:orgId", PATH_ORG, ROLE_ADMIN, "orgs:write", 0,
	 route_org_update},
	{METHOD_DELETE, "/api/orgs/:orgId", PATH_SERVER, 0, "orgs:delete", 0,
	 route_org_delete},
	{METHOD_PUT, "/api/orgs/:orgId/address", PATH_ORG, ROLE_ADMIN, "orgs:write", 0,
	 route_org_set_address},
	{METHOD_GET, "/api/orgs/:orgId/quotas", PATH_ORG, ROLE_ADMIN, "orgs.quotas:read", 0,
	 route_org_quotas},
	{METHOD_GET, "/api/orgs/:orgId/users", PATH_ORG, ROLE_ADMIN, "org.users:read", 0,
	 route_member_list},
	{METHOD_GET, "/api/orgs/:orgId/users/search", PATH_ORG, ROLE_ADMIN, "org.users:read", 0,
	 route_member_search},
	{METHOD_POST, "/api/orgs/:orgId/users", PATH_ORG, ROLE_ADMIN, "org.users:add", 0,
	 route_member_add},
	{METHOD_PATCH, "/api/orgs/:orgId/users/:userId", PATH_ORG, ROLE_ADMIN, "org.users:write",
	 0, route_member_patch},
	{METHOD_DELETE, "/api/orgs/:orgId/users/:userId", PATH_ORG, ROLE_ADMIN,
	 "org.users:remove", 0, route_member_remove},

	{METHOD_GET, "/api/folders", IN_ORG, ROLE_VIEWER, "folders:read", 0, route_folder_list},
	{METHOD_POST, "/api/folders", IN_ORG, ROLE_EDITOR, "folders:create", 0,
	 route_folder_create},
	{METHOD_GET, "/api/folders/id/:id", IN_ORG, ROLE_VIEWER, "folders:read", 0,
	 route_folder_get_by_id},
	{METHOD_GET, "/api/folders/:uid", IN_ORG, ROLE_VIEWER, "folders:read", 0,
	 route_folder_get},
	{METHOD_PUT, "/api/folders/:uid", IN_ORG, ROLE_EDITOR, "folders:write", 0,
	 route_folder_update},
	{METHOD_DELETE, "/api/folders/:uid", IN_ORG, ROLE_EDITOR, "folders:delete", 0,
	 route_folder_delete},
	{METHOD_POST, "/api/dashboards/db", IN_ORG, ROLE_EDITOR,
	 "any of dashboards:create, dashboards:write", 0, route_dashboard_save},
	{METHOD_GET, "/api/dashboards/uid/:uid", IN_ORG, ROLE_VIEWER, "dashboards:read", 0,
	 route_dashboard_get},
	{METHOD_DELETE, "/api/dashboards/uid/:uid", IN_ORG, ROLE_EDITOR, "dashboards:delete", 0,
	 route_dashboard_delete},
	{METHOD_GET, "/api/search", IN_ORG, ROLE_NONE, "dashboards:read", 0, route_search},

	{METHOD_GET, "/api/users", SERVER, 0, "users:read", 0, route_user_list},
	{METHOD_GET, "/api/users/search", SERVER, 0, "users:read", 0, route_user_search},
	{METHOD_GET, "/api/users/lookup", SERVER, 0, "users:read", 0, route_user_lookup},
	{METHOD_GET, "/api/users/:id", SERVER, 0, "users:read", 0, route_user_get},
	{METHOD_PUT, "/api/users/:id", SERVER, 0, "users:write", 0, route_user_update},
	{METHOD_GET, "/api/users/:id/orgs", SERVER, 0, "users:read", 0, route_user_orgs},
	{METHOD_POST, "/api/users/:id/using/:orgId", SERVER, 0, "users:write", 0,
	 route_user_using},
	{METHOD_GET, "/api/users/:id/teams", SERVER, 0, "users:read", 0, route_user_teams},

	{METHOD_GET, "/api/org/invites", IN_ORG, ROLE_ADMIN, "org.users:add", 0,
	 route_invite_list},
	{METHOD_POST, "/api/org/invites", IN_ORG, ROLE_ADMIN, "org.users:add", 0,
	 route_invite_create},
	{METHOD_PATCH, "/api/org/invites/:name/revoke", IN_ORG, ROLE_ADMIN, "org.users:add", 0,
	 route_invite_revoke},
	{METHOD_POST, "/api/user/invite/complete", OPEN, 0, "", 0, route_invite_complete},
	{METHOD_GET, "/api/user/invite/:name", OPEN, 0, "", 0, route_invite_info},

	{METHOD_GET, "/api/teams/search", IN_ORG, ROLE_ADMIN, "teams:read", FOR_ANYBODY,
	 route_team_search},
	{METHOD_POST, "/api/teams", IN_ORG, ROLE_ADMIN, "teams:create", 0, route_team_create},
	{METHOD_GET, "/api/teams/:teamId", IN_ORG, ROLE_ADMIN, "teams:read", FOR_ANYBODY,
	 route_team_get},
	{METHOD_PUT, "/api/teams/:teamId", IN_ORG, ROLE_ADMIN, "teams:write", 0,
	 route_team_update},
	{METHOD_DELETE, "/api/teams/:teamId", IN_ORG, ROLE_ADMIN, "teams:delete", 0,
	 route_team_delete},
	{METHOD_GET, "/api/teams/:teamId/members", IN_ORG, ROLE_ADMIN, "teams.permissions:read",
	 0, route_team_members},
	{METHOD_POST, "/api/teams/:teamId/members", IN_ORG, ROLE_ADMIN,
	 "teams.permissions:write", 0, route_team_member_add},
	{METHOD_PUT, "/api/teams/:teamId/members/:userId", IN_ORG, ROLE_ADMIN,
	 "teams.permissions:write", 0, route_team_member_update},
	{METHOD_DELETE, "/api/teams/:teamId/members/:userId", IN_ORG, ROLE_ADMIN,
	 "teams.permissions:write", 0, route_team_member_remove},

	{METHOD_GET, "/api/admin/stats", SERVER, 0, "server.stats:read", OUTSIDE_SIGN_IN,
	 route_server_stats},
	{METHOD_GET, "/api/admin/settings", SERVER, 0, "settings:read", OUTSIDE_SIGN_IN,
	 route_server_settings},
	{METHOD_GET, "/api/serviceaccounts/search", IN_ORG, ROLE_ADMIN, "serviceaccounts:read",
	 SERVICE_ROUTE, route_service_search},
	{METHOD_POST, "/api/serviceaccounts", IN_ORG, ROLE_ADMIN, "serviceaccounts:create",
	 SERVICE_ROUTE, route_service_create},
	{METHOD_GET, "/api/serviceaccounts/:serviceId", IN_ORG, ROLE_ADMIN,
	 "serviceaccounts:read", SERVICE_ROUTE, route_service_get},
	{METHOD_PATCH, "/api/serviceaccounts/:serviceId", IN_ORG, ROLE_ADMIN,
	 "serviceaccounts:write", SERVICE_ROUTE, route_service_update},
	{METHOD_DELETE, "/api/serviceaccounts/:serviceId", IN_ORG, ROLE_ADMIN,
	 "serviceaccounts:delete", SERVICE_ROUTE, route_service_delete},
	{METHOD_GET, "/api/serviceaccounts/:serviceId/tokens", IN_ORG, ROLE_ADMIN,
	 "serviceaccounts:read", SERVICE_ROUTE, route_token_list},
	{METHOD_POST, "/api/serviceaccounts/:serviceId/tokens", IN_ORG, ROLE_ADMIN,
	 "serviceaccounts:write", SERVICE_ROUTE, route_token_create},
	{METHOD_DELETE, "/api/serviceaccounts/:serviceId/tokens/:tokenId", IN_ORG, ROLE_ADMIN,
	 "serviceaccounts:write", SERVICE_ROUTE, route_token_delete},

	{METHOD_GET, "/api/auth/keys", IN_ORG, ROLE_ADMIN, "apikeys:read", API_KEYS_ROUTE,
	 route_key_list},
	{METHOD_POST, "/api/auth/keys", IN_ORG, ROLE_ADMIN, "apikeys:create", API_KEYS_ROUTE,
	 route_key_create},
	{METHOD_DELETE, "/api/auth/keys/:keyId", IN_ORG, ROLE_ADMIN, "apikeys:delete",
	 API_KEYS_ROUTE, route_key_delete},

	{METHOD_POST, "/api/admin/users", SERVER, 0, "users:create", OUTSIDE_SIGN_IN,
	 route_admin_create},
	{METHOD_DELETE, "/api/admin/users/:adminId", SERVER, 0, "users:delete", OUTSIDE_SIGN_IN,
	 route_admin_delete},
	{METHOD_PUT, "/api/admin/users/:adminId/password", SERVER, 0, "users.password:write",
	 OUTSIDE_SIGN_IN, route_admin_password},
	{METHOD_PUT, "/api/admin/users/:adminId/permissions", SERVER, 0,
	 "users.permissions:write", OUTSIDE_SIGN_IN, route_admin_permissions},
	{METHOD_POST, "/api/admin/users/:adminId/disable", SERVER, 0, "users:disable",
	 OUTSIDE_SIGN_IN, route_admin_disable},
	{METHOD_POST, "/api/admin/users/:adminId/enable", SERVER, 0, "users:enable",
	 OUTSIDE_SIGN_IN, route_admin_enable},
	{METHOD_POST, "/api/admin/users/:adminId/logout", SERVER, 0, "users:logout",
	 OUTSIDE_SIGN_IN, route_admin_logout},
	{METHOD_GET, "/api/admin/users/:adminId/auth-tokens", SERVER, 0, "users.authtoken:read",
	 OUTSIDE_SIGN_IN, route_admin_auth_tokens},
};

/* How a path parameter is read. */
struct parameter {
	const char *token;
	bool is_number;
	bool takes_uid; /* where the version has uids */
	enum answer when_bad;
};

static const struct parameter parameters[] = {
	{":orgId", true, false, ANSWER_ORG_ID_INVALID},
	{":userId", true, true, ANSWER_USER_ID_INVALID},
	{":currentUserId", true, false, ANSWER_USER_ID_INVALID},
	{":id", true, true, ANSWER_ID_INVALID},
	{":adminId", true, false, ANSWER_ID_INVALID},
	{":teamId", true, false, ANSWER_TEAM_ID_INVALID},
	{":serviceId", true, false, ANSWER_SERVICE_ID_INVALID},
	{":tokenId", true, false, ANSWER_TOKEN_ID_INVALID},
	{":keyId", true, false, ANSWER_ID_INVALID},
	{":name", false, false, ANSWER_BAD_REQUEST},
	{":uid", false, false, ANSWER_BAD_REQUEST},
};

static void clear_parameters(struct exchange *exchange)
{
	for (size_t i = 0; i < EXCHANGE_MAX_PARAMS; i++) {
		free(exchange->param_text[i]);
		exchange->param_text[i] = NULL;
	}
}

/* Segment by segment; parameters are kept, unescaped. */
static bool path_matches(const struct route *route, struct exchange *exchange)
{
	const char *pattern = route->pattern, *path = exchange->path;
	size_t params = 0;

	while (*pattern == '/' && *path == '/') {
		size_t pattern_length = strcspn(pattern + 1, "/") + 1;
		size_t length = strcspn(path + 1, "/") + 1;

		if (pattern[1] == ':' && length > 1) {
			char *text = mem_strndup(path + 1, length - 1);

			exchange_unescape(text, false);
			exchange->param_text[params++] = text;
		} else if (length != pattern_length || memcmp(pattern, path, length) != 0) {
			break;
		}
		pattern += pattern_length;
		path += length;
	}
	if (*pattern == '\0' &&
	    (*path == '\0' || (strcmp(path, "/") == 0 && !(route->flags & STRICT_SLASH))))
		return true;
	clear_parameters(exchange);
	return false;
}

static bool is_played(const struct route *route, const struct version *version)
{
	if ((route->flags & SERVICE_ACCOUNTS) != 0)
		return version->service_accounts;
	if ((route->flags & API_KEYS_ROUTE) != 0)
		return version->api_keys != API_KEYS_GONE;
	return true;
}

static const struct route *find_route(struct exchange *exchange)
{
	for (size_t i = 0; i < ARRAY_COUNT(routes); i++)
		if (routes[i].method == exchange->method &&
		    is_played(&routes[i], exchange->version) &&
		    path_matches(&routes[i], exchange))
			return &routes[i];
	return NULL;
}

static bool parse_id(const char *text, int64_t *id)
{
	return text_to_int64(text, INT64_MIN, INT64_MAX, id);
}

static bool deny(struct exchange *exchange, const struct route *route)
{
	answer_denied(exchange, route->permission);
	return false;
}

/* A token has its rights in its own org only. */
static int role_in_org(const struct caller *caller, int64_t org_id)
{
	const struct membership *member;

	if (caller->account == NULL)
		return caller->org_id == org_id ? (int)caller->role : ROLE_INVALID;
	member = store_member(caller->account, org_id);
	return member != NULL ? (int)member->role : ROLE_INVALID;
}

/* Access control in the org of the path, which is always the first parameter. */
static bool may_in_path_org(struct exchange *exchange, const struct route *route)
{
	const struct caller *caller = &exchange->caller;
	int64_t org_id;

	if (exchange->version->roles_only)
		return caller->server_admin || deny(exchange, route);
	if (!parse_id(exchange->param_text[0], &org_id) ||
	    (exchange->version->missing_org_hidden &&
	     store_org(&exchange->sim->store, org_id) == NULL)) {
		answer_denied(exchange, "");
		return false;
	}
	if (caller->server_admin ||
	    (route->scope == PATH_ORG && role_in_org(caller, org_id) >= route->min_role))
		return true;
	return deny(exchange, route);
}

/* Server admins may act in an org without being in it, where that is a permission. */
static bool admin_suffices(const struct exchange *exchange, const struct route *route)
{
	return route->scope == SERVER ||
	       (route->scope == CURRENT && !exchange->version->roles_only);
}

static bool may(struct exchange *exchange, const struct route *route)
{
	const struct caller *caller = &exchange->caller;

	if (route->scope == PATH_ORG || route->scope == PATH_SERVER)
		return may_in_path_org(exchange, route);
	if ((route->flags & PERSONAL) != 0 && caller->account == NULL) {
		answer(exchange, ANSWER_SELF_NO_USER);
		return false;
	}
	if (route->scope == SIGNED_IN ||
	    ((route->flags & FOR_ANYBODY) != 0 && exchange->version->roles_only))
		return true;
	if (caller->server_admin && admin_suffices(exchange, route))
		return true;
	if ((route->scope == CURRENT || route->scope == IN_ORG) && caller->role != ROLE_INVALID &&
	    caller->role >= route->min_role)
		return true;
	return deny(exchange, route);
}

static bool read_parameter(struct exchange *exchange, size_t index, const char *token)
{
	const struct parameter *parameter = parameters;
	const char *text = exchange->param_text[index];
	size_t length = strcspn(token, "/");

	while (strlen(parameter->token) != length ||
	       strncmp(parameter->token, token, length) != 0)
		parameter++;
	if (!parameter->is_number || parse_id(text, &exchange->id[index]))
		return true;
	if (exchange->version->roles_only) {
		exchange->id[index] = 0; /* what 7.5 makes of it */
		return true;
	}
	if (!parameter->takes_uid || !exchange->version->uid) {
		answer(exchange, parameter->when_bad);
		return false;
	}
	exchange->id[index] = view_uid_to_id(text);
	if (store_account(&exchange->sim->store, exchange->id[index]) != NULL)
		return true;
	answer(exchange, ANSWER_UID_NOT_FOUND);
	return false;
}

static bool read_parameters(struct exchange *exchange, const struct route *route)
{
	const char *token = strchr(route->pattern, ':');

	for (size_t i = 0; token != NULL; i++) {
		if (!read_parameter(exchange, i, token))
			return false;
		token = strchr(token + 1, ':');
	}
	return true;
}

static void answer_no_credentials(struct exchange *exchange, const struct route *route)
{
	if (strncmp(exchange->path, "/api/", 5) != 0) {
		exchange->reply.status = 302;
		exchange->reply.content = CONTENT_HTML;
		exchange->reply.location = "/login";
		(void)buffer_append_text(&exchange->reply.body,
					 "<a href=\"/login\">Found</a>.\n\n");
	} else if (route != NULL && (route->flags & PING_STYLE)) {
		answer(exchange, ANSWER_UNAUTHORIZED_PING);
	} else if (route != NULL && (route->flags & OUTSIDE_SIGN_IN) &&
		   exchange->version->admin_routes_open) {
		answer_denied(exchange, route->permission);
	} else {
		answer(exchange, ANSWER_UNAUTHORIZED);
	}
}

void route_dispatch(struct exchange *exchange)
{
	const struct route *route = find_route(exchange);

	if (route != NULL && route->scope == OPEN) {
		route->handler(exchange);
		return;
	}
	switch (auth_check(exchange)) {
	case AUTH_NO_CREDENTIALS:
		answer_no_credentials(exchange, route);
		return;
	case AUTH_REFUSED:
		return;
	case AUTH_OK:
		break;
	}
	if (route == NULL) {
		answer(exchange, ANSWER_ROUTE_NOT_FOUND);
		return;
	}
	if (may(exchange, route) && read_parameters(exchange, route))
		route->handler(exchange);
}
