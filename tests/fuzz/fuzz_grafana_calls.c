/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_grafana_calls.c - any bytes as what Grafana answers to a call. The first byte
 * chooses the call; each line after it is one answer, the next one to be had: three
 * digits of status, or none for 200, and the body. When there are no more, Grafana is
 * away. What goes over the wire is replaced (--wrap, see the Makefile): all between the
 * operations and the transport is the real thing.
 *
 * A new call is a new row at the table's end; the corpus knows rows by their place.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "grafana/accounts.h"
#include "grafana/dashboards.h"
#include "grafana/folders.h"
#include "grafana/guards.h"
#include "grafana/invites.h"
#include "grafana/judge.h"
#include "grafana/members.h"
#include "grafana/org_write.h"
#include "grafana/orgs.h"
#include "grafana/people.h"
#include "grafana/rights.h"
#include "grafana/server.h"
#include "grafana/service_accounts.h"
#include "grafana/teams.h"
#include "grafana/tokens.h"
#include "grafana/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_grafana_request_in_org(struct grafana_session *session, int64_t org_id,
				  enum grafana_effect effect, const char *method,
				  const char *path, const struct slice *body,
				  struct reply *reply, struct error *err);

/* ---- the wire ---- */

static struct slice answers; /* those to come */

/* "nnn": a status; anything else: 200. */
static int take_status(struct slice *line)
{
	int64_t status;
	char text[4];

	if (line->length < 3 || !text_copy_bytes(text, sizeof(text), line->data, 3) ||
	    !text_to_int64(text, 100, 599, &status))
		return 200;
	line->data += 3;
	line->length -= 3;
	return (int)status;
}

static struct slice take_line(void)
{
	const char *end = memchr(answers.data, '\n', answers.length);
	struct slice line = {answers.data, answers.length};

	if (end == NULL) {
		answers.length = 0;
		return line;
	}
	line.length = (size_t)(end - line.data);
	answers.data = end + 1;
	answers.length -= line.length + 1;
	return line;
}

int __wrap_grafana_request_in_org(struct grafana_session *session, int64_t org_id,
				  enum grafana_effect effect, const char *method,
				  const char *path, const struct slice *body,
				  struct reply *reply, struct error *err)
{
	const struct exchange exchange = {.instance = "main", .method = method, .path = path,
					  .effect = effect, .sent = true};
	struct grafana_tally tally = {0};
	atomic_int refusals = 0;
	struct slice line;
	int status;

	(void)session, (void)org_id, (void)body;
	memset(reply, 0, sizeof(*reply));
	assert(path[0] == '/');
	if (answers.length == 0) {
		error_set(err, ERROR_RETRY, "fuzz", 0, "no more answers");
		return -1;
	}
	line = take_line();
	status = take_status(&line);
	reply_decode(reply, status, NULL, line.data, line.length);
	return judge_reply(&exchange, reply, &refusals, &tally, err);
}

/* ---- the calls; what they hand out is looked at where the call was answered ---- */

enum { ORG = 7, TEAM = 4, USER = 3, ACCOUNT = 5 };
static const char LOGIN[] = "ada", EMAIL[] = "ada@example.com", NAME[] = "Team 1";

static void check_user(const struct grafana_user *user, const struct answer *answer)
{
	assert(strlen(user->login) <= LIMIT_LOGIN_BYTES);
	assert(strlen(user->email) <= LIMIT_EMAIL_BYTES);
	assert(strlen(user->name) <= LIMIT_NAME_BYTES);
	assert(answer->code != ANSWER_OK || user->id > 0);
}

#define CALL(name) static int name(struct grafana_session *s, struct answer *a, struct error *e)

CALL(team_by_id)
{
	struct grafana_team team;
	int rc = grafana_team_by_id(s, ORG, TEAM, &team, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || team.id == TEAM);
	return rc;
}

CALL(team_by_name)
{
	struct grafana_team team;
	int rc = grafana_team_by_name(s, ORG, NAME, &team, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || (team.id > 0 && strcmp(team.name, NAME) == 0));
	return rc;
}

CALL(team_create)
{
	int64_t id = 0;
	int rc = grafana_team_create(s, ORG, NAME, EMAIL, &id, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || id > 0);
	return rc;
}

CALL(team_has_member)
{
	bool member;

	return grafana_team_has_member(s, ORG, TEAM, USER, &member, a, e);
}

CALL(team_find_member)
{
	struct grafana_user user = {0};
	int rc = grafana_team_find_member(s, ORG, TEAM, LOGIN, EMAIL, &user, a, e);

	if (rc == 0)
		check_user(&user, a);
	return rc;
}

CALL(team_add_member)
{
	return grafana_team_add_member(s, ORG, TEAM, USER, a, e);
}

CALL(team_remove_member)
{
	return grafana_team_remove_member(s, ORG, TEAM, USER, a, e);
}

CALL(invites_find)
{
	struct grafana_invites found;
	int rc = grafana_invites_find(s, ORG, EMAIL, &found, a, e);

	for (size_t i = 0; i < found.count; i++)
		assert(found.items[i].code.length > 0 &&
		       strlen(found.items[i].code.bytes) == found.items[i].code.length);
	grafana_invites_clear(&found);
	return rc;
}

CALL(invite_create)
{
	const struct grafana_new_invite invite = {EMAIL, "Ada", ROLE_EDITOR, true};
	bool added;

	return grafana_invite_create(s, ORG, &invite, &added, a, e);
}

CALL(service_account_by_id)
{
	struct grafana_service_account account;
	int rc = grafana_service_account_by_id(s, ORG, ACCOUNT, &account, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || account.id == ACCOUNT);
	return rc;
}

CALL(service_account_by_name)
{
	struct grafana_service_account account;
	size_t count = 0;
	int rc = grafana_service_account_by_name(s, ORG, "bot", &account, &count, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || count == 0 || account.id > 0);
	return rc;
}

CALL(service_account_other_admin)
{
	bool other;

	return grafana_service_account_other_admin(s, ORG, ACCOUNT, &other, a, e);
}

CALL(service_account_own)
{
	char login[LIMIT_NAME_BYTES + 1];
	int rc = grafana_service_account_own(s, login, e);

	a->code = ANSWER_OK;
	assert(rc < 0 || strlen(login) <= LIMIT_NAME_BYTES);
	return rc;
}

CALL(service_account_create)
{
	int64_t id = 0;
	int rc = grafana_service_account_create(s, ORG, "bot", ROLE_VIEWER, &id, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || id > 0);
	return rc;
}

static int find_token(struct grafana_session *s, int64_t account_id, struct answer *a,
		      struct error *e)
{
	const struct grafana_token_place place = {.org_id = ORG, .account_id = account_id};
	const struct grafana_token_wish wish = {.name = "t"};
	struct grafana_token token;
	size_t count = 0;
	int rc = grafana_token_find(s, &place, &wish, &token, &count, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || count == 0 ||
	       (token.id > 0 && strcmp(token.name, "t") == 0));
	return rc;
}

CALL(token_find)
{
	return find_token(s, ACCOUNT, a, e);
}

CALL(api_key_find)
{
	return find_token(s, 0, a, e);
}

static int create_token(struct grafana_session *s, int64_t account_id, struct answer *a,
			struct error *e)
{
	const struct grafana_token_place place = {.org_id = ORG, .account_id = account_id};
	const struct grafana_new_token wanted = {"t", ROLE_VIEWER, 60};
	struct secret key = {0};
	int64_t id = 0;
	int rc = grafana_token_create(s, &place, &wanted, &key, &id, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || (id > 0 && key.length > 0));
	secret_clear(&key);
	return rc;
}

CALL(token_create)
{
	return create_token(s, ACCOUNT, a, e);
}

CALL(api_key_create)
{
	return create_token(s, 0, a, e);
}

CALL(org_own)
{
	struct grafana_org org;
	int rc = grafana_org_own(s, &org, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || org.id > 0);
	return rc;
}

CALL(org_by_name)
{
	struct grafana_org org;
	int rc = grafana_org_by_name(s, "Org A", GRAFANA_FRESH, &org, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || (org.id > 0 && strcmp(org.name, "Org A") == 0));
	return rc;
}

CALL(org_by_id)
{
	struct grafana_org org;
	int rc = grafana_org_by_id(s, ORG, GRAFANA_FRESH, &org, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || org.id == ORG);
	return rc;
}

CALL(org_create)
{
	int64_t id = 0;
	int rc = grafana_org_create(s, "Org A", &id, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || id > 0);
	return rc;
}

CALL(org_is_only)
{
	bool only;

	return grafana_org_is_only(s, &only, a, e);
}

CALL(org_crowd)
{
	struct grafana_crowd crowd = {0};

	return grafana_org_crowd(s, ORG, "admin", &crowd, a, e);
}

CALL(user_count_orgs)
{
	size_t count;

	return grafana_user_count_orgs(s, USER, &count, a, e);
}

CALL(dashboard_get)
{
	struct grafana_dashboard dashboard;

	return grafana_dashboard_get(s, ORG, "dash", "{\"title\":\"D\",\"panels\":[]}", &dashboard,
				     a, e);
}

CALL(dashboard_find)
{
	const struct grafana_folder folder = {.uid = "fold", .title = "F"};
	char uid[LIMIT_UID_BYTES + 1];
	size_t count = 0;
	int rc = grafana_dashboard_find(s, ORG, &folder, "D", uid, &count, a, e);

	assert(rc < 0 || a->code != ANSWER_OK || count == 0 || strlen(uid) <= LIMIT_UID_BYTES);
	return rc;
}

CALL(dashboard_save)
{
	const struct grafana_folder folder = {.uid = "fold", .title = "F"};
	const struct grafana_dashboard_save save = {.model = "{\"title\":\"D\"}",
						    .uid = "dash",
						    .folder = &folder,
						    .message = "m"};
	int64_t version;

	return grafana_dashboard_save(s, ORG, &save, &version, a, e);
}

CALL(folder_by_uid)
{
	struct grafana_folder folder;

	return grafana_folder_by_uid(s, ORG, "fold", &folder, a, e);
}

CALL(folder_by_title)
{
	struct grafana_folder folder;
	size_t count;

	return grafana_folder_by_title(s, ORG, "F", &folder, &count, a, e);
}

CALL(folder_create)
{
	struct grafana_folder folder;

	return grafana_folder_create(s, ORG, "fold", "F", &folder, a, e);
}

CALL(user_lookup)
{
	struct grafana_user user;
	int rc = grafana_user_lookup(s, EMAIL, &user, a, e);

	if (rc == 0)
		check_user(&user, a);
	return rc;
}

CALL(user_find_nocase)
{
	struct grafana_user user;
	int rc = grafana_user_find_nocase(s, EMAIL, GRAFANA_EMAIL, &user, a, e);

	if (rc == 0)
		check_user(&user, a);
	return rc;
}

CALL(user_get)
{
	struct grafana_user user;
	int rc = grafana_user_get(s, USER, &user, a, e);

	if (rc == 0)
		check_user(&user, a);
	return rc;
}

CALL(user_role_in_org)
{
	char org_name[LIMIT_ORG_NAME_BYTES + 1] = "";
	enum role role;
	bool member;

	return grafana_user_role_in_org(s, USER, ORG, &member, &role, org_name, a, e);
}

CALL(user_ever_seen)
{
	const struct grafana_user user = {.id = USER, .login = "ada", .email = "ada@example.com"};
	bool seen;

	return grafana_user_ever_seen(s, &user, &seen, a, e);
}

CALL(user_other_admin)
{
	bool other;

	return grafana_user_other_admin(s, USER, &other, a, e);
}

CALL(account_create)
{
	struct secret password;
	struct grafana_new_account account = {LOGIN, EMAIL, "Ada", &password, ORG};
	int64_t id = 0;
	int rc;

	secret_copy(&password, "p\"w", 3);
	rc = grafana_account_create(s, &account, &id, a, e);
	assert(rc < 0 || a->code != ANSWER_OK || id > 0);
	secret_clear(&password);
	return rc;
}

CALL(person_find)
{
	struct grafana_user user;
	int rc = grafana_person_find(s, EMAIL, GRAFANA_EMAIL, &user, a, e);

	if (rc == 0)
		check_user(&user, a);
	return rc;
}

CALL(person_get)
{
	struct grafana_user user;
	int rc = grafana_person_get(s, USER, &user, a, e);

	if (rc == 0)
		check_user(&user, a);
	return rc;
}

CALL(person_role)
{
	enum role role;
	bool member;

	return grafana_person_role(s, ORG, USER, LOGIN, &member, &role, a, e);
}

CALL(member_add)
{
	int64_t id = 0;

	return grafana_member_add(s, ORG, LOGIN, ROLE_EDITOR, &id, a, e);
}

CALL(member_set_role)
{
	return grafana_member_set_role(s, ORG, USER, ROLE_EDITOR, a, e);
}

CALL(member_remove)
{
	enum account_fate fate;

	return grafana_member_remove(s, ORG, USER, &fate, a, e);
}

CALL(server_probe)
{
	struct grafana_server server;
	int rc = grafana_server_probe(s, &server, a, e);

	assert(rc < 0 || strlen(server.version) < sizeof(server.version));
	return rc;
}

CALL(sole_admin_of)
{
	struct grafana_admin_of admin;
	int rc = grafana_sole_admin_of(s, USER, &admin, a, e);

	assert(strlen(admin.org_name) < sizeof(admin.org_name) && admin.org_id >= 0);
	assert(admin.any || admin.org_id == 0);
	return rc;
}

CALL(account_sessions)
{
	int64_t count;
	int rc = grafana_account_sessions(s, USER, &count, a, e);

	assert(count >= 0);
	return rc;
}

CALL(own_role_in_org)
{
	enum role role;
	bool member;
	int rc = grafana_own_role_in_org(s, ORG, &member, &role, a, e);

	assert(!member || (rc == 0 && a->code == ANSWER_OK));
	return rc;
}

CALL(rights_probe)
{
	struct grafana_rights rights;
	int rc = grafana_rights_probe(s, &rights, e);

	(void)a;
	assert(rights.admin_count <= rights.org_count);
	assert(strlen(rights.elsewhere.name) < sizeof(rights.elsewhere.name));
	return rc;
}

static const struct {
	int (*call)(struct grafana_session *session, struct answer *answer, struct error *err);
	bool with_token;
} calls[] = {
	{team_by_id, false},
	{team_by_name, false},
	{team_create, false},
	{team_has_member, false},
	{team_find_member, false},
	{team_add_member, false},
	{team_remove_member, false},
	{invites_find, false},
	{invite_create, false},
	{service_account_by_id, false},
	{service_account_by_name, false},
	{service_account_other_admin, false},
	{service_account_own, true},
	{service_account_create, false},
	{token_find, false},
	{api_key_find, false},
	{token_create, false},
	{api_key_create, false},
	{org_own, true},
	{org_by_name, false},
	{org_by_id, false},
	{org_create, false},
	{org_is_only, false},
	{org_crowd, false},
	{user_count_orgs, false},
	{dashboard_get, false},
	{dashboard_find, false},
	{dashboard_save, false},
	{folder_by_uid, false},
	{folder_by_title, false},
	{folder_create, false},
	{user_lookup, false},
	{user_find_nocase, false},
	{user_get, false},
	{user_role_in_org, false},
	{user_ever_seen, false},
	{user_other_admin, false},
	{account_create, false},
	{person_find, true},
	{person_get, true},
	{person_role, true},
	{member_add, false},
	{member_set_role, false},
	{member_remove, false},
	{server_probe, false},
	{server_probe, true},
	{org_by_name, true},
	{org_by_id, true},
	{team_find_member, true},
	{sole_admin_of, false},
	{account_sessions, false},
	{own_role_in_org, false},
	{rights_probe, false},
	{rights_probe, true},
};

/* ---- one input ---- */

static struct instance_settings make_settings(bool with_token)
{
	static char name[] = "main", url[] = "http://127.0.0.1:9", user[] = "admin";
	static char password[] = "admin", token[] = "glsa_x", none[] = "";

	return (struct instance_settings){.name = name,
					  .url = url,
					  .user = with_token ? none : user,
					  .password = with_token ? none : password,
					  .token = with_token ? token : none,
					  .auth = AUTH_BASIC,
					  .ca_file = none,
					  .client_cert_file = none,
					  .client_key_file = none,
					  .proxy = none,
					  .connect_timeout_ms = 1000,
					  .request_timeout_ms = 1000,
					  .max_concurrency = 1,
					  .unauthorized_wait_ms = 1000,
					  .org_cache_ms = 60000};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct instance_settings settings;
	struct grafana_session *session;
	struct grafana *grafana = NULL;
	struct answer answer = {0};
	struct error err = {0};
	size_t row;

	if (size == 0)
		return 0;
	row = (size_t)(data[0] - '0') % ARRAY_COUNT(calls);
	answers = (struct slice){(const char *)data + 1, size - 1};
	settings = make_settings(calls[row].with_token);
	if (grafana_new(&settings, clock_system(), &grafana, &err) < 0)
		abort();
	session = grafana_session_begin(grafana, NULL, NULL);
	if (calls[row].call(session, &answer, &err) < 0) {
		assert(err.kind == ERROR_RETRY && err.text[0] != '\0');
	} else {
		assert(answer_name(answer.code) != NULL);
		assert(!text_has_control(answer.message, strlen(answer.message)));
	}
	grafana_session_end(session);
	grafana_free(grafana);
	return 0;
}
