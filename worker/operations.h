/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_OPERATIONS_H
#define WORKER_OPERATIONS_H

#include "worker/ports.h"

/* The descriptors of all actions, one row each in operations.c. */
extern const struct operation operation_org_role_grant;
extern const struct operation operation_org_role_revoke;
extern const struct operation operation_account_create;
extern const struct operation operation_account_update;
extern const struct operation operation_account_disable;
extern const struct operation operation_account_enable;
extern const struct operation operation_account_delete;
extern const struct operation operation_account_logout;
extern const struct operation operation_account_reset_password;
extern const struct operation operation_invite_create;
extern const struct operation operation_invite_revoke;
extern const struct operation operation_server_admin_grant;
extern const struct operation operation_server_admin_revoke;
extern const struct operation operation_team_create;
extern const struct operation operation_team_delete;
extern const struct operation operation_team_member_add;
extern const struct operation operation_team_member_remove;
extern const struct operation operation_service_account_create;
extern const struct operation operation_service_account_update;
extern const struct operation operation_service_account_disable;
extern const struct operation operation_service_account_enable;
extern const struct operation operation_service_account_delete;
extern const struct operation operation_service_account_token_create;
extern const struct operation operation_service_account_token_rotate;
extern const struct operation operation_service_account_token_delete;
extern const struct operation operation_api_key_create;
extern const struct operation operation_api_key_delete;
extern const struct operation operation_org_create;
extern const struct operation operation_org_rename;
extern const struct operation operation_org_delete;
extern const struct operation operation_dashboard_apply;
extern const struct operation operation_org_bootstrap;
extern const struct operation operation_inventory_snapshot;

#endif
