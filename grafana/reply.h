/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_REPLY_H
#define GRAFANA_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "config/limits.h"

struct json_t;

/* One HTTP answer of Grafana, decoded as far as it can be. */
struct reply {
	int status;
	bool doubt;		/* see grafana_request_in_org() */
	int64_t retry_after_ms; /* 0 = none said */
	struct json_t *json;	/* NULL when the body is empty or not JSON; owned */
	char message[LIMIT_REPLY_MESSAGE_BYTES + 1];	 /* "" = none; control bytes replaced */
	char message_id[LIMIT_MESSAGE_ID_BYTES + 1]; /* "" = none */
	bool access_error; /* an RBAC denial, or "Permission denied" */
};

/* Decode a body. Never fails: what can't be read leaves json NULL. A body that is
 * nested absurdly deep counts as unreadable. */
void reply_decode(struct reply *reply, int status, const char *content_type, const char *body,
		  size_t length);
void reply_clear(struct reply *reply);

/* Case-insensitive, whole text; and prefix. */
bool reply_message_is(const struct reply *reply, const char *message);
bool reply_message_starts(const struct reply *reply, const char *prefix);
bool reply_id_is(const struct reply *reply, const char *message_id);

/* A 500 that is a decision of Grafana's and no sign of trouble ("Failed update
 * org user" for somebody who is no member). */
bool reply_is_known_no(const struct reply *reply);

/* Retry-After as seconds or HTTP date; 0 when absent or unreadable, at most one day. */
int64_t reply_parse_retry_after(const char *value, int64_t now_ms);

/*
 * What Grafana's answer means for the caller: decided by status first, then
 * messageId, then message. One vocabulary for all resources.
 */
enum answer_code {
	ANSWER_OK,
	ANSWER_DOUBT,		/* a write that may or may not have happened: read back */
	ANSWER_NOT_FOUND,	/* the thing the path or body names is not there */
	ANSWER_EXISTS,		/* already a member; login, e-mail or name taken */
	ANSWER_CHANGED,		/* another version is there than the one said */
	ANSWER_NOT_MEMBER,
	ANSWER_LAST_ADMIN,	/* of an org, or of the server */
	ANSWER_EXTERNALLY_SYNCED, /* role comes from an identity provider */
	ANSWER_EXTERNAL,	/* account is managed by an identity provider */
	ANSWER_PROVISIONED,	/* account is managed by SCIM */
	ANSWER_ROLE_INVALID,
	ANSWER_PASSWORD_POLICY,
	ANSWER_LIFETIME,	/* a token may not live that long, or not for ever */
	ANSWER_SESSIONS_REMAIN, /* 417: the password is set, sessions live on */
	ANSWER_LOGIN_FORM_OFF,
	ANSWER_MAIL_OFF,	/* Grafana has no SMTP; the rest is done */
	ANSWER_SELF,		/* would log out the caller itself */
	ANSWER_PERMISSION,
	ANSWER_QUOTA,
	ANSWER_UNSUPPORTED,	/* no such route on this server */
	ANSWER_REJECTED,	/* any other definite no */
};

struct answer {
	enum answer_code code;
	int status;
	char message_id[LIMIT_MESSAGE_ID_BYTES + 1];
	char message[LIMIT_REPLY_MESSAGE_BYTES + 1];
};

/* Start from what is common to all routes (2xx, permission, quota, provisioned,
 * other 4xx = REJECTED, 5xx = DOUBT); resource files refine it. */
void answer_from_reply(struct answer *answer, const struct reply *reply);

/* What a status, and a messageId or the beginning of a message (NULL = any; letter
 * case does not matter), mean on one route. The first rule that fits decides. */
struct answer_rule {
	int status;
	const char *message_id;
	const char *message;
	enum answer_code code;
};
void answer_refine(struct answer *answer, const struct reply *reply,
		   const struct answer_rule *rules, size_t count);

/* A no of our own, about an answer that we will not use. */
void answer_reject(struct answer *answer, int status, const char *format, ...)
	PRINTF_LIKE(3, 4);

const char *answer_name(enum answer_code code);

#endif
