/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_ROUTES_H
#define TESTS_SIMULATOR_ROUTES_H

struct exchange;

/* The handlers that route.c's table names. Each sets the reply; the caller is
 * authenticated and allowed, exchange->id[] holds the path's numbers, the lock is held. */
typedef void route_handler_fn(struct exchange *exchange);

/* routes_self.c */
route_handler_fn route_health, route_healthz, route_frontend_settings, route_login_ping;
route_handler_fn route_self, route_self_orgs, route_self_update, route_self_password;
route_handler_fn route_self_using;
/* routes_server.c */
route_handler_fn route_server_stats, route_server_settings;
/* routes_invite.c */
route_handler_fn route_invite_list, route_invite_create, route_invite_revoke;
route_handler_fn route_invite_info, route_invite_complete;
/* routes_login.c */
route_handler_fn route_login, route_rotate, route_logout;
/* routes_org.c */
route_handler_fn route_org_current, route_org_list, route_org_get, route_org_get_by_name;
route_handler_fn route_org_create, route_org_update, route_org_update_current, route_org_delete;
route_handler_fn route_org_set_address, route_org_quotas;
/* routes_folder.c */
route_handler_fn route_folder_list, route_folder_get, route_folder_get_by_id;
route_handler_fn route_folder_create, route_folder_update, route_folder_delete;
/* routes_dashboard.c */
route_handler_fn route_dashboard_get, route_dashboard_save, route_dashboard_delete, route_search;
/* routes_member.c */
route_handler_fn route_member_list, route_member_add, route_member_patch, route_member_remove;
route_handler_fn route_member_search;
route_handler_fn route_cur_member_list, route_cur_member_search, route_cur_member_lookup;
route_handler_fn route_cur_member_add, route_cur_member_patch, route_cur_member_remove;
/* routes_user.c */
route_handler_fn route_user_list, route_user_search, route_user_lookup, route_user_get;
route_handler_fn route_user_orgs, route_user_update, route_user_using;
/* routes_team.c */
route_handler_fn route_team_search, route_team_get, route_team_create, route_team_update;
route_handler_fn route_team_delete, route_team_members, route_team_member_add;
route_handler_fn route_team_member_update, route_team_member_remove;
route_handler_fn route_user_teams, route_self_teams;
/* routes_admin.c */
route_handler_fn route_admin_create, route_admin_password, route_admin_permissions;
route_handler_fn route_admin_disable, route_admin_enable, route_admin_delete;
route_handler_fn route_admin_logout, route_admin_auth_tokens;

/* routes_service.c */
route_handler_fn route_service_search, route_service_create, route_service_get;
route_handler_fn route_service_update, route_service_delete;
/* routes_token.c */
route_handler_fn route_token_list, route_token_create, route_token_delete;
route_handler_fn route_key_list, route_key_create, route_key_delete;

#endif
