/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c - who asks, and in which org.
 *
 * Basic credentials and sessions here; tokens are auth_token.c's. Called with the lock held. A
 * password is wiped once compared.
 *
 * Limit: the caches of the real server (signed-in user 5 s, permissions 10-60 s)
 * are not played; a change of rights counts at once.
 */
#include "tests/simulator/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/auth_token.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/sim.h"

enum { MAX_CREDENTIALS_BYTES = 1024, SEEN_EVERY_S = 300, ROTATION_S = 600 };

static const char basic_prefix[] = "Basic ";
static const char bearer_prefix[] = "Bearer ";

static void read_cookie(struct exchange *exchange)
{
	static const char name[] = "grafana_session=";
	const char *found =
		exchange->cookie_header != NULL ? strstr(exchange->cookie_header, name) : NULL;

	if (found == NULL)
		return;
	found += sizeof name - 1;
	exchange->cookie = mem_strndup(found, strcspn(found, "; "));
}

const char *auth_credential_name(const struct exchange *exchange)
{
	if (exchange->authorization != NULL && exchange->authorization[0] != '\0')
		return strncmp(exchange->authorization, bearer_prefix,
			       sizeof bearer_prefix - 1) == 0
			       ? "token"
			       : "basic";
	return exchange->cookie != NULL ? "session" : "none";
}

void auth_read_header(struct exchange *exchange)
{
	uint8_t text[MAX_CREDENTIALS_BYTES + 1];
	const char *encoded = exchange->authorization;
	char *colon;
	long length;

	read_cookie(exchange);
	if (encoded == NULL || strncmp(encoded, basic_prefix, sizeof basic_prefix - 1) != 0)
		return;
	encoded += sizeof basic_prefix - 1;
	length = text_unbase64(encoded, strlen(encoded), text, MAX_CREDENTIALS_BYTES);
	if (length < 0)
		return;
	text[length] = '\0';
	colon = strchr((char *)text, ':');
	if (colon != NULL) {
		exchange->login = mem_strndup((char *)text, (size_t)(colon - (char *)text));
		exchange->password = mem_strdup(colon + 1);
	}
	mem_wipe(text, sizeof text);
}

static void forget_password(struct exchange *exchange)
{
	if (exchange->password != NULL)
		mem_wipe(exchange->password, strlen(exchange->password));
	free(exchange->password);
	exchange->password = NULL;
}

/* The org of this request: ?targetOrgId, then the header, then the account's own. */
static void enter_org(struct exchange *exchange)
{
	struct caller *caller = &exchange->caller;
	struct account *account = caller->account;
	const char *target = exchange->version->ignores_target_org
				     ? ""
				     : exchange_query(exchange, "targetOrgId");
	const char *wanted = target[0] != '\0' ? target : exchange->org_header;
	const struct membership *member;
	int64_t org_id = account->org_id;

	if (wanted != NULL)
		(void)text_to_int64(wanted, 1, INT64_MAX, &org_id);
	member = store_member(account, org_id);
	caller->org_id = member != NULL ? org_id : -1;
	caller->role = member != NULL ? member->role : ROLE_INVALID;
	caller->server_admin = account->is_admin;
}

static enum auth_result refuse(struct exchange *exchange, enum answer why)
{
	answer(exchange, why);
	return AUTH_REFUSED;
}

/* The string that failures are counted by. */
static char *attempt_key(const struct exchange *exchange)
{
	char *key = mem_strdup(exchange->login);

	if (exchange->version->ignore_case)
		text_lower(key);
	return key;
}

static enum answer wrong_password(const struct exchange *exchange)
{
	bool early = exchange->version->wrong_password_is_400;

	if (exchange->form_login)
		return early ? ANSWER_BAD_LOGIN_EARLY : ANSWER_BAD_LOGIN;
	return early ? ANSWER_BAD_PASSWORD_EARLY : ANSWER_BAD_PASSWORD;
}

static enum auth_result check_password(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct account *account = store_account_lookup(&sim->store, exchange->login);
	bool right = account != NULL && account_has_password(account, exchange->password);

	if (right && account->is_disabled)
		return refuse(exchange, ANSWER_DISABLED);
	if (!right) {
		bool counts = account != NULL ||
			      exchange->version->failures_of_unknown_users_count;

		if (sim->settings.brute_force && counts) {
			char *key = attempt_key(exchange);

			attempts_add(&sim->attempts, key, sim_monotonic_ms());
			free(key);
		}
		return refuse(exchange, wrong_password(exchange));
	}
	exchange->caller.account = account;
	return AUTH_OK;
}

static bool is_blocked(const struct exchange *exchange)
{
	const struct sim *sim = exchange->sim;
	char *key;
	bool blocked;

	if (!sim->settings.brute_force || sim->attempts.by_login.count == 0)
		return false;
	key = attempt_key(exchange);
	blocked = attempts_blocked(&sim->attempts, key, sim_monotonic_ms());
	free(key);
	return blocked;
}

static void note_seen(struct exchange *exchange)
{
	struct account *account = exchange->caller.account;
	int64_t now_s = sim_wall_ms() / 1000;

	if (now_s - account->last_seen_s >= SEEN_EVERY_S)
		account->last_seen_s = now_s;
}

static enum auth_result check_basic(struct exchange *exchange)
{
	if (strcmp(exchange->login, "api_key") == 0)
		return auth_token_check(exchange, exchange->password);
	if (is_blocked(exchange))
		return refuse(exchange,
			      exchange->form_login ? ANSWER_LOGIN_BLOCKED : ANSWER_BLOCKED);
	if (check_password(exchange) != AUTH_OK)
		return AUTH_REFUSED;
	note_seen(exchange);
	enter_org(exchange);
	return AUTH_OK;
}

void auth_take_form(struct exchange *exchange, const char *login, const char *password)
{
	free(exchange->login);
	forget_password(exchange);
	exchange->login = mem_strdup(login);
	exchange->password = mem_strdup(password);
	exchange->form_login = true;
}

enum auth_result auth_check_form(struct exchange *exchange)
{
	enum auth_result result = check_basic(exchange);

	forget_password(exchange);
	return result;
}

/* ---- sessions ---- */

struct account *auth_account_of(const struct sim *sim, const struct login *login)
{
	struct account *account = store_account(&sim->store, login->account_id);

	return account != NULL && account->session_epoch == login->epoch ? account : NULL;
}

void auth_set_cookie(struct exchange *exchange, const struct login *login)
{
	struct reply *reply = &exchange->reply;

	text_format(reply->set_cookie, sizeof reply->set_cookie,
		    "grafana_session=%s; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax",
		    login->token);
	if (exchange->version->id >= V10_1)
		text_format(reply->set_cookie_expiry, sizeof reply->set_cookie_expiry,
			    "grafana_session_expiry=%lld; Path=/; Max-Age=2592000; SameSite=Lax",
			    (long long)(sim_wall_ms() / 1000 + ROTATION_S));
}

void auth_burn_cookie(struct exchange *exchange)
{
	text_copy(exchange->reply.set_cookie, sizeof exchange->reply.set_cookie,
		  "grafana_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

/* Up to 9 a session that is none makes the caller nobody, and its cookie is taken
 * away; later it is a 401 everywhere. */
static enum auth_result refuse_session(struct exchange *exchange)
{
	if (exchange->version->id >= V10_1)
		return refuse(exchange, ANSWER_BAD_SESSION);
	auth_burn_cookie(exchange);
	return AUTH_NO_CREDENTIALS;
}

static enum auth_result check_session(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct login *login = logins_find(&sim->logins, exchange->cookie);
	struct account *account = login != NULL ? auth_account_of(sim, login) : NULL;

	if (account == NULL)
		return refuse_session(exchange);
	if (login_is_revoked(&sim->logins, login)) {
		answer_revoked(exchange);
		return AUTH_REFUSED;
	}
	if (login_is_due(&sim->logins, login)) {
		if (exchange->version->rotates_on_request)
			return refuse(exchange, ANSWER_SESSION_DUE);
		logins_rotate(&sim->logins, login);
		auth_set_cookie(exchange, login);
	}
	exchange->caller.account = account;
	note_seen(exchange);
	enter_org(exchange);
	return AUTH_OK;
}

const char *auth_claimed_login(const struct exchange *exchange)
{
	const struct login *login = NULL;
	const struct account *account;

	if (exchange->login != NULL || exchange->authorization != NULL)
		return exchange->login;
	if (exchange->cookie != NULL)
		login = logins_find(&exchange->sim->logins, exchange->cookie);
	account = login != NULL ? auth_account_of(exchange->sim, login) : NULL;
	return account != NULL ? account->login : NULL;
}

enum auth_result auth_check(struct exchange *exchange)
{
	const char *header = exchange->authorization;
	enum auth_result result;

	if (header == NULL || header[0] == '\0')
		return exchange->cookie != NULL ? check_session(exchange) : AUTH_NO_CREDENTIALS;
	if (strncmp(header, bearer_prefix, sizeof bearer_prefix - 1) == 0 &&
	    header[sizeof bearer_prefix - 1] != '\0')
		return auth_token_check(exchange, header + sizeof bearer_prefix - 1);
	if (exchange->login == NULL)
		return refuse(exchange, ANSWER_BAD_BASIC_HEADER);
	result = check_basic(exchange);
	forget_password(exchange);
	return result;
}

bool auth_would_pass(const struct sim *sim, const char *login, const char *password)
{
	const struct account *account = store_account_lookup(&sim->store, login);

	return account != NULL && !account->is_disabled &&
	       account_has_password(account, password);
}
