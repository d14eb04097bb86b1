/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ini.c - the settings that the server says it runs with.
 *
 * A choice of the real list: those that say how the server treats accounts. Values are
 * texts, secrets are masked, sections and keys are sorted, as Grafana does it. Keys came and went
 * with the versions; where the defaults of a key changed it has a row for each.
 */
#include "tests/simulator/ini.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "tests/simulator/sim.h"

static const struct {
	const char *section, *key, *value;
	enum version_id since, until; /* V_FIRST and V_LAST: all of them */
} defaults[] = {
	{"DEFAULT", "app_mode", "production", V_FIRST, V_LAST},
	{"auth", "login_cookie_name", "grafana_session", V_FIRST, V_LAST},
	{"auth", "login_maximum_inactive_lifetime_duration", "", V_FIRST, V_LAST},
	{"auth", "login_maximum_lifetime_duration", "", V_FIRST, V_LAST},
	{"auth", "oauth_skip_org_role_update_sync", "false", V9_4, V9_4},
	{"auth", "token_rotation_interval_minutes", "10", V_FIRST, V_LAST},
	{"auth.anonymous", "enabled", "false", V_FIRST, V_LAST},
	{"auth.anonymous", "org_name", "Main Org.", V_FIRST, V_LAST},
	{"auth.anonymous", "org_role", "Viewer", V_FIRST, V_LAST},
	{"auth.azuread", "enabled", "false", V_FIRST, V_LAST},
	{"auth.azuread", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.basic", "enabled", "true", V_FIRST, V_LAST},
	{"auth.generic_oauth", "enabled", "false", V_FIRST, V_LAST},
	{"auth.generic_oauth", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.github", "enabled", "false", V_FIRST, V_LAST},
	{"auth.github", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.gitlab", "enabled", "false", V_FIRST, V_LAST},
	{"auth.gitlab", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.google", "enabled", "false", V_FIRST, V_LAST},
	{"auth.google", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.grafana_com", "enabled", "false", V_FIRST, V_LAST},
	{"auth.grafana_com", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.jwt", "enabled", "false", V9_4, V_LAST},
	{"auth.jwt", "role_attribute_path", "", V9_4, V_LAST},
	{"auth.jwt", "skip_org_role_sync", "false", V10_1, V_LAST},
	{"auth.ldap", "enabled", "false", V_FIRST, V_LAST},
	{"auth.ldap", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.okta", "enabled", "false", V_FIRST, V_LAST},
	{"auth.okta", "skip_org_role_sync", "false", V9_4, V_LAST},
	{"auth.proxy", "enabled", "false", V_FIRST, V_LAST},
	{"auth.proxy", "headers", "", V_FIRST, V_LAST},
	{"quota", "enabled", "false", V_FIRST, V_LAST},
	{"quota", "global_org", "-1", V_FIRST, V_LAST},
	{"quota", "global_user", "-1", V_FIRST, V_LAST},
	{"quota", "org_api_key", "10", V_FIRST, V_LAST},
	{"quota", "org_user", "10", V_FIRST, V_LAST},
	{"security", "admin_password", "*********", V_FIRST, V_LAST},
	{"security", "brute_force_login_protection_max_attempts", "5", V11_6, V_LAST},
	{"smtp", "password", "*********", V_FIRST, V_LAST},
	{"users", "allow_org_create", "false", V_FIRST, V_LAST},
	{"users", "allow_sign_up", "false", V_FIRST, V_LAST},
	{"users", "auto_assign_org_id", "1", V_FIRST, V_LAST},
	{"users", "editors_can_admin", "false", V_FIRST, V10_4},
	{"users", "user_invite_max_lifetime_duration", "24h", V9_4, V_LAST},
	{"users", "viewers_can_edit", "false", V_FIRST, V_LAST},
};

static void put(json_t *sections, const char *section, const char *key, json_t *value)
{
	json_t *keys = json_object_get(sections, section);

	if (keys == NULL) {
		keys = json_object();
		json_object_set_new(sections, section, keys);
	}
	if (json_is_null(value))
		json_object_del(keys, key);
	else
		json_object_set(keys, key, value);
	json_decref(value);
}

static void put_flag(json_t *sections, const char *section, const char *key, bool flag)
{
	put(sections, section, key, json_string(flag ? "true" : "false"));
}

/* Like all numbers that bound something: -1 for no bound. */
static void put_bound(json_t *sections, const char *section, const char *key, int64_t bound)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", bound == 0 ? -1LL : (long long)bound);
	put(sections, section, key, json_string(text));
}

/* What the server does by /sim/settings. */
static void put_behaviour(json_t *sections, const struct sim *sim)
{
	const struct sim_settings *settings = &sim->settings;
	enum version_id version = settings->version->id;

	put_flag(sections, "auth", "disable_login_form", !settings->login_form);
	put_bound(sections, "auth", "api_key_max_seconds_to_live", settings->key_max_ttl_s);
	if (version >= V9_4)
		put_bound(sections, "service_accounts", "token_expiration_day_limit",
			  settings->token_limit_days);
	if (version >= V10_4)
		put_flag(sections, "auth.basic", "password_policy", settings->password_policy);
	put(sections, "security", "admin_user", json_string(sim->admin_login));
	put_flag(sections, "security", "disable_brute_force_login_protection",
		 !settings->brute_force);
	put_flag(sections, "smtp", "enabled", settings->smtp);
	put_flag(sections, "users", "auto_assign_org", settings->auto_assign_org);
	put(sections, "users", "auto_assign_org_role",
	    json_string(role_name(settings->auto_assign_role)));
}

static void put_overrides(json_t *sections, json_t *overrides)
{
	const char *section, *key;
	json_t *keys, *value;

	json_object_foreach(overrides, section, keys)
		json_object_foreach(keys, key, value)
			put(sections, section, key, json_incref(value));
}

void ini_write(const struct sim *sim, struct buffer *out)
{
	json_t *sections = json_object();
	enum version_id version = sim->settings.version->id;
	char *text;

	for (size_t i = 0; i < ARRAY_COUNT(defaults); i++)
		if (version >= defaults[i].since && version <= defaults[i].until)
			put(sections, defaults[i].section, defaults[i].key,
			    json_string(defaults[i].value));
	put_behaviour(sections, sim);
	put_overrides(sections, sim->settings.ini);
	text = json_dumps(sections, JSON_COMPACT | JSON_SORT_KEYS);
	buffer_append_text(out, text);
	free(text);
	json_decref(sections);
}

void ini_write_overrides(const struct sim *sim, struct buffer *out)
{
	char *text = json_dumps(sim->settings.ini, JSON_COMPACT | JSON_SORT_KEYS);

	buffer_append_text(out, text != NULL ? text : "{}");
	free(text);
}

const char *ini_replace(struct sim *sim, const json_t *overrides)
{
	json_t *copy = json_deep_copy(overrides), *keys, *value;
	const char *section, *key;

	json_object_foreach(copy, section, keys)
	{
		if (!json_is_object(keys)) {
			json_decref(copy);
			return "ini is section -> key -> text";
		}
		json_object_foreach(keys, key, value)
		{
			if (json_is_string(value) || json_is_null(value))
				continue;
			json_decref(copy);
			return "a key of ini is a text, or null";
		}
	}
	json_decref(sim->settings.ini);
	sim->settings.ini = copy;
	return NULL;
}
