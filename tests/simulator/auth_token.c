/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth_token.c - who asks, when it is a token: service accounts and legacy keys.
 *
 * A token acts in its own org with its account's role (a legacy key: with its own)
 * and is never a server admin. Called by auth.c with the lock held.
 *
 * Limits: no token is ever "revoked" (only Grafana's secret scanning does that).
 * Basic credentials with the user "api_key" work like a Bearer header.
 */
#include "tests/simulator/auth_token.h"

#include <jansson.h>
#include <string.h>

#include "base/random.h"
#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_service.h"

enum { SECRET_LETTERS = 32, CHECKSUM_DIGITS = 8 };

static const char token_prefix[] = "glsa_";
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* ---- the texts ---- */

static uint32_t crc32_of(const char *text, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= (uint8_t)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
	}
	return ~crc;
}

/* Of what stands before the last '_'; the bytes in little-endian order. */
static void checksum(const char *text, size_t length, char out[CHECKSUM_DIGITS + 1])
{
	uint32_t crc = crc32_of(text, length);
	uint8_t bytes[4];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(crc >> (8 * i));
	text_hex(bytes, sizeof bytes, out);
}

static void random_letters(char *out)
{
	for (size_t i = 0; i < SECRET_LETTERS; i++)
		out[i] = letters[random_below(sizeof letters - 1)];
	out[SECRET_LETTERS] = '\0';
}

void auth_token_make(char out[AUTH_TOKEN_CAPACITY])
{
	char secret[SECRET_LETTERS + 1], digits[CHECKSUM_DIGITS + 1];

	random_letters(secret);
	(void)text_format(out, AUTH_TOKEN_CAPACITY, "%s%s", token_prefix, secret);
	checksum(out, strlen(out), digits);
	(void)text_format(out, AUTH_TOKEN_CAPACITY, "%s%s_%s", token_prefix, secret, digits);
}

bool auth_token_well_formed(const char *key)
{
	const size_t head = sizeof token_prefix - 1 + SECRET_LETTERS;
	char digits[CHECKSUM_DIGITS + 1];

	if (strlen(key) != AUTH_TOKEN_CAPACITY - 1 || key[head] != '_' ||
	    strncmp(key, token_prefix, sizeof token_prefix - 1) != 0)
		return false;
	checksum(key, head, digits);
	return strcmp(key + head + 1, digits) == 0;
}

bool auth_key_make(const char *name, int64_t org_id, char out[AUTH_KEY_CAPACITY])
{
	char secret[SECRET_LETTERS + 1], text[AUTH_KEY_CAPACITY / 2];
	json_t *json;
	size_t length;

	random_letters(secret);
	json = json_pack("{s:s, s:s, s:I}", "k", secret, "n", name, "id", (json_int_t)org_id);
	length = json_dumpb(json, text, sizeof text, JSON_COMPACT);
	json_decref(json);
	if (length == 0 || length > sizeof text)
		return false;
	text_base64((const uint8_t *)text, length, out);
	return true;
}

static bool is_legacy_key(const char *key)
{
	uint8_t text[AUTH_KEY_CAPACITY];
	long length = text_unbase64(key, strlen(key), text, sizeof text);
	json_t *json = length > 0 ? json_loadb((const char *)text, (size_t)length, 0, NULL) : NULL;
	bool is_key = json_is_string(json_object_get(json, "k"));

	json_decref(json);
	return is_key;
}

/* ---- the check ---- */

static enum auth_result refuse(struct exchange *exchange, enum answer why)
{
	answer(exchange, why);
	return AUTH_REFUSED;
}

static bool names_other_org(const struct exchange *exchange, int64_t org_id)
{
	const char *target = exchange_query(exchange, "targetOrgId");
	const char *wanted = target[0] != '\0' ? target : exchange->org_header;
	int64_t wanted_id;

	return wanted != NULL && text_to_int64(wanted, 1, INT64_MAX, &wanted_id) &&
	       wanted_id != org_id;
}

enum auth_result auth_token_check(struct exchange *exchange, const char *key)
{
	struct api_token *token = store_token_by_key(&exchange->sim->store, key);
	const struct service_account *account;

	if (token == NULL)
		return refuse(exchange, auth_token_well_formed(key) || is_legacy_key(key)
						? ANSWER_UNKNOWN_TOKEN
						: ANSWER_BAD_TOKEN);
	account = token->account;
	if (token->expires_ms != 0 && token->expires_ms <= sim_wall_ms())
		return refuse(exchange, ANSWER_EXPIRED_TOKEN);
	if (account != NULL && account->is_disabled)
		return refuse(exchange, ANSWER_SERVICE_DISABLED);
	if (exchange->version->token_org_checked && names_other_org(exchange, token->org->id))
		return refuse(exchange, ANSWER_TOKEN_OTHER_ORG);
	if (!exchange->version->token_use_unnoticed)
		token->last_used_s = sim_wall_ms() / 1000;
	exchange->caller.account = NULL;
	exchange->caller.service = account;
	exchange->caller.org_id = token->org->id;
	exchange->caller.role = account != NULL ? account->role : token->role;
	exchange->caller.server_admin = false;
	return AUTH_OK;
}

const char *auth_caller_login(const struct exchange *exchange)
{
	const struct caller *caller = &exchange->caller;

	if (caller->account != NULL)
		return caller->account->login;
	return caller->service != NULL ? caller->service->login : "Anonymous";
}
