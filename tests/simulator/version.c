/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.c - what the simulated Grafana versions do differently.
 *
 * One row per version; handlers ask the row, never the number. Texts and
 * statuses that changed are rows of answer.c instead. A further version is a
 * further row here plus its place in enum version_id.
 */
#include "tests/simulator/version.h"

#include <stddef.h>
#include <string.h>

#include "base/attributes.h"

/* What the release and the recorded build before it have in common. */
#define V10_1_FLAGS \
	.team_rights = true, .team_uid = true, .service_accounts = true, \
	.traced = true, .health_alphabetical = true, .ping_is_json = true, .ignore_case = true, \
	.synced_users = true, .failures_of_unknown_users_count = true

static const struct version versions[] = {
	{.id = V7_5, .name = "7.5", .number = "7.5.5", .commit = "b5190ee547",
	 .roles_only = true, .binding_arrays = true, .exact_roles = true, .login_first = true,
	 .ignores_target_org = true, .brief_members = true,
	 .legacy_cache_headers = true, .health_alphabetical = true, .build_alphabetical = true},
	{.id = V9_4, .name = "9.4", .number = "9.4.0", .commit = "8f3e923057",
	 .team_rights = true, .service_accounts = true,
	 .traced = true, .legacy_cache_headers = true, .health_alphabetical = true,
	 .build_alphabetical = true, .admin_routes_open = true},
	{.id = V10_1, .name = "10.1", .number = "10.1.10", .commit = "ff85ec33c5", V10_1_FLAGS,
	 .missing_org_hidden = true, .token_org_checked = true},
	{.id = V10_1, .name = "10.1-pre", .number = "10.1.0-pre", .commit = "4217c8057b",
	 V10_1_FLAGS, .wrong_password_is_400 = true, .token_use_unnoticed = true},
	{.id = V10_4, .name = "10.4", .number = "10.4.19", .commit = "d82ba95d0a",
	 .team_rights = true, .team_uid = true,
	 .service_accounts = true, .token_org_checked = true,
	 .traced = true, .health_alphabetical = true, .ping_is_json = true,
	 .ignore_case = true, .role_none = true, .synced_users = true,
	 .synced_admin_field = true, .rotates_on_request = true, .failures_of_unknown_users_count = true},
	{.id = V11_6, .name = "11.6", .number = "11.6.0", .commit = "d2fdff9edf",
	 .team_rights = true, .team_uid = true,
	 .service_accounts = true, .token_org_checked = true,
	 .api_keys = API_KEYS_READ_ONLY, .service_login_has_org = true,
	 .ping_is_json = true, .ignore_case = true, .role_none = true, .synced_users = true,
	 .synced_admin_field = true, .rotates_on_request = true, .uid = true, .failures_of_unknown_users_count = true,
	 .sort_by_login = true},
	{.id = V12_4, .name = "12.4", .number = "12.4.0", .commit = "4b8d2f1e07",
	 .team_rights = true, .team_uid = true,
	 .service_accounts = true, .token_org_checked = true, .api_keys = API_KEYS_GONE,
	 .service_login_has_org = true,
	 .ping_is_json = true, .ignore_case = true, .role_none = true, .synced_users = true,
	 .synced_admin_field = true, .rotates_on_request = true, .uid = true, .provisioned_field = true,
	 .failures_of_unknown_users_count = true, .password_optional = true,
	 .reset_ends_sessions = true, .sort_by_login = true},
};
#undef V10_1_FLAGS

const struct version *version_find(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < ARRAY_COUNT(versions); i++) {
		const char *row = versions[i].name;

		if (length > 0 && strncmp(row, name, length) == 0 &&
		    (row[length] == '\0' || row[length] == '.'))
			return &versions[i];
	}
	return NULL;
}
