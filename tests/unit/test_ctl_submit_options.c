/* SPDX-License-Identifier: Apache-2.0 */
/* test_ctl_submit_options.c - the flags of submit, to the data of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <jansson.h>
#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "ctl/submit_options.h"

enum { WORDS_MAX = 64, TEXT_BYTES = 64 * 1024 };

static const struct command command = {.name = "submit", .usage = "usage\n"};

/* getopt_long() may reorder its argv, so that it gets one of its own. */
static enum exit_code read_words(const char *const *words, struct submit_options *options)
{
	static char *argv[WORDS_MAX + 1];
	struct context context = {0};
	int argc = 0;

	argv[argc++] = (char *)(uintptr_t)"submit";
	for (; *words != NULL; words++)
		argv[argc++] = (char *)(uintptr_t)*words;
	argv[argc] = NULL;
	optind = 0;
	return submit_options_read(&command, &context, argc, argv, options);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_data(const char *const *words, const char *expected)
{
	struct submit_options options;
	struct buffer data;
	struct error err = {0};

	assert_int_equal(read_words(words, &options), CODE_GO_ON);
	assert_true(options.has_fields);
	buffer_init(&data, TEXT_BYTES);
	if (submit_options_write(&options, &data, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(data.bytes, expected);
	buffer_clear(&data);
}

static void writes_a_grant(void **state)
{
	(void)state;
	assert_data(WORDS("org_role.grant", "--user", "ada@example.com", "--org", "Observability",
			  "--role", "Editor"),
		    "{\"action\":\"org_role.grant\",\"org\":{\"name\":\"Observability\"},"
		    "\"user\":{\"email\":\"ada@example.com\"},\"role\":\"Editor\"}");
}

static void writes_a_token(void **state)
{
	(void)state;
	assert_data(WORDS("service_account_token.rotate", "--org-id", "7", "--service-account",
			  "bot", "--token-id", "4", "--ttl-s", "60", "--overlap-s", "0"),
		    "{\"action\":\"service_account_token.rotate\",\"org\":{\"id\":7},"
		    "\"service_account\":{\"name\":\"bot\"},\"token\":{\"id\":4},"
		    "\"ttl_s\":60,\"overlap_s\":0}");
	assert_data(WORDS("api_key.create", "--org", "A", "--api-key", "k", "--role", "Viewer"),
		    "{\"action\":\"api_key.create\",\"org\":{\"name\":\"A\"},"
		    "\"api_key\":{\"name\":\"k\"},\"role\":\"Viewer\"}");
}

static void writes_a_team(void **state)
{
	(void)state;
	assert_data(WORDS("team.create", "--org-id", "7", "--team", "Backend", "--team-email",
			  "b@example.com"),
		    "{\"action\":\"team.create\",\"org\":{\"id\":7},"
		    "\"team\":{\"name\":\"Backend\",\"email\":\"b@example.com\"}}");
	assert_data(WORDS("team_member.add", "--user", "ada", "--org", "A", "--team-id", "4",
			  "--role", "Viewer"),
		    "{\"action\":\"team_member.add\",\"org\":{\"name\":\"A\"},"
		    "\"user\":{\"login\":\"ada\"},\"team\":{\"id\":4},\"role\":\"Viewer\"}");
}

static void writes_switches(void **state)
{
	(void)state;
	assert_data(WORDS("org.delete", "--force", "--org", "A"),
		    "{\"action\":\"org.delete\",\"org\":{\"name\":\"A\"},\"force\":true}");
	assert_data(WORDS("--overwrite", "x", "--org-id", "3"),
		    "{\"action\":\"x\",\"org\":{\"id\":3},\"overwrite\":true}");
}

static void writes_an_invite(void **state)
{
	(void)state;
	assert_data(WORDS("invite.create", "--user", "grace@example.com", "--org", "A", "--role",
			  "Viewer", "--delivery", "link"),
		    "{\"action\":\"invite.create\",\"org\":{\"name\":\"A\"},"
		    "\"user\":{\"email\":\"grace@example.com\"},\"role\":\"Viewer\","
		    "\"delivery\":\"link\"}");
}

static void writes_the_grant_to_end(void **state)
{
	(void)state;
	assert_data(WORDS("org_role.revoke", "--org", "A", "--grant-id", "17", "--grant-source",
			  "/access"),
		    "{\"action\":\"org_role.revoke\",\"org\":{\"name\":\"A\"},"
		    "\"grant\":{\"id\":\"17\",\"source\":\"/access\"}}");
}

/* ---- the contract's fields, each by its flag ---- */

static const struct {
	const char *path;
	const char *flag; /* NULL: there is none */
	const char *value; /* NULL: a switch. Where there is no flag: why not */
} flags[] = {
	{"action", NULL, "stands alone"},
	{"instance", NULL, "an option of its own, since a file may lack it"},
	{"mode", NULL, "--plan, which changes the id too"},
	{"approved_by", "--approved-by", "bob"},
	{"org.id", "--org-id", "1"},
	{"org.name", "--org", "A"},
	{"user.login", "--login", "ada"},
	{"user.email", "--email", "ada@example.com"},
	{"user.name", "--name", "Ada"},
	{"set.login", "--set-login", "ada"},
	{"set.email", "--set-email", "ada@example.com"},
	{"set.name", "--set-name", "Ada"},
	{"role", "--role", "Viewer"},
	{"expected_role", "--expected-role", "Viewer"},
	{"to_role", "--to-role", "Viewer"},
	{"if_no_account", "--if-no-account", "invite"},
	{"on_existing", "--on-existing", "reset"},
	{"delivery", "--delivery", "link"},
	{"team.id", "--team-id", "1"},
	{"team.name", "--team", "T"},
	{"team.email", "--team-email", "t@example.com"},
	{"service_account.id", "--service-account-id", "1"},
	{"service_account.name", "--service-account", "bot"},
	{"token.id", "--token-id", "1"},
	{"token.name", "--token", "t"},
	{"api_key.id", "--api-key-id", "1"},
	{"api_key.name", "--api-key", "k"},
	{"folder.uid", "--folder-uid", "f"},
	{"folder.title", "--folder", "F"},
	{"dashboard", "--dashboard", "docs/examples/dashboard.apply.json"},
	{"bootstrap", "--bootstrap", "docs/examples/org.bootstrap.json"},
	{"expected_version", "--expected-version", "0"},
	{"ttl_s", "--ttl-s", "60"},
	{"overlap_s", "--overlap-s", "0"},
	{"never_expires", "--never-expires", NULL},
	{"force", "--force", NULL},
	{"overwrite", "--overwrite", NULL},
	{"allow_account_removal", "--allow-account-removal", NULL},
	{"duration_s", "--duration", "60"},
	{"expires_at", "--expires-at", "2026-11-22T10:00:00Z"},
	{"deadline", "--deadline", "2026-11-22T10:00:00Z"},
	{"requested_by", "--requested-by", "bob"},
	{"reason", "--reason", "r"},
	{"ticket", "--ticket", "T-1"},
	{"grant.id", "--grant-id", "17"},
	{"grant.source", "--grant-source", "/access"},
	{"grant.user_id", NULL, "grantd's own note"},
	{"grant.at", NULL, "grantd's own note"},
};

/* What --dashboard and --bootstrap bring has no flags of its own. */
static bool is_file(const char *name)
{
	return strcmp(name, "dashboard") == 0 || strcmp(name, "bootstrap") == 0;
}

static void check_flag_of(const char *path)
{
	size_t i = 0;

	while (i < ARRAY_COUNT(flags) && strcmp(flags[i].path, path) != 0)
		i++;
	if (i == ARRAY_COUNT(flags))
		fail_msg("no flag of 'submit' for %s, and no word why", path);
}

static void every_field_of_the_schema_has_a_flag(void **state)
{
	json_t *schema = json_load_file("docs/schema/request.schema.json", 0, NULL);
	const char *name, *member;
	json_t *field, *ignored;
	char path[128];

	(void)state;
	assert_non_null(json_object_get(schema, "properties"));
	json_object_foreach(json_object_get(schema, "properties"), name, field)
	{
		json_t *members = json_object_get(field, "properties");

		if (members == NULL || is_file(name))
			check_flag_of(name);
		if (is_file(name))
			continue;
		json_object_foreach(members, member, ignored)
		{
			text_format(path, sizeof(path), "%s.%s", name, member);
			check_flag_of(path);
		}
	}
	json_decref(schema);
}

/* Of the schema of one field. */
static const json_t *find_schema(const json_t *schema, const char *path)
{
	char head[64];
	const char *dot = strchr(path, '.');

	if (dot == NULL)
		return json_object_get(json_object_get(schema, "properties"), path);
	text_copy_bytes(head, sizeof(head), path, (size_t)(dot - path));
	return find_schema(json_object_get(json_object_get(schema, "properties"), head), dot + 1);
}

static const json_t *find_value(const json_t *data, const char *path)
{
	char head[64];
	const char *dot = strchr(path, '.');

	if (dot == NULL)
		return json_object_get(data, path);
	text_copy_bytes(head, sizeof(head), path, (size_t)(dot - path));
	return find_value(json_object_get(data, head), dot + 1);
}

static const char *type_of(const json_t *value)
{
	return json_is_integer(value)	? "integer"
	       : json_is_boolean(value) ? "boolean"
	       : json_is_object(value)	? "object"
	       : json_is_array(value)	? "array"
					: "string";
}

static bool allows(const json_t *schema, const char *type)
{
	const json_t *types = json_object_get(schema, "type"), *one;
	size_t i;

	if (json_is_string(types))
		return strcmp(json_string_value(types), type) == 0;
	json_array_foreach(types, i, one)
		if (strcmp(json_string_value(one), type) == 0)
			return true;
	return types == NULL && strcmp(type, "string") == 0; /* an enum */
}

static void every_flag_makes_its_field(void **state)
{
	json_t *schema = json_load_file("docs/schema/request.schema.json", 0, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		const char *const words[] = {"x", flags[i].flag, flags[i].value, NULL};
		struct submit_options options;
		struct error err = {0};
		struct buffer data;
		json_t *json;

		if (flags[i].flag == NULL)
			continue;
		assert_int_equal(read_words(words, &options), CODE_GO_ON);
		buffer_init(&data, TEXT_BYTES);
		assert_int_equal(submit_options_write(&options, &data, &err), 0);
		json = json_loadb(data.bytes, data.length, 0, NULL);
		if (find_value(json, flags[i].path) == NULL ||
		    !allows(find_schema(schema, flags[i].path),
			    type_of(find_value(json, flags[i].path))))
			fail_msg("%s: %s", flags[i].path, data.bytes);
		json_decref(json);
		buffer_clear(&data);
	}
	json_decref(schema);
}

static void a_file_that_is_not_there(void **state)
{
	struct submit_options options;
	struct error err = {0};
	struct buffer data;

	(void)state;
	assert_int_equal(read_words(WORDS("dashboard.apply", "--dashboard", "/nowhere/at.json"),
				    &options),
			 CODE_GO_ON);
	buffer_init(&data, TEXT_BYTES);
	assert_int_equal(submit_options_write(&options, &data, &err), -1);
	assert_non_null(strstr(err.text, "/nowhere/at.json"));
	buffer_clear(&data);
}

static void takes_the_action_wherever_it_stands(void **state)
{
	(void)state;
	assert_data(WORDS("--user", "ada", "account.disable"),
		    "{\"action\":\"account.disable\",\"user\":{\"login\":\"ada\"}}");
}

static void writes_every_field(void **state)
{
	(void)state;
	assert_data(WORDS("x", "--login", "ada", "--email", "a@b", "--name", "Ada \"L\"", "--org",
			  "O", "--org-id", "9223372036854775807", "--set-login", "ada2",
			  "--set-email", "c@d", "--set-name", "N", "--role", "Admin",
			  "--expected-role", "Viewer", "--to-role", "None", "--if-no-account",
			  "create", "--on-existing", "reset", "--deadline",
			  "2026-11-22T10:00:00Z", "--reason", "r", "--ticket", "T-1",
			  "--requested-by", "bob", "--approved-by", "eve", "--approved-by=mal"),
		    "{\"action\":\"x\",\"org\":{\"name\":\"O\",\"id\":9223372036854775807},"
		    "\"user\":{\"login\":\"ada\",\"email\":\"a@b\",\"name\":\"Ada \\\"L\\\"\"},"
		    "\"set\":{\"login\":\"ada2\",\"email\":\"c@d\",\"name\":\"N\"},"
		    "\"role\":\"Admin\",\"expected_role\":\"Viewer\",\"to_role\":\"None\","
		    "\"if_no_account\":\"create\",\"on_existing\":\"reset\","
		    "\"deadline\":\"2026-11-22T10:00:00Z\",\"reason\":\"r\",\"ticket\":\"T-1\","
		    "\"requested_by\":\"bob\",\"approved_by\":[\"eve\",\"mal\"]}");
}

static void a_target_without_fields_is_a_file(void **state)
{
	struct submit_options options;

	(void)state;
	assert_int_equal(read_words(WORDS("-", "--id", "i", "--source", "s", "--instance", "n"),
				    &options),
			 CODE_GO_ON);
	assert_false(options.has_fields);
	assert_string_equal(options.target, "-");
	assert_string_equal(options.id, "i");
	assert_string_equal(options.source, "s");
	assert_string_equal(options.instance, "n");
	assert_false(options.wait);
}

static void an_action_that_needs_nothing_is_no_file(void **state)
{
	(void)state;
	assert_data(WORDS("inventory.snapshot", "--instance", "main", "--wait"),
		    "{\"action\":\"inventory.snapshot\"}");
}

static void waits_as_long_as_it_is_told(void **state)
{
	static const struct {
		const char *words[4];
		int64_t wait_s;
	} cases[] = {
		{{"request.json", "--wait", NULL}, 60},
		{{"--wait", "request.json", NULL}, 60},
		{{"request.json", "--wait", "5", NULL}, 5},
		{{"--wait", "5", "request.json", NULL}, 5},
		{{"request.json", "--wait=7", NULL}, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct submit_options options;

		assert_int_equal(read_words(cases[i].words, &options), CODE_GO_ON);
		assert_true(options.wait);
		assert_int_equal(options.wait_s, cases[i].wait_s);
		assert_string_equal(options.target, "request.json");
	}
}

static void misuse_has_its_own_code(void **state)
{
	const char *const *const cases[] = {
		WORDS("--user", "ada"),
		WORDS("a", "b", "--user", "ada"),
		WORDS("a", "--user", "a@b", "--email", "c@d"),
		WORDS("a", "--user", "ada", "--user", "bob"),
		WORDS("a", "--org-id", "0"),
		WORDS("a", "--org-id", "1x"),
		WORDS("a", "--wait=0"),
		WORDS("a", "--wait=soon"),
		WORDS("a", "--no-such-flag"),
		WORDS("a", "--user"),
	};
	const char *many[2 * (LIMIT_APPROVERS + 1) + 2] = {"a"};
	struct submit_options options;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++)
		assert_int_equal(read_words(cases[i], &options), CODE_USAGE);
	for (size_t i = 0; i <= LIMIT_APPROVERS; i++) {
		many[1 + 2 * i] = "--approved-by";
		many[2 + 2 * i] = "eve";
	}
	assert_int_equal(read_words(many, &options), CODE_USAGE);
}

static void help_is_no_fault(void **state)
{
	struct submit_options options;

	(void)state;
	assert_int_equal(read_words(WORDS("--help"), &options), CODE_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_grant),
		cmocka_unit_test(writes_a_team),
		cmocka_unit_test(writes_a_token),
		cmocka_unit_test(writes_switches),
		cmocka_unit_test(writes_an_invite),
		cmocka_unit_test(writes_the_grant_to_end),
		cmocka_unit_test(every_field_of_the_schema_has_a_flag),
		cmocka_unit_test(every_flag_makes_its_field),
		cmocka_unit_test(a_file_that_is_not_there),
		cmocka_unit_test(takes_the_action_wherever_it_stands),
		cmocka_unit_test(writes_every_field),
		cmocka_unit_test(a_target_without_fields_is_a_file),
		cmocka_unit_test(an_action_that_needs_nothing_is_no_file),
		cmocka_unit_test(waits_as_long_as_it_is_told),
		cmocka_unit_test(misuse_has_its_own_code),
		cmocka_unit_test(help_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
