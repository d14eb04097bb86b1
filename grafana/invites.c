/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invites.c - people who are asked to come into an org.
 *
 * Called by the worker's operations. Owns nothing. Codes and links are copied into
 * wiped memory; the JSON they came in is freed, not wiped.
 *
 * Revoking is a PATCH in every version, whatever the API's description says (read from
 * the routers of 7.5, 9.4 and 12).
 */
#include "grafana/invites.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

static const char list_path[] = "/api/org/invites";

void grafana_invites_clear(struct grafana_invites *invites)
{
	for (size_t i = 0; i < invites->count; i++) {
		secret_clear(&invites->items[i].code);
		secret_clear(&invites->items[i].link);
	}
	free(invites->items);
	*invites = (struct grafana_invites){0};
}

/* ---- finding ---- */

static bool is_code(const char *code)
{
	return code[0] != '\0' && strlen(code) <= LIMIT_INVITE_CODE_BYTES &&
	       code[strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789-_")] == '\0';
}

static int add_invite(const json_t *json, struct grafana_invites *found, struct error *err)
{
	struct grafana_invite *invite;
	const char *code = json_string_value(json_object_get(json, "code"));
	const char *link = json_string_value(json_object_get(json, "url"));
	char role[32];

	if (code == NULL || !is_code(code))
		return call_unusable(list_path, "has an invite without a code", err);
	found->items = mem_grow_array(found->items, found->count + 1, sizeof(*found->items));
	invite = &found->items[found->count++];
	*invite = (struct grafana_invite){.role = ROLE_UNSET};
	secret_copy(&invite->code, code, strlen(code));
	if (link != NULL && strlen(link) <= LIMIT_INVITE_LINK_BYTES)
		secret_copy(&invite->link, link, strlen(link));
	if (json_get_text(json, "role", role, sizeof(role)) &&
	    role_parse(role, &invite->role) < 0)
		invite->role = ROLE_UNSET;
	if (!json_get_time(json, "createdOn", &invite->created_ms))
		invite->created_ms = 0;
	return 0;
}

static int pick_invites(const json_t *list, const char *said, struct grafana_invites *found,
			struct error *err)
{
	char email[LIMIT_EMAIL_BYTES + 1];
	const json_t *invite;
	size_t i;

	if (!json_is_array(list))
		return call_unusable(list_path, "is not a list of invites", err);
	json_array_foreach(list, i, invite)
	{
		if (json_get_text(invite, "email", email, sizeof(email)) &&
		    text_equal_nocase(email, said) && add_invite(invite, found, err) < 0)
			return -1;
	}
	return 0;
}

int grafana_invites_find(struct grafana_session *session, int64_t org_id,
			 const char *login_or_email, struct grafana_invites *found,
			 struct answer *answer, struct error *err)
{
	struct reply reply = {0};
	int rc = call_read_in_org(session, org_id, list_path, &reply, answer, err);

	*found = (struct grafana_invites){0};
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = pick_invites(reply.json, login_or_email, found, err);
	reply_clear(&reply);
	return rc;
}

/* ---- making and revoking ---- */

int grafana_invite_create(struct grafana_session *session, int64_t org_id,
			  const struct grafana_new_invite *invite, bool *added,
			  struct answer *answer, struct error *err)
{
	static const struct answer_rule rules[] = {
		{400, NULL, "Invalid role", ANSWER_ROLE_INVALID},
		{400, NULL, "bad request data", ANSWER_ROLE_INVALID},
		{422, NULL, NULL, ANSWER_ROLE_INVALID},
		{400, NULL, "Cannot invite", ANSWER_LOGIN_FORM_OFF},
		{412, NULL, "SMTP not configured", ANSWER_MAIL_OFF},
		{500, NULL, "Failed to send email invited_to_org", ANSWER_MAIL_OFF},
		{412, NULL, "User ", ANSWER_EXISTS},
	};
	int64_t user_id;
	struct reply reply;
	int rc = call_write_json_in_org(
		session, org_id, "POST", list_path,
		json_pack("{s:s, s:s, s:s, s:b}", "loginOrEmail", invite->login_or_email, "name",
			  invite->name, "role", role_name(invite->role), "sendEmail",
			  (int)invite->mail),
		&reply, answer, err);

	*added = false;
	if (rc == 0) {
		answer_refine(answer, &reply, rules, ARRAY_COUNT(rules));
		*added = json_get_id(reply.json, "userId", &user_id) ||
			 reply_message_starts(&reply, "Failed to send email invited_to_org");
	}
	reply_clear(&reply);
	return rc;
}

int grafana_invite_revoke(struct grafana_session *session, int64_t org_id,
			  const struct secret *code, struct answer *answer, struct error *err)
{
	struct slice body = {"{}", 2};
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "%s/%s/revoke", list_path, code->bytes);
	rc = call_write_in_org(session, org_id, "PATCH", path, &body, &reply, answer, err);
	mem_wipe(path, sizeof(path));
	reply_clear(&reply);
	return rc;
}
