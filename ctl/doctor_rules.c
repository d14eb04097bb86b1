/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor_rules.c - the table of what bites.
 *
 * Called by doctor.c. Owns nothing. A check looks at facts only and says what it found; what
 * follows and what to change stand in the table. What is not known is no finding.
 *
 * Limits: a token is not told Grafana's settings, so most of the table is silent then.
 */
#include "ctl/doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"
#include "grafana/http.h"

enum {
	OLDEST = 7 * GRAFANA_VERSION_MAJOR + 5,
	NEWEST_TESTED = 12 * GRAFANA_VERSION_MAJOR + 4,
	SERVICE_ACCOUNTS_SINCE = 8 * GRAFANA_VERSION_MAJOR + 5,
	DAY_S = 24 * 3600,
	SHORT_SESSION_S = 3600,
	SHORT_ROTATION_MINUTES = 2,
	LOCKED_OUT_MS = 5 * 60 * 1000, /* Grafana's window, the same in all versions */
};

#define CHECK(name)                                                                            \
	static void name(const struct patient *patient, const struct doctor_rule *rule,       \
			 struct diagnosis *diagnosis)

static bool has_token(const struct patient *patient)
{
	return patient->instance->token[0] != '\0';
}

/* ---- version and rights ---- */

static int version_of(const struct patient *patient)
{
	return patient->server.major * GRAFANA_VERSION_MAJOR + patient->server.minor;
}

CHECK(check_old)
{
	if (version_of(patient) != 0 && version_of(patient) < OLDEST)
		diagnosis_add(diagnosis, rule, "version %s", patient->server.version);
}

CHECK(check_untested)
{
	if (version_of(patient) > NEWEST_TESTED)
		diagnosis_add(diagnosis, rule, "version %s; the newest tested one is %d.%d",
			      patient->server.version, NEWEST_TESTED / GRAFANA_VERSION_MAJOR,
			      NEWEST_TESTED % GRAFANA_VERSION_MAJOR);
}

CHECK(check_hidden)
{
	if (version_of(patient) == 0)
		diagnosis_add(diagnosis, rule, "the version is not told");
}

CHECK(check_service_accounts)
{
	if (version_of(patient) >= OLDEST && version_of(patient) < SERVICE_ACCOUNTS_SINCE)
		diagnosis_add(diagnosis, rule, "version %s", patient->server.version);
}

CHECK(check_server_admin)
{
	if (!has_token(patient) && !patient->server.is_server_admin)
		diagnosis_add(diagnosis, rule, "'%s' is no server admin",
			      patient->server.self.login);
}

CHECK(check_org_admin)
{
	const struct grafana_rights *rights = &patient->rights;

	if (rights->admin_count < rights->org_count)
		diagnosis_add(diagnosis, rule, "'%s' is an Admin of %zu of %zu orgs, not of '%.120s'",
			      patient->server.self.login, rights->admin_count, rights->org_count,
			      rights->elsewhere.name);
}

CHECK(check_token_rights)
{
	const struct grafana_rights *rights = &patient->rights;

	if (rights->reads_members == SERVER_NO)
		diagnosis_add(diagnosis, rule, "the token may not read the org's members");
	if (rights->reads_service_accounts == SERVER_NO)
		diagnosis_add(diagnosis, rule, "the token may not read the org's service accounts");
}

CHECK(check_one_org)
{
	if (has_token(patient))
		diagnosis_add(diagnosis, rule, "the credential is a token of the org '%.120s'",
			      patient->server.org.name);
}

CHECK(check_own_account)
{
	if (has_token(patient) && patient->instance->service_account[0] == '\0' &&
	    patient->server.self.login[0] == '\0')
		diagnosis_add(diagnosis, rule,
			      "this Grafana does not tell whose the token is, and service_account is not set");
}

CHECK(check_unread)
{
	if (patient->ini == NULL)
		diagnosis_add(diagnosis, rule, "Grafana's settings may not be read");
}

/* ---- accounts and passwords ---- */

CHECK(check_login_form)
{
	if (patient->server.login_form == SERVER_NO)
		diagnosis_add(diagnosis, rule, "the login form is off");
}

CHECK(check_basic_auth)
{
	const char *enabled = patient->ini == NULL ? NULL
						   : server_settings_text(patient->ini, "auth.basic",
									  "enabled");

	if (enabled != NULL && !server_settings_true(patient->ini, "auth.basic", "enabled"))
		diagnosis_add(diagnosis, rule, "[auth.basic] enabled = %s", enabled);
}

CHECK(check_smtp)
{
	if (patient->server.smtp == SERVER_NO)
		diagnosis_add(diagnosis, rule, "[smtp] enabled = false");
}

static bool assigns_org(const struct patient *patient)
{
	return patient->ini != NULL && server_settings_true(patient->ini, "users", "auto_assign_org");
}

static const char *assigned_role(const struct patient *patient)
{
	const char *role = server_settings_text(patient->ini, "users", "auto_assign_org_role");

	return role != NULL ? role : "";
}

static bool is_strong(const char *role)
{
	return text_equal_nocase(role, "Editor") || text_equal_nocase(role, "Admin");
}

static void add_assigned(const struct patient *patient, const struct doctor_rule *rule,
			 struct diagnosis *diagnosis)
{
	diagnosis_add(diagnosis, rule,
		      "[users] auto_assign_org = true, auto_assign_org_id = %" PRId64
		      ", auto_assign_org_role = %s",
		      server_settings_number(patient->ini, "users", "auto_assign_org_id", 1),
		      assigned_role(patient));
}

CHECK(check_assigned_org)
{
	if (assigns_org(patient) && !is_strong(assigned_role(patient)))
		add_assigned(patient, rule, diagnosis);
}

CHECK(check_assigned_role)
{
	if (assigns_org(patient) && is_strong(assigned_role(patient)))
		add_assigned(patient, rule, diagnosis);
}

CHECK(check_assigned_missing)
{
	if (assigns_org(patient) && patient->default_org == SERVER_NO)
		diagnosis_add(diagnosis, rule, "there is no org with id %" PRId64,
			      server_settings_number(patient->ini, "users", "auto_assign_org_id", 1));
}

CHECK(check_personal_orgs)
{
	if (patient->ini != NULL &&
	    server_settings_text(patient->ini, "users", "auto_assign_org") != NULL &&
	    !assigns_org(patient))
		diagnosis_add(diagnosis, rule, "[users] auto_assign_org = false");
}

CHECK(check_brute_force_wait)
{
	if (patient->ini == NULL || has_token(patient) ||
	    server_settings_true(patient->ini, "security", "disable_brute_force_login_protection"))
		return;
	if (patient->instance->unauthorized_wait_ms <= LOCKED_OUT_MS)
		diagnosis_add(diagnosis, rule,
			      "unauthorized_wait_ms = %" PRId64
			      ", and Grafana counts failed logins for %d",
			      patient->instance->unauthorized_wait_ms, LOCKED_OUT_MS);
}

/* ---- tokens ---- */

/* The smaller of Grafana's two bounds, and which it is; 0 = none. */
static int64_t token_cap_s(const struct patient *patient, const char **name)
{
	int64_t cap_s, days;

	*name = "[auth] api_key_max_seconds_to_live";
	if (patient->ini == NULL)
		return 0;
	cap_s = server_settings_number(patient->ini, "auth", "api_key_max_seconds_to_live", -1);
	days = server_settings_number(patient->ini, "service_accounts",
				      "token_expiration_day_limit", -1);
	if (days <= 0 || (cap_s > 0 && cap_s / DAY_S < days))
		return cap_s > 0 ? cap_s : 0;
	*name = "[service_accounts] token_expiration_day_limit";
	return days < LIMIT_TTL_S / DAY_S ? days * DAY_S : LIMIT_TTL_S;
}

static void check_cap(const struct patient *patient, const struct doctor_rule *rule,
		      struct diagnosis *diagnosis, const char *ours, int64_t ours_s)
{
	const char *name;
	int64_t cap_s = token_cap_s(patient, &name);

	if (cap_s > 0 && cap_s < ours_s)
		diagnosis_add(diagnosis, rule, "%s allows %" PRId64 " s, [tokens] %s is %" PRId64,
			      name, cap_s, ours, ours_s);
}

CHECK(check_token_ttl)
{
	check_cap(patient, rule, diagnosis, "ttl_s", patient->settings->tokens.ttl_s);
}

CHECK(check_token_max_ttl)
{
	check_cap(patient, rule, diagnosis, "max_ttl_s", patient->settings->tokens.max_ttl_s);
}

CHECK(check_token_never)
{
	const char *name;

	if (patient->settings->tokens.never_expiring != 0 && token_cap_s(patient, &name) > 0)
		diagnosis_add(diagnosis, rule, "%s is set, and [tokens] never_expiring is yes", name);
}

/* ---- sessions ---- */

static void check_lifetime(const struct patient *patient, const struct doctor_rule *rule,
			   struct diagnosis *diagnosis, const char *key)
{
	int64_t life_s = server_settings_seconds(patient->ini, "auth", key, 0);

	if (life_s > 0 && life_s < SHORT_SESSION_S)
		diagnosis_add(diagnosis, rule, "[auth] %s is %" PRId64 " s", key, life_s);
}

CHECK(check_session)
{
	if (patient->ini == NULL || has_token(patient) || patient->instance->auth != AUTH_SESSION)
		return;
	check_lifetime(patient, rule, diagnosis, "login_maximum_lifetime_duration");
	check_lifetime(patient, rule, diagnosis, "login_maximum_inactive_lifetime_duration");
}

CHECK(check_rotation)
{
	int64_t minutes;

	if (patient->ini == NULL || has_token(patient) || patient->instance->auth != AUTH_SESSION)
		return;
	minutes = server_settings_number(patient->ini, "auth", "token_rotation_interval_minutes", 10);
	if (minutes < SHORT_ROTATION_MINUTES)
		diagnosis_add(diagnosis, rule, "[auth] token_rotation_interval_minutes = %" PRId64,
			      minutes);
}

/* ---- the rest ---- */

CHECK(check_anonymous)
{
	const char *role;

	if (patient->ini == NULL || !server_settings_true(patient->ini, "auth.anonymous", "enabled"))
		return;
	role = server_settings_text(patient->ini, "auth.anonymous", "org_role");
	diagnosis_add(diagnosis, rule, "[auth.anonymous] enabled = true, org_role = %s",
		      role != NULL ? role : "Viewer");
}

CHECK(check_quota)
{
	static const char *const keys[] = {"org_user", "user_org", "org_api_key", "org_dashboard",
					   "global_user", "global_org", "global_api_key"};
	char limits[200] = "";
	size_t used = 0;

	if (patient->ini == NULL || !server_settings_true(patient->ini, "quota", "enabled"))
		return;
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		int64_t limit = server_settings_number(patient->ini, "quota", keys[i], -1);

		if (limit < 0)
			continue;
		text_format(limits + used, sizeof(limits) - used, ", %s = %" PRId64, keys[i], limit);
		used = strlen(limits);
	}
	if (used > 0)
		diagnosis_add(diagnosis, rule, "[quota] enabled = true%s", limits);
}

const struct doctor_rule doctor_rules[] = {
	{"version_old", SEVERITY_ERROR, "Its calls and answers differ from what grantd knows; nothing is tested there.",
	 "Grafana 7.5 or later", check_old, NULL, NULL},
	{"version_untested", SEVERITY_WARN,
	 "Answers may have changed; what grantd does not recognise it refuses or tries again.",
	 "a newer grantd, or this Grafana with a test of each action that is used",
	 check_untested, NULL, NULL},
	{"version_hidden", SEVERITY_INFO,
	 "What a version lacks is found out by asking, so refusals carry Grafana's words.",
	 "[auth.anonymous] hide_version = false in Grafana's ini", check_hidden, NULL, NULL},
	{"no_service_accounts", SEVERITY_INFO,
	 "service_account.* and service_account_token.* are refused: grafana.unsupported.",
	 "Grafana 9 or later; until then api_key.create", check_service_accounts, NULL, NULL},
	{"not_server_admin", SEVERITY_ERROR,
	 "account.*, server_admin.* and org.* are refused, and roles in other orgs as well: grafana.permission.",
	 "make the login a server admin, or give grantd a token for one org", check_server_admin,
	 NULL, NULL},
	{"not_org_admin", SEVERITY_WARN,
	 "Teams, invites, service accounts and dashboards of those orgs are refused: grafana.permission.",
	 "make grantd's login an Admin there: POST /api/orgs/ID/users",
	 check_org_admin, NULL, NULL},
	{"token_rights", SEVERITY_ERROR,
	 "Whatever needs to look there first is refused: grafana.permission.",
	 "the role Admin for the token's service account", check_token_rights, NULL, NULL},
	{"token_one_org", SEVERITY_INFO,
	 "account.*, server_admin.* and org.*, and whatever names another org, are refused: grafana.unsupported.",
	 "user and password of a server admin in [grafana.NAME], where Grafana has one to give",
	 check_one_org, NULL, NULL},
	{"token_unprotected", SEVERITY_WARN,
	 "A request may disable or delete the service account that grantd itself uses, or its token.",
	 "service_account in [grafana.NAME]: its name or login", check_own_account, NULL, NULL},
	{"settings_unread", SEVERITY_INFO,
	 "Most of what could bite was not looked at.",
	 "run the doctor with the login of a server admin", check_unread, NULL, NULL},
	{"role_sync", SEVERITY_ERROR,
	 "Roles given to people who come from there are overwritten at their next login; from 10.1 on changing them is refused: org.externally_synced.",
	 "skip_org_role_sync = true in the module's section of Grafana's ini", doctor_check_sync,
	 NULL, NULL},
	{"scim", SEVERITY_WARN,
	 "Accounts that SCIM has made are refused: account.provisioned.",
	 "[auth.scim] user_sync_enabled in Grafana's ini, or ask the identity provider instead", NULL,
	 "auth.scim", "user_sync_enabled"},
	{"login_form_off", SEVERITY_WARN,
	 "Nobody can log in with a password that grantd makes, an unknown person cannot be invited, and grantd sends user and password with every call.",
	 "[auth] disable_login_form = false in Grafana's ini", check_login_form, NULL, NULL},
	{"basic_auth_off", SEVERITY_WARN,
	 "grantd depends on its session alone: where that is refused, nothing else is left to show.",
	 "[auth.basic] enabled = true in Grafana's ini", check_basic_auth, NULL, NULL},
	{"smtp_off", SEVERITY_WARN,
	 "Invites are not mailed: their link goes to the vault's topic, sealed.",
	 "[smtp] enabled = true in Grafana's ini", check_smtp, NULL, NULL},
	{"password_policy", SEVERITY_INFO,
	 "Passwords that people set need 12 characters of four classes; those that grantd makes have them.",
	 "nothing, or [auth.basic] password_policy in Grafana's ini", NULL, "auth.basic",
	 "password_policy"},
	{"auto_assign_org", SEVERITY_INFO,
	 "Each account that is created is in that org as well, whatever the request names.",
	 "[users] auto_assign_org, auto_assign_org_id and auto_assign_org_role in Grafana's ini; or revoke it by a request",
	 check_assigned_org, NULL, NULL},
	{"auto_assign_role", SEVERITY_WARN,
	 "Each account that is created may change things in that org, which no request has asked for.",
	 "[users] auto_assign_org_role = Viewer or None in Grafana's ini", check_assigned_role, NULL,
	 NULL},
	{"auto_assign_missing", SEVERITY_ERROR, "No account can be created.",
	 "[users] auto_assign_org_id in Grafana's ini", check_assigned_missing, NULL, NULL},
	{"personal_orgs", SEVERITY_WARN,
	 "Each account that is created gets an org of its own, where it is the Admin.",
	 "[users] auto_assign_org = true in Grafana's ini", check_personal_orgs, NULL, NULL},
	{"sign_up", SEVERITY_WARN,
	 "People make accounts without a request; account.create finds them taken: account.exists.",
	 "[users] allow_sign_up = false in Grafana's ini", NULL, "users", "allow_sign_up"},
	{"org_create", SEVERITY_INFO,
	 "People make orgs without a request, and grantd's login is no Admin there.",
	 "[users] allow_org_create = false in Grafana's ini", NULL, "users", "allow_org_create"},
	{"anonymous", SEVERITY_WARN,
	 "A revoked role shuts nobody out of what anonymous visitors may see.",
	 "[auth.anonymous] enabled = false in Grafana's ini", check_anonymous, NULL, NULL},
	{"viewers_can_edit", SEVERITY_WARN,
	 "A Viewer may do more than the outcome of a grant says: edit and explore, if not save.",
	 "[users] viewers_can_edit = false in Grafana's ini", NULL, "users", "viewers_can_edit"},
	{"editors_can_admin", SEVERITY_WARN,
	 "An Editor makes teams and changes their members without a request.",
	 "[users] editors_can_admin = false in Grafana's ini", NULL, "users", "editors_can_admin"},
	{"brute_force_off", SEVERITY_INFO,
	 "Passwords may be guessed at any pace; grantd's own wait after a 401 is longer than it need be.",
	 "[security] disable_brute_force_login_protection = false in Grafana's ini", NULL, "security",
	 "disable_brute_force_login_protection"},
	{"brute_force_wait", SEVERITY_WARN,
	 "After a wrong password the breaker lets calls through so soon that Grafana locks the login, for people too.",
	 "unauthorized_wait_ms above 300000 in [grafana.NAME]", check_brute_force_wait, NULL, NULL},
	{"token_ttl", SEVERITY_ERROR,
	 "Every token or key whose request says no ttl_s is refused: token.lifetime.",
	 "[tokens] ttl_s below Grafana's bound, or that bound", check_token_ttl, NULL, NULL},
	{"token_max_ttl", SEVERITY_WARN,
	 "Requests for a longer life pass grantd's bound and are refused by Grafana: token.lifetime.",
	 "[tokens] max_ttl_s down to Grafana's bound", check_token_max_ttl, NULL, NULL},
	{"token_never", SEVERITY_WARN,
	 "A request for a token that never expires is refused by Grafana: token.lifetime.",
	 "[tokens] never_expiring = no", check_token_never, NULL, NULL},
	{"session_short", SEVERITY_WARN,
	 "grantd logs in again each time; sessions that keep dying within a minute have it send user and password with every call.",
	 "a longer life in Grafana's ini, or auth = basic in [grafana.NAME]", check_session, NULL,
	 NULL},
	{"session_rotation", SEVERITY_INFO,
	 "The session's cookie changes with nearly every turn, which costs a call each time.",
	 "[auth] token_rotation_interval_minutes = 10 in Grafana's ini", check_rotation, NULL, NULL},
	{"quota", SEVERITY_WARN, "What goes beyond a quota is refused: grafana.quota.",
	 "the limits of [quota] in Grafana's ini", check_quota, NULL, NULL},
};

const size_t doctor_rule_count = ARRAY_COUNT(doctor_rules);
