/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_attempts.c - operations that take more than one attempt. Grafana answers by
 * script, the ledger is played: an attempt finds the step and the intent that the one before
 * it left. What ends each attempt and what was written is held against a table.
 */
#include "tests/unit/grafana_support.h"

#include "base/text.h"
#include "codec/cloudevent.h"
#include "codec/request.h"
#include "codec/seal.h"
#include "tests/unit/codec_support.h"
#include "worker/operations.h"
#include "worker/turn.h"

enum { STEPS_MAX = 16, ATTEMPTS_MAX = 4, TEXT_BYTES = 1024 };

#define SETTINGS                                                                               \
	"[kafka]\nbrokers = b\n[grafana.main]\nurl = http://g\nuser = admin\npassword = p\n"     \
	"[policy]\nprotected_users = sa-*\n"

static const char public_jwk[] =
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8y0\"}";

/* ---- what Grafana says ---- */

#define SAYS(code, text) {.status = (code), .body = (text)}
/* It was done, and half of the answer comes. */
#define LOST {200, "{\"id\":7,\"userId\":7,\"message\":\"done\"}", NULL, 0, 9, HTTP_CLOSE}
/* Certainly not done. */
#define BUSY SAYS(429, "{\"message\":\"slow down\"}")
#define AWAY SAYS(503, "{\"message\":\"away\"}")

#define ORG SAYS(200, "{\"id\":3,\"name\":\"Org\"}")
#define ADA SAYS(200, "{\"id\":7,\"login\":\"ada\",\"email\":\"ada@example.com\",\"name\":\"Ada\"}")
#define NOBODY SAYS(404, "{\"message\":\"user not found\"}")
#define NO_HITS SAYS(200, "{\"totalCount\":0,\"users\":[]}")
#define IN_NO_ORG SAYS(200, "[]")
#define EDITOR SAYS(200, "[{\"orgId\":3,\"name\":\"Org\",\"role\":\"Editor\"}]")
#define NO_ORG SAYS(404, "{\"message\":\"Organization not found\"}")
#define DONE SAYS(200, "{\"message\":\"done\"}")
#define BOT SAYS(200, "{\"id\":9,\"name\":\"bot\",\"login\":\"sa-bot\",\"role\":\"Viewer\"}")
#define OTHER_BOT SAYS(200, "{\"id\":9,\"name\":\"bot\",\"login\":\"bot\",\"role\":\"Viewer\"}")
#define NO_BOTS SAYS(200, "{\"serviceAccounts\":[]}")
#define NO_TOKENS SAYS(200, "[]")
#define TOKEN SAYS(200, "[{\"id\":5,\"name\":\"ci\"}]")
#define TEAM SAYS(200, "{\"id\":4,\"name\":\"team\"}")
#define NO_TEAM SAYS(404, "{\"message\":\"Team not found\"}")

#define BOSS                                                                                   \
	SAYS(200, "{\"id\":7,\"login\":\"ada\",\"email\":\"ada@example.com\",\"isGrafanaAdmin\":true}")
#define ONLY_BOSS                                                                              \
	SAYS(200, "{\"totalCount\":1,\"users\":[{\"id\":7,\"login\":\"ada\",\"isAdmin\":true}]}")
#define KEY SAYS(200, "[{\"id\":5,\"name\":\"ci\",\"role\":\"Viewer\"}]")

#define TEAMS SAYS(200, "{\"totalCount\":1,\"teams\":[{\"id\":4,\"name\":\"team\"}]}")
#define NO_TEAMS SAYS(200, "{\"totalCount\":0,\"teams\":[]}")
#define TAKEN SAYS(409, "{\"message\":\"Team name taken\"}")

#define IN_ORG ",\"org\":{\"id\":3}"
#define OF_ADA ",\"user\":{\"login\":\"ada\"}"
#define GRANT "\"action\":\"org_role.grant\",\"role\":\"Editor\",\"if_no_account\":\"create\"" IN_ORG OF_ADA
#define CREATE "\"action\":\"account.create\"" OF_ADA
#define NEW_BOT "\"action\":\"service_account.create\",\"service_account\":{\"name\":\"bot\"}" IN_ORG
#define NEW_TOKEN                                                                              \
	"\"action\":\"service_account_token.create\",\"service_account\":{\"id\":9},"           \
	"\"token\":{\"name\":\"ci\"}" IN_ORG
#define NEW_TEAM "\"action\":\"team.create\",\"team\":{\"name\":\"team\"}" IN_ORG
#define JOIN "\"action\":\"team_member.add\",\"team\":{\"id\":4}" IN_ORG OF_ADA

static const struct row {
	const char *label;
	bool has_key; /* of the vault */
	const char *data;
	const char *ends[ATTEMPTS_MAX]; /* of each attempt; "retry", or result and reason */
	const char *writes;		/* "METHOD path" each, in this order */
	struct http_step steps[STEPS_MAX];
} rows[] = {
	{"a grant to who is there needs no key of the vault, not by a second attempt either",
	 false,
	 GRANT,
	 {"retry", "applied ok"},
	 "POST /api/orgs/3/users\n",
	 {ORG, ADA, IN_NO_ORG, ADA, LOST, AWAY, /**/ ADA, EDITOR}},
	{"what somebody else made while nothing could be asked is not ours",
	 true,
	 CREATE,
	 {"retry", "refused account.exists"},
	 "POST /api/admin/users\n",
	 {NOBODY, NO_HITS, BUSY, /**/ ADA}},
	{"nor when it could not be asked twice",
	 true,
	 CREATE,
	 {"retry", "retry", "refused account.exists"},
	 "POST /api/admin/users\nPOST /api/admin/users\n",
	 {NOBODY, NO_HITS, BUSY, /**/ NOBODY, NO_HITS, BUSY, /**/ ADA}},
	{"what a lost answer may have made is ours",
	 true,
	 CREATE,
	 {"retry", "applied ok"},
	 "POST /api/admin/users\nPUT /api/admin/users/7/password\nPOST /api/admin/users/7/logout\n",
	 {NOBODY, NO_HITS, LOST, AWAY, /**/ ADA, DONE, DONE}},
	{"and stays it, when the next could not be asked",
	 true,
	 CREATE,
	 {"retry", "retry", "applied ok"},
	 "POST /api/admin/users\nPOST /api/admin/users\nPUT /api/admin/users/7/password\n"
	 "POST /api/admin/users/7/logout\n",
	 {NOBODY, NO_HITS, LOST, AWAY, /**/ NOBODY, NO_HITS, BUSY, /**/ ADA, DONE, DONE}},
	{"nor is an org",
	 true,
	 "\"action\":\"org.create\",\"org\":{\"name\":\"Org\"}",
	 {"retry", "already_so ok"},
	 "POST /api/orgs\n",
	 {NO_ORG, BUSY, /**/ ORG}},
	{"but one that a lost answer may have made is",
	 true,
	 "\"action\":\"org.create\",\"org\":{\"name\":\"Org\"}",
	 {"retry", "applied ok"},
	 "POST /api/orgs\n",
	 {NO_ORG, LOST, AWAY, /**/ ORG}},
	{"a service account whose login the policy protects is made, and told",
	 true,
	 NEW_BOT,
	 {"applied ok"},
	 "POST /api/serviceaccounts\n",
	 {ORG, NO_BOTS, SAYS(201, "{\"id\":9}"), BOT}},
	{"a token of that name that somebody else made is not ours",
	 true,
	 NEW_TOKEN,
	 {"retry", "refused token.exists"},
	 "POST /api/serviceaccounts/9/tokens\n",
	 {ORG, OTHER_BOT, NO_TOKENS, BUSY, /**/ OTHER_BOT, TOKEN}},
	{"one that a lost answer may have made is, and is made anew",
	 true,
	 NEW_TOKEN,
	 {"retry", "applied ok"},
	 "POST /api/serviceaccounts/9/tokens\nDELETE /api/serviceaccounts/9/tokens/5\n"
	 "POST /api/serviceaccounts/9/tokens\n",
	 {ORG, OTHER_BOT, NO_TOKENS, LOST, /**/ OTHER_BOT, TOKEN, DONE,
	  SAYS(200, "{\"id\":6,\"name\":\"ci\",\"key\":\"glsa_k\"}"),
	  SAYS(200, "[{\"id\":6,\"name\":\"ci\"}]")}},
	{"a team that goes while it is looked at",
	 true,
	 JOIN,
	 {"refused team.not_found"},
	 "",
	 {ORG, TEAM, ADA, ADA, EDITOR, NO_TEAM}},
	{"a name that is another's by the time it is given a place",
	 true,
	 GRANT,
	 {"refused account.ambiguous"},
	 "POST /api/orgs/3/users\n",
	 {ORG, ADA, IN_NO_ORG, ADA, SAYS(200, "{\"userId\":99,\"message\":\"User added\"}")}},
	{"an org that goes while it is renamed",
	 true,
	 "\"action\":\"org.rename\",\"set\":{\"name\":\"New\"}" IN_ORG,
	 {"refused org.not_found"},
	 "PUT /api/orgs/3\n",
	 {ORG, NO_ORG, LOST, NO_ORG}},
	{"an account that goes while it is updated",
	 true,
	 "\"action\":\"account.update\",\"set\":{\"name\":\"New\"}" OF_ADA,
	 {"refused account.not_found"},
	 "PUT /api/users/7\n",
	 {ADA, ADA, LOST, NOBODY}},
	{"or disabled",
	 true,
	 "\"action\":\"account.disable\"" OF_ADA,
	 {"refused account.not_found"},
	 "POST /api/admin/users/7/disable\n",
	 {ADA, ADA, LOST, NOBODY}},
	{"or made a server admin, though Grafana says yes",
	 true,
	 "\"action\":\"server_admin.grant\"" OF_ADA,
	 {"refused account.not_found"},
	 "PUT /api/admin/users/7/permissions\n",
	 {ADA, ADA, DONE, NOBODY}},
	{"the last server admin is not disabled",
	 true,
	 "\"action\":\"account.disable\"" OF_ADA,
	 {"refused account.last_server_admin"},
	 "",
	 {BOSS, BOSS, ONLY_BOSS}},
	{"nor deleted",
	 true,
	 "\"action\":\"account.delete\"" OF_ADA,
	 {"refused account.last_server_admin"},
	 "",
	 {BOSS, BOSS, ONLY_BOSS}},
	{"nor does he lose the right",
	 true,
	 "\"action\":\"server_admin.revoke\"" OF_ADA,
	 {"refused account.last_server_admin"},
	 "",
	 {BOSS, BOSS, ONLY_BOSS}},
	{"what SCIM made is not updated",
	 true,
	 "\"action\":\"account.update\",\"set\":{\"name\":\"New\"}" OF_ADA,
	 {"refused account.provisioned"},
	 "PUT /api/users/7\n",
	 {ADA, ADA, SAYS(400, "{\"message\":\"User is provisioned\"}")}},
	{"a key's id that belongs to another name",
	 true,
	 "\"action\":\"api_key.delete\",\"api_key\":{\"id\":5,\"name\":\"other\"}" IN_ORG,
	 {"refused token.not_found"},
	 "",
	 {ORG, KEY}},
	{"two folders of a title",
	 true,
	 "\"action\":\"dashboard.apply\",\"folder\":{\"title\":\"F\"},\"dashboard\":{\"title\":\"D\"}" IN_ORG,
	 {"refused folder.conflict"},
	 "",
	 {ORG, SAYS(200, "[{\"uid\":\"a\",\"title\":\"F\",\"type\":\"dash-folder\"},"
			 "{\"uid\":\"b\",\"title\":\"F\",\"type\":\"dash-folder\"}]")}},
	{"two dashboards of a title",
	 true,
	 "\"action\":\"dashboard.apply\",\"dashboard\":{\"title\":\"D\"}" IN_ORG,
	 {"refused dashboard.name_taken"},
	 "",
	 {ORG, NOBODY, SAYS(200, "[{\"uid\":\"a\",\"title\":\"D\",\"type\":\"dash-db\"},"
				"{\"uid\":\"b\",\"title\":\"D\",\"type\":\"dash-db\"}]")}},
	{"a team that somebody else makes in between",
	 true,
	 NEW_TEAM,
	 {"already_so ok"},
	 "POST /api/teams\n",
	 {ORG, NO_TEAMS, TAKEN, TEAMS}},
	{"and one that a call of ours may have made late",
	 true,
	 NEW_TEAM,
	 {"retry", "applied ok"},
	 "POST /api/teams\nPOST /api/teams\n",
	 {ORG, NO_TEAMS, LOST, NO_TEAMS, /**/ NO_TEAMS, TAKEN, TEAMS}},
	{"somebody else lets the member in",
	 true,
	 JOIN,
	 {"already_so ok"},
	 "POST /api/teams/4/members\n",
	 {ORG, TEAM, ADA, ADA, EDITOR, SAYS(200, "[]"),
	  SAYS(400, "{\"message\":\"User is already added to this team\"}")}},
	{"an invite whose link Grafana does not tell",
	 true,
	 "\"action\":\"invite.create\",\"delivery\":\"link\",\"role\":\"Viewer\"" IN_ORG OF_ADA,
	 {"refused grafana.unsupported"},
	 "",
	 {ORG, NOBODY, NO_HITS, SAYS(200, "[{\"id\":1,\"email\":\"ada\",\"role\":\"Viewer\",\"code\":\"c\"}]")}},
};

/* ---- one request, and what the ledger has of it ---- */

struct play {
	struct support support;
	struct settings settings;
	struct vault vault;
	struct seal_key *key;
	struct request request;
	struct turn turn;
	char step[64]; /* "" = none was begun */
	char *intent;
	size_t intent_bytes;
};

static int begin_step(void *context, struct ledger_step *step, struct error *err)
{
	struct play *play = context;

	(void)err;
	step->answer = LEDGER_HELD;
	if (step->name[0] == '\0')
		return 0;
	text_copy(play->step, sizeof(play->step), step->name);
	free(play->intent);
	play->intent = mem_strndup(step->intent.data, step->intent.length);
	play->intent_bytes = step->intent.length;
	return 0;
}

static void read_request(struct play *play, const char *data)
{
	char text[TEXT_BYTES];
	struct cloudevent event;
	struct error err = {0};
	enum reason reason;

	assert_true(text_format(text, sizeof(text), "{\"instance\":\"main\",%s}", data));
	support_event(text, &event);
	if (request_decode(&event, SUPPORT_NOW_MS, &play->request, &reason, &err) < 0)
		fail_msg("%s: %s", data, err.text);
	cloudevent_clear(&event);
}

static void open_play(struct play *play, const struct row *row)
{
	struct faults faults;
	struct error err = {0};
	size_t count = 0;

	memset(play, 0, sizeof(*play));
	faults_init(&faults);
	if (settings_parse("s", SETTINGS, sizeof(SETTINGS) - 1, NULL, &play->settings, &faults) < 0)
		fail_msg("%s", faults.text.bytes);
	faults_clear(&faults);
	if (seal_key_parse(public_jwk, sizeof(public_jwk) - 1, &play->key, &err) < 0)
		fail_msg("%s", err.text);
	play->vault = (struct vault){row->has_key ? play->key : NULL, 24, "grafana"};
	read_request(play, row->data);
	while (count < STEPS_MAX && row->steps[count].status != 0)
		count++;
	support_begin(&play->support, row->steps, count);
}

static void close_play(struct play *play)
{
	support_end(&play->support);
	request_clear(&play->request);
	settings_clear(&play->settings);
	seal_key_free(play->key);
	free(play->intent);
}

static void attempt(struct play *play, bool first, char ended[TEXT_BYTES])
{
	const struct operation *operation = operation_find(play->request.action);
	char step[sizeof(play->step)];
	char *intent = mem_strndup(play->intent != NULL ? play->intent : "", play->intent_bytes);
	struct turn *turn = &play->turn;
	struct error err = {0};
	int rc;

	text_copy(step, sizeof(step), play->step);
	*turn = (struct turn){.request = &play->request,
			      .operation = operation,
			      .grafana = play->support.session,
			      .vault = &play->vault,
			      .settings = &play->settings,
			      .clock = clock_system(),
			      .own_login = "admin",
			      .record_time_ms = SUPPORT_NOW_MS,
			      .resumed = !first,
			      .step = step[0] != '\0' ? step : NULL,
			      .intent = {intent, play->intent_bytes},
			      .begin_step = begin_step,
			      .context = play};
	turn_init(turn);
	rc = turn_run(turn, &err);
	assert_int_not_equal(rc, TURN_GO_ON);
	if (rc == TURN_FAILED)
		text_format(ended, TEXT_BYTES, "%s", err.kind == ERROR_RETRY ? "retry" : err.text);
	else
		text_format(ended, TEXT_BYTES, "%s %s", result_name(turn->outcome.result),
			    reason_code(turn->outcome.reason));
	turn_clear(turn);
	free(intent);
}

/* "METHOD path" of each request that is no GET. */
static void list_writes(struct play *play, char out[TEXT_BYTES])
{
	size_t count = http_script_count(play->support.script), used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		const char *request = http_script_request(play->support.script, i);
		size_t line = strcspn(request, " ");

		line += 1 + strcspn(request + line + 1, " ");
		if (strncmp(request, "GET ", 4) == 0)
			continue;
		assert_true(used + line + 2 < TEXT_BYTES);
		text_copy_bytes(out + used, TEXT_BYTES - used, request, line);
		text_copy(out + used + line, TEXT_BYTES - used - line, "\n");
		used += line + 1;
	}
}

/* Says what is not as the row has it. */
static bool is_as_told(const struct row *row)
{
	char ended[TEXT_BYTES], writes[TEXT_BYTES];
	size_t count = 0;
	bool good = true;
	struct play play;

	open_play(&play, row);
	for (size_t i = 0; good && i < ATTEMPTS_MAX && row->ends[i] != NULL; i++) {
		attempt(&play, i == 0, ended);
		good = strcmp(ended, row->ends[i]) == 0;
		if (!good)
			print_error("%s: attempt %zu: %s\n", row->label, i + 1, ended);
	}
	support_close(&play.support);
	list_writes(&play, writes);
	while (count < STEPS_MAX && row->steps[count].status != 0)
		count++;
	if (good && (strcmp(writes, row->writes) != 0 ||
		     http_script_count(play.support.script) != count)) {
		print_error("%s: %zu calls, with these writes:\n%s", row->label,
			    http_script_count(play.support.script), writes);
		good = false;
	}
	close_play(&play);
	return good;
}

static void every_attempt_ends_as_it_should(void **state)
{
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		wrong += !is_as_told(&rows[i]);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_attempt_ends_as_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
