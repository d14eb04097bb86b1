/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_invite.c - invites to the current org, and their completion.
 *
 * Nothing keeps one person from being invited several times. Without SMTP a mail is
 * refused when the invite, or the membership of an account that exists, has been
 * saved already.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/logins.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_invite.h"

enum { MESSAGE_BYTES = 500 };

static void write_text(struct buffer *out, const char *name, const char *text)
{
	(void)buffer_append_format(out, ",\"%s\":", name);
	json_out_string(out, text);
}

static void write_invite(struct buffer *out, const struct sim *sim, const struct invite *invite)
{
	const struct account *by = store_account_by_login(&sim->store, invite->invited_by);

	(void)buffer_append_format(out, "{\"id\":%lld,\"orgId\":%lld", (long long)invite->id,
				   (long long)invite->org_id);
	write_text(out, "name", invite->name);
	write_text(out, "email", invite->email);
	write_text(out, "role", role_name(invite->role));
	write_text(out, "invitedByLogin", invite->invited_by);
	write_text(out, "invitedByEmail", by != NULL ? by->email : "");
	write_text(out, "invitedByName", by != NULL ? by->name : "");
	write_text(out, "code", invite->code);
	write_text(out, "status", "InvitePending");
	(void)buffer_append_format(out, ",\"url\":\"http://localhost:3300/invite/%s\"",
				   invite->code);
	(void)buffer_append_format(out, ",\"emailSent\":%s,\"emailSentOn\":",
				   invite->mail_sent ? "true" : "false");
	json_out_time(out, invite->created_s);
	json_out_text(out, ",\"createdOn\":");
	json_out_time(out, invite->created_s);
	json_out_text(out, "}");
}

/* Newest first in Grafana's code; the recorded servers answered oldest first. */
static void write_older_first(struct exchange *exchange, const struct invite *invite,
			      bool *any)
{
	struct buffer *out = &exchange->reply.body;

	if (invite == NULL)
		return;
	write_older_first(exchange, invite->older, any);
	if (invite->org_id != exchange->caller.org_id || invite->status != INVITE_PENDING)
		return;
	json_out_text(out, *any ? "," : "");
	write_invite(out, exchange->sim, invite);
	*any = true;
}

void route_invite_list(struct exchange *exchange)
{
	bool any = false;

	exchange->reply.status = 200;
	json_out_text(&exchange->reply.body, "[");
	write_older_first(exchange, exchange->sim->store.invites, &any);
	json_out_text(&exchange->reply.body, "]");
}

/* ---- making one ---- */

static void invite_account(struct exchange *exchange, struct account *account,
			   const char *said, enum role role, bool send)
{
	struct sim *sim = exchange->sim;
	struct org *org = store_org(&sim->store, exchange->caller.org_id);
	char message[MESSAGE_BYTES];

	if (store_member(account, org->id) != NULL) {
		text_format(message, sizeof message, "User %s is already added to organization",
			    said);
		answer_text(exchange, ANSWER_INVITE_ALREADY_MEMBER, message);
		return;
	}
	(void)store_member_add(account, org, role);
	sim->store.counters.member_adds++;
	if (send && !sim->settings.smtp) {
		answer(exchange, ANSWER_INVITE_MAIL_FAILED);
		return;
	}
	text_format(message, sizeof message, "Existing Grafana user %s added to org %s",
		    account->name[0] != '\0' ? account->name : account->login, org->name);
	answer_done_id(exchange, message, "userId", account->id);
}

static void invite_person(struct exchange *exchange, const char *said, const char *name,
			  enum role role, bool send)
{
	struct sim *sim = exchange->sim;
	bool mails = send && strchr(said, '@') != NULL;
	struct invite *invite;
	char message[MESSAGE_BYTES];

	if (!sim->settings.login_form) {
		answer(exchange, ANSWER_INVITE_LOGIN_OFF);
		return;
	}
	invite = store_invite_add(&sim->store, exchange->caller.org_id, said, name, role,
				  exchange->caller.account != NULL
					  ? exchange->caller.account->login
					  : "");
	sim->store.counters.invite_creates++;
	if (mails && !sim->settings.smtp) {
		answer(exchange, ANSWER_INVITE_NO_SMTP);
		return;
	}
	invite->mail_sent = mails;
	text_format(message, sizeof message, mails ? "Sent invite to %s" : "Created invite for %s",
		    said);
	answer_done(exchange, message);
}

void route_invite_create(struct exchange *exchange)
{
	const char *said, *name;
	struct account *account;
	enum role role;
	bool send;

	if (!bind_body(exchange) || !bind_required_text(exchange, "loginOrEmail", &said) ||
	    !bind_text(exchange, "name", &name) || !bind_role(exchange, &role) ||
	    !bind_bool(exchange, "sendEmail", &send))
		return;
	account = store_account_lookup(&exchange->sim->store, said);
	if (account != NULL)
		invite_account(exchange, account, said, role, send);
	else
		invite_person(exchange, said, name, role, send);
}

void route_invite_revoke(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct invite *invite = store_invite_by_code(&sim->store, exchange->param_text[0]);

	if (invite == NULL && exchange->version->id >= V11_6) {
		answer(exchange, ANSWER_INVITE_NOT_FOUND);
		return;
	}
	if (invite != NULL && invite->org_id != exchange->caller.org_id) {
		answer(exchange, ANSWER_INVITE_OTHER_ORG);
		return;
	}
	if (invite != NULL) {
		invite->status = INVITE_REVOKED;
		sim->store.counters.invite_revokes++;
	}
	answer_done(exchange, "Invite revoked");
}

/* ---- what the invited person does; nobody is signed in ---- */

void route_invite_info(struct exchange *exchange)
{
	const struct invite *invite =
		store_invite_by_code(&exchange->sim->store, exchange->param_text[0]);
	struct buffer *out = &exchange->reply.body;

	if (invite == NULL || invite->status != INVITE_PENDING) {
		answer(exchange, ANSWER_INVITE_NOT_FOUND);
		return;
	}
	exchange->reply.status = 200;
	json_out_text(out, "{\"email\":");
	json_out_string(out, invite->email);
	write_text(out, "name", invite->name);
	write_text(out, "username", invite->email);
	write_text(out, "invitedBy", invite->invited_by);
	json_out_text(out, "}");
}

struct completion {
	const char *code, *email, *name, *login, *password;
};

static bool bind_completion(struct exchange *exchange, struct completion *asked)
{
	return bind_body(exchange) &&
	       bind_required_text(exchange, "inviteCode", &asked->code) &&
	       bind_required_text(exchange, "email", &asked->email) &&
	       bind_text(exchange, "name", &asked->name) &&
	       bind_required_text(exchange, "username", &asked->login) &&
	       bind_required_text(exchange, "password", &asked->password);
}

static bool may_complete(struct exchange *exchange, const struct completion *asked,
			 const struct invite *invite)
{
	const struct store *store = &exchange->sim->store;
	char message[MESSAGE_BYTES];

	if (invite == NULL) {
		answer(exchange, ANSWER_INVITE_NOT_FOUND);
	} else if (invite->status != INVITE_PENDING) {
		text_format(message, sizeof message, "Invite cannot be used in status %s",
			    invite->status == INVITE_COMPLETED ? "Completed" : "Revoked");
		answer_text(exchange, ANSWER_INVITE_USED, message);
	} else if (strchr(asked->email, '@') == NULL) {
		answer(exchange, ANSWER_INVITE_BAD_EMAIL);
	} else if (strchr(invite->email, '@') != NULL &&
		   !text_equal_nocase(asked->email, invite->email)) {
		answer(exchange, ANSWER_INVITE_OTHER_EMAIL);
	} else if (store_account_by_login(store, asked->login) != NULL ||
		   store_account_by_email(store, asked->email) != NULL) {
		text_format(message, sizeof message,
			    "User with email '%s' or username '%s' already exists", asked->email,
			    asked->login);
		answer_text(exchange, ANSWER_USER_EXISTS, message);
	} else {
		return true;
	}
	return false;
}

void route_invite_complete(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	struct completion asked;
	struct invite *invite;
	struct account *account;

	if (!bind_completion(exchange, &asked))
		return;
	invite = store_invite_by_code(&sim->store, asked.code);
	if (!may_complete(exchange, &asked, invite))
		return;
	account = store_account_add(&sim->store, asked.login, asked.email, asked.name);
	account_set_password(account, asked.password);
	(void)store_member_add(account, store_org(&sim->store, invite->org_id), invite->role);
	invite->status = INVITE_COMPLETED;
	(void)logins_open(&sim->logins, account);
	exchange->reply.status = 200;
	(void)buffer_append_format(&exchange->reply.body,
				   "{\"id\":%lld,\"message\":\"User created and logged in\"}",
				   (long long)account->id);
}
