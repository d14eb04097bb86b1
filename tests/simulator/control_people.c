/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control_people.c - the control endpoint's view of accounts, orgs, members.
 *
 * Changes made here are not counted and obey no rule of Grafana's.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/control.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_board.h"
#include "tests/simulator/store_team.h"
#include "tests/simulator/store_service.h"

enum { MANY = 100, MAX_BULK = 1000000, NAME_BYTES = 256 };

/* ---- reading ---- */

static void write_account(struct buffer *out, const struct account *account)
{
	char hex[2 * DIGEST_SHA256_BYTES + 1];

	buffer_append_format(out, "{\"id\":%lld,\"login\":", (long long)account->id);
	json_out_string(out, account->login);
	json_out_text(out, ",\"email\":");
	json_out_string(out, account->email);
	json_out_text(out, ",\"name\":");
	json_out_string(out, account->name);
	text_hex(account->password_sha256, sizeof account->password_sha256, hex);
	buffer_append_format(
		out,
		",\"isAdmin\":%s,\"isDisabled\":%s,\"external\":%s,\"synced\":%s,"
		"\"provisioned\":%s,\"org_id\":%lld,\"sessions\":%lld,\"password_sha256\":%s%s%s",
		account->is_admin ? "true" : "false", account->is_disabled ? "true" : "false",
		account->auth_module != NULL ? "true" : "false",
		account_is_synced(account) ? "true" : "false",
		account->is_provisioned ? "true" : "false", (long long)account->org_id,
		(long long)account->sessions, account->has_password ? "\"" : "",
		account->has_password ? hex : "null", account->has_password ? "\"" : "");
	json_out_text(out, ",\"createdAt\":");
	json_out_time(out, account->created_s);
	json_out_text(out, ",\"lastSeenAt\":");
	if (account->last_seen_s != 0)
		json_out_time(out, account->last_seen_s);
	else
		json_out_text(out, "null");
	json_out_text(out, "}");
}

static void write_members(struct buffer *out, const struct account *account, const char **comma)
{
	for (const struct membership *member = account->memberships; member != NULL;
	     member = member->account_next) {
		buffer_append_format(out, "%s{\"org_id\":%lld,\"user_id\":%lld,\"role\":\"%s\"}",
				     *comma, (long long)member->org->id, (long long)account->id,
				     role_name(member->role));
		*comma = ",";
	}
}

static void write_teams(struct buffer *out, const struct org *org, const char **comma)
{
	for (const struct team *team = org->teams; team != NULL; team = team->next) {
		buffer_append_format(out, "%s{\"id\":%lld,\"org_id\":%lld,\"name\":", *comma,
				     (long long)team->id, (long long)org->id);
		json_out_string(out, team->name);
		json_out_text(out, ",\"email\":");
		json_out_string(out, team->email);
		buffer_append_format(out, ",\"provisioned\":%s,\"members\":[",
				     team->is_provisioned ? "true" : "false");
		for (const struct team_member *member = team->members; member != NULL;
		     member = member->team_next)
			buffer_append_format(out, "%s{\"user_id\":%lld,\"permission\":%lld}",
					     member == team->members ? "" : ",",
					     (long long)member->account->id,
					     (long long)member->permission);
		json_out_text(out, "]}");
		*comma = ",";
	}
}

/* Folders and dashboards. */
static void write_boards(struct buffer *out, const struct org *org, const char **comma)
{
	for (const struct board *board = org->boards; board != NULL; board = board->next) {
		buffer_append_format(out, "%s{\"org_id\":%lld,\"id\":%lld,\"uid\":", *comma,
				     (long long)org->id, (long long)board->id);
		json_out_string(out, board->uid);
		json_out_text(out, ",\"title\":");
		json_out_string(out, board->title);
		json_out_text(out, ",\"folder_uid\":");
		json_out_string(out, board->folder != NULL ? board->folder->uid : "");
		buffer_append_format(out, ",\"folder\":%s,\"version\":%lld}",
				     board->is_folder ? "true" : "false",
				     (long long)board->version);
		*comma = ",";
	}
}

static void write_services(struct buffer *out, const struct org *org, const char **comma)
{
	const struct service_account *account = org->services;

	for (; account != NULL; account = account->next) {
		buffer_append_format(out, "%s{\"id\":%lld,\"org_id\":%lld,\"name\":", *comma,
				     (long long)account->id, (long long)org->id);
		json_out_string(out, account->name);
		json_out_text(out, ",\"login\":");
		json_out_string(out, account->login);
		buffer_append_format(out, ",\"role\":\"%s\",\"isDisabled\":%s}",
				     role_name(account->role),
				     account->is_disabled ? "true" : "false");
		*comma = ",";
	}
}

/* Legacy keys among them: their service_account_id is 0. */
static void write_tokens(struct buffer *out, const struct org *org, const char **comma)
{
	char hex[2 * DIGEST_SHA256_BYTES + 1];

	for (const struct api_token *token = org->tokens; token != NULL; token = token->next) {
		buffer_append_format(out, "%s{\"id\":%lld,\"org_id\":%lld,\"name\":", *comma,
				     (long long)token->id, (long long)org->id);
		json_out_string(out, token->name);
		text_hex(token->key_sha256, sizeof token->key_sha256, hex);
		buffer_append_format(
			out,
			",\"service_account_id\":%lld,\"role\":\"%s\",\"expires_ms\":%lld,"
			"\"key_sha256\":\"%s\"}",
			token->account != NULL ? (long long)token->account->id : 0LL,
			role_name(token->account != NULL ? token->account->role : token->role),
			(long long)token->expires_ms, hex);
		*comma = ",";
	}
}

static void write_counters(struct buffer *out, const struct counters *counters)
{
	const char *comma = "";

#define X(name) \
	buffer_append_format(out, "%s\"" #name "\":%lld", comma, (long long)counters->name); \
	comma = ",";
	STORE_COUNTERS(X)
#undef X
}

void control_write_state(struct sim *sim, struct buffer *out)
{
	size_t accounts, orgs;
	struct account *const *account = store_accounts_sorted(&sim->store, &accounts);
	struct org *const *org = store_orgs_sorted(&sim->store, &orgs);
	const char *comma = "";

	json_out_text(out, "{\"users\":[");
	for (size_t i = 0; i < accounts; i++) {
		json_out_text(out, i > 0 ? "," : "");
		write_account(out, account[i]);
	}
	json_out_text(out, "],\"orgs\":[");
	for (size_t i = 0; i < orgs; i++) {
		buffer_append_format(out, "%s{\"id\":%lld,\"name\":", i > 0 ? "," : "",
				     (long long)org[i]->id);
		json_out_string(out, org[i]->name);
		buffer_append_format(out, ",\"admins\":%lld}", (long long)org[i]->admin_count);
	}
	json_out_text(out, "],\"members\":[");
	for (size_t i = 0; i < accounts; i++)
		write_members(out, account[i], &comma);
	json_out_text(out, "],\"teams\":[");
	comma = "";
	for (size_t i = 0; i < orgs; i++)
		write_teams(out, org[i], &comma);
	json_out_text(out, "],\"boards\":[");
	comma = "";
	for (size_t i = 0; i < orgs; i++)
		write_boards(out, org[i], &comma);
	json_out_text(out, "],\"service_accounts\":[");
	comma = "";
	for (size_t i = 0; i < orgs; i++)
		write_services(out, org[i], &comma);
	json_out_text(out, "],\"tokens\":[");
	comma = "";
	for (size_t i = 0; i < orgs; i++)
		write_tokens(out, org[i], &comma);
	json_out_text(out, "],\"counters\":{");
	write_counters(out, &sim->store.counters);
	json_out_text(out, "}}");
}

static struct account *find(struct sim *sim, const char *login)
{
	struct account *account = store_account_by_login(&sim->store, login);

	return account != NULL ? account : store_account_by_email(&sim->store, login);
}

int control_write_account(struct sim *sim, const char *login, struct buffer *out)
{
	const struct account *account = find(sim, login);
	const char *comma = "";

	if (account == NULL)
		return -1;
	write_account(out, account);
	out->length--; /* reopen the object */
	json_out_text(out, ",\"members\":[");
	write_members(out, account, &comma);
	json_out_text(out, "]}");
	return 0;
}

/* ---- writing ---- */

/* [{"id":1,"role":"Viewer"}]; a null role takes the membership away. */
static const char *set_orgs(struct sim *sim, struct account *account, const json_t *orgs)
{
	size_t i;
	json_t *item;

	if (!json_is_array(orgs))
		return "orgs must be an array";
	json_array_foreach(orgs, i, item)
	{
		int64_t org_id = json_integer_value(json_object_get(item, "id"));
		const json_t *role_json = json_object_get(item, "role");
		const char *role_text = json_string_value(role_json);
		struct org *org = store_org(&sim->store, org_id);
		struct membership *member = store_member(account, org_id);
		enum role role = role_parse(role_text != NULL ? role_text : "", true);

		if (org == NULL)
			return "unknown org";
		if (role == ROLE_INVALID && !json_is_null(role_json))
			return "unknown role";
		if (role == ROLE_INVALID && member != NULL)
			store_member_remove(member);
		else if (role != ROLE_INVALID && member != NULL)
			store_member_set_role(member, role);
		else if (role != ROLE_INVALID)
			(void)store_member_add(account, org, role);
	}
	return NULL;
}

static void set_module(struct account *account, const json_t *value)
{
	free(account->auth_module);
	account->auth_module = mem_strdup(json_string_value(value));
}

static const char *set_field(struct sim *sim, struct account *account, const char *name,
			     const json_t *value)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {{"role_sync", &account->role_sync},
		     {"is_disabled", &account->is_disabled},
		     {"is_provisioned", &account->is_provisioned}};
	static const char *const names[] = {"login", "email", "name"};

	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (strcmp(names[i], name) == 0) /* handled where the account is made */
			return json_is_string(value) ? NULL : "names must be strings";
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++)
		if (strcmp(flags[i].name, name) == 0) {
			*flags[i].flag = json_is_true(value);
			return NULL;
		}
	if (strcmp(name, "orgs") == 0)
		return set_orgs(sim, account, value);
	if (strcmp(name, "auth_module") == 0)
		set_module(account, value);
	else if (strcmp(name, "password") == 0 && json_is_string(value))
		account_set_password(account, json_string_value(value));
	else if (strcmp(name, "is_admin") == 0)
		store_account_set_admin(&sim->store, account, json_is_true(value));
	else if (strcmp(name, "sessions") == 0 && json_is_integer(value))
		account->sessions = json_integer_value(value);
	else if (strcmp(name, "org_id") == 0 && json_is_integer(value))
		account->org_id = json_integer_value(value);
	else
		return "unknown field, or a value of another type";
	return NULL;
}

static const char *set_fields(struct sim *sim, struct account *account, json_t *spec)
{
	const char *name, *problem = NULL;
	json_t *value;

	json_object_foreach(spec, name, value)
	{
		problem = set_field(sim, account, name, value);
		if (problem != NULL)
			break;
	}
	return problem;
}

static const char *text_of(json_t *spec, const char *name, const char *fallback)
{
	const char *text = json_string_value(json_object_get(spec, name));

	return text != NULL ? text : fallback;
}

static const char *add_one(struct sim *sim, json_t *spec, long long *id)
{
	const char *email = text_of(spec, "email", text_of(spec, "login", ""));
	const char *login = text_of(spec, "login", email);
	struct account *account;
	const char *problem;

	if (login[0] == '\0')
		return "login or email is needed";
	if (store_account_by_login(&sim->store, login) != NULL ||
	    store_account_by_email(&sim->store, email) != NULL)
		return "login or email is taken";
	account = store_account_add(&sim->store, login, email, text_of(spec, "name", ""));
	problem = set_fields(sim, account, spec);
	*id = account->id;
	if (problem != NULL)
		store_account_delete(&sim->store, account);
	return problem;
}

/* {"prefix":"user","count":10000,"org_id":1,"role":"Viewer"} -> user0, user1, ... */
static const char *add_many(struct sim *sim, json_t *spec, long long *id)
{
	const char *prefix = text_of(spec, "prefix", "");
	int64_t count = json_integer_value(json_object_get(spec, "count"));
	const json_t *org_id = json_object_get(spec, "org_id");
	struct org *org = store_org(&sim->store, json_integer_value(org_id));
	enum role role = role_parse(text_of(spec, "role", "Viewer"), true);
	char login[NAME_BYTES], email[NAME_BYTES];

	if (count < 0 || count > MAX_BULK || role == ROLE_INVALID ||
	    (org_id != NULL && org == NULL))
		return "count, role or org_id is out of range";
	if (count >= MANY)
		account_index_expect_many(&sim->store.accounts);
	for (int64_t i = 0; i < count; i++) {
		struct account *account;

		if (!text_format(login, sizeof login, "%s%lld", prefix, (long long)i) ||
		    !text_format(email, sizeof email, "%s@example.com", login))
			return "prefix is too long";
		if (store_account_by_login(&sim->store, login) != NULL)
			return "login is taken";
		account = store_account_add(&sim->store, login, email, "");
		if (org != NULL)
			(void)store_member_add(account, org, role);
		*id = account->id;
	}
	return NULL;
}

const char *control_add_accounts(struct sim *sim, struct json_t *spec, long long *id)
{
	if (json_object_get(spec, "prefix") != NULL)
		return add_many(sim, spec, id);
	return add_one(sim, spec, id);
}

const char *control_change_account(struct sim *sim, const char *login, struct json_t *spec)
{
	struct account *account = find(sim, login);

	if (account == NULL)
		return "no such user";
	return set_fields(sim, account, spec);
}
