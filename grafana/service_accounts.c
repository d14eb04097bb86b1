/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service_accounts.c - the machines' accounts of an org.
 *
 * Called by the worker's operations. Owns nothing. An account that is not wholly
 * understood is refused, never guessed at.
 *
 * Up to 9.4 errors are plain texts, later ones carry a messageId; the tables have both.
 * Limit: at most 100 pages of 1000 accounts of an org are looked through.
 */
#include "grafana/service_accounts.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

enum { PER_PAGE = 1000, MAX_PAGES = 100 };

static const char search_path[] = "/api/serviceaccounts/search";

/* ---- reading ---- */

static int account_from_json(const json_t *json, const char *path,
			     struct grafana_service_account *account, struct answer *answer,
			     struct error *err)
{
	char role[16];

	memset(account, 0, sizeof(*account));
	if (!json_get_id(json, "id", &account->id))
		return call_unusable(path, "is not a service account", err);
	account->is_disabled = json_get_true(json, "isDisabled");
	if (!json_get_text(json, "name", account->name, sizeof(account->name)) ||
	    !json_get_text(json, "login", account->login, sizeof(account->login)) ||
	    !json_get_text(json, "role", role, sizeof(role)) ||
	    role_parse(role, &account->role) < 0)
		answer_reject(answer, answer->status,
			      "the service account's name, login or role is not readable");
	return 0;
}

int grafana_service_account_by_id(struct grafana_session *session, int64_t org_id, int64_t id,
				  struct grafana_service_account *account,
				  struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc;

	memset(account, 0, sizeof(*account));
	text_format(path, sizeof(path), "/api/serviceaccounts/%" PRId64, id);
	rc = call_read_in_org(session, org_id, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = account_from_json(reply.json, path, account, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK && account->id != id)
		rc = call_unusable(path, "names another service account", err);
	reply_clear(&reply);
	return rc;
}

/* What is looked for among all accounts; answers true to see no more. */
struct seeker {
	bool (*see)(struct seeker *seeker, const json_t *account);
	const char *name;
	int64_t but_id;
	json_t *found; /* a reference, or NULL */
	size_t count;
};

/* *more: another page may follow. */
static int see_page(const json_t *page, struct seeker *seeker, bool *more, struct error *err)
{
	const json_t *accounts = json_object_get(page, "serviceAccounts");
	const json_t *account;
	size_t i;

	if (!json_is_array(accounts))
		return call_unusable(search_path, "is not a list of service accounts", err);
	*more = json_array_size(accounts) >= PER_PAGE;
	json_array_foreach(accounts, i, account)
		if (seeker->see(seeker, account)) {
			*more = false;
			return 0;
		}
	return 0;
}

static int search(struct grafana_session *session, int64_t org_id, const char *query,
		  struct seeker *seeker, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	bool more = true;
	int rc = 0;

	for (int page = 1; rc == 0 && more && page <= MAX_PAGES; page++) {
		struct reply reply = {0};

		if (!text_format(path, sizeof(path), "%s?perpage=%d&page=%d&query=%s",
				 search_path, PER_PAGE, page, query)) {
			answer_reject(answer, 0, "the service account's name is too long");
			return 0;
		}
		rc = call_read_in_org(session, org_id, path, &reply, answer, err);
		more = false;
		if (rc == 0 && answer->code == ANSWER_OK)
			rc = see_page(reply.json, seeker, &more, err);
		reply_clear(&reply);
	}
	return rc;
}

static bool see_name(struct seeker *seeker, const json_t *account)
{
	char name[LIMIT_NAME_BYTES + 1];

	if (!json_get_text(account, "name", name, sizeof(name)) ||
	    strcmp(name, seeker->name) != 0)
		return false;
	json_decref(seeker->found);
	seeker->found = json_deep_copy(account);
	return ++seeker->count > 1;
}

int grafana_service_account_by_name(struct grafana_session *session, int64_t org_id,
				    const char *name, struct grafana_service_account *account,
				    size_t *count, struct answer *answer, struct error *err)
{
	struct seeker seeker = {.see = see_name, .name = name};
	char *query = grafana_escape_search(name);
	int rc = search(session, org_id, query, &seeker, answer, err);

	memset(account, 0, sizeof(*account));
	*count = seeker.count;
	if (rc == 0 && answer->code == ANSWER_OK && seeker.found != NULL)
		rc = account_from_json(seeker.found, search_path, account, answer, err);
	else if (rc == 0 && answer->code == ANSWER_OK)
		answer->code = ANSWER_NOT_FOUND;
	json_decref(seeker.found);
	free(query);
	return rc;
}

static bool see_admin(struct seeker *seeker, const json_t *account)
{
	char role[16];
	int64_t id;

	if (json_get_id(account, "id", &id) && id != seeker->but_id &&
	    json_get_text(account, "role", role, sizeof(role)) && strcmp(role, "Admin") == 0 &&
	    !json_get_true(account, "isDisabled"))
		seeker->count++;
	return seeker->count > 0;
}

int grafana_service_account_other_admin(struct grafana_session *session, int64_t org_id,
					int64_t id, bool *other, struct answer *answer,
					struct error *err)
{
	struct seeker seeker = {.see = see_admin, .but_id = id};
	int rc = search(session, org_id, "", &seeker, answer, err);

	*other = rc == 0 && seeker.count > 0;
	return rc;
}

/* A token that is asked who it is: "user not found" up to 10.1, 403 up to 11.2, then the
 * profile of its service account, without an id (pkg/api/user.go, GetSignedInUser). */
int grafana_service_account_own(struct grafana_session *session,
				char login[LIMIT_NAME_BYTES + 1], struct error *err)
{
	struct reply reply = {0};
	struct answer answer = {0};
	int rc = call_read(session, "/api/user", &reply, &answer, err);

	login[0] = '\0';
	if (rc == 0 && answer.code == ANSWER_OK &&
	    !json_get_text(reply.json, "login", login, LIMIT_NAME_BYTES + 1))
		login[0] = '\0';
	reply_clear(&reply);
	return rc;
}

/* ---- writing ---- */

/* "Bad request data" can only be about the role: the rest is always readable. */
static const struct answer_rule write_rules[] = {
	{400, "serviceaccounts.ErrAlreadyExists", NULL, ANSWER_EXISTS},
	{400, NULL, "service account already exists", ANSWER_EXISTS},
	{400, NULL, "Failed to create service account", ANSWER_EXISTS},
	{400, "serviceaccounts.ErrInvalidRoleSpecified", NULL, ANSWER_ROLE_INVALID},
	{400, NULL, "Bad request data", ANSWER_ROLE_INVALID},
	{403, "serviceaccounts.ErrRoleForbidden", NULL, ANSWER_PERMISSION},
	{403, NULL, "can not assign a role higher than user's role", ANSWER_PERMISSION},
};

int grafana_service_account_create(struct grafana_session *session, int64_t org_id,
				   const char *name, enum role role, int64_t *id,
				   struct answer *answer, struct error *err)
{
	struct reply reply;
	int rc = call_write_json_in_org(session, org_id, "POST", "/api/serviceaccounts",
					json_pack("{s:s, s:s}", "name", name, "role",
						  role_name(role)),
					&reply, answer, err);

	if (rc == 0)
		answer_refine(answer, &reply, write_rules, ARRAY_COUNT(write_rules));
	if (rc == 0 && answer->code == ANSWER_OK && !json_get_id(reply.json, "id", id))
		answer->code = ANSWER_DOUBT;
	reply_clear(&reply);
	return rc;
}

/* NULL when the name is not UTF-8. */
static json_t *pack_change(const struct grafana_service_account_change *change)
{
	json_t *body = json_object();
	int rc = 0;

	if (change->name != NULL)
		rc |= json_object_set_new(body, "name", json_string(change->name));
	if (change->role != ROLE_UNSET)
		rc |= json_object_set_new(body, "role", json_string(role_name(change->role)));
	if (change->disabled != NULL)
		rc |= json_object_set_new(body, "isDisabled", json_boolean(*change->disabled));
	if (rc == 0)
		return body;
	json_decref(body);
	return NULL;
}

int grafana_service_account_update(struct grafana_session *session, int64_t org_id, int64_t id,
				   const struct grafana_service_account_change *change,
				   struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/serviceaccounts/%" PRId64, id);
	rc = call_write_json_in_org(session, org_id, "PATCH", path, pack_change(change), &reply,
				    answer, err);
	if (rc == 0)
		answer_refine(answer, &reply, write_rules, ARRAY_COUNT(write_rules));
	reply_clear(&reply);
	return rc;
}

int grafana_service_account_delete(struct grafana_session *session, int64_t org_id, int64_t id,
				   struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply;
	int rc;

	text_format(path, sizeof(path), "/api/serviceaccounts/%" PRId64, id);
	rc = call_write_in_org(session, org_id, "DELETE", path, NULL, &reply, answer, err);
	reply_clear(&reply);
	return rc;
}
