/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_ANSWER_H
#define TESTS_SIMULATOR_ANSWER_H

struct exchange;

/* Every refusal that can be given; status, text and shape by version are in answer.c. */
enum answer {
	ANSWER_UNAUTHORIZED,
	ANSWER_UNAUTHORIZED_PING,
	ANSWER_UNTYPED_401,
	ANSWER_BAD_BASIC_HEADER,
	ANSWER_BAD_PASSWORD,
	ANSWER_BLOCKED,
	ANSWER_DISABLED,
	ANSWER_BAD_TOKEN,
	ANSWER_ROUTE_NOT_FOUND,
	ANSWER_BAD_REQUEST,
	ANSWER_ORG_ID_INVALID,
	ANSWER_USER_ID_INVALID,
	ANSWER_ID_INVALID,
	ANSWER_UID_NOT_FOUND,
	ANSWER_ORG_NOT_FOUND,
	ANSWER_ORG_NAME_TAKEN_ON_CREATE,
	ANSWER_ORG_NAME_TAKEN_ON_UPDATE,
	ANSWER_ORG_UPDATE_FAILED,
	ANSWER_ORG_DELETE_CURRENT,
	ANSWER_ORG_DELETE_NOT_FOUND,
	ANSWER_MEMBER_USER_NOT_FOUND,
	ANSWER_MEMBER_ADD_FAILED,
	ANSWER_MEMBER_PATCH_FAILED,
	ANSWER_MEMBER_PATCH_LAST_ADMIN,
	ANSWER_MEMBER_PATCH_SYNCED,
	ANSWER_MEMBER_REMOVE_LAST_ADMIN,
	ANSWER_MEMBER_REMOVE_FAILED,
	ANSWER_USER_NOT_FOUND,
	ANSWER_USER_NAMELESS_ON_CREATE,
	ANSWER_USER_NAMELESS_ON_UPDATE,
	ANSWER_USER_PASSWORD_SHORT,
	ANSWER_USER_PASSWORD_WEAK,
	ANSWER_USER_EXISTS,
	ANSWER_USER_ORG_UNKNOWN,
	ANSWER_USER_CREATE_FAILED,
	ANSWER_USER_UPDATE_EXTERNAL,
	ANSWER_USER_LOGIN_TAKEN,
	ANSWER_USER_EMAIL_TAKEN,
	ANSWER_USER_UPDATE_UNKNOWN,
	ANSWER_PASSWORD_SHORT,
	ANSWER_PASSWORD_WEAK,
	ANSWER_PASSWORD_UNKNOWN_USER,
	ANSWER_PASSWORD_EXTERNAL,
	ANSWER_PASSWORD_FORM_DISABLED,
	ANSWER_PERMISSIONS_LAST_ADMIN,
	ANSWER_PERMISSIONS_SYNCED,
	ANSWER_PERMISSIONS_UNKNOWN_USER,
	ANSWER_DISABLE_EXTERNAL,
	ANSWER_ENABLE_EXTERNAL,
	ANSWER_LOGOUT_SELF,
	ANSWER_LOGOUT_UNKNOWN_USER,
};

/* Set the exchange's reply. */
void answer(struct exchange *exchange, enum answer which);
/* The same, with a text of the moment where the table has none. */
void answer_text(struct exchange *exchange, enum answer which, const char *message);
/* 200 {"message":...} */
void answer_done(struct exchange *exchange, const char *message);
/* 200 {"message":...,"<name>":<id>} */
void answer_done_id(struct exchange *exchange, const char *message, const char *name,
		    long long id);
/* Access control's 403; 'permission' is what was needed. */
void answer_denied(struct exchange *exchange, const char *permission);
/* The plain shape with any status: injected faults. */
void answer_status(struct exchange *exchange, int status, const char *message);

#endif
