/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c - rows of the store as the API shows them.
 *
 * Key order and presence follow the recorded answers; avatars are any 32 hex
 * digits (the real ones are MD5 sums), uids are made from the id.
 */
#include "tests/simulator/view.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/text.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/store_service.h"
#include "tests/simulator/store_team.h"

enum { TEN_YEARS = 10, UID_DIGITS = 13 };

static const struct {
	const char *module, *label;
} labels[] = {
	{"oauth_generic_oauth", "Generic OAuth"},
	{"oauth_github", "GitHub"},
	{"oauth_gitlab", "GitLab"},
	{"oauth_google", "Google"},
	{"oauth_azuread", "AzureAD"},
	{"oauth_okta", "Okta"},
	{"oauth_grafana_com", "grafana.com"},
	{"auth.saml", "SAML"},
	{"ldap", "LDAP"},
	{"jwt", "JWT"},
	{"authproxy", "Auth Proxy"},
};

static const char *module_label(const char *module)
{
	for (size_t i = 0; i < ARRAY_COUNT(labels); i++)
		if (strcmp(labels[i].module, module) == 0)
			return labels[i].label;
	return "Unknown";
}

void view_uid(int64_t id, char out[VIEW_UID_CAPACITY])
{
	(void)text_format(out, VIEW_UID_CAPACITY, "u%0*llx", UID_DIGITS, (long long)id);
}

int64_t view_uid_to_id(const char *uid)
{
	char *end;
	long long id;

	if (uid[0] != 'u' || strlen(uid) != UID_DIGITS + 1)
		return -1;
	id = strtoll(uid + 1, &end, 16);
	return *end == '\0' ? id : -1;
}

static void field_text(struct buffer *out, const char *name, const char *text)
{
	json_out_text(out, ",\"");
	json_out_text(out, name);
	json_out_text(out, "\":");
	json_out_string(out, text);
}

static void field_bool(struct buffer *out, const char *name, bool value)
{
	json_out_text(out, ",\"");
	json_out_text(out, name);
	json_out_text(out, value ? "\":true" : "\":false");
}

static void field_uid(struct buffer *out, const char *name, const struct version *version,
		      int64_t id)
{
	char uid[VIEW_UID_CAPACITY];

	if (!version->uid)
		return;
	view_uid(id, uid);
	field_text(out, name, uid);
}

static void field_labels(struct buffer *out, const struct account *account, const char *none)
{
	json_out_text(out, ",\"authLabels\":");
	if (account->auth_module == NULL) {
		json_out_text(out, none);
		return;
	}
	json_out_text(out, "[");
	json_out_string(out, module_label(account->auth_module));
	json_out_text(out, "]");
}

void view_avatar(struct buffer *out, const char *email)
{
	uint64_t hash = table_hash_text_nocase(email);

	(void)buffer_append_format(out, ",\"avatarUrl\":\"/avatar/%016llx%016llx\"",
				   (unsigned long long)hash,
				   (unsigned long long)table_hash_id((int64_t)hash));
}

/* Floored, in the largest unit that is not zero. */
static void write_age(struct buffer *out, int64_t age_s)
{
	static const struct {
		const char *unit;
		int64_t minutes;
	} units[] = {{"year", 525600}, {"month", 43800}, {"day", 1440}, {"hour", 60},
		     {"minute", 1}};

	for (size_t i = 0; i < ARRAY_COUNT(units); i++) {
		long long count = age_s / 60 / units[i].minutes;

		if (count > 0) {
			(void)buffer_append_format(out, "\"%lld %s%s\"", count, units[i].unit,
						   count == 1 ? "" : "s");
			return;
		}
	}
	json_out_text(out, "\"\\u003c 1 minute\"");
}

/* An account that never logged in was last seen ten years before it was made. */
static void field_last_seen(struct buffer *out, const struct account *account)
{
	time_t seen = (time_t)account->last_seen_s;
	struct tm parts;

	if (seen == 0) {
		seen = (time_t)account->created_s;
		(void)gmtime_r(&seen, &parts);
		parts.tm_year -= TEN_YEARS;
		seen = timegm(&parts);
	}
	json_out_text(out, ",\"lastSeenAt\":");
	json_out_time(out, seen);
	json_out_text(out, ",\"lastSeenAtAge\":");
	write_age(out, time(NULL) - seen);
}

const char *view_address_part(size_t index)
{
	static const char *const names[ORG_ADDRESS_PARTS] = {"address1", "address2", "city",
							     "zipCode", "state", "country"};

	return names[index];
}

void view_org(struct buffer *out, const struct org *org)
{
	json_out_text(out, "{\"id\":");
	json_out_int(out, org->id);
	field_text(out, "name", org->name);
	json_out_text(out, ",\"address\":{");
	for (size_t i = 0; i < ORG_ADDRESS_PARTS; i++) {
		buffer_append_format(out, "%s\"%s\":", i == 0 ? "" : ",", view_address_part(i));
		json_out_string(out, org->address[i] != NULL ? org->address[i] : "");
	}
	json_out_text(out, "}}");
}

void view_profile(struct buffer *out, const struct version *version,
		  const struct account *account, bool with_labels)
{
	json_out_text(out, "{\"id\":");
	json_out_int(out, account->id);
	field_uid(out, "uid", version, account->id);
	field_text(out, "email", account->email);
	field_text(out, "name", account->name);
	field_text(out, "login", account->login);
	field_text(out, "theme", account->theme);
	if (account->org_id != 0) {
		json_out_text(out, ",\"orgId\":");
		json_out_int(out, account->org_id);
	}
	field_bool(out, "isGrafanaAdmin", account->is_admin);
	field_bool(out, "isDisabled", with_labels && account->is_disabled);
	field_bool(out, "isExternal", with_labels && account->auth_module != NULL);
	if (version->synced_users)
		field_bool(out, "isExternallySynced",
			   with_labels && account_is_synced(account));
	if (version->synced_admin_field)
		field_bool(out, "isGrafanaAdminExternallySynced",
			   with_labels && account_is_synced(account));
	if (with_labels)
		field_labels(out, account, "[]");
	else
		json_out_text(out, ",\"authLabels\":null");
	json_out_text(out, ",\"updatedAt\":");
	json_out_time(out, account->updated_s);
	json_out_text(out, ",\"createdAt\":");
	json_out_time(out, account->created_s);
	if (with_labels)
		view_avatar(out, account->email);
	else
		json_out_text(out, ",\"avatarUrl\":\"\"");
	if (version->provisioned_field)
		field_bool(out, "isProvisioned", account->is_provisioned);
	json_out_text(out, "}");
}

/* Of somebody who is no user: no id, and no dates. */
void view_service_profile(struct buffer *out, const struct version *version,
			  const struct service_account *account)
{
	buffer_append_format(out, "{\"id\":0,\"uid\":\"service-account:%lld\"",
			     (long long)account->id);
	field_text(out, "email", "");
	field_text(out, "name", account->name);
	field_text(out, "login", account->login);
	field_text(out, "theme", "");
	json_out_text(out, ",\"orgId\":");
	json_out_int(out, account->org->id);
	buffer_append_format(out,
			     ",\"isGrafanaAdmin\":false,\"isDisabled\":false,"
			     "\"isExternal\":false,\"isExternallySynced\":false,"
			     "\"isGrafanaAdminExternallySynced\":false,\"authLabels\":null,"
			     "\"updatedAt\":\"0001-01-01T00:00:00Z\","
			     "\"createdAt\":\"0001-01-01T00:00:00Z\",\"avatarUrl\":\"\"");
	if (version->provisioned_field)
		field_bool(out, "isProvisioned", false);
	json_out_text(out, "}");
}

void view_user_hit(struct buffer *out, const struct version *version,
		   const struct account *account)
{
	json_out_text(out, "{\"id\":");
	json_out_int(out, account->id);
	field_uid(out, "uid", version, account->id);
	field_text(out, "name", account->name);
	field_text(out, "login", account->login);
	field_text(out, "email", account->email);
	view_avatar(out, account->email);
	field_bool(out, "isAdmin", account->is_admin);
	field_bool(out, "isDisabled", account->is_disabled);
	field_last_seen(out, account);
	field_labels(out, account, "[]");
	if (version->provisioned_field)
		field_bool(out, "isProvisioned", account->is_provisioned);
	json_out_text(out, "}");
}

void view_member(struct buffer *out, const struct version *version,
		 const struct membership *member)
{
	const struct account *account = member->account;

	json_out_text(out, "{\"orgId\":");
	json_out_int(out, member->org->id);
	json_out_text(out, ",\"userId\":");
	json_out_int(out, account->id);
	if (version->provisioned_field) /* both came with 12 */
		field_uid(out, "uid", version, account->id);
	field_text(out, "email", account->email);
	field_text(out, "name", account->name);
	view_avatar(out, account->email);
	field_text(out, "login", account->login);
	field_text(out, "role", role_name(member->role));
	field_last_seen(out, account);
	if (!version->brief_members) {
		field_bool(out, "isDisabled", account->is_disabled);
		field_labels(out, account, "null");
	}
	if (version->synced_users)
		field_bool(out, "isExternallySynced", account_is_synced(account));
	if (version->provisioned_field)
		field_bool(out, "isProvisioned", account->is_provisioned);
	json_out_text(out, "}");
}

static int compare_org_names(const void *left, const void *right)
{
	const struct membership *const *a = left, *const *b = right;

	return strcmp((*a)->org->name, (*b)->org->name);
}

enum { MAX_MEMBERSHIPS_SHOWN = 4096 };

void view_memberships(struct buffer *out, const struct account *account)
{
	const struct membership *sorted[MAX_MEMBERSHIPS_SHOWN];
	size_t count = 0;

	for (const struct membership *member = account->memberships;
	     member != NULL && count < MAX_MEMBERSHIPS_SHOWN; member = member->account_next)
		sorted[count++] = member;
	qsort(sorted, count, sizeof sorted[0], compare_org_names);
	json_out_text(out, "[");
	for (size_t i = 0; i < count; i++) {
		json_out_text(out, i == 0 ? "{\"orgId\":" : ",{\"orgId\":");
		json_out_int(out, sorted[i]->org->id);
		field_text(out, "name", sorted[i]->org->name);
		field_text(out, "role", role_name(sorted[i]->role));
		json_out_text(out, "}");
	}
	json_out_text(out, "]");
}

static void field_team_uid(struct buffer *out, const char *name, const struct version *version,
			   int64_t id)
{
	char uid[VIEW_UID_CAPACITY];

	if (!version->team_uid)
		return;
	view_uid(id, uid);
	field_text(out, name, uid);
}

void view_team(struct buffer *out, const struct version *version, const struct team *team)
{
	json_out_text(out, "{\"id\":");
	json_out_int(out, team->id);
	field_team_uid(out, "uid", version, team->id);
	json_out_text(out, ",\"orgId\":");
	json_out_int(out, team->org->id);
	field_text(out, "name", team->name);
	field_text(out, "email", team->email);
	if (version->provisioned_field) {
		field_text(out, "externalUID", team->is_provisioned ? team->name : "");
		field_bool(out, "isProvisioned", team->is_provisioned);
	}
	view_avatar(out, team->email[0] != '\0' ? team->email : team->name);
	json_out_text(out, ",\"memberCount\":");
	json_out_int(out, team->member_count);
	json_out_text(out, ",\"permission\":0,\"accessControl\":null}");
}

void view_team_member(struct buffer *out, const struct version *version,
		      const struct team_member *member)
{
	const struct account *account = member->account;

	json_out_text(out, "{\"orgId\":");
	json_out_int(out, member->team->org->id);
	json_out_text(out, ",\"teamId\":");
	json_out_int(out, member->team->id);
	field_team_uid(out, "teamUID", version, member->team->id);
	json_out_text(out, ",\"userId\":");
	json_out_int(out, account->id);
	field_uid(out, "userUID", version, account->id);
	field_text(out, "auth_module", account->auth_module != NULL ? account->auth_module : "");
	field_text(out, "email", account->email);
	field_text(out, "name", account->name);
	field_text(out, "login", account->login);
	view_avatar(out, account->email);
	json_out_text(out, ",\"labels\":[],\"permission\":");
	json_out_int(out, member->permission);
	json_out_text(out, "}");
}
