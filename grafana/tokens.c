/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokens.c - tokens of service accounts, and legacy API keys, which differ in their
 * routes and texts only.
 *
 * Called by the worker's operations. Owns nothing beyond a call. A new key is moved into a
 * struct secret, and the bytes of the answer that told it are wiped. (curl's own
 * receive buffer is freed, not wiped.)
 */
#include "grafana/tokens.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

/* Grafana lists the first 100 legacy keys of an org, by name, and has no second page
 * (GetAPIKeys, 7.5 to 11). */
enum { KEY_BYTES_MAX = 2048, LEGACY_LISTED_MAX = 100 };

static bool is_legacy(const struct grafana_token_place *place)
{
	return place->account_id == 0;
}

/* id 0: of all. */
static void make_path(const struct grafana_token_place *place, int64_t id,
		      char path[CALL_PATH_BYTES])
{
	char tail[32] = "";

	if (id != 0)
		text_format(tail, sizeof(tail), "/%" PRId64, id);
	if (is_legacy(place))
		text_format(path, CALL_PATH_BYTES, "/api/auth/keys%s", tail);
	else
		text_format(path, CALL_PATH_BYTES, "/api/serviceaccounts/%" PRId64 "/tokens%s",
			    place->account_id, tail);
}

/* ---- finding ---- */

static bool fits(const json_t *json, const struct grafana_token_wish *wish)
{
	char name[LIMIT_NAME_BYTES + 1];
	int64_t id;

	if (!json_get_id(json, "id", &id) || !json_get_text(json, "name", name, sizeof(name)))
		return false;
	if (wish->but_name != NULL && strcmp(name, wish->but_name) == 0)
		return false;
	if (wish->id != 0)
		return id == wish->id;
	return wish->name == NULL || strcmp(name, wish->name) == 0;
}

static void token_from_json(const json_t *json, struct grafana_token *token)
{
	char role[16];

	memset(token, 0, sizeof(*token));
	(void)json_get_id(json, "id", &token->id);
	(void)json_get_text(json, "name", token->name, sizeof(token->name));
	if (!json_get_text(json, "role", role, sizeof(role)) ||
	    role_parse(role, &token->role) < 0)
		token->role = ROLE_UNSET;
	if (!json_get_time(json, "created", &token->created_ms))
		token->created_ms = 0;
	if (!json_get_time(json, "expiration", &token->expires_ms))
		token->expires_ms = 0;
	token->was_used = json_is_string(json_object_get(json, "lastUsedAt"));
}

static void answer_absent(const struct grafana_token_place *place,
			  const struct grafana_token_wish *wish, size_t listed,
			  struct answer *answer)
{
	answer->code = ANSWER_NOT_FOUND;
	if (!is_legacy(place) || wish->was_listed || listed < LEGACY_LISTED_MAX)
		return;
	answer->code = ANSWER_UNSUPPORTED;
	text_format(answer->message, sizeof(answer->message),
		    "only the first %d keys of the org are listed, and it is not among them; "
		    "delete some that are no longer needed", LEGACY_LISTED_MAX);
}

int grafana_token_find(struct grafana_session *session, const struct grafana_token_place *place,
		       const struct grafana_token_wish *wish, struct grafana_token *token,
		       size_t *count, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	const json_t *entry;
	size_t i;
	int rc;

	memset(token, 0, sizeof(*token));
	*count = 0;
	make_path(place, 0, path);
	if (is_legacy(place))
		text_copy(path, sizeof(path), "/api/auth/keys?includeExpired=true");
	rc = call_read_in_org(session, place->org_id, path, &reply, answer, err);
	if (rc < 0 || answer->code != ANSWER_OK)
		goto out;
	if (!json_is_array(reply.json)) {
		rc = call_unusable(path, "is not a list of tokens", err);
		goto out;
	}
	json_array_foreach(reply.json, i, entry)
		if (fits(entry, wish) && (*count)++ == 0)
			token_from_json(entry, token);
	if (*count == 0)
		answer_absent(place, wish, json_array_size(reply.json), answer);
out:
	reply_clear(&reply);
	return rc;
}

/* ---- making ---- */

static const struct answer_rule create_rules[] = {
	{409, NULL, NULL, ANSWER_EXISTS},
	{400, "serviceaccounts.ErrTokenAlreadyExists", NULL, ANSWER_EXISTS},
	{400, NULL, "service account token with given name already exists", ANSWER_EXISTS},
	{400, "serviceaccounts.ErrInvalidInput", NULL, ANSWER_LIFETIME},
	{400, NULL, "Number of seconds before expiration", ANSWER_LIFETIME},
	{400, NULL, "invalid SecondsToLive value", ANSWER_LIFETIME},
};

static const struct answer_rule legacy_rules[] = {
	{400, NULL, "Invalid role specified", ANSWER_ROLE_INVALID},
	{400, NULL, "bad request data", ANSWER_ROLE_INVALID},
	{301, NULL, NULL, ANSWER_UNSUPPORTED}, /* 11.3 sends old clients elsewhere */
	{410, NULL, NULL, ANSWER_UNSUPPORTED},
};

/* [service_accounts] token_expiration_day_limit is told in plain text. */
static void refine_create(const struct grafana_token_place *place, struct answer *answer,
			  const struct reply *reply)
{
	answer_refine(answer, reply, create_rules, ARRAY_COUNT(create_rules));
	if (is_legacy(place))
		answer_refine(answer, reply, legacy_rules, ARRAY_COUNT(legacy_rules));
	else if (reply->status == 400 && reply->json == NULL) {
		answer->code = ANSWER_LIFETIME;
		text_copy(answer->message, sizeof(answer->message),
			  "(no JSON: beyond token_expiration_day_limit)");
	}
}

/* Moves the key out of the answer; false: there is none. */
static bool take_key(const json_t *json, struct secret *key)
{
	const json_t *value = json_object_get(json, "key");
	size_t length = json_string_length(value);

	if (!json_is_string(value) || length == 0 || length > KEY_BYTES_MAX)
		return false;
	secret_copy(key, json_string_value(value), length);
	/* The memory is jansson's, and about to be freed by it. */
	mem_wipe((void *)(uintptr_t)json_string_value(value), length);
	return true;
}

static json_t *pack_new(const struct grafana_token_place *place,
			const struct grafana_new_token *wanted)
{
	if (is_legacy(place))
		return json_pack("{s:s, s:s, s:I}", "name", wanted->name, "role",
				 role_name(wanted->role), "secondsToLive",
				 (json_int_t)wanted->ttl_s);
	return json_pack("{s:s, s:I}", "name", wanted->name, "secondsToLive",
			 (json_int_t)wanted->ttl_s);
}

int grafana_token_create(struct grafana_session *session,
			 const struct grafana_token_place *place,
			 const struct grafana_new_token *wanted, struct secret *key, int64_t *id,
			 struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	make_path(place, 0, path);
	rc = call_write_json_in_org(session, place->org_id, "POST", path, pack_new(place, wanted),
				    &reply, answer, err);
	grafana_session_forget(session);
	if (rc == 0)
		refine_create(place, answer, &reply);
	if (rc == 0 && answer->code == ANSWER_OK &&
	    (!json_get_id(reply.json, "id", id) || !take_key(reply.json, key)))
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	return rc;
}

int grafana_token_delete(struct grafana_session *session, const struct grafana_token_place *place,
			 int64_t id, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	make_path(place, id, path);
	rc = call_write_in_org(session, place->org_id, "DELETE", path, NULL, &reply, answer,
			       err);
	reply_clear(&reply);
	return rc;
}
