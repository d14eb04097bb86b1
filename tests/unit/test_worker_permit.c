/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_worker_permit.c - requests against rules, with the answer written by hand: before
 * Grafana is asked, and again when it has told which org and account that is.
 */
#include "tests/unit/codec_support.h"

#include "base/text.h"
#include "worker/permit.h"
#include "worker/turn.h"

#define BASE                                                                    \
	"[kafka]\nbrokers = b\n"                                                \
	"[grafana.main]\nurl = http://g\nuser = admin\npassword = p\n"          \
	"[grafana.lab]\nurl = http://l\nuser = admin\npassword = p\n"

/* Nothing is said: all is allowed. */
static const char OPEN[] = BASE;

/* Bounds for everybody. */
static const char BOUNDS[] = BASE
	"[policy]\n"
	"actions = org_role.*, team_member.*, account.create, account.disable, org.*, server_admin.grant\n"
	"instances = main\n"
	"orgs = Team *, id:7, (none)\n"
	"roles = Viewer, Editor, ServerAdmin\n"
	"protected_users = root, *@board.example.com, ceo\n";

/* Rules by requester, and nobody else. */
static const char RULES[] = BASE
	"[policy.portal]\n"
	"requesters = portal@example.com\n"
	"actions = org_role.*, team_member.*\n"
	"orgs = Observability, Team *\n"
	"roles = None, Viewer, Editor\n"
	"[policy.portal-accounts]\n"
	"requesters = portal@example.com\n"
	"actions = account.create, account.disable\n"
	"orgs = (none)\n"
	"[policy.ops]\n"
	"requesters = *@ops.example.com, root-cause@example.com\n"
	"[policy.lab]\n"
	"requesters = *@LAB.example.com\n"
	"instances = lab\n"
	"orgs = id:3\n";

/* The same, and a rule for the rest. */
static const char CLOSED[] = BASE
	"[policy.ops]\n"
	"requesters = ops@example.com\n"
	"[policy.everybody]\n"
	"requesters = *\n"
	"actions = org_role.revoke, invite.*, account.create\n"
	"roles = Viewer\n";

/* Who may look at everything, and who at what is his. */
static const char SNAPSHOTS[] = BASE
	"[policy.audit]\n"
	"requesters = audit@example.com\n"
	"actions = inventory.*\n"
	"[policy.teams]\n"
	"requesters = team@example.com\n"
	"orgs = Team *, id:7, (none)\n";

/* Limits on how long. */
static const char TIMES[] = BASE
	"[policy]\n"
	"time_bound = Admin, ServerAdmin\n"
	"max_duration_s = 28800\n"
	"[policy.short]\n"
	"max_duration_s = 3600\n"
	"requesters = short@example.com\n"
	"time_bound = *\n";

#define ADA "\"user\":{\"email\":\"ada@example.com\"}"
#define BY(who) "\"requested_by\":\"" who "\""
#define ORG(name) "\"org\":{\"name\":\"" name "\"}"
#define ORG_ID(id) "\"org\":{\"id\":" #id "}"
#define ACTION(action) "\"instance\":\"main\",\"action\":\"" action "\""
#define LAB(action) "\"instance\":\"lab\",\"action\":\"" action "\""
#define GRANT(role) ACTION("org_role.grant") "," ADA ",\"role\":\"" role "\""

#define GRANT_ENDS "\"grant\":{\"id\":\"req-1\",\"source\":\"/portal\"}"

/* What Grafana says that the org is; 0 and NULL: it is not asked. */
struct found {
	int64_t id;
	const char *name;
};

#define NOBODY_ASKED {0, NULL}

static const struct row {
	const char *rules;
	const char *data;
	struct found found;
	const char *expected; /* "ok", or code and rule */
} rows[] = {
	/* ---- no policy ---- */
	{OPEN, GRANT("Admin") "," ORG("Any"), {2, "Any"}, "ok"},
	{OPEN, ACTION("account.delete") "," ADA, NOBODY_ASKED, "ok"},
	{OPEN, ACTION("org.delete") "," ORG("Any") "," BY("x"), {2, "Any"}, "ok"},
	{OPEN, ACTION("server_admin.grant") "," ADA, NOBODY_ASKED, "ok"},

	/* ---- [policy] ---- */
	{BOUNDS, GRANT("Viewer") "," ORG("Team A"), {2, "Team A"}, "ok"},
	{BOUNDS, GRANT("Viewer") "," ORG("team a"), {2, "team a"}, "ok"},
	{BOUNDS, GRANT("Viewer") "," ORG("Teams"), {2, "Teams"}, "policy.org_denied policy"},
	/* Its id may be 7: only Grafana knows. */
	{BOUNDS, GRANT("Viewer") "," ORG("Prod"), NOBODY_ASKED, "ok"},
	{BOUNDS, GRANT("Viewer") "," ORG("Prod"), {8, "Prod"}, "policy.org_denied policy"},
	{BOUNDS, GRANT("Viewer") "," ORG("Prod"), {7, "Prod"}, "ok"},
	{BOUNDS, GRANT("Viewer") "," ORG_ID(7), {7, "Prod"}, "ok"},
	{BOUNDS, GRANT("Viewer") "," ORG_ID(8), {8, "Prod"}, "policy.org_denied policy"},
	{BOUNDS, GRANT("Viewer") "," ORG_ID(8), {8, "Team B"}, "ok"},
	{BOUNDS, GRANT("Admin") "," ORG("Team A"), NOBODY_ASKED, "policy.role_denied policy"},
	{BOUNDS, GRANT("None") "," ORG("Team A"), NOBODY_ASKED, "policy.role_denied policy"},
	{BOUNDS, GRANT("editor") "," ORG("Team A"), {2, "Team A"}, "ok"},
	{BOUNDS, ACTION("org_role.revoke") "," ADA "," ORG("Team A"), {2, "Team A"}, "ok"},
	{BOUNDS, ACTION("org_role.revoke") "," ADA ",\"role\":\"Admin\"," ORG("Team A"),
	 {2, "Team A"}, "ok"},
	{BOUNDS, ACTION("org_role.revoke") "," ADA ",\"to_role\":\"None\"," ORG("Team A"),
	 NOBODY_ASKED, "policy.role_denied policy"},
	{BOUNDS, ACTION("account.delete") "," ADA, NOBODY_ASKED, "policy.action_denied policy"},
	{BOUNDS, ACTION("account.disable") "," ADA, NOBODY_ASKED, "ok"},
	{BOUNDS, ACTION("account.create") "," ADA, NOBODY_ASKED, "ok"},
	{BOUNDS, ACTION("account.create") "," ADA "," ORG("Team A"), {2, "Team A"}, "ok"},
	{BOUNDS, ACTION("account.create") "," ADA ",\"role\":\"Admin\"," ORG("Team A"),
	 NOBODY_ASKED, "policy.role_denied policy"},
	{BOUNDS, ACTION("account.create") "," ADA ",\"on_existing\":\"reset\"", NOBODY_ASKED,
	 "policy.action_denied policy"},
	{BOUNDS, GRANT("Viewer") "," ORG("Team A") ",\"if_no_account\":\"create\"",
	 {2, "Team A"}, "ok"},
	{BOUNDS, GRANT("Viewer") "," ORG("Team A") ",\"if_no_account\":\"invite\"",
	 NOBODY_ASKED, "policy.action_denied policy"},
	{BOUNDS, ACTION("server_admin.grant") "," ADA, NOBODY_ASKED, "ok"},
	{BOUNDS, ACTION("server_admin.revoke") "," ADA, NOBODY_ASKED,
	 "policy.action_denied policy"},
	{BOUNDS, LAB("account.disable") "," ADA, NOBODY_ASKED, "policy.instance_denied policy"},
	{BOUNDS, LAB("account.delete") "," ADA, NOBODY_ASKED, "policy.action_denied policy"},
	{BOUNDS, ACTION("org.create") "," ORG("Team New"), {0, "Team New"}, "ok"},
	{BOUNDS, ACTION("org.create") "," ORG("New"), {0, "New"}, "policy.org_denied policy"},
	{BOUNDS, ACTION("org.rename") "," ORG("Team A") ",\"set\":{\"name\":\"Team B\"}",
	 {2, "Team A"}, "ok"},
	{BOUNDS, ACTION("org.rename") "," ORG("Team A") ",\"set\":{\"name\":\"Prod\"}",
	 {2, "Team A"}, "policy.org_denied policy"},
	{BOUNDS, ACTION("org.rename") "," ORG_ID(9) ",\"set\":{\"name\":\"Team B\"}",
	 {9, "Prod"}, "policy.org_denied policy"},

	/* ---- snapshots ---- */
	{SNAPSHOTS, ACTION("inventory.snapshot") "," BY("audit@example.com"), NOBODY_ASKED, "ok"},
	{SNAPSHOTS, ACTION("inventory.snapshot") "," BY("audit@example.com") "," ORG("Any"),
	 {2, "Any"}, "ok"},
	{SNAPSHOTS, ACTION("inventory.snapshot") "," BY("team@example.com"), NOBODY_ASKED,
	 "policy.org_denied policy.teams"},
	{SNAPSHOTS, ACTION("inventory.snapshot") "," BY("team@example.com") "," ORG("Team A"),
	 {2, "Team A"}, "ok"},
	{SNAPSHOTS, ACTION("inventory.snapshot") "," BY("team@example.com") "," ORG_ID(8),
	 {8, "Any"}, "policy.org_denied policy.teams"},

	/* ---- protected accounts ---- */
	{BOUNDS, ACTION("account.disable") ",\"user\":{\"login\":\"root\"}", NOBODY_ASKED,
	 "policy.protected_user policy"},
	{BOUNDS, ACTION("account.disable") ",\"user\":{\"login\":\"ROOT\"}", NOBODY_ASKED,
	 "policy.protected_user policy"},
	{BOUNDS, ACTION("account.disable") ",\"user\":{\"login\":\"rooty\"}", NOBODY_ASKED, "ok"},
	{BOUNDS, ACTION("account.disable") ",\"user\":{\"email\":\"eve@board.example.com\"}",
	 NOBODY_ASKED, "policy.protected_user policy"},
	{BOUNDS, ACTION("account.delete") ",\"user\":{\"login\":\"ceo\"}", NOBODY_ASKED,
	 "policy.protected_user policy"},
	{BOUNDS, ACTION("account.create") ",\"user\":{\"login\":\"x\",\"email\":\"x@board.example.com\"}",
	 NOBODY_ASKED, "policy.protected_user policy"},
	{BOUNDS, ACTION("account.update") "," ADA ",\"set\":{\"login\":\"ceo\"}", NOBODY_ASKED,
	 "policy.protected_user policy"},
	{BOUNDS, ACTION("org.bootstrap") "," ORG("Team A") ",\"bootstrap\":{\"admins\":[{\"login\":\"ceo\"}]}",
	 NOBODY_ASKED, "policy.protected_user policy"},

	/* ---- rules by requester ---- */
	{RULES, GRANT("Editor") "," ORG("Observability") "," BY("portal@example.com"),
	 {4, "Observability"}, "ok"},
	{RULES, GRANT("Editor") "," ORG("OBSERVABILITY") "," BY("Portal@Example.com"),
	 {4, "OBSERVABILITY"}, "ok"},
	{RULES, GRANT("Admin") "," ORG("Observability") "," BY("portal@example.com"),
	 NOBODY_ASKED, "policy.role_denied policy.portal"},
	{RULES, GRANT("Editor") "," ORG("Finance") "," BY("portal@example.com"), NOBODY_ASKED,
	 "policy.org_denied policy.portal"},
	{RULES, GRANT("Editor") "," ORG_ID(5) "," BY("portal@example.com"), {5, "Finance"},
	 "policy.org_denied policy.portal"},
	{RULES, GRANT("Editor") "," ORG_ID(5) "," BY("portal@example.com"), {5, "Team 5"}, "ok"},
	{RULES, ACTION("account.create") "," ADA "," BY("portal@example.com"), NOBODY_ASKED, "ok"},
	/* No rule allows both: they are not added up. */
	{RULES, ACTION("account.create") "," ADA "," ORG("Team A") "," BY("portal@example.com"),
	 NOBODY_ASKED, "policy.org_denied policy.portal-accounts"},
	{RULES, GRANT("Editor") "," ORG("Team A") ",\"if_no_account\":\"create\"," BY("portal@example.com"),
	 NOBODY_ASKED, "policy.action_denied policy.portal"},
	{RULES, ACTION("account.delete") "," ADA "," BY("portal@example.com"), NOBODY_ASKED,
	 "policy.action_denied policy.portal"},
	{RULES, ACTION("account.delete") "," ADA "," BY("bob@ops.example.com"), NOBODY_ASKED, "ok"},
	{RULES, GRANT("Admin") "," ORG("Finance") "," BY("root-cause@example.com"),
	 {5, "Finance"}, "ok"},
	{RULES, GRANT("Admin") "," ORG("Finance") "," BY("bob@lab.example.com"), NOBODY_ASKED,
	 "policy.instance_denied policy.lab"},
	{RULES, LAB("team.delete") ",\"team\":{\"name\":\"t\"}," ORG("Lab") "," BY("bob@lab.example.com"),
	 {3, "Lab"}, "ok"},
	{RULES, LAB("team.delete") ",\"team\":{\"name\":\"t\"}," ORG("Lab") "," BY("bob@lab.example.com"),
	 {4, "Lab"}, "policy.org_denied policy.lab"},
	{RULES, LAB("org.create") "," ORG("Lab 2") "," BY("bob@lab.example.com"), {0, "Lab 2"},
	 "policy.org_denied policy.lab"},
	{RULES, LAB("account.disable") "," ADA "," BY("bob@lab.example.com"), NOBODY_ASKED,
	 "policy.org_denied policy.lab"},
	/* Whom no rule names, [policy] alone bounds. */
	{RULES, GRANT("Admin") "," ORG("Finance") "," BY("carol@example.com"), {5, "Finance"}, "ok"},
	{RULES, GRANT("Admin") "," ORG("Finance"), {5, "Finance"}, "ok"},
	{RULES, GRANT("Admin") "," ORG("Finance") "," BY("portal@example.com.evil.org"),
	 {5, "Finance"}, "ok"},

	/* ---- a rule for everybody ---- */
	{CLOSED, GRANT("Admin") "," ORG("Any") "," BY("ops@example.com"), {2, "Any"}, "ok"},
	{CLOSED, GRANT("Viewer") "," ORG("Any") "," BY("carol@example.com"), NOBODY_ASKED,
	 "policy.action_denied policy.everybody"},
	{CLOSED, GRANT("Viewer") "," ORG("Any"), NOBODY_ASKED,
	 "policy.action_denied policy.everybody"},
	{CLOSED, ACTION("org_role.revoke") "," ADA "," ORG("Any"), {2, "Any"}, "ok"},
	{CLOSED, ACTION("invite.create") "," ADA "," ORG("Any") ",\"role\":\"Viewer\"",
	 {2, "Any"}, "ok"},
	{CLOSED, ACTION("invite.create") "," ADA "," ORG("Any") ",\"role\":\"Editor\"",
	 NOBODY_ASKED, "policy.role_denied policy.everybody"},
	{CLOSED, ACTION("account.create") "," ADA "," ORG("Any"), {2, "Any"}, "ok"},

	/* ---- roles of machines, and of more than one ---- */
	{BOUNDS, ACTION("org.bootstrap") "," ORG("Team A") ",\"bootstrap\":{}", {2, "Team A"}, "ok"},
	{BOUNDS, ACTION("org.bootstrap") "," ORG("Team A") ",\"bootstrap\":{\"admins\":[{\"login\":\"ada\"}]}",
	 NOBODY_ASKED, "policy.role_denied policy"},
	{BOUNDS, ACTION("org.bootstrap") "," ORG("Team A")
		 ",\"bootstrap\":{\"service_account\":{\"name\":\"ci\",\"role\":\"Admin\"}}",
	 NOBODY_ASKED, "policy.role_denied policy"},
	{BOUNDS, ACTION("org.bootstrap") "," ORG("Team A")
		 ",\"bootstrap\":{\"service_account\":{\"name\":\"ci\"}}",
	 {2, "Team A"}, "ok"},
	{CLOSED, ACTION("service_account.create") "," ORG("Any")
		 ",\"service_account\":{\"name\":\"ci\"},\"role\":\"Admin\"," BY("ops@example.com"),
	 {2, "Any"}, "ok"},

	/* ---- for a time only ---- */
	{TIMES, GRANT("Admin") "," ORG("Any"), NOBODY_ASKED, "policy.duration_denied policy"},
	{TIMES, GRANT("Editor") "," ORG("Any"), {2, "Any"}, "ok"},
	{TIMES, ACTION("server_admin.grant") "," ADA, NOBODY_ASKED,
	 "policy.duration_denied policy"},
	{TIMES, ACTION("server_admin.revoke") "," ADA, NOBODY_ASKED, "ok"},
	{TIMES, ACTION("org_role.revoke") "," ADA "," ORG("Any") ",\"to_role\":\"Admin\"",
	 {2, "Any"}, "ok"},
	{TIMES, ACTION("invite.create") "," ADA "," ORG("Any") ",\"role\":\"Admin\"",
	 NOBODY_ASKED, "policy.duration_denied policy"},
	{TIMES, ACTION("api_key.create") "," ORG("Any") ",\"role\":\"Admin\"", {2, "Any"}, "ok"},
	{TIMES, GRANT("Viewer") "," ORG("Any") "," BY("short@example.com"), NOBODY_ASKED,
	 "policy.duration_denied policy.short"},
	{TIMES, ACTION("team_member.add") "," ADA "," ORG("Any") ",\"team\":{\"name\":\"t\"},"
		 BY("short@example.com"),
	 NOBODY_ASKED, "policy.duration_denied policy.short"},
	{TIMES, ACTION("team_member.add") "," ADA "," ORG("Any") ",\"team\":{\"name\":\"t\"}",
	 {2, "Any"}, "ok"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"duration_s\":28800", {2, "Any"}, "ok"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"duration_s\":28801", NOBODY_ASKED,
	 "policy.duration_denied policy"},
	{TIMES, GRANT("Viewer") "," ORG("Any") ",\"duration_s\":28801", NOBODY_ASKED,
	 "policy.duration_denied policy"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"expires_at\":\"2026-11-22T18:00:00Z\"",
	 {2, "Any"}, "ok"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"expires_at\":\"2026-11-22T18:00:01Z\"",
	 NOBODY_ASKED, "policy.duration_denied policy"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"expires_at\":\"2026-11-22T18:00:00.001Z\"",
	 NOBODY_ASKED, "policy.duration_denied policy"},
	/* Over already, which is not for good: the operation says that. */
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"expires_at\":\"2026-11-22T10:00:00Z\"",
	 {2, "Any"}, "ok"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"duration_s\":3600," BY("short@example.com"),
	 {2, "Any"}, "ok"},
	{TIMES, GRANT("Admin") "," ORG("Any") ",\"duration_s\":3601," BY("short@example.com"),
	 NOBODY_ASKED, "policy.duration_denied policy.short"},
	{TIMES, ACTION("server_admin.grant") "," ADA ",\"duration_s\":60", NOBODY_ASKED, "ok"},
};
_Static_assert(ARRAY_COUNT(rows) >= 60, "so many at least");

/* ---- asking ---- */

static int64_t tell_time(void *context)
{
	(void)context;
	return SUPPORT_NOW_MS;
}

static const struct clock noon = {tell_time, tell_time, NULL, NULL};

static void read_rules(const char *text, struct settings *settings)
{
	struct faults faults;

	faults_init(&faults);
	if (settings_parse("rules", text, strlen(text), NULL, settings, &faults) < 0)
		fail_msg("%s", faults.text.bytes);
	faults_clear(&faults);
}

static void read_request(const char *data, const char *source, struct request *request)
{
	enum { DATA_BYTES = 1024 };
	char text[DATA_BYTES];
	struct cloudevent event;
	enum reason reason;
	struct error err = {0};

	assert_true(text_format(text, sizeof(text), "{%s}", data));
	support_event(text, &event);
	if (request_decode(&event, SUPPORT_NOW_MS, request, &reason, &err) < 0)
		fail_msg("%s: %s", data, err.text);
	if (source != NULL) {
		free(request->source);
		request->source = mem_strdup(source);
	}
	cloudevent_clear(&event);
}

static void say(char out[128], enum reason reason, const char *rule)
{
	text_format(out, 128, "%s%s%s", reason_code(reason), rule[0] != '\0' ? " " : "", rule);
}

static void ask(const struct settings *settings, const struct request *request,
		const struct found *found, char answer[128])
{
	const struct operation *operation = operation_find(request->action);
	struct turn turn = {.request = request,
			    .operation = operation,
			    .settings = settings,
			    .clock = &noon};
	struct refusal refusal = {.text = ""};
	struct error err = {0};

	assert_non_null(operation);
	if (operation_validate(operation, request, &err) < 0)
		fail_msg("%s", err.text);
	if (!permit_request(settings, operation, request, &refusal)) {
		say(answer, refusal.reason, refusal.rule);
		assert_non_null(strstr(refusal.text, "[policy"));
		return;
	}
	assert_string_equal(refusal.text, "");
	if (found->name == NULL || permit_org(&turn, found->id, found->name) == TURN_GO_ON) {
		text_copy(answer, 128, "ok");
		return;
	}
	assert_int_equal(turn.outcome.result, RESULT_REFUSED);
	assert_non_null(strstr(turn.outcome.message, "[policy"));
	say(answer, turn.outcome.reason, turn.outcome.rule);
}

static void every_row_is_answered_as_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct settings settings;
		struct request request;
		char answer[128];

		read_rules(rows[i].rules, &settings);
		read_request(rows[i].data, NULL, &request);
		ask(&settings, &request, &rows[i].found, answer);
		if (strcmp(answer, rows[i].expected) != 0)
			fail_msg("row %zu: %s\n%s\nis '%s', not '%s'", i, rows[i].data,
				 rows[i].rules, answer, rows[i].expected);
		request_clear(&request);
		settings_clear(&settings);
	}
}

/* ---- what Grafana tells of the account ---- */

static const struct {
	const char *login, *email;
	bool is_spared;
} accounts[] = {
	{"ada", "ada@example.com", false},
	{"eve", "eve@board.example.com", true}, /* asked for by login */
	{"ceo", "someone@example.com", true},   /* asked for by e-mail */
	{"CEO", "", true},
	{"root", NULL, true},
	{"", "ceo", true}, /* a pattern is for both */
	{"ceo2", "ada@board.example.org", false},
};

static void an_account_is_looked_at_when_it_is_known(void **state)
{
	struct settings settings;
	struct request request;

	(void)state;
	read_rules(BOUNDS, &settings);
	read_request(ACTION("account.disable") ",\"user\":{\"login\":\"who\"}", NULL, &request);
	for (size_t i = 0; i < ARRAY_COUNT(accounts); i++) {
		struct turn turn = {.request = &request,
				    .operation = operation_find(request.action),
				    .settings = &settings};
		int rc = permit_user(&turn, accounts[i].login, accounts[i].email);

		assert_int_equal(rc, accounts[i].is_spared ? TURN_ENDED : TURN_GO_ON);
		if (rc == TURN_ENDED) {
			assert_int_equal(turn.outcome.reason, REASON_POLICY_PROTECTED_USER);
			assert_string_equal(turn.outcome.rule, "policy");
		}
	}
	request_clear(&request);
	settings_clear(&settings);
}

static void what_was_begun_is_finished(void **state)
{
	struct settings settings;
	struct request request;

	(void)state;
	read_rules(BOUNDS, &settings);
	read_request(ACTION("org.delete") "," ORG_ID(8), NULL, &request);
	{
		struct turn turn = {.request = &request,
				    .operation = operation_find(request.action),
				    .settings = &settings,
				    .step = "delete_org"};

		assert_int_equal(permit_org(&turn, 8, "Prod"), TURN_GO_ON);
		assert_int_equal(permit_user(&turn, "root", NULL), TURN_GO_ON);
		/* The next part of an org.bootstrap: of that org, and of no other. */
		turn.step = NULL;
		assert_int_equal(permit_org(&turn, 8, "Prod"), TURN_GO_ON);
		assert_int_equal(permit_org(&turn, 9, "Prod"), TURN_ENDED);
	}
	request_clear(&request);
	settings_clear(&settings);
}

/* The end of a grant comes whatever the rules say now; nothing else does. */
static void what_grantd_promised_is_not_asked_for_again(void **state)
{
	static const struct found prod = {8, "Prod"};
	static const struct {
		const char *data, *source, *expected;
	} ends[] = {
		{ACTION("org_role.revoke") "," ADA "," ORG("Prod") "," GRANT_ENDS,
		 "/grantd/grantd", "ok"},
		{ACTION("org_role.revoke") "," ADA "," ORG("Prod") "," GRANT_ENDS, "/portal",
		 "policy.org_denied policy"},
		/* The source alone is no promise. */
		{ACTION("org_role.revoke") "," ADA "," ORG("Prod"), "/grantd/grantd",
		 "policy.org_denied policy"},
		{ACTION("service_account_token.delete") "," ORG("Prod")
			 ",\"service_account\":{\"id\":2},\"token\":{\"id\":3}",
		 "/grantd/grantd", "ok"},
		{ACTION("service_account_token.delete") "," ORG("Prod")
			 ",\"service_account\":{\"id\":2},\"token\":{\"id\":3}",
		 "/portal", "policy.action_denied policy"},
		/* A grant from before the account was protected. */
		{ACTION("org_role.revoke") ",\"user\":{\"login\":\"root\"}," ORG("Prod") ","
			 GRANT_ENDS, "/grantd/grantd", "ok"},
		{ACTION("org_role.revoke") ",\"user\":{\"login\":\"root\"}," ORG("Prod") ","
			 GRANT_ENDS, "/portal", "policy.protected_user policy"},
		{GRANT("Viewer") "," ORG("Prod"), "/grantd/grantd", "policy.org_denied policy"},
	};
	struct settings settings;

	(void)state;
	read_rules(BOUNDS, &settings);
	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		struct request request;
		char answer[128];

		read_request(ends[i].data, ends[i].source, &request);
		ask(&settings, &request, &prod, answer);
		assert_string_equal(answer, ends[i].expected);
		request_clear(&request);
	}
	settings_clear(&settings);
}

/* The words say who, what and where to change it. */
static void refusals_say_what_to_change(void **state)
{
	static const struct {
		const char *rules, *data, *text;
	} texts[] = {
		{RULES, GRANT("Admin") "," ORG("Team A") "," BY("portal@example.com"),
		 "[policy.portal] does not allow that to 'portal@example.com': 'Admin' is not in its "
		 "roles; add it there, or have it asked by somebody who may"},
		{BOUNDS, ACTION("account.delete") "," ADA,
		 "[policy] does not allow that to anybody: 'account.delete' is not in its actions; "
		 "add it there, or have it asked by somebody who may"},
		{CLOSED, GRANT("Viewer") "," ORG("Any"),
		 "[policy.everybody] does not allow that to a request that does not say who asked: "
		 "'org_role.grant' is not in its actions; add it there, or have it asked by "
		 "somebody who may"},
		{TIMES, GRANT("Admin") "," ORG("Any"),
		 "[policy] allows anybody that for a time only ('Admin' is in its time_bound); say "
		 "duration_s or expires_at, where the action knows them"},
		{TIMES, GRANT("Admin") "," ORG("Any") ",\"duration_s\":30000",
		 "[policy] allows anybody 28800 s at most, not 30000; ask for less, or raise "
		 "max_duration_s there"},
		{BOUNDS, ACTION("account.disable") ",\"user\":{\"login\":\"root\"}",
		 "'root' is in [policy] protected_users, so grantd never touches it"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct refusal refusal = {.text = ""};
		struct settings settings;
		struct request request;

		read_rules(texts[i].rules, &settings);
		read_request(texts[i].data, NULL, &request);
		assert_false(permit_request(&settings, operation_find(request.action), &request,
					    &refusal));
		assert_string_equal(refusal.text, texts[i].text);
		request_clear(&request);
		settings_clear(&settings);
	}
}

/* A slip in a name would allow less than was meant, and tell nobody. */
static void every_pattern_fits_an_action(void **state)
{
	static const struct {
		const char *lines, *text;
	} slips[] = {
		{"[policy]\nactions = org_role.*, acount.*\n",
		 "[policy] actions: there is no action 'acount.*'"},
		{"[policy.ops]\nrequesters = *\nactions = *.delete, org_role.grnt\n",
		 "[policy.ops] actions: there is no action 'org_role.grnt'"},
		{"[policy.ops]\nrequesters = *\nactions = *, org_role.*, ORG.CREATE\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(slips); i++) {
		char text[1024];
		struct settings settings;
		struct error err = {0};
		int rc;

		assert_true(text_format(text, sizeof(text), "%s%s", BASE, slips[i].lines));
		read_rules(text, &settings);
		rc = permit_check_settings(&settings, &err);
		assert_int_equal(rc, slips[i].text != NULL ? -1 : 0);
		if (rc < 0)
			assert_string_equal(err.text, slips[i].text);
		settings_clear(&settings);
	}
}

/* A new action is forgotten neither by the policy nor by the fuse. */
static void actions_say_what_they_give_and_take(void **state)
{
	(void)state;
	for (const struct operation *const *all = operation_all(); *all != NULL; all++) {
		const char *verb = strrchr((*all)->action, '.') + 1;
		bool takes = strcmp(verb, "revoke") == 0 || strcmp(verb, "delete") == 0 ||
			     strcmp(verb, "disable") == 0 || strcmp(verb, "remove") == 0;

		if ((*all)->removes != takes)
			fail_msg("%s", (*all)->action);
		if (((*all)->needs & NEED_ROLE) != 0 && (*all)->gives == GIVES_NOTHING)
			fail_msg("%s", (*all)->action);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_answered_as_written),
		cmocka_unit_test(an_account_is_looked_at_when_it_is_known),
		cmocka_unit_test(what_was_begun_is_finished),
		cmocka_unit_test(what_grantd_promised_is_not_asked_for_again),
		cmocka_unit_test(refusals_say_what_to_change),
		cmocka_unit_test(every_pattern_fits_an_action),
		cmocka_unit_test(actions_say_what_they_give_and_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
