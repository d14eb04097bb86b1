/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing_json.c - one entry of one of Grafana's lists.
 *
 * Called by listing.c and the fuzzer. Pure. What a server does not say stays unsaid, so
 * that nobody takes it for a no: isDisabled and authLabels came to members with 9.0,
 * createdAt to lists with 13.
 */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "grafana/json_get.h"
#include "grafana/listing.h"

static enum listed_fact get_fact(const json_t *json, const char *name)
{
	const json_t *value = json_object_get(json, name);

	if (!json_is_boolean(value))
		return LISTED_UNSAID;
	return json_is_true(value) ? LISTED_YES : LISTED_NO;
}

static void get_time(const json_t *json, const char *name, int64_t *time_ms)
{
	if (!json_get_time(json, name, time_ms) || *time_ms < 0)
		*time_ms = 0;
}

static void get_text(const json_t *json, const char *name, char out[LISTED_TEXT_BYTES + 1])
{
	json_cut_text(json, name, out, LISTED_TEXT_BYTES + 1);
}

static void get_role(const json_t *json, enum role *role)
{
	const char *name = json_string_value(json_object_get(json, "role"));

	if (name == NULL || role_parse(name, role) < 0)
		*role = ROLE_UNSET;
}

/* "authLabels": null or [] for an account of Grafana's own. */
static void get_modules(const json_t *json, struct listed *item)
{
	const json_t *labels = json_object_get(json, "authLabels");
	size_t count = json_array_size(labels);

	if (labels == NULL)
		return;
	item->external = count > 0 ? LISTED_YES : LISTED_NO;
	for (size_t i = 0; i < count && item->module_count < LISTED_MODULES; i++) {
		const char *label = json_string_value(json_array_get(labels, i));
		char *out = item->modules[item->module_count];

		if (label == NULL || label[0] == '\0')
			continue;
		text_copy(out, sizeof(item->modules[0]), label);
		text_replace_control(out);
		item->module_count++;
	}
}

static void read_person(const json_t *json, struct listed *item)
{
	get_text(json, "login", item->login);
	get_text(json, "email", item->email);
	get_text(json, "name", item->name);
	item->disabled = get_fact(json, "isDisabled");
	get_modules(json, item);
	get_time(json, "lastSeenAt", &item->last_seen_ms);
	get_time(json, "created", &item->created_ms);
}

static bool read_org(const json_t *json, struct listed *item)
{
	get_text(json, "name", item->name);
	return json_get_id(json, "id", &item->id);
}

static bool read_user(const json_t *json, struct listed *item)
{
	read_person(json, item);
	item->server_admin = get_fact(json, "isAdmin");
	return json_get_id(json, "id", &item->id);
}

static bool read_member(const json_t *json, struct listed *item)
{
	read_person(json, item);
	get_role(json, &item->role);
	return json_get_id(json, "userId", &item->id);
}

static bool read_team(const json_t *json, struct listed *item)
{
	get_text(json, "name", item->name);
	get_text(json, "email", item->email);
	item->count = json_integer_value(json_object_get(json, "memberCount"));
	return json_get_id(json, "id", &item->id);
}

/* Permission 4 is the team's Admin, 0 a member. */
static bool read_team_member(const json_t *json, struct listed *item)
{
	const json_t *permission = json_object_get(json, "permission");

	get_text(json, "login", item->login);
	if (json_is_integer(permission))
		item->team_admin = json_integer_value(permission) == 4 ? LISTED_YES : LISTED_NO;
	return json_get_id(json, "userId", &item->id);
}

static bool read_service_account(const json_t *json, struct listed *item)
{
	get_text(json, "name", item->name);
	get_text(json, "login", item->login);
	get_role(json, &item->role);
	item->disabled = get_fact(json, "isDisabled");
	item->count = json_integer_value(json_object_get(json, "tokens"));
	return json_get_id(json, "id", &item->id);
}

static bool read_token(const json_t *json, struct listed *item)
{
	get_text(json, "name", item->name);
	item->revoked = get_fact(json, "isRevoked");
	get_time(json, "created", &item->created_ms);
	get_time(json, "expiration", &item->expires_ms);
	get_time(json, "lastUsedAt", &item->last_seen_ms);
	return json_get_id(json, "id", &item->id);
}

bool listed_from_json(enum list_kind kind, const json_t *json, struct listed *item)
{
	static bool (*const readers[LIST_KINDS])(const json_t *, struct listed *) = {
		[LIST_ORGS] = read_org,
		[LIST_USERS] = read_user,
		[LIST_MEMBERS] = read_member,
		[LIST_TEAMS] = read_team,
		[LIST_TEAM_MEMBERS] = read_team_member,
		[LIST_SERVICE_ACCOUNTS] = read_service_account,
		[LIST_TOKENS] = read_token,
	};

	memset(item, 0, sizeof(*item));
	return readers[kind](json, item);
}
