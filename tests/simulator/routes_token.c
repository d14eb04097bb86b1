/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_token.c - tokens of service accounts, and the legacy keys of /api/auth/keys.
 *
 * A key is shown once, in the answer that made it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/auth_token.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_service.h"

enum { MAX_SHOWN = 10000, MAX_KEYS_SHOWN = 100, DAY_S = 86400, SOON_S = 7 * DAY_S };

static struct org *current_org(struct exchange *exchange)
{
	return store_org(&exchange->sim->store, exchange->caller.org_id);
}

/* ---- lists ---- */

static int compare_names(const void *left, const void *right)
{
	const struct api_token *const *a = left, *const *b = right;

	return strcmp((*a)->name, (*b)->name);
}

/* Those of the account (NULL: the legacy keys), by name; the caller frees the array. */
static const struct api_token **collect(const struct org *org, int64_t account_id, size_t *count)
{
	const struct api_token **found = mem_zalloc(MAX_SHOWN * sizeof(*found));

	*count = 0;
	for (const struct api_token *token = org != NULL ? org->tokens : NULL;
	     token != NULL && *count < MAX_SHOWN; token = token->next)
		if ((token->account != NULL ? token->account->id : 0) == account_id)
			found[(*count)++] = token;
	qsort(found, *count, sizeof(*found), compare_names);
	return found;
}

static bool has_expired(const struct api_token *token)
{
	return token->expires_ms != 0 && token->expires_ms <= sim_wall_ms();
}

static void write_time_or_null(struct buffer *out, const char *name, int64_t time_s)
{
	(void)buffer_append_format(out, ",\"%s\":", name);
	if (time_s != 0)
		json_out_time(out, time_s);
	else
		json_out_text(out, "null");
}

/* How long it lives on is told in its last week only. The clock is read once, so that
 * a token never has time left and has expired. */
static void write_token(struct buffer *out, const struct api_token *token)
{
	int64_t left_ms = token->expires_ms - sim_wall_ms();
	bool ends = token->expires_ms != 0;
	bool soon = ends && left_ms > 0 && left_ms < SOON_S * 1000LL;

	(void)buffer_append_format(out, "{\"id\":%lld,\"name\":", (long long)token->id);
	json_out_string(out, token->name);
	write_time_or_null(out, "created", token->created_s);
	write_time_or_null(out, "lastUsedAt", token->last_used_s);
	write_time_or_null(out, "expiration", token->expires_ms / 1000);
	if (soon)
		(void)buffer_append_format(out, ",\"secondsUntilExpiration\":%lld.%03lld",
					   (long long)(left_ms / 1000),
					   (long long)(left_ms % 1000));
	else
		json_out_text(out, ",\"secondsUntilExpiration\":0");
	(void)buffer_append_format(out, ",\"hasExpired\":%s,\"isRevoked\":false}",
				   ends && left_ms <= 0 ? "true" : "false");
}

/* An account that is not there has no tokens, and that is no error. */
void route_token_list(struct exchange *exchange)
{
	struct buffer *out = &exchange->reply.body;
	const struct api_token **found;
	size_t count;

	found = collect(current_org(exchange), exchange->id[0], &count);
	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (size_t i = 0; i < count; i++) {
		json_out_text(out, i > 0 ? "," : "");
		write_token(out, found[i]);
	}
	json_out_text(out, "]");
	free(found);
}

void route_key_list(struct exchange *exchange)
{
	bool with_expired = strcmp(exchange_query(exchange, "includeExpired"), "true") == 0;
	struct buffer *out = &exchange->reply.body;
	const struct api_token **found;
	size_t count, shown = 0;

	found = collect(current_org(exchange), 0, &count);
	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (size_t i = 0; i < count && shown < MAX_KEYS_SHOWN; i++) {
		if (has_expired(found[i]) && !with_expired)
			continue;
		(void)buffer_append_format(out, "%s{\"id\":%lld,\"name\":", shown++ > 0 ? "," : "",
					   (long long)found[i]->id);
		json_out_string(out, found[i]->name);
		(void)buffer_append_format(out, ",\"role\":\"%s\"", role_name(found[i]->role));
		if (found[i]->expires_ms != 0)
			write_time_or_null(out, "expiration", found[i]->expires_ms / 1000);
		json_out_text(out, "}");
	}
	json_out_text(out, "]");
	free(found);
}

/* ---- making ---- */

/* Does the server allow that life? Sets the reply if not. */
static bool is_life_allowed(struct exchange *exchange, int64_t ttl_s, enum answer when_negative)
{
	const struct sim_settings *settings = &exchange->sim->settings;

	if (ttl_s < 0) {
		answer(exchange, when_negative);
		return false;
	}
	if (settings->key_max_ttl_s > 0 && ttl_s == 0) {
		answer(exchange, ANSWER_TOKEN_TTL_NEEDED);
		return false;
	}
	if (settings->key_max_ttl_s > 0 && ttl_s > settings->key_max_ttl_s) {
		answer(exchange, ANSWER_TOKEN_TTL_TOO_LONG);
		return false;
	}
	return true;
}

/* Set on the server for tokens alone, and answered in plain text. */
static bool is_within_day_limit(struct exchange *exchange, int64_t ttl_s)
{
	int64_t days = exchange->sim->settings.token_limit_days;

	if (days == 0 || (ttl_s > 0 && ttl_s <= days * DAY_S))
		return true;
	exchange->reply.status = 400;
	exchange->reply.content = CONTENT_TEXT;
	json_out_text(&exchange->reply.body,
		      "The expiration date input exceeds the limit for service account access "
		      "tokens expiration date");
	return false;
}

static void answer_made(struct exchange *exchange, struct api_token *token, int64_t ttl_s,
			const char *key)
{
	struct buffer *out = &exchange->reply.body;

	token->expires_ms = ttl_s > 0 ? sim_wall_ms() + ttl_s * 1000 : 0;
	exchange->reply.status = 200;
	(void)buffer_append_format(out, "{\"id\":%lld,\"name\":", (long long)token->id);
	json_out_string(out, token->name);
	(void)buffer_append_format(out, ",\"key\":\"%s\"}", key);
}

void route_token_create(struct exchange *exchange)
{
	struct org *org = current_org(exchange);
	struct service_account *account = store_service(org, exchange->id[0]);
	char key[AUTH_TOKEN_CAPACITY];
	const char *name;
	int64_t ttl_s;

	if (account == NULL) {
		answer(exchange, ANSWER_SERVICE_NOT_FOUND);
		return;
	}
	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name) ||
	    !bind_int(exchange, "secondsToLive", &ttl_s)) {
		answer(exchange, ANSWER_SERVICE_BAD_REQUEST);
		return;
	}
	if (!is_life_allowed(exchange, ttl_s, ANSWER_TOKEN_TTL_INVALID) ||
	    !is_within_day_limit(exchange, ttl_s))
		return;
	if (store_token_by_name(org, name) != NULL) {
		answer(exchange, ANSWER_TOKEN_EXISTS);
		return;
	}
	auth_token_make(key);
	exchange->sim->store.counters.token_creates++;
	answer_made(exchange,
		    store_token_add(&exchange->sim->store, org, account, name, ROLE_NONE, key),
		    ttl_s, key);
	mem_wipe(key, sizeof key);
}

void route_key_create(struct exchange *exchange)
{
	struct org *org = current_org(exchange);
	char key[AUTH_KEY_CAPACITY];
	const char *name;
	enum role role;
	int64_t ttl_s;

	if (exchange->version->api_keys == API_KEYS_READ_ONLY) {
		answer(exchange, ANSWER_KEY_ENDPOINT_REMOVED);
		return;
	}
	if (!bind_body(exchange) || !bind_required_text(exchange, "name", &name) ||
	    !bind_role(exchange, &role) || !bind_int(exchange, "secondsToLive", &ttl_s) ||
	    !is_life_allowed(exchange, ttl_s, ANSWER_KEY_TTL_INVALID))
		return;
	if (store_token_by_name(org, name) != NULL) {
		answer(exchange, ANSWER_KEY_EXISTS);
		return;
	}
	if (!auth_key_make(name, org->id, key)) {
		answer(exchange, ANSWER_BAD_REQUEST);
		return;
	}
	exchange->sim->store.counters.key_creates++;
	answer_made(exchange, store_token_add(&exchange->sim->store, org, NULL, name, role, key),
		    ttl_s, key);
	mem_wipe(key, sizeof key);
}

/* ---- deleting ---- */

void route_token_delete(struct exchange *exchange)
{
	struct org *org = current_org(exchange);
	const struct service_account *account = store_service(org, exchange->id[0]);
	struct api_token *token = store_token(org, exchange->id[1]);

	if (account == NULL) {
		answer(exchange, ANSWER_SERVICE_NOT_FOUND);
		return;
	}
	if (token == NULL || token->account != account) {
		answer(exchange, ANSWER_TOKEN_NOT_FOUND);
		return;
	}
	store_token_delete(&exchange->sim->store, token);
	exchange->sim->store.counters.token_deletes++;
	answer_done(exchange, "Service account token deleted");
}

void route_key_delete(struct exchange *exchange)
{
	struct api_token *key = store_token(current_org(exchange), exchange->id[0]);

	if ((key == NULL || key->account != NULL) && !exchange->version->roles_only) {
		answer(exchange, ANSWER_KEY_NOT_FOUND);
		return;
	}
	if (key != NULL) {
		store_token_delete(&exchange->sim->store, key);
		exchange->sim->store.counters.key_deletes++;
	}
	answer_done(exchange, "API key deleted");
}
