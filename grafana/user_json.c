/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_json.c - a profile out of Grafana's JSON.
 *
 * Called by users.c and server.c. Pure. Flags that older servers do not send are
 * false.
 */
#include "grafana/user_json.h"

#include <string.h>

#include "grafana/call.h"
#include "grafana/json_get.h"

static void read_flags(const struct json_t *json, struct grafana_user *user)
{
	user->is_admin = json_get_true(json, "isGrafanaAdmin");
	user->is_disabled = json_get_true(json, "isDisabled");
	user->is_external = json_get_true(json, "isExternal");
	user->is_admin_synced = json_get_true(json, "isGrafanaAdminExternallySynced");
	user->is_externally_synced = json_get_true(json, "isExternallySynced");
	user->is_provisioned = json_get_true(json, "isProvisioned");
	if (!json_get_time(json, "createdAt", &user->created_ms) || user->created_ms < 0)
		user->created_ms = 0;
}

int user_from_json(const struct json_t *json, const char *path, struct grafana_user *user,
		   struct answer *answer, struct error *err)
{
	memset(user, 0, sizeof(*user));
	if (!json_get_id(json, "id", &user->id))
		return call_unusable(path, "has no user id", err);
	if (!json_get_text(json, "login", user->login, sizeof(user->login)) ||
	    !json_get_text(json, "email", user->email, sizeof(user->email)) ||
	    !json_get_text(json, "name", user->name, sizeof(user->name))) {
		answer_reject(answer, answer->status,
			      "the account's login, e-mail or name is no text, or longer than "
			      "%d bytes",
			      LIMIT_LOGIN_BYTES);
		memset(user, 0, sizeof(*user));
		return 0;
	}
	if (user->login[0] == '\0')
		return call_unusable(path, "has no login", err);
	read_flags(json, user);
	return 0;
}
