/* SPDX-License-Identifier: Apache-2.0 */
/*
 * control.c - /sim/: settings, faults, the request log, reset.
 *
 * README.md describes it. Never logged, never delayed, never hit by a fault.
 */
#include "tests/simulator/control.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/ini.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_board.h"
#include "tests/simulator/store_invite.h"
#include "tests/simulator/store_team.h"
#include "tests/simulator/timer.h"

typedef void control_fn(struct exchange *exchange);

static void refuse(struct exchange *exchange, int status, const char *problem)
{
	struct buffer *out = &exchange->reply.body;

	exchange->reply.status = status;
	buffer_reset(out);
	json_out_text(out, "{\"error\":");
	json_out_string(out, problem);
	json_out_text(out, "}");
}

static struct buffer *ok(struct exchange *exchange)
{
	exchange->reply.status = 200;
	return &exchange->reply.body;
}

static void done(struct exchange *exchange)
{
	json_out_text(ok(exchange), "{\"ok\":true}");
}

static bool read_object(struct exchange *exchange)
{
	struct buffer *body = &exchange->body;

	exchange->json = json_loadb(body->length > 0 ? body->bytes : "", body->length, 0, NULL);
	if (json_is_object(exchange->json))
		return true;
	refuse(exchange, 400, "the body must be a JSON object");
	return false;
}

/* ---- request log ---- */

static void get_requests(struct exchange *exchange)
{
	journal_write(&exchange->sim->journal, exchange_query_int(exchange, "since", 0),
		      strcmp(exchange_query(exchange, "write"), "true") == 0, ok(exchange));
}

static void delete_requests(struct exchange *exchange)
{
	journal_clear(&exchange->sim->journal);
	done(exchange);
}

/* ---- faults ---- */

static void get_faults(struct exchange *exchange)
{
	fault_list_write(&exchange->sim->faults, ok(exchange));
}

static void post_fault(struct exchange *exchange)
{
	const char *problem;
	int64_t id;

	if (!read_object(exchange))
		return;
	if (fault_list_add(&exchange->sim->faults, exchange->json, &id, &problem) < 0)
		refuse(exchange, 400, problem);
	else
		buffer_append_format(ok(exchange), "{\"id\":%lld}", (long long)id);
}

static void delete_faults(struct exchange *exchange)
{
	fault_list_clear(&exchange->sim->faults);
	done(exchange);
}

static void post_release(struct exchange *exchange)
{
	buffer_append_format(ok(exchange), "{\"released\":%zu}",
			     timer_release(exchange->sim->timer));
}

/* ---- settings ---- */

static void get_settings(struct exchange *exchange)
{
	const struct sim_settings *settings = &exchange->sim->settings;

	buffer_append_format(
		ok(exchange),
		"{\"version\":\"%s\",\"latency_ms\":%lld,\"auto_assign_org\":%s,"
		"\"password_policy\":%s,\"login_form\":%s,\"smtp\":%s,\"brute_force\":%s,"
		"\"request_log\":%s,\"auto_assign_org_role\":\"%s\",\"key_max_ttl_s\":%lld,\"token_limit_days\":%lld,"
		"\"model\":\"%s\",\"number\":\"%s\",\"ini\":",
		settings->version->name, (long long)settings->latency_ms,
		settings->auto_assign_org ? "true" : "false",
		settings->password_policy ? "true" : "false",
		settings->login_form ? "true" : "false", settings->smtp ? "true" : "false",
		settings->brute_force ? "true" : "false",
		exchange->sim->journal.enabled ? "true" : "false",
		role_name(settings->auto_assign_role),
		(long long)settings->key_max_ttl_s, (long long)settings->token_limit_days,
		model_name(&exchange->sim->model), settings->number);
	ini_write_overrides(exchange->sim, &exchange->reply.body);
	json_out_text(&exchange->reply.body, "}");
}

/* What is inside keeps the steps it came with. */
static const char *set_model(struct sim *sim, const char *name)
{
	const struct model_profile *profile = model_find(name);

	if (profile == NULL && name[0] != '\0')
		return "unknown model";
	sim->model.profile = profile;
	return NULL;
}

/* It goes into JSON as it is. */
static const char *set_version_number(struct sim *sim, const char *number)
{
	if (strspn(number, "0123456789.-+abcdefghijklmnopqrstuvwxyz") != strlen(number) ||
	    strlen(number) >= sizeof(sim->settings.number))
		return "number is a version as 12.4.0-pre";
	text_copy(sim->settings.number, sizeof(sim->settings.number), number);
	return NULL;
}

static const char *set_version(struct sim *sim, const char *name)
{
	const struct version *version = version_find(name);

	if (version == NULL)
		return "unknown version";
	sim_set_version(sim, version);
	return NULL;
}

static const char *set_auto_assign_role(struct sim *sim, const char *name)
{
	enum role role = role_parse(name, true);

	if (role == ROLE_INVALID)
		return "unknown role";
	sim->settings.auto_assign_role = role;
	return NULL;
}

/* Each answers whether it knows the setting; *problem is what is wrong with the value. */

static bool set_flag(struct sim *sim, const char *name, const json_t *value,
		     const char **problem)
{
	struct sim_settings *settings = &sim->settings;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{"auto_assign_org", &settings->auto_assign_org},
		{"password_policy", &settings->password_policy},
		{"login_form", &settings->login_form},
		{"smtp", &settings->smtp},
		{"brute_force", &settings->brute_force},
		{"request_log", &sim->journal.enabled},
	};

	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (strcmp(flags[i].name, name) != 0)
			continue;
		if (json_is_boolean(value))
			*flags[i].flag = json_is_true(value);
		else
			*problem = "that setting is true or false";
		return true;
	}
	return false;
}

static bool set_number(struct sim *sim, const char *name, const json_t *value,
		       const char **problem)
{
	struct sim_settings *settings = &sim->settings;
	const struct {
		const char *name;
		int64_t *number;
	} numbers[] = {
		{"latency_ms", &settings->latency_ms},
		{"key_max_ttl_s", &settings->key_max_ttl_s},
		{"token_limit_days", &settings->token_limit_days},
	};

	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		if (strcmp(numbers[i].name, name) != 0)
			continue;
		if (json_is_integer(value) && json_integer_value(value) >= 0)
			*numbers[i].number = json_integer_value(value);
		else
			*problem = "that setting is a number from 0 up";
		return true;
	}
	return false;
}

static bool set_text(struct sim *sim, const char *name, const json_t *value,
		     const char **problem)
{
	static const struct {
		const char *name;
		const char *(*set)(struct sim *sim, const char *text);
	} texts[] = {
		{"version", set_version}, {"number", set_version_number}, {"model", set_model},
		{"auto_assign_org_role", set_auto_assign_role}};

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		if (strcmp(texts[i].name, name) != 0 || !json_is_string(value))
			continue;
		*problem = texts[i].set(sim, json_string_value(value));
		return true;
	}
	return false;
}

/* No settings: what happens at once to the sessions there are. */
static bool end_sessions(struct sim *sim, const char *name, const json_t *value)
{
	if (!json_is_true(value))
		return false;
	if (strcmp(name, "rotate_sessions") == 0)
		sim->logins.rotations++;
	else if (strcmp(name, "revoke_sessions") == 0)
		sim->logins.revocations++;
	else if (strcmp(name, "drop_sessions") == 0)
		logins_clear(&sim->logins);
	else
		return false;
	return true;
}

static const char *set_one(struct sim *sim, const char *name, const json_t *value)
{
	const char *problem = NULL;

	if (strcmp(name, "ini") == 0 && json_is_object(value))
		return ini_replace(sim, value);
	if (set_flag(sim, name, value, &problem) || set_number(sim, name, value, &problem) ||
	    set_text(sim, name, value, &problem) || end_sessions(sim, name, value))
		return problem;
	return "unknown setting, or a value of another type";
}

static void post_settings(struct exchange *exchange)
{
	const char *name, *problem;
	json_t *value;

	if (!read_object(exchange))
		return;
	json_object_foreach(exchange->json, name, value)
	{
		problem = set_one(exchange->sim, name, value);
		if (problem != NULL) {
			refuse(exchange, 400, problem);
			return;
		}
	}
	get_settings(exchange);
}

static void post_reset(struct exchange *exchange)
{
	sim_reset(exchange->sim);
	done(exchange);
}

static void delete_attempts(struct exchange *exchange)
{
	attempts_clear(&exchange->sim->attempts);
	done(exchange);
}

/* ---- people ---- */

static void get_state(struct exchange *exchange)
{
	control_write_state(exchange->sim, ok(exchange));
}

static void get_cookies(struct exchange *exchange)
{
	logins_write_tokens(&exchange->sim->logins, ok(exchange));
}

static void get_user(struct exchange *exchange)
{
	if (control_write_account(exchange->sim, exchange->param_text[0], ok(exchange)) < 0)
		refuse(exchange, 404, "no such user");
}

static void post_users(struct exchange *exchange)
{
	const char *problem;
	long long id = 0;

	if (!read_object(exchange))
		return;
	problem = control_add_accounts(exchange->sim, exchange->json, &id);
	if (problem != NULL)
		refuse(exchange, 400, problem);
	else
		buffer_append_format(ok(exchange), "{\"id\":%lld}", id);
}

static void patch_user(struct exchange *exchange)
{
	const char *problem;

	if (!read_object(exchange))
		return;
	problem = control_change_account(exchange->sim, exchange->param_text[0], exchange->json);
	if (problem != NULL)
		refuse(exchange, 400, problem);
	else
		get_user(exchange);
}

static void post_orgs(struct exchange *exchange)
{
	const char *name;

	if (!read_object(exchange))
		return;
	name = json_string_value(json_object_get(exchange->json, "name"));
	if (name == NULL || store_org_by_name(&exchange->sim->store, name) != NULL) {
		refuse(exchange, 400, "name is missing or taken");
		return;
	}
	buffer_append_format(ok(exchange), "{\"id\":%lld}",
			     (long long)store_org_add(&exchange->sim->store, name)->id);
}

/* {"org_id":1,"is_provisioned":true}: as if SCIM had made it. */
static void patch_team(struct exchange *exchange)
{
	const struct org *org;
	struct team *team;
	int64_t id = 0;

	if (!read_object(exchange))
		return;
	org = store_org(&exchange->sim->store,
			json_integer_value(json_object_get(exchange->json, "org_id")));
	(void)text_to_int64(exchange->param_text[0], 1, INT64_MAX, &id);
	team = store_team(org, id);
	if (team == NULL) {
		refuse(exchange, 404, "no such team in that org");
		return;
	}
	team->is_provisioned = json_is_true(json_object_get(exchange->json, "is_provisioned"));
	done(exchange);
}

/* Made by a file on the server's disk, not by its users. */
static void patch_board(struct exchange *exchange)
{
	const struct org *org;
	struct board *board = NULL;

	if (!read_object(exchange))
		return;
	org = store_org(&exchange->sim->store,
			json_integer_value(json_object_get(exchange->json, "org_id")));
	if (org != NULL)
		board = store_board_by_uid(org, exchange->param_text[0]);
	if (board == NULL) {
		refuse(exchange, 404, "no such folder or dashboard");
		return;
	}
	board->is_provisioned = json_is_true(json_object_get(exchange->json, "provisioned"));
	done(exchange);
}

/* Made some time ago. */
static void patch_invite(struct exchange *exchange)
{
	struct invite *invite;

	if (!read_object(exchange))
		return;
	invite = store_invite_by_code(&exchange->sim->store, exchange->param_text[0]);
	if (invite == NULL) {
		refuse(exchange, 404, "no such invite");
		return;
	}
	invite->created_s = sim_wall_ms() / 1000 -
			    json_integer_value(json_object_get(exchange->json, "age_s"));
	done(exchange);
}

static void post_verify_login(struct exchange *exchange)
{
	const char *login, *password;
	bool passes;

	if (!read_object(exchange))
		return;
	login = json_string_value(json_object_get(exchange->json, "login"));
	password = json_string_value(json_object_get(exchange->json, "password"));
	passes = login != NULL && password != NULL &&
		 auth_would_pass(exchange->sim, login, password);
	buffer_append_format(ok(exchange), "{\"ok\":%s}", passes ? "true" : "false");
}

static const struct {
	enum method method;
	const char *path; /* ending in '/': a prefix, the rest is param_text[0] */
	control_fn *handler;
} routes[] = {
	{METHOD_GET, "/sim/requests", get_requests},
	{METHOD_DELETE, "/sim/requests", delete_requests},
	{METHOD_GET, "/sim/faults", get_faults},
	{METHOD_POST, "/sim/faults", post_fault},
	{METHOD_DELETE, "/sim/faults", delete_faults},
	{METHOD_POST, "/sim/release", post_release},
	{METHOD_GET, "/sim/settings", get_settings},
	{METHOD_POST, "/sim/settings", post_settings},
	{METHOD_POST, "/sim/reset", post_reset},
	{METHOD_DELETE, "/sim/attempts", delete_attempts},
	{METHOD_GET, "/sim/state", get_state},
	{METHOD_GET, "/sim/cookies", get_cookies},
	{METHOD_POST, "/sim/users", post_users},
	{METHOD_GET, "/sim/users/", get_user},
	{METHOD_PATCH, "/sim/users/", patch_user},
	{METHOD_POST, "/sim/orgs", post_orgs},
	{METHOD_PATCH, "/sim/teams/", patch_team},
	{METHOD_PATCH, "/sim/boards/", patch_board},
	{METHOD_PATCH, "/sim/invites/", patch_invite},
	{METHOD_POST, "/sim/verify-login", post_verify_login},
};

static control_fn *find_handler(struct exchange *exchange)
{
	for (size_t i = 0; i < ARRAY_COUNT(routes); i++) {
		const char *path = routes[i].path;
		size_t length = strlen(path);

		if (routes[i].method != exchange->method)
			continue;
		if (strcmp(path, exchange->path) == 0)
			return routes[i].handler;
		if (path[length - 1] == '/' && strncmp(path, exchange->path, length) == 0) {
			exchange->param_text[0] = mem_strdup(exchange->path + length);
			exchange_unescape(exchange->param_text[0], false);
			return routes[i].handler;
		}
	}
	return NULL;
}

void control_dispatch(struct exchange *exchange)
{
	control_fn *handler = find_handler(exchange);

	pthread_mutex_lock(&exchange->sim->lock);
	if (handler != NULL)
		handler(exchange);
	else
		refuse(exchange, 404, "no such control route");
	pthread_mutex_unlock(&exchange->sim->lock);
}
