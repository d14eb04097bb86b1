/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_VERSION_H
#define TESTS_SIMULATOR_VERSION_H

#include <stdbool.h>

/* The Grafana versions that can be played, oldest first: tables name ranges of them. */
enum version_id { V7_5, V9_4, V10_1, V10_4, V11_6, V12_4, V_FIRST = V7_5, V_LAST = V12_4 };

/* What differs between versions and is not just another text (answer.c has those). */
struct version {
	enum version_id id;
	const char *name;	 /* what --version takes; its major number alone works too */
	const char *number;	 /* what the server says it is */
	const char *commit;
	bool roles_only;	 /* before access control: no permissions, just roles */
	bool binding_arrays;	 /* a bad body is answered with a list of what is wrong */
	bool exact_roles;	 /* "viewer" is none */
	bool login_first;	 /* a login wins over an e-mail that is the same text */
	bool ignores_target_org; /* of the query */
	bool brief_members;	 /* without isDisabled and authLabels */
	bool service_accounts;	 /* has them at all */
	enum { API_KEYS, API_KEYS_READ_ONLY, API_KEYS_GONE } api_keys;
	bool service_login_has_org; /* their logins name the org, so names can repeat */
	bool token_use_unnoticed; /* lastUsedAt stays null */
	bool token_org_checked;	 /* another org in the header refuses a token */
	bool traced;		 /* plain errors with an inner cause carry "traceID" */
	bool legacy_cache_headers;
	bool health_alphabetical;
	bool build_alphabetical; /* buildInfo in the frontend settings */
	bool ping_is_json;
	bool admin_routes_open;	 /* no credentials: /api/admin/ answers 403, not 401 */
	bool missing_org_hidden; /* an unknown org under /api/orgs/:id is a 403 */
	bool ignore_case;	 /* logins and e-mails are stored in lower case */
	bool role_none;
	bool synced_users;	 /* isExternallySynced, and the role of such a user is locked */
	bool synced_admin_field;
	bool uid;
	bool team_rights;	 /* team members are permissions: a creator joins, a user must be one */
	bool team_uid;
	bool provisioned_field;
	bool failures_of_unknown_users_count;
	bool wrong_password_is_400;
	bool password_optional;
	bool reset_ends_sessions;
	bool rotates_on_request; /* a session that is due is refused until it asks for a new token */
	bool sort_by_login;	 /* member lists: login first, e-mail second */
};

/* NULL when there is no such version. */
const struct version *version_find(const char *name);

#endif
