/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_admin.c - /api/admin/users: the life of an account.
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/view.h"

enum { MIN_PASSWORD = 4, MIN_STRONG_PASSWORD = 12, AUTO_ASSIGN_ORG_ID = 1, MESSAGE_BYTES = 1024 };

/* ---- passwords ---- */

enum password_fault { PASSWORD_FINE, PASSWORD_TOO_SHORT, PASSWORD_TOO_WEAK };

static bool has_all_classes(const char *password)
{
	bool upper = false, lower = false, digit = false, symbol = false;

	for (; *password != '\0'; password++) {
		unsigned char byte = (unsigned char)*password;

		upper = upper || isupper(byte);
		lower = lower || islower(byte);
		digit = digit || isdigit(byte);
		symbol = symbol || !isalnum(byte);
	}
	return upper && lower && digit && symbol;
}

/* The strong policy came with 10.4. */
static enum password_fault check_password(const struct exchange *exchange, const char *password)
{
	bool strong = exchange->sim->settings.password_policy && exchange->version->id >= V10_4;

	if (!strong)
		return strlen(password) < MIN_PASSWORD ? PASSWORD_TOO_SHORT : PASSWORD_FINE;
	if (strlen(password) < MIN_STRONG_PASSWORD || !has_all_classes(password))
		return PASSWORD_TOO_WEAK;
	return PASSWORD_FINE;
}

/* ---- create ---- */

struct new_account {
	const char *login, *email, *name, *password;
	int64_t org_id;
};

static bool bind_new(struct exchange *exchange, struct new_account *new)
{
	bool optional = exchange->version->password_optional;

	if (!bind_body(exchange) || !bind_text(exchange, "login", &new->login) ||
	    !bind_text(exchange, "email", &new->email) ||
	    !bind_text(exchange, "name", &new->name) ||
	    !bind_int(exchange, "OrgId", &new->org_id))
		return false;
	return optional ? bind_text(exchange, "password", &new->password)
			: bind_required_text(exchange, "password", &new->password);
}

static bool new_is_valid(struct exchange *exchange, const struct new_account *new)
{
	static const enum answer refusals[] = {
		[PASSWORD_TOO_SHORT] = ANSWER_USER_PASSWORD_SHORT,
		[PASSWORD_TOO_WEAK] = ANSWER_USER_PASSWORD_WEAK,
	};
	enum password_fault fault;

	if (new->login[0] == '\0' && new->email[0] == '\0') {
		answer(exchange, ANSWER_USER_NAMELESS_ON_CREATE);
		return false;
	}
	if (new->password[0] == '\0')
		return true; /* the binding has decided on that */
	fault = check_password(exchange, new->password);
	if (fault != PASSWORD_FINE)
		answer(exchange, refusals[fault]);
	return fault == PASSWORD_FINE;
}

/* The org the account starts in: the one asked for, or one of its own. */
static struct org *home_org(struct exchange *exchange, const struct new_account *new)
{
	struct sim *sim = exchange->sim;
	int64_t org_id = new->org_id != 0 ? new->org_id : AUTO_ASSIGN_ORG_ID;
	const char *own_name = new->email[0] != '\0' ? new->email : new->login;
	char message[MESSAGE_BYTES];
	struct org *org;

	if (!sim->settings.auto_assign_org) {
		if (store_org_by_name(&sim->store, own_name) == NULL)
			return store_org_add(&sim->store, own_name);
		answer(exchange, ANSWER_USER_CREATE_FAILED);
		return NULL;
	}
	org = store_org(&sim->store, org_id);
	if (org != NULL)
		return org;
	if (exchange->version->id <= V9_4)
		(void)text_copy(message, sizeof message, "organization not found");
	else
		(void)text_format(message, sizeof message,
				  "[org.notFound] failed to get organization with ID: %lld",
				  (long long)org_id);
	answer_text(exchange, ANSWER_USER_ORG_UNKNOWN, message);
	return NULL;
}

static enum role first_role(const struct sim_settings *settings)
{
	return settings->auto_assign_org ? settings->auto_assign_role : ROLE_ADMIN;
}

static void answer_created(struct exchange *exchange, const struct account *account)
{
	struct buffer *out = &exchange->reply.body;
	char uid[VIEW_UID_CAPACITY];

	exchange->reply.status = 200;
	buffer_append_format(out, "{\"id\":%lld,\"message\":\"User created\"",
			     (long long)account->id);
	if (exchange->version->uid) {
		view_uid(account->id, uid);
		buffer_append_format(out, ",\"uid\":\"%s\"", uid);
	}
	json_out_text(out, "}");
}

void route_admin_create(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct new_account new;
	struct account *account;
	const char *login, *email;
	char message[MESSAGE_BYTES];
	struct org *org;

	if (!bind_new(exchange, &new) || !new_is_valid(exchange, &new))
		return;
	login = new.login[0] != '\0' ? new.login : new.email;
	email = new.email[0] != '\0' ? new.email : new.login;
	if (store_account_by_login(&sim->store, login) != NULL ||
	    store_account_by_email(&sim->store, email) != NULL) {
		(void)text_format(message, sizeof message,
				  "User with email '%s' or username '%s' already exists",
				  new.email, new.login);
		answer_text(exchange, ANSWER_USER_EXISTS, message);
		return;
	}
	org = home_org(exchange, &new);
	if (org == NULL)
		return;
	account = store_account_add(&sim->store, login, email, new.name);
	account_set_password(account, new.password);
	(void)store_member_add(account, org, first_role(&sim->settings));
	sim->store.counters.user_creates++;
	answer_created(exchange, account);
}

/* ---- changes ---- */

void route_admin_password(struct exchange *exchange)
{
	static const enum answer refusals[] = {
		[PASSWORD_TOO_SHORT] = ANSWER_PASSWORD_SHORT,
		[PASSWORD_TOO_WEAK] = ANSWER_PASSWORD_WEAK,
	};
	struct sim *sim = exchange->sim;
	struct account *account = store_account(&sim->store, exchange->id[0]);
	enum password_fault fault;
	const char *password;

	if (!bind_body(exchange) || !bind_required_text(exchange, "password", &password))
		return;
	if (!sim->settings.login_form && exchange->version->id >= V11_6) {
		answer(exchange, ANSWER_PASSWORD_FORM_DISABLED);
		return;
	}
	fault = check_password(exchange, password);
	if (fault != PASSWORD_FINE) {
		answer(exchange, refusals[fault]);
		return;
	}
	if (account == NULL) {
		answer(exchange, ANSWER_PASSWORD_UNKNOWN_USER);
		return;
	}
	if (account->auth_module != NULL && exchange->version->id >= V10_4) {
		answer(exchange, ANSWER_PASSWORD_EXTERNAL);
		return;
	}
	account_set_password(account, password);
	if (exchange->version->reset_ends_sessions) {
		account_end_sessions(account);
		attempts_forget(&sim->attempts, account->login);
		attempts_forget(&sim->attempts, account->email);
	}
	sim->store.counters.password_sets++;
	answer_done(exchange, "User password updated");
}

void route_admin_permissions(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct account *account = store_account(store, exchange->id[0]);
	bool is_admin;

	if (!bind_body(exchange) || !bind_bool(exchange, "isGrafanaAdmin", &is_admin))
		return;
	if (account == NULL) {
		/* Up to 10 an update of nobody is a success. */
		if (exchange->version->id >= V11_6)
			answer(exchange, ANSWER_PERMISSIONS_UNKNOWN_USER);
		else
			answer_done(exchange, "User permissions updated");
		return;
	}
	if (exchange->version->synced_users && account_is_synced(account)) {
		answer(exchange, ANSWER_PERMISSIONS_SYNCED);
		return;
	}
	if (account->is_admin && !is_admin && store->server_admin_count == 1) {
		answer(exchange, ANSWER_PERMISSIONS_LAST_ADMIN);
		return;
	}
	store_account_set_admin(store, account, is_admin);
	store->counters.permission_sets++;
	answer_done(exchange, "User permissions updated");
}

static struct account *find_local(struct exchange *exchange, enum answer when_external)
{
	struct account *account = store_account(&exchange->sim->store, exchange->id[0]);

	if (account == NULL) {
		answer(exchange, ANSWER_USER_NOT_FOUND);
		return NULL;
	}
	if (account->auth_module != NULL) {
		answer(exchange, when_external);
		return NULL;
	}
	return account;
}

void route_admin_disable(struct exchange *exchange)
{
	struct account *account = find_local(exchange, ANSWER_DISABLE_EXTERNAL);

	if (account == NULL)
		return;
	account->is_disabled = true;
	account_end_sessions(account);
	exchange->sim->store.counters.user_disables++;
	answer_done(exchange, "User disabled");
}

void route_admin_enable(struct exchange *exchange)
{
	struct account *account = find_local(exchange, ANSWER_ENABLE_EXTERNAL);

	if (account == NULL)
		return;
	account->is_disabled = false;
	exchange->sim->store.counters.user_enables++;
	answer_done(exchange, "User enabled");
}

void route_admin_delete(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct account *account = store_account(store, exchange->id[0]);

	if (account == NULL) {
		answer(exchange, ANSWER_USER_NOT_FOUND);
		return;
	}
	store_account_delete(store, account);
	exchange->caller.account = NULL; /* it may have been the caller's own */
	store->counters.user_deletes++;
	answer_done(exchange, "User deleted");
}

/* ---- sessions ---- */

void route_admin_logout(struct exchange *exchange)
{
	struct account *account = store_account(&exchange->sim->store, exchange->id[0]);

	if (account == exchange->caller.account) {
		answer(exchange, ANSWER_LOGOUT_SELF);
		return;
	}
	if (account == NULL) {
		answer(exchange, ANSWER_LOGOUT_UNKNOWN_USER);
		return;
	}
	account_end_sessions(account);
	exchange->sim->store.counters.logouts++;
	answer_done(exchange, "User logged out");
}

void route_admin_auth_tokens(struct exchange *exchange)
{
	struct account *account = store_account(&exchange->sim->store, exchange->id[0]);
	struct buffer *out = &exchange->reply.body;

	if (account == NULL) {
		answer(exchange, ANSWER_LOGOUT_UNKNOWN_USER);
		return;
	}
	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (int64_t i = 1; i <= account->sessions; i++) {
		buffer_append_format(out,
				     "%s{\"id\":%lld,\"isActive\":false,\"clientIp\":"
				     "\"127.0.0.1\",\"device\":\"Other\",\"os\":\"Other\","
				     "\"osVersion\":\"\",\"browser\":\"Other\","
				     "\"browserVersion\":\"\",\"createdAt\":",
				     i == 1 ? "" : ",", (long long)i);
		json_out_time(out, account->created_s);
		json_out_text(out, ",\"seenAt\":");
		json_out_time(out, account->updated_s);
		json_out_text(out, "}");
	}
	json_out_text(out, "]");
}
