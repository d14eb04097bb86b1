/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c - Grafana's answers as values.
 *
 * Called by http.c (decoding) and by the resource files (meaning). Owns the JSON
 * tree until reply_clear(). Nothing here fails: an answer that can't be read is an
 * answer without JSON, which the caller takes as "unusable" or "in doubt".
 *
 * What an answer means goes by status first, then messageId, then message, since
 * texts change between versions and statuses hardly do. Texts compare without
 * regard to letter case for the same reason.
 */
#include "grafana/reply.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "grafana/json_get.h"

enum {
	/* jansson recurses, and workers have small stacks; but a dashboard that was taken can
	 * be read again, inside of what it comes in. */
	MAX_DEPTH = LIMIT_DASHBOARD_DEPTH + 8,
	MAX_RETRY_AFTER_S = 24 * 3600,
};

/* ---- decoding ---- */

/* Depth of brackets outside of strings. Cheaper than a parse, and all it guards is one. */
static bool is_shallow(const char *body, size_t length)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (in_string && body[i] == '\\')
			i++;
		else if (body[i] == '"')
			in_string = !in_string;
		else if (!in_string && (body[i] == '{' || body[i] == '['))
			depth++;
		else if (!in_string && (body[i] == '}' || body[i] == ']'))
			depth--;
		if (depth > MAX_DEPTH)
			return false;
	}
	return true;
}

/* NUL in strings is let through: one odd user must not spoil a list of a thousand.
 * json_get.c refuses the string itself. */
static json_t *parse(const char *content_type, const char *body, size_t length)
{
	if (content_type != NULL && text_starts_with_nocase(content_type, "text/html"))
		return NULL;
	if (length == 0 || !is_shallow(body, length))
		return NULL;
	return json_loadb(body, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
}

/* Old binders answer with an array of complaints: the first one is as good as any. */
static const json_t *find_complaint(const json_t *json)
{
	return json_is_array(json) ? json_array_get(json, 0) : json;
}

void reply_decode(struct reply *reply, int status, const char *content_type, const char *body,
		  size_t length)
{
	const json_t *complaint;

	memset(reply, 0, sizeof(*reply));
	reply->status = status;
	reply->json = parse(content_type, body, length);
	complaint = find_complaint(reply->json);
	if (!json_is_object(complaint))
		return;
	json_cut_text(complaint, "message", reply->message, sizeof(reply->message));
	json_cut_text(complaint, "messageId", reply->message_id, sizeof(reply->message_id));
	reply->access_error = json_is_string(json_object_get(complaint, "accessErrorId")) ||
			      (status == 403 && (reply_message_is(reply, "Permission denied") ||
						 reply_message_is(reply, "Access denied")));
}

void reply_clear(struct reply *reply)
{
	json_decref(reply->json);
	memset(reply, 0, sizeof(*reply));
}

bool reply_message_is(const struct reply *reply, const char *message)
{
	return text_equal_nocase(reply->message, message);
}

bool reply_message_starts(const struct reply *reply, const char *prefix)
{
	return text_starts_with_nocase(reply->message, prefix);
}

bool reply_id_is(const struct reply *reply, const char *message_id)
{
	return text_equal_nocase(reply->message_id, message_id);
}

bool reply_is_known_no(const struct reply *reply)
{
	static const char *const texts[] = {
		"Failed update org user",
		"Failed to remove user from organization",
		"Could not add user to organization",
		"Failed to add Member to Team", /* no such user, or no such team */
		"Could not disable external user",
		"Could not enable external user",
		"Failed to get user", /* also: two accounts that differ in letter case only */
	};

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		if (reply->status == 500 && reply_message_is(reply, texts[i]))
			return true;
	return false;
}

/* ---- Retry-After ---- */

static int find_month(const char *name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (strncmp(name, names + 3 * i, 3) == 0)
			return i;
	return -1;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT"; the two obsolete forms are not read. */
static bool parse_http_date(const char *value, int64_t *time_ms)
{
	struct tm date = {0};
	char month[4];
	int used = 0;

	if (sscanf(value, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT%n", &date.tm_mday, month,
		   &date.tm_year, &date.tm_hour, &date.tm_min, &date.tm_sec, &used) != 6 ||
	    used == 0)
		return false;
	date.tm_year -= 1900;
	date.tm_mon = find_month(month);
	if (date.tm_mon < 0)
		return false;
	*time_ms = (int64_t)timegm(&date) * 1000;
	return true;
}

int64_t reply_parse_retry_after(const char *value, int64_t now_ms)
{
	const int64_t most_ms = (int64_t)MAX_RETRY_AFTER_S * 1000;
	int64_t wait_ms, time_ms;

	if (text_to_int64(value, 0, INT64_MAX / 1000, &wait_ms))
		wait_ms *= 1000;
	else if (parse_http_date(value, &time_ms))
		wait_ms = time_ms - now_ms;
	else
		return 0;
	if (wait_ms < 0)
		return 0;
	return wait_ms > most_ms ? most_ms : wait_ms;
}

/* ---- meaning ---- */

static bool fits(const struct answer_rule *rule, const struct reply *reply)
{
	return (rule->status == reply->status) &&
	       (rule->message_id == NULL || reply_id_is(reply, rule->message_id)) &&
	       (rule->message == NULL || reply_message_starts(reply, rule->message));
}

void answer_refine(struct answer *answer, const struct reply *reply,
		   const struct answer_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fits(&rules[i], reply)) {
			answer->code = rules[i].code;
			return;
		}
	}
}

/* An unknown route answers with a page, or with these words and no messageId; a
 * thing that is not there is named ("user not found"). */
static bool is_unknown_route(const struct reply *reply)
{
	return reply->status == 404 && reply->message_id[0] == '\0' &&
	       (reply->json == NULL || reply_message_is(reply, "Not found"));
}

static bool names_quota(const struct reply *reply)
{
	size_t length = strlen(reply->message);
	static const char ending[] = "Quota reached";

	return length >= sizeof(ending) - 1 &&
	       text_equal_nocase(reply->message + length - (sizeof(ending) - 1), ending);
}

static enum answer_code classify(const struct reply *reply)
{
	if (reply->status >= 200 && reply->status < 300)
		return ANSWER_OK;
	if ((reply->status >= 500 && reply->status != 501) || reply->status < 200 ||
	    reply->status == 408 || reply->status == 499)
		return ANSWER_DOUBT;
	if (reply->status == 405 || reply->status == 501 || is_unknown_route(reply))
		return ANSWER_UNSUPPORTED;
	if (reply->status == 404)
		return ANSWER_NOT_FOUND;
	if (names_quota(reply))
		return ANSWER_QUOTA;
	if (reply->access_error ||
	    reply_message_is(reply, "Cannot assign a role higher than user's role"))
		return ANSWER_PERMISSION;
	if ((reply->status == 400 || reply->status == 403) &&
	    strstr(reply->message, "provisioned") != NULL)
		return ANSWER_PROVISIONED;
	return ANSWER_REJECTED;
}

void answer_from_reply(struct answer *answer, const struct reply *reply)
{
	memset(answer, 0, sizeof(*answer));
	answer->code = classify(reply);
	answer->status = reply->status;
	text_copy(answer->message_id, sizeof(answer->message_id), reply->message_id);
	text_copy(answer->message, sizeof(answer->message),
		  reply->message[0] != '\0' ? reply->message : "(no message)");
}

void answer_reject(struct answer *answer, int status, const char *format, ...)
{
	va_list args;

	memset(answer, 0, sizeof(*answer));
	answer->code = ANSWER_REJECTED;
	answer->status = status;
	va_start(args, format);
	if (vsnprintf(answer->message, sizeof(answer->message), format, args) < 0)
		answer->message[0] = '\0';
	va_end(args);
	text_replace_control(answer->message);
}

const char *answer_name(enum answer_code code)
{
	static const char *const names[] = {
		[ANSWER_OK] = "ok",
		[ANSWER_DOUBT] = "doubt",
		[ANSWER_NOT_FOUND] = "not_found",
		[ANSWER_EXISTS] = "exists",
		[ANSWER_CHANGED] = "changed",
		[ANSWER_NOT_MEMBER] = "not_member",
		[ANSWER_LAST_ADMIN] = "last_admin",
		[ANSWER_EXTERNALLY_SYNCED] = "externally_synced",
		[ANSWER_EXTERNAL] = "external",
		[ANSWER_PROVISIONED] = "provisioned",
		[ANSWER_ROLE_INVALID] = "role_invalid",
		[ANSWER_PASSWORD_POLICY] = "password_policy",
		[ANSWER_LIFETIME] = "lifetime",
		[ANSWER_SESSIONS_REMAIN] = "sessions_remain",
		[ANSWER_LOGIN_FORM_OFF] = "login_form_off",
		[ANSWER_MAIL_OFF] = "mail_off",
		[ANSWER_SELF] = "self",
		[ANSWER_PERMISSION] = "permission",
		[ANSWER_QUOTA] = "quota",
		[ANSWER_UNSUPPORTED] = "unsupported",
		[ANSWER_REJECTED] = "rejected",
	};

	return names[code];
}
