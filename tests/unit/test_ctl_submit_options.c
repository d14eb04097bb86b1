/* SPDX-License-Identifier: Apache-2.0 */
/* test_ctl_submit_options.c - the flags of submit, to the data of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"
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

	assert_int_equal(read_words(words, &options), CODE_GO_ON);
	assert_true(options.has_fields);
	buffer_init(&data, TEXT_BYTES);
	submit_options_write(&options, &data);
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
		cmocka_unit_test(takes_the_action_wherever_it_stands),
		cmocka_unit_test(writes_every_field),
		cmocka_unit_test(a_target_without_fields_is_a_file),
		cmocka_unit_test(waits_as_long_as_it_is_told),
		cmocka_unit_test(misuse_has_its_own_code),
		cmocka_unit_test(help_is_no_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
