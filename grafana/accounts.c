/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accounts.c - the server admin's calls on accounts.
 *
 * Called by the worker's operations. Owns nothing beyond a call; a body with a
 * password is made in a struct secret, so it is wiped and in no core dump. (curl
 * copies it into the request it sends, as it does the credentials; that copy is
 * freed, not wiped.)
 *
 * 500 "failed to create user" and "Failed to update user password" are in doubt:
 * Grafana says so for a lost race, a half-made account and a database's trouble.
 */
#include "grafana/accounts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"
#include "grafana/secret_json.h"

/* ---- bodies with a password ---- */

/* 'fields' (an object, or NULL), with "password" added. body->length is the room;
 * the text's own length is returned. */
static size_t make_body(struct secret *body, const char *fields, const struct secret *password)
{
	static const char name[] = "\"password\":\"";
	size_t fields_bytes = fields != NULL ? strlen(fields) : 0;
	size_t used = 0;

	secret_init(body, fields_bytes + sizeof(name) + SECRET_JSON_ESCAPED_BYTES * password->length + 8);
	if (fields_bytes > 2) {
		memcpy(body->bytes, fields, fields_bytes - 1);
		used = fields_bytes - 1;
		body->bytes[used++] = ',';
	} else {
		body->bytes[used++] = '{';
	}
	memcpy(body->bytes + used, name, sizeof(name) - 1);
	used += sizeof(name) - 1;
	used += secret_json_escape(body->bytes + used, password->bytes, password->length);
	memcpy(body->bytes + used, "\"}", 2);
	return used + 2;
}

static int write_with_password(struct grafana_session *session, const char *method,
			       const char *path, const char *fields,
			       const struct secret *password, struct reply *reply,
			       struct answer *answer, struct error *err)
{
	struct secret body;
	size_t length = make_body(&body, fields, password);
	int rc = call_write(session, method, path, &(struct slice){body.bytes, length}, reply,
			    answer, err);

	secret_clear(&body);
	return rc;
}

/* ---- create and password ---- */

static const struct answer_rule password_rules[] = {
	{400, "password.password-policy-too-short", NULL, ANSWER_PASSWORD_POLICY},
	{400, "password.password-policy-infringe", NULL, ANSWER_PASSWORD_POLICY},
	{400, NULL, "Password is missing or too short", ANSWER_PASSWORD_POLICY},
	{400, NULL, "New password", ANSWER_PASSWORD_POLICY},
};

static void refine_password_write(struct answer *answer, const struct reply *reply,
				  const struct answer_rule *rules, size_t count)
{
	answer_refine(answer, reply, password_rules, ARRAY_COUNT(password_rules));
	answer_refine(answer, reply, rules, count);
}

static char *dump_fields(const struct grafana_new_account *account)
{
	json_t *fields = json_pack("{s:s, s:s, s:s}", "name", account->name, "login",
				   account->login, "email", account->email);
	char *text = NULL;

	if (fields != NULL && account->org_id != 0 &&
	    json_object_set_new(fields, "OrgId", json_integer(account->org_id)) < 0) {
		json_decref(fields);
		return NULL;
	}
	if (fields != NULL)
		text = json_dumps(fields, JSON_COMPACT);
	json_decref(fields);
	return text;
}

int grafana_account_create(struct grafana_session *session,
			   const struct grafana_new_account *account, int64_t *user_id,
			   struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{412, NULL, NULL, ANSWER_EXISTS},
		{409, NULL, NULL, ANSWER_EXISTS},
		{400, "org.notFound", NULL, ANSWER_NOT_FOUND},
		{400, NULL, "[org.notFound]", ANSWER_NOT_FOUND},
		{400, NULL, "organization not found", ANSWER_NOT_FOUND},
	};
	char *fields = dump_fields(account);
	struct reply reply = {0};
	int rc = 0;

	if (fields == NULL) {
		answer_reject(answer, 0, "a text of the request is not UTF-8");
		return 0;
	}
	rc = write_with_password(session, "POST", "/api/admin/users", fields, account->password,
				 &reply, answer, err);
	if (rc == 0)
		refine_password_write(answer, &reply, rules, ARRAY_COUNT(rules));
	if (rc == 0 && answer->code == ANSWER_OK && !json_get_id(reply.json, "id", user_id))
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	free(fields);
	return rc;
}

int grafana_account_set_password(struct grafana_session *session, int64_t user_id,
				 const struct secret *password, struct answer *answer,
				 struct error *err)
{
	static const struct answer_rule rules[] = {
		{417, NULL, NULL, ANSWER_SESSIONS_REMAIN},
		{403, NULL, "Cannot update external User", ANSWER_EXTERNAL},
		{403, NULL, "Not allowed to reset password when login form is disabled",
		 ANSWER_LOGIN_FORM_OFF},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	text_format(path, sizeof(path), "/api/admin/users/%" PRId64 "/password", user_id);
	rc = write_with_password(session, "PUT", path, NULL, password, &reply, answer, err);
	if (rc == 0)
		refine_password_write(answer, &reply, rules, ARRAY_COUNT(rules));
	reply_clear(&reply);
	return rc;
}

int grafana_account_set_admin(struct grafana_session *session, int64_t user_id, bool is_admin,
			      struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "cannot remove last grafana admin", ANSWER_LAST_ADMIN},
		{403, NULL, "Cannot change Grafana Admin role for externally synced user",
		 ANSWER_EXTERNALLY_SYNCED},
	};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/admin/users/%" PRId64 "/permissions", user_id);
	rc = call_write_json(session, "PUT", path,
			     json_pack("{s:b}", "isGrafanaAdmin", is_admin ? 1 : 0), &reply,
			     answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
	reply_clear(&reply);
	return rc;
}

/* ---- calls without a body ---- */

static const struct answer_rule state_rules[] = {
	{500, NULL, "Could not disable external user", ANSWER_EXTERNAL},
	{500, NULL, "Could not enable external user", ANSWER_EXTERNAL},
	{400, NULL, "You cannot logout yourself", ANSWER_SELF},
};

static int write_plain(struct grafana_session *session, const char *method, int64_t user_id,
		       const char *ending, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/admin/users/%" PRId64 "%s", user_id, ending);
	rc = call_write(session, method, path, NULL, &reply, answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, state_rules, ARRAY_COUNT(state_rules));
	reply_clear(&reply);
	return rc;
}

int grafana_account_disable(struct grafana_session *session, int64_t user_id,
			    struct answer *answer, struct error *err)
{
	return write_plain(session, "POST", user_id, "/disable", answer, err);
}

int grafana_account_enable(struct grafana_session *session, int64_t user_id,
			   struct answer *answer, struct error *err)
{
	return write_plain(session, "POST", user_id, "/enable", answer, err);
}

int grafana_account_delete(struct grafana_session *session, int64_t user_id,
			   struct answer *answer, struct error *err)
{
	return write_plain(session, "DELETE", user_id, "", answer, err);
}

int grafana_account_logout(struct grafana_session *session, int64_t user_id,
			   struct answer *answer, struct error *err)
{
	return write_plain(session, "POST", user_id, "/logout", answer, err);
}
