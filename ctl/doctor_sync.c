/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_sync.c - do people's roles come from an identity provider?
 *
 * Called by the rules of doctor_rules.c. A module that is on and syncs roles sets them
 * anew at each login: what grantd gave is gone then, and from Grafana 10.1 on the role of
 * such a person cannot be changed at all.
 *
 * Sources: [auth.MODULE] skip_org_role_sync exists since 9.x, before there was only [auth]
 * oauth_skip_org_role_update_sync, which 10.1 still reads and 11 no longer does, though it
 * still lists it if somebody's ini has it; an auth proxy has no such key, and its
 * users are always taken for synced from 10.1 on; JWT syncs only roles that it finds.
 *
 * Limit: settings of a provider that were changed in Grafana's UI (11 on) are not seen.
 */
#include "ctl/doctor.h"

#include <string.h>

#include "base/attributes.h"
#include "base/text.h"

enum module_kind { MODULE_OAUTH, MODULE_OWN, MODULE_JWT, MODULE_PROXY };

static const struct {
	const char *section;
	enum module_kind kind;
} modules[] = {
	{"auth.generic_oauth", MODULE_OAUTH}, {"auth.google", MODULE_OAUTH},
	{"auth.github", MODULE_OAUTH},	      {"auth.gitlab", MODULE_OAUTH},
	{"auth.azuread", MODULE_OAUTH},	      {"auth.okta", MODULE_OAUTH},
	{"auth.grafana_com", MODULE_OAUTH},   {"auth.grafananet", MODULE_OAUTH},
	{"auth.ldap", MODULE_OWN},	      {"auth.saml", MODULE_OWN},
	{"auth.jwt", MODULE_JWT},	      {"auth.proxy", MODULE_PROXY},
};

static bool is_skipped(const struct patient *patient, const char *section,
		       enum module_kind kind)
{
	const struct server_settings *ini = patient->ini;
	const char *path;

	if (server_settings_true(ini, section, "skip_org_role_sync"))
		return true;
	if (kind == MODULE_OAUTH)
		return patient->server.major < 11 &&
		       server_settings_true(ini, "auth", "oauth_skip_org_role_update_sync");
	if (kind != MODULE_JWT)
		return false;
	path = server_settings_text(ini, section, "role_attribute_path");
	return path == NULL || path[0] == '\0';
}

static void add_proxy(const struct patient *patient, const struct doctor_rule *rule,
		      struct diagnosis *diagnosis)
{
	const char *headers = server_settings_text(patient->ini, "auth.proxy", "headers");
	bool has_role = headers != NULL && strstr(headers, "Role:") != NULL;
	bool is_locked = patient->server.major > 10 ||
			 (patient->server.major == 10 && patient->server.minor >= 1);
	struct finding *finding;

	if (!has_role && !is_locked)
		return;
	finding = diagnosis_add(diagnosis, rule, "[auth.proxy] is enabled%s%s",
				has_role ? ", headers = " : "", has_role ? headers : "");
	if (finding == NULL)
		return;
	if (is_locked)
		text_copy(finding->change, sizeof(finding->change),
			  "nothing unlocks an auth proxy's users from Grafana 10.1 on; have the proxy "
			  "set their roles, or use another module");
	else
		text_copy(finding->change, sizeof(finding->change),
			  "leave Role out of [auth.proxy] headers in Grafana's ini");
}

static void add_module(const struct patient *patient, const struct doctor_rule *rule,
		       struct diagnosis *diagnosis, const char *section, enum module_kind kind)
{
	const char *skip = server_settings_text(patient->ini, section, "skip_org_role_sync");
	struct finding *finding =
		diagnosis_add(diagnosis, rule, "[%s] is enabled, and skip_org_role_sync is %s",
			      section, skip != NULL ? "false" : "not set");

	if (finding == NULL)
		return;
	if (skip == NULL && kind == MODULE_OAUTH && patient->server.major > 0 &&
	    patient->server.major < 9)
		text_copy(finding->change, sizeof(finding->change),
			  "[auth] oauth_skip_org_role_update_sync = true in Grafana's ini");
	else
		text_format(finding->change, sizeof(finding->change),
			    "[%s] skip_org_role_sync = true in Grafana's ini", section);
}

void doctor_check_sync(const struct patient *patient, const struct doctor_rule *rule,
		       struct diagnosis *diagnosis)
{
	for (size_t i = 0; patient->ini != NULL && i < ARRAY_COUNT(modules); i++) {
		const char *section = modules[i].section;

		if (!server_settings_true(patient->ini, section, "enabled"))
			continue;
		if (modules[i].kind == MODULE_PROXY)
			add_proxy(patient, rule, diagnosis);
		else if (!is_skipped(patient, section, modules[i].kind))
			add_module(patient, rule, diagnosis, section, modules[i].kind);
	}
}
