/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.c - what each refusal says, by version.
 *
 * One row per refusal and range of versions: status, shape, messageId, text. The
 * first row whose range holds the version played counts; a version older than all
 * rows of a refusal gets the oldest. A hole ends the program.
 */
#include "tests/simulator/answer.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/attributes.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"

enum shape {
	PLAIN,		/* {"message"} */
	CAUSED,		/* PLAIN, and "traceID" where the version has it */
	TYPED,		/* with messageId and statusCode, from a handler */
	CONTEXT_PLAIN,	/* the request context's writer: other type, newline */
	CONTEXT_TRACED, /* likewise, with "traceID" from 9 on */
	CONTEXT_TYPED,	/* likewise, five keys */
};

struct answer_row {
	enum answer which;
	enum version_id from, to;
	int status;
	enum shape shape;
	const char *message_id;
	const char *message; /* NULL: given by the caller */
};

static const struct answer_row rows[] = {
	{ANSWER_UNAUTHORIZED, V_FIRST, V9_4, 401, CONTEXT_PLAIN, NULL, "Unauthorized"},
	{ANSWER_UNAUTHORIZED, V10_1, V_LAST, 401, CONTEXT_TYPED, "auth.unauthorized",
	 "Unauthorized"},
	{ANSWER_UNAUTHORIZED_PING, V_FIRST, V_LAST, 401, PLAIN, NULL, "Unauthorized"},
	{ANSWER_PERMISSION_DENIED, V_FIRST, V_LAST, 403, CONTEXT_PLAIN, NULL,
	 "Permission denied"},
	{ANSWER_UNTYPED_401, V_FIRST, V_LAST, 401, CONTEXT_TRACED, NULL, "Unauthorized"},
	{ANSWER_BAD_BASIC_HEADER, V_FIRST, V9_4, 401, CONTEXT_TRACED, NULL,
	 "Invalid Basic Auth Header"},
	{ANSWER_BAD_BASIC_HEADER, V10_1, V_LAST, 401, CONTEXT_TYPED, "auth.unauthorized",
	 "Unauthorized"},
	{ANSWER_BAD_PASSWORD, V_FIRST, V9_4, 401, CONTEXT_TRACED, NULL,
	 "invalid username or password"},
	{ANSWER_BAD_PASSWORD, V10_1, V_LAST, 401, CONTEXT_TYPED, "password-auth.failed",
	 "Invalid username or password"},
	{ANSWER_BAD_PASSWORD_EARLY, V10_1, V10_1, 400, CONTEXT_TYPED, "password-auth.failed",
	 "Invalid username or password"},
	{ANSWER_BAD_LOGIN_EARLY, V10_1, V10_1, 400, TYPED, "password-auth.failed",
	 "Invalid username or password"},
	{ANSWER_BLOCKED, V_FIRST, V9_4, 401, CONTEXT_TRACED, NULL, "invalid username or password"},
	{ANSWER_BLOCKED, V10_1, V10_1, 401, CONTEXT_TYPED, "login-attempt.blocked",
	 "Invalid username or password"},
	{ANSWER_BLOCKED, V10_4, V_LAST, 401, CONTEXT_TYPED, "password-auth.failed",
	 "Invalid username or password"},
	{ANSWER_DISABLED, V_FIRST, V9_4, 401, CONTEXT_TRACED, NULL, "invalid username or password"},
	{ANSWER_DISABLED, V10_1, V_LAST, 401, CONTEXT_TYPED, "identity.disabled",
	 "Unauthorized"},
	{ANSWER_BAD_TOKEN, V_FIRST, V9_4, 401, CONTEXT_TRACED, NULL, "invalid API key"},
	{ANSWER_BAD_TOKEN, V10_1, V_LAST, 401, CONTEXT_TYPED, "api-key.invalid",
	 "Invalid API key"},
	{ANSWER_BAD_SESSION, V9_4, V9_4, 401, CONTEXT_PLAIN, NULL, "Unauthorized"},
	{ANSWER_BAD_SESSION, V10_1, V_LAST, 401, CONTEXT_TRACED, NULL, "Unauthorized"},
	{ANSWER_SESSION_DUE, V_FIRST, V_LAST, 401, CONTEXT_TYPED, "session.token.rotate",
	 "Unauthorized"},
	{ANSWER_BAD_LOGIN, V9_4, V9_4, 401, CAUSED, NULL, "Invalid username or password"},
	{ANSWER_BAD_LOGIN, V10_1, V_LAST, 401, TYPED, "password-auth.failed",
	 "Invalid username or password"},
	{ANSWER_LOGIN_BLOCKED, V9_4, V9_4, 401, CAUSED, NULL, "Invalid username or password"},
	{ANSWER_LOGIN_BLOCKED, V10_1, V10_1, 401, TYPED, "login-attempt.blocked",
	 "Invalid username or password"},
	{ANSWER_LOGIN_BLOCKED, V10_4, V_LAST, 401, TYPED, "password-auth.failed",
	 "Invalid username or password"},
	{ANSWER_LOGIN_INCOMPLETE, V9_4, V9_4, 400, CAUSED, NULL, "bad login data"},
	{ANSWER_LOGIN_INCOMPLETE, V10_1, V_LAST, 400, TYPED, "form-auth.invalid",
	 "bad login data"},
	{ANSWER_LOGIN_OFF, V9_4, V9_4, 401, PLAIN, NULL, "Login is disabled"},
	{ANSWER_LOGIN_OFF, V10_1, V_LAST, 400, TYPED, "auth.client.notConfigured",
	 "Bad request"},
	{ANSWER_INVITE_ALREADY_MEMBER, V_FIRST, V_LAST, 412, CAUSED, NULL, NULL},
	{ANSWER_INVITE_MAIL_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Failed to send email invited_to_org"},
	{ANSWER_INVITE_NO_SMTP, V_FIRST, V_LAST, 412, CAUSED, NULL,
	 "SMTP not configured, check your grafana.ini config file's [smtp] section"},
	{ANSWER_INVITE_LOGIN_OFF, V_FIRST, V9_4, 400, PLAIN, NULL,
	 "Cannot invite when login is disabled."},
	{ANSWER_INVITE_LOGIN_OFF, V10_1, V_LAST, 400, PLAIN, NULL,
	 "Cannot invite external user when login is disabled."},
	{ANSWER_INVITE_NOT_FOUND, V_FIRST, V_LAST, 404, PLAIN, NULL, "Invite not found"},
	{ANSWER_INVITE_OTHER_ORG, V_FIRST, V_LAST, 403, PLAIN, NULL,
	 "Permission denied: not permitted to revoke invite"},
	{ANSWER_INVITE_USED, V_FIRST, V_LAST, 412, PLAIN, NULL, NULL},
	{ANSWER_INVITE_BAD_EMAIL, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Invalid email address provided"},
	{ANSWER_INVITE_OTHER_EMAIL, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "The provided email is different from the address that is found in the invite"},
	/* Recorded on 9.4.0-pre and 10.1.0-pre; later 9.4 releases say 401. */
	{ANSWER_UNKNOWN_TOKEN, V_FIRST, V7_5, 401, CONTEXT_PLAIN, NULL, "invalid API key"},
	{ANSWER_UNKNOWN_TOKEN, V9_4, V9_4, 500, CONTEXT_TRACED, NULL, "invalid API key"},
	{ANSWER_UNKNOWN_TOKEN, V10_1, V10_1, 401, CONTEXT_TRACED, NULL, "Unauthorized"},
	{ANSWER_UNKNOWN_TOKEN, V10_4, V_LAST, 401, CONTEXT_TYPED, "api-key.invalid",
	 "Invalid API key"},
	{ANSWER_EXPIRED_TOKEN, V_FIRST, V9_4, 401, CONTEXT_PLAIN, NULL, "Expired API key"},
	{ANSWER_EXPIRED_TOKEN, V10_1, V_LAST, 401, CONTEXT_TYPED, "api-key.expired",
	 "Expired API key"},
	{ANSWER_SERVICE_DISABLED, V_FIRST, V9_4, 401, CONTEXT_PLAIN, NULL,
	 "Service account is disabled"},
	{ANSWER_SERVICE_DISABLED, V10_1, V_LAST, 401, CONTEXT_TYPED, "identity.disabled",
	 "Unauthorized"},
	{ANSWER_TOKEN_OTHER_ORG, V_FIRST, V_LAST, 401, CONTEXT_TYPED,
	 "api-key.organization-mismatch",
	 "API key does not belong to the requested organization"},
	{ANSWER_ROUTE_NOT_FOUND, V_FIRST, V_LAST, 404, CONTEXT_PLAIN, NULL, "Not found"},
	{ANSWER_BAD_REQUEST, V_FIRST, V_LAST, 400, CAUSED, NULL, "bad request data"},
	{ANSWER_ORG_ID_INVALID, V_FIRST, V_LAST, 400, CAUSED, NULL, "orgId is invalid"},
	{ANSWER_USER_ID_INVALID, V_FIRST, V_LAST, 400, CAUSED, NULL, "userId is invalid"},
	{ANSWER_ID_INVALID, V_FIRST, V_LAST, 400, CAUSED, NULL, "id is invalid"},
	{ANSWER_UID_NOT_FOUND, V_FIRST, V_LAST, 404, CAUSED, NULL, "User not found"},
	{ANSWER_ORG_NOT_FOUND, V_FIRST, V_LAST, 404, CAUSED, NULL, "Organization not found"},
	{ANSWER_ORG_NAME_TAKEN_ON_CREATE, V_FIRST, V_LAST, 409, CAUSED, NULL,
	 "Organization name taken"},
	{ANSWER_ORG_NAME_TAKEN_ON_UPDATE, V_FIRST, V_LAST, 400, CAUSED, NULL,
	 "Organization name taken"},
	{ANSWER_ORG_UPDATE_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Failed to update organization"},
	{ANSWER_ORG_DELETE_CURRENT, V_FIRST, V11_6, 400, PLAIN, NULL,
	 "Can not delete org for current user"},
	{ANSWER_ORG_DELETE_CURRENT, V12_4, V_LAST, 400, PLAIN, NULL,
	 "Cannot delete your active organization. Please switch to a different organization "
	 "first."},
	{ANSWER_ORG_DELETE_NOT_FOUND, V_FIRST, V_LAST, 404, PLAIN, NULL,
	 "Failed to delete organization. ID not found"},
	{ANSWER_ORG_QUOTAS, V_FIRST, V10_1, 500, CAUSED, NULL, "failed to get quota"},
	{ANSWER_ORG_QUOTAS, V10_4, V_LAST, 403, TYPED, "quota.disabled", "Quotas not enabled"},
	{ANSWER_FOLDER_GENERAL, V_FIRST, V_LAST, 400, CAUSED, NULL,
	 "A folder with that name already exists"},
	{ANSWER_FOLDER_TITLE_TAKEN, V_FIRST, V10_4, 409, PLAIN, NULL,
	 "a folder or dashboard in the general folder with the same name already exists"},
	{ANSWER_FOLDER_TITLE_TAKEN, V11_6, V_LAST, 409, PLAIN, NULL,
	 "a folder with the same name already exists in the current location"},
	{ANSWER_DASHBOARD_NOT_FOUND, V_FIRST, V_LAST, 404, CAUSED, NULL, "Dashboard not found"},
	{ANSWER_DASHBOARD_FOLDER_NOT_FOUND, V_FIRST, V_LAST, 400, CAUSED, NULL,
	 "Folder not found"},
	{ANSWER_MEMBER_USER_NOT_FOUND, V_FIRST, V_LAST, 404, PLAIN, NULL, "User not found"},
	{ANSWER_MEMBER_ADD_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Could not add user to organization"},
	{ANSWER_MEMBER_PATCH_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Failed update org user"},
	{ANSWER_MEMBER_PATCH_LAST_ADMIN, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Cannot change role so that there is no organization admin left"},
	{ANSWER_MEMBER_PATCH_SYNCED, V_FIRST, V_LAST, 403, TYPED, "org.externallySynced",
	 "cannot change role for externally synced user"},
	{ANSWER_MEMBER_REMOVE_LAST_ADMIN, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Cannot remove last organization admin"},
	{ANSWER_MEMBER_REMOVE_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Failed to remove user from organization"},
	{ANSWER_USER_NOT_FOUND, V_FIRST, V_LAST, 404, PLAIN, NULL, "user not found"},
	{ANSWER_USER_NAMELESS_ON_CREATE, V_FIRST, V10_1, 400, PLAIN, NULL,
	 "Validation error, need specify either username or email"},
	{ANSWER_USER_NAMELESS_ON_CREATE, V10_4, V_LAST, 400, TYPED,
	 "user.empty-username-and-email", "Need to specify either username or email"},
	{ANSWER_USER_NAMELESS_ON_UPDATE, V_FIRST, V9_4, 400, PLAIN, NULL,
	 "Validation error, need to specify either username or email"},
	{ANSWER_USER_NAMELESS_ON_UPDATE, V10_1, V10_1, 400, PLAIN, NULL,
	 "Validation error, need to specify either username or email"},
	{ANSWER_USER_NAMELESS_ON_UPDATE, V10_4, V_LAST, 400, TYPED,
	 "user.empty-username-and-email", "Need to specify either username or email"},
	{ANSWER_USER_PASSWORD_SHORT, V_FIRST, V10_1, 400, PLAIN, NULL,
	 "Password is missing or too short"},
	{ANSWER_USER_PASSWORD_SHORT, V10_4, V_LAST, 400, TYPED,
	 "password.password-policy-too-short", "New password is too short"},
	{ANSWER_USER_PASSWORD_WEAK, V_FIRST, V10_1, 400, PLAIN, NULL,
	 "Password is missing or too short"},
	{ANSWER_USER_PASSWORD_WEAK, V10_4, V_LAST, 400, TYPED,
	 "password.password-policy-infringe",
	 "New password doesn't comply with the password policy"},
	{ANSWER_USER_EXISTS, V_FIRST, V_LAST, 412, CAUSED, NULL, NULL},
	{ANSWER_USER_ORG_UNKNOWN, V_FIRST, V_LAST, 400, PLAIN, NULL, NULL},
	{ANSWER_USER_CREATE_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL, "failed to create user"},
	{ANSWER_USER_UPDATE_EXTERNAL, V_FIRST, V9_4, 403, PLAIN, NULL,
	 "User info cannot be updated for external Users"},
	{ANSWER_USER_UPDATE_EXTERNAL, V10_1, V_LAST, 403, PLAIN, NULL,
	 "Cannot update external User"},
	{ANSWER_USER_LOGIN_TAKEN, V_FIRST, V10_4, 500, CAUSED, NULL, "Failed to update user"},
	{ANSWER_USER_LOGIN_TAKEN, V11_6, V_LAST, 409, CAUSED, NULL,
	 "Update would result in user login conflict"},
	{ANSWER_USER_EMAIL_TAKEN, V_FIRST, V10_4, 500, CAUSED, NULL, "Failed to update user"},
	{ANSWER_USER_EMAIL_TAKEN, V11_6, V_LAST, 409, TYPED, "user.email-conflict",
	 "Email is already being used"},
	{ANSWER_USER_UPDATE_UNKNOWN, V_FIRST, V_LAST, 404, PLAIN, NULL, "user not found"},
	{ANSWER_PASSWORD_SHORT, V_FIRST, V10_1, 400, PLAIN, NULL, "New password too short"},
	{ANSWER_PASSWORD_SHORT, V10_4, V11_6, 400, TYPED, "password.password-policy-too-short",
	 "New password is too short"},
	{ANSWER_PASSWORD_SHORT, V12_4, V_LAST, 500, CAUSED, NULL,
	 "Failed to update user password"},
	{ANSWER_PASSWORD_WEAK, V_FIRST, V10_1, 400, PLAIN, NULL, "New password too short"},
	{ANSWER_PASSWORD_WEAK, V10_4, V11_6, 400, TYPED, "password.password-policy-infringe",
	 "New password doesn't comply with the password policy"},
	{ANSWER_PASSWORD_WEAK, V12_4, V_LAST, 500, CAUSED, NULL,
	 "Failed to update user password"},
	{ANSWER_PASSWORD_UNKNOWN_USER, V_FIRST, V11_6, 500, CAUSED, NULL,
	 "Could not read user from database"},
	{ANSWER_PASSWORD_UNKNOWN_USER, V12_4, V_LAST, 500, CAUSED, NULL,
	 "Failed to update user password"},
	{ANSWER_PASSWORD_EXTERNAL, V_FIRST, V_LAST, 403, PLAIN, NULL,
	 "Cannot update external User"},
	{ANSWER_PASSWORD_FORM_DISABLED, V_FIRST, V_LAST, 403, PLAIN, NULL,
	 "Not allowed to reset password when login form is disabled"},
	{ANSWER_PERMISSIONS_LAST_ADMIN, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "cannot remove last grafana admin"},
	{ANSWER_PERMISSIONS_SYNCED, V_FIRST, V_LAST, 403, PLAIN, NULL,
	 "Cannot change Grafana Admin role for externally synced user"},
	{ANSWER_PERMISSIONS_UNKNOWN_USER, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Failed to update user permissions"},
	{ANSWER_DISABLE_EXTERNAL, V_FIRST, V_LAST, 500, PLAIN, NULL,
	 "Could not disable external user"},
	{ANSWER_ENABLE_EXTERNAL, V_FIRST, V_LAST, 500, PLAIN, NULL,
	 "Could not enable external user"},
	{ANSWER_OLD_PASSWORD_WRONG, V_FIRST, V10_4, 401, PLAIN, NULL, "Invalid old password"},
	{ANSWER_OLD_PASSWORD_WRONG, V11_6, V_LAST, 400, PLAIN, NULL, "Invalid old password"},
	{ANSWER_NEW_PASSWORD_SHORT, V_FIRST, V10_1, 400, PLAIN, NULL,
	 "New password is too short"},
	{ANSWER_NEW_PASSWORD_SHORT, V10_4, V_LAST, 400, TYPED,
	 "password.password-policy-too-short", "New password is too short"},
	{ANSWER_NOT_A_VALID_ORG, V_FIRST, V_LAST, 401, PLAIN, NULL, "Not a valid organization"},
	{ANSWER_LOGOUT_SELF, V_FIRST, V_LAST, 400, PLAIN, NULL, "You cannot logout yourself"},
	{ANSWER_LOGOUT_UNKNOWN_USER, V_FIRST, V_LAST, 404, CAUSED, NULL, "User not found"},
	{ANSWER_TEAM_ID_INVALID, V_FIRST, V_LAST, 400, CAUSED, NULL, "teamId is invalid"},
	{ANSWER_TEAM_NOT_FOUND, V_FIRST, V_LAST, 404, CAUSED, NULL, "Team not found"},
	{ANSWER_TEAM_NAME_TAKEN_ON_CREATE, V_FIRST, V_LAST, 409, CAUSED, NULL,
	 "Team name taken"},
	{ANSWER_TEAM_NAME_TAKEN_ON_UPDATE, V_FIRST, V_LAST, 400, CAUSED, NULL,
	 "Team name taken"},
	{ANSWER_TEAM_UPDATE_UNKNOWN, V_FIRST, V11_6, 500, CAUSED, NULL,
	 "Failed to update Team"},
	{ANSWER_TEAM_UPDATE_UNKNOWN, V12_4, V_LAST, 404, CAUSED, NULL, "Team not found"},
	{ANSWER_TEAM_UPDATE_PROVISIONED, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Team name cannot be changed for provisioned teams"},
	{ANSWER_TEAM_DELETE_UNKNOWN, V_FIRST, V11_6, 404, PLAIN, NULL,
	 "Failed to delete Team. ID not found"},
	{ANSWER_TEAM_DELETE_UNKNOWN, V12_4, V_LAST, 404, CAUSED, NULL, "Team not found"},
	{ANSWER_TEAM_DELETE_PROVISIONED, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Cannot delete provisioned teams"},
	{ANSWER_TEAM_MEMBER_EXISTS, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "User is already added to this team"},
	{ANSWER_TEAM_MEMBER_ADD_FAILED, V_FIRST, V_LAST, 500, CAUSED, NULL,
	 "Failed to add Member to Team"},
	{ANSWER_TEAM_MEMBER_UPDATE_UNKNOWN, V_FIRST, V_LAST, 404, PLAIN, NULL,
	 "Team member not found."},
	{ANSWER_TEAM_MEMBER_UNKNOWN, V_FIRST, V_LAST, 404, PLAIN, NULL,
	 "Team member not found"},
	{ANSWER_TEAM_MEMBER_NO_TEAM, V_FIRST, V_LAST, 404, PLAIN, NULL, "Team not found"},
	{ANSWER_TEAM_MEMBERS_PROVISIONED, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Team memberships cannot be updated for provisioned teams"},
	{ANSWER_SELF_NO_USER, V_FIRST, V10_1, 404, PLAIN, NULL, "user not found"},
	{ANSWER_SELF_NO_USER, V10_4, V_LAST, 403, PLAIN, NULL,
	 "Endpoint only available for users"},
	{ANSWER_SERVICE_BAD_REQUEST, V_FIRST, V_LAST, 400, CAUSED, NULL, "Bad request data"},
	{ANSWER_SERVICE_ID_INVALID, V_FIRST, V_LAST, 400, CAUSED, NULL,
	 "Service Account ID is invalid"},
	{ANSWER_TOKEN_ID_INVALID, V_FIRST, V_LAST, 400, CAUSED, NULL, "Token ID is invalid"},
	{ANSWER_SERVICE_EXISTS, V_FIRST, V9_4, 400, CAUSED, NULL,
	 "Failed to create service account"},
	{ANSWER_SERVICE_EXISTS, V10_1, V_LAST, 400, TYPED, "serviceaccounts.ErrAlreadyExists",
	 "service account already exists"},
	{ANSWER_SERVICE_NOT_FOUND, V_FIRST, V9_4, 404, CAUSED, NULL,
	 "Failed to retrieve service account"},
	{ANSWER_SERVICE_NOT_FOUND, V10_1, V_LAST, 404, TYPED, "serviceaccounts.ErrNotFound",
	 "service account not found"},
	{ANSWER_SERVICE_DELETE_NOT_FOUND, V_FIRST, V10_1, 500, CAUSED, NULL,
	 "Service account deletion error"},
	{ANSWER_SERVICE_DELETE_NOT_FOUND, V10_4, V_LAST, 404, TYPED,
	 "serviceaccounts.ErrNotFound", "service account not found"},
	{ANSWER_TOKEN_EXISTS, V_FIRST, V9_4, 409, PLAIN, NULL,
	 "service account token with given name already exists in the organization"},
	{ANSWER_TOKEN_EXISTS, V10_1, V_LAST, 400, TYPED, "serviceaccounts.ErrTokenAlreadyExists",
	 "service account token with given name already exists in the organization"},
	{ANSWER_TOKEN_TTL_INVALID, V_FIRST, V9_4, 400, PLAIN, NULL,
	 "invalid SecondsToLive value"},
	{ANSWER_TOKEN_TTL_INVALID, V10_1, V_LAST, 400, TYPED, "serviceaccounts.ErrInvalidInput",
	 "invalid SecondsToLive value"},
	{ANSWER_TOKEN_TTL_NEEDED, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Number of seconds before expiration should be set"},
	{ANSWER_TOKEN_TTL_TOO_LONG, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "Number of seconds before expiration is greater than the global limit"},
	{ANSWER_TOKEN_NOT_FOUND, V_FIRST, V9_4, 500, CAUSED, NULL,
	 "Failed to delete service account token"},
	{ANSWER_TOKEN_NOT_FOUND, V10_1, V_LAST, 404, TYPED, "serviceaccounts.ErrTokenNotFound",
	 "service account token not found"},
	{ANSWER_KEY_EXISTS, V_FIRST, V_LAST, 409, PLAIN, NULL,
	 "API key, organization ID and name must be unique"},
	{ANSWER_KEY_TTL_INVALID, V_FIRST, V_LAST, 400, PLAIN, NULL,
	 "negative value for SecondsToLive"},
	{ANSWER_KEY_NOT_FOUND, V_FIRST, V_LAST, 404, CAUSED, NULL, "Failed to delete API key"},
	{ANSWER_KEY_ENDPOINT_REMOVED, V_FIRST, V_LAST, 410, PLAIN, NULL,
	 "this endpoint has been removed, please use POST /api/serviceaccounts and POST "
	 "/api/serviceaccounts/{id}/tokens instead"},
};

static const struct answer_row *find_row(enum answer which, enum version_id version)
{
	const struct answer_row *oldest = NULL;

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct answer_row *row = &rows[i];

		if (row->which != which)
			continue;
		if (version >= row->from && version <= row->to)
			return row;
		if (oldest == NULL || row->from < oldest->from)
			oldest = row;
	}
	if (oldest == NULL || version >= oldest->from)
		abort(); /* a hole in the table above */
	return oldest;
}

/* Key order is part of the shape: Go maps are alphabetical, structs are not. */
static void write_typed(struct buffer *out, const struct answer_row *row, const char *message,
			const struct version *version)
{
	if (row->shape == CONTEXT_TYPED)
		json_out_text(out, "{\"extra\":null,\"message\":");
	else if (version->traced)
		json_out_text(out, "{\"message\":");
	else
		buffer_append_format(out, "{\"statusCode\":%d,\"messageId\":\"%s\",\"message\":",
				     row->status, row->message_id);
	json_out_string(out, message);
	if (row->shape == CONTEXT_TYPED || version->traced)
		buffer_append_format(out,
				     ",\"messageId\":\"%s\",\"statusCode\":%d,\"traceID\":\"\"",
				     row->message_id, row->status);
	json_out_text(out, row->shape == CONTEXT_TYPED ? "}\n" : "}");
}

static void write_plain(struct buffer *out, const struct answer_row *row, const char *message,
			const struct version *version)
{
	json_out_text(out, "{\"message\":");
	json_out_string(out, message);
	if ((row->shape == CONTEXT_TRACED && version->id >= V9_4) ||
	    (row->shape == CAUSED && version->traced))
		json_out_text(out, ",\"traceID\":\"\"");
	json_out_text(out, "}");
	if (row->shape == CONTEXT_PLAIN || row->shape == CONTEXT_TRACED)
		json_out_text(out, "\n");
}

void answer_text(struct exchange *exchange, enum answer which, const char *message)
{
	const struct answer_row *row = find_row(which, exchange->version->id);
	struct reply *reply = &exchange->reply;

	if (row->message != NULL)
		message = row->message;
	reply->status = row->status;
	reply->content = row->shape >= CONTEXT_PLAIN ? CONTENT_CONTEXT : CONTENT_JSON;
	buffer_reset(&reply->body);
	if (row->message_id != NULL)
		write_typed(&reply->body, row, message, exchange->version);
	else
		write_plain(&reply->body, row, message, exchange->version);
}

void answer(struct exchange *exchange, enum answer which)
{
	answer_text(exchange, which, "");
}

void answer_status(struct exchange *exchange, int status, const char *message)
{
	struct reply *reply = &exchange->reply;

	reply->status = status;
	reply->content = CONTENT_JSON;
	buffer_reset(&reply->body);
	json_out_text(&reply->body, "{\"message\":");
	json_out_string(&reply->body, message);
	if (status >= 400 && exchange->version->traced)
		json_out_text(&reply->body, ",\"traceID\":\"\"");
	json_out_text(&reply->body, "}");
}

void answer_revoked(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;

	reply->status = 401;
	reply->content = CONTENT_CONTEXT;
	buffer_reset(&reply->body);
	json_out_text(&reply->body,
		      "{\"error\":{\"id\":\"ERR_TOKEN_REVOKED\",\"maxConcurrentSessions\":0},"
		      "\"message\":\"Token revoked\"}\n");
}

void answer_word(struct exchange *exchange, int status, const char *message, const char *word)
{
	struct reply *reply = &exchange->reply;

	reply->status = status;
	reply->content = CONTENT_JSON;
	buffer_reset(&reply->body);
	json_out_text(&reply->body, "{\"message\":");
	json_out_string(&reply->body, message);
	if (word != NULL)
		buffer_append_format(&reply->body, ",\"status\":\"%s\"", word);
	json_out_text(&reply->body, "}");
}

void answer_done(struct exchange *exchange, const char *message)
{
	answer_status(exchange, 200, message);
}

void answer_done_id(struct exchange *exchange, const char *message, const char *name,
		    long long id)
{
	struct reply *reply = &exchange->reply;

	reply->status = 200;
	reply->content = CONTENT_JSON;
	buffer_reset(&reply->body);
	json_out_text(&reply->body, "{\"message\":");
	json_out_string(&reply->body, message);
	buffer_append_format(&reply->body, ",\"%s\":%lld}", name, id);
}

/* The id's ten digits only have to look random. */
static void deny(struct exchange *exchange, const char *permission)
{
	struct reply *reply = &exchange->reply;
	uint64_t digits = table_hash_id((int64_t)(uintptr_t)exchange ^ exchange->journal_n);

	reply->status = 403;
	reply->content = CONTENT_CONTEXT;
	buffer_reset(&reply->body);
	buffer_append_format(&reply->body,
			     "{\"accessErrorId\":\"ACE%010llu\",\"message\":\"You'll need "
			     "additional permissions to perform this action. Permissions needed: "
			     "%s\",\"title\":\"Access denied\"}\n",
			     (unsigned long long)(digits % 10000000000ULL), permission);
}

void answer_denied(struct exchange *exchange, const char *permission)
{
	if (exchange->version->roles_only)
		answer(exchange, ANSWER_PERMISSION_DENIED);
	else
		deny(exchange, permission);
}
