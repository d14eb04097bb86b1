/* SPDX-License-Identifier: Apache-2.0 */
/* test_ctl_doctor.c - which facts make which finding, and at which bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "base/text.h"
#include "ctl/doctor.h"

enum { FILE_MOST = 64 * 1024 };

static char name[] = "main", user[] = "grantd", none[] = "", token[] = "glsa_a_1", own[] = "me";

/* A server as it should be, and whatever differs from it in one case. */
struct facts {
	int major, minor;
	const char *ini; /* NULL = may not be read */
	int64_t ttl_s, max_ttl_s, never, wait_ms;
	bool has_token, names_own, is_told, is_no_admin, basic;
	enum server_fact form, smtp, default_org, members, accounts;
	size_t orgs, admin_of;
};

static const struct facts sound = {
	.major = 12, .minor = 4, .ini = "{}", .ttl_s = 90 * 86400, .max_ttl_s = 365 * 86400,
	.wait_ms = 330000, .form = SERVER_YES, .smtp = SERVER_YES, .default_org = SERVER_YES,
	.orgs = 1, .admin_of = 1,
};

/* "id id id", in the order in which they are said. */
static void examine(const struct facts *facts, char *ids, size_t capacity)
{
	struct settings settings = {.tokens = {.ttl_s = facts->ttl_s,
					       .max_ttl_s = facts->max_ttl_s,
					       .never_expiring = facts->never}};
	struct instance_settings instance = {
		.name = name,
		.user = user,
		.token = facts->has_token ? token : none,
		.service_account = facts->names_own ? own : none,
		.auth = facts->basic ? AUTH_BASIC : AUTH_SESSION,
		.unauthorized_wait_ms = facts->wait_ms,
	};
	struct server_settings *ini =
		facts->ini != NULL ? server_settings_parse(facts->ini, strlen(facts->ini)) : NULL;
	struct patient patient = {
		.settings = &settings,
		.instance = &instance,
		.ini = ini,
		.default_org = facts->default_org,
		.server = {.major = facts->major, .minor = facts->minor,
			   .is_server_admin = !facts->is_no_admin && !facts->has_token,
			   .login_form = facts->form, .smtp = facts->smtp},
		.rights = {.org_count = facts->orgs, .admin_count = facts->admin_of,
			   .reads_members = facts->members,
			   .reads_service_accounts = facts->accounts},
	};
	struct diagnosis *diagnosis = mem_zalloc(sizeof(*diagnosis));

	assert_true(facts->ini == NULL || ini != NULL);
	text_copy(patient.server.self.login, sizeof(patient.server.self.login),
		  facts->is_told ? "sa-1-me" : "");
	doctor_examine(&patient, diagnosis);
	ids[0] = '\0';
	for (size_t i = 0; i < diagnosis->count; i++)
		text_format(ids + strlen(ids), capacity - strlen(ids), "%s%s", i > 0 ? " " : "",
			    diagnosis->findings[i].rule->id);
	free(diagnosis);
	server_settings_free(ini);
}

#define SOUND .major = 12, .minor = 4, .ini = "{}", .ttl_s = 90 * 86400, .max_ttl_s = 365 * 86400, \
	      .wait_ms = 330000, .form = SERVER_YES, .smtp = SERVER_YES, .default_org = SERVER_YES, \
	      .orgs = 1, .admin_of = 1
/* What stands behind SOUND takes its place; that is what this is for. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
#define INI(text) {SOUND, .ini = text}
#define ON(section, keys) INI("{\"" section "\":{\"enabled\":\"true\"" keys "}}")
#define SKIP ",\"skip_org_role_sync\":\"true\""

static void says_what_follows_from_the_facts(void **state)
{
	static const struct {
		struct facts facts;
		const char *ids;
	} cases[] = {
		{{SOUND}, ""},
		/* versions */
		{{SOUND, .major = 7, .minor = 4}, "version_old"},
		{{SOUND, .major = 7, .minor = 5}, "no_service_accounts"},
		{{SOUND, .major = 8, .minor = 4}, "no_service_accounts"},
		{{SOUND, .major = 8, .minor = 5}, ""},
		{{SOUND, .major = 12, .minor = 5}, "version_untested"},
		{{SOUND, .major = 13, .minor = 0}, "version_untested"},
		{{SOUND, .major = 0, .minor = 0}, "version_hidden"},
		/* rights */
		{{SOUND, .is_no_admin = true, .ini = NULL}, "not_server_admin settings_unread"},
		{{SOUND, .orgs = 3}, "not_org_admin"},
		{{SOUND, .has_token = true, .ini = NULL, .orgs = 0, .admin_of = 0},
		 "token_unprotected token_one_org settings_unread"},
		{{SOUND, .has_token = true, .is_told = true, .ini = NULL}, "token_one_org settings_unread"},
		{{SOUND, .has_token = true, .names_own = true, .ini = NULL, .members = SERVER_YES,
		  .accounts = SERVER_YES, .wait_ms = 1000},
		 "token_one_org settings_unread"},
		{{SOUND, .has_token = true, .names_own = true, .ini = NULL, .members = SERVER_NO,
		  .accounts = SERVER_NO},
		 "token_rights token_rights token_one_org settings_unread"},
		/* roles from elsewhere */
		{ON("auth.google", ""), "role_sync"},
		{ON("auth.google", SKIP), ""},
		{INI("{\"auth.google\":{\"enabled\":\"false\"}}"), ""},
		{{SOUND, .major = 10, .minor = 4, .ini = "{\"auth.github\":{\"enabled\":\"true\"},"
		     "\"auth\":{\"oauth_skip_org_role_update_sync\":\"true\"}}"}, ""},
		{INI("{\"auth.github\":{\"enabled\":\"true\"},"
		     "\"auth\":{\"oauth_skip_org_role_update_sync\":\"true\"}}"), "role_sync"},
		{INI("{\"auth.ldap\":{\"enabled\":\"true\"},"
		     "\"auth\":{\"oauth_skip_org_role_update_sync\":\"true\"}}"), "role_sync"},
		{ON("auth.ldap", SKIP), ""},
		{ON("auth.saml", ""), "role_sync"},
		{ON("auth.jwt", ",\"role_attribute_path\":\"\""), ""},
		{ON("auth.jwt", ",\"role_attribute_path\":\"role\""), "role_sync"},
		{ON("auth.jwt", ",\"role_attribute_path\":\"role\"" SKIP), ""},
		{ON("auth.proxy", SKIP), "role_sync"},
		{{SOUND, .major = 10, .minor = 0, .ini = "{\"auth.proxy\":{\"enabled\":\"true\"}}"}, ""},
		{{SOUND, .major = 10, .minor = 1, .ini = "{\"auth.proxy\":{\"enabled\":\"true\"}}"},
		 "role_sync"},
		{{SOUND, .major = 9, .minor = 4,
		  .ini = "{\"auth.proxy\":{\"enabled\":\"true\",\"headers\":\"Role:X-Role\"}}"},
		 "role_sync"},
		{INI("{\"auth.okta\":{\"enabled\":\"true\"},\"auth.azuread\":{\"enabled\":\"true\"}}"),
		 "role_sync role_sync"},
		{INI("{\"auth.scim\":{\"user_sync_enabled\":\"true\"}}"), "scim"},
		/* accounts */
		{{SOUND, .form = SERVER_NO}, "login_form_off"},
		{{SOUND, .form = SERVER_UNKNOWN, .smtp = SERVER_UNKNOWN}, ""},
		{{SOUND, .smtp = SERVER_NO}, "smtp_off"},
		{INI("{\"auth.basic\":{\"enabled\":\"false\"}}"), "basic_auth_off"},
		{INI("{\"auth.basic\":{\"enabled\":\"true\",\"password_policy\":\"true\"}}"),
		 "password_policy"},
		{INI("{\"users\":{\"auto_assign_org\":\"true\"}}"), "auto_assign_org"},
		{INI("{\"users\":{\"auto_assign_org\":\"true\",\"auto_assign_org_role\":\"None\"}}"),
		 "auto_assign_org"},
		{INI("{\"users\":{\"auto_assign_org\":\"true\",\"auto_assign_org_role\":\"editor\"}}"),
		 "auto_assign_role"},
		{INI("{\"users\":{\"auto_assign_org\":\"false\"}}"), "personal_orgs"},
		{{SOUND, .default_org = SERVER_NO, .ini = "{\"users\":{\"auto_assign_org\":\"true\"}}"},
		 "auto_assign_missing auto_assign_org"},
		{{SOUND, .default_org = SERVER_NO, .ini = "{\"users\":{\"auto_assign_org\":\"false\"}}"},
		 "personal_orgs"},
		/* credentials */
		{{SOUND, .wait_ms = 300000}, "brute_force_wait"},
		{{SOUND, .wait_ms = 300001}, ""},
		{{SOUND, .wait_ms = 1000,
		  .ini = "{\"security\":{\"disable_brute_force_login_protection\":\"true\"}}"},
		 "brute_force_off"},
		{INI("{\"auth\":{\"login_maximum_lifetime_duration\":\"59m\"}}"), "session_short"},
		{INI("{\"auth\":{\"login_maximum_lifetime_duration\":\"60m\"}}"), ""},
		{INI("{\"auth\":{\"login_maximum_inactive_lifetime_duration\":\"59m\"}}"),
		 "session_short"},
		{{SOUND, .basic = true, .ini = "{\"auth\":{\"login_maximum_lifetime_duration\":\"59m\","
					       "\"token_rotation_interval_minutes\":\"1\"}}"}, ""},
		{INI("{\"auth\":{\"token_rotation_interval_minutes\":\"1\"}}"), "session_rotation"},
		/* tokens */
		{INI("{\"auth\":{\"api_key_max_seconds_to_live\":\"-1\"}}"), ""},
		{{SOUND, .never = 1, .ini = "{\"auth\":{\"api_key_max_seconds_to_live\":\"0\"}}"}, ""},
		{INI("{\"auth\":{\"api_key_max_seconds_to_live\":\"31536000\"}}"), ""},
		{INI("{\"auth\":{\"api_key_max_seconds_to_live\":\"31535999\"}}"), "token_max_ttl"},
		{INI("{\"auth\":{\"api_key_max_seconds_to_live\":\"7775999\"}}"),
		 "token_ttl token_max_ttl"},
		{INI("{\"service_accounts\":{\"token_expiration_day_limit\":\"365\"}}"), ""},
		{INI("{\"service_accounts\":{\"token_expiration_day_limit\":\"364\"}}"), "token_max_ttl"},
		{INI("{\"service_accounts\":{\"token_expiration_day_limit\":\"999999999999\"}}"), ""},
		{INI("{\"service_accounts\":{\"token_expiration_day_limit\":\"364\"},"
		     "\"auth\":{\"api_key_max_seconds_to_live\":\"60\"}}"), "token_ttl token_max_ttl"},
		{{SOUND, .never = 1, .ini = "{\"service_accounts\":{\"token_expiration_day_limit\":\"400\"}}"},
		 "token_never"},
		/* the rest */
		{ON("quota", ""), ""},
		{INI("{\"quota\":{\"enabled\":\"false\",\"org_user\":\"1\"}}"), ""},
		{ON("quota", ",\"org_user\":\"-1\",\"global_user\":\"0\""), "quota"},
		{ON("auth.anonymous", ""), "anonymous"},
		{INI("{\"users\":{\"viewers_can_edit\":\"true\",\"editors_can_admin\":\"true\","
		     "\"allow_sign_up\":\"true\",\"allow_org_create\":\"true\"}}"),
		 "sign_up viewers_can_edit editors_can_admin org_create"},
	};
	char ids[512];

	(void)state;
	examine(&sound, ids, sizeof(ids));
	assert_string_equal(ids, "");
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		examine(&cases[i].facts, ids, sizeof(ids));
		if (strcmp(ids, cases[i].ids) != 0)
			fail_msg("case %zu: '%s', not '%s': %s", i, ids, cases[i].ids,
				 cases[i].facts.ini != NULL ? cases[i].facts.ini : "");
	}
}

static void every_rule_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < doctor_rule_count; i++) {
		const struct doctor_rule *rule = &doctor_rules[i];

		assert_non_null(rule->consequence);
		assert_non_null(rule->change);
		assert_true(rule->check != NULL || (rule->section != NULL && rule->key != NULL));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(rule->id, doctor_rules[k].id);
	}
}

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = {
		{"7d", 604800},	  {"24h", 86400},  {"30m", 1800},  {"90s", 90},	    {"2w", 1209600},
		{"1M", 2592000},  {"1y", 31536000}, {"1h30m", 5400}, {"", -7},	    {"7", -7},
		{"d", -7},	  {"7x", -7},	   {"-7d", -7},	   {"7d ", -7},	    {"1ms", -7},
		{"0s", 0},	  {"101y", -7},	   {"99999999999999999999s", -7},   {"100y1y", -7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct server_settings *settings;
		char text[80];

		text_format(text, sizeof(text), "{\"a\":{\"b\":\"%s\"}}", cases[i].text);
		settings = server_settings_parse(text, strlen(text));
		assert_non_null(settings);
		if (server_settings_seconds(settings, "a", "b", -7) != cases[i].seconds)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(server_settings_seconds(settings, "a", "c", -7), -7);
		server_settings_free(settings);
	}
}

/* If not: build/grantctl doctor --list > docs/doctor.md */
static void the_document_is_the_table(void **state)
{
	FILE *file = fopen("docs/doctor.md", "r");
	char *document = mem_zalloc(FILE_MOST);
	struct buffer list;

	(void)state;
	assert_non_null(file);
	assert_true(fread(document, 1, FILE_MOST - 1, file) > 0);
	assert_int_equal(fclose(file), 0);
	buffer_init(&list, FILE_MOST);
	doctor_write_list(&list);
	assert_string_equal(document, list.bytes);
	buffer_clear(&list);
	free(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_follows_from_the_facts),
		cmocka_unit_test(every_rule_is_whole),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(the_document_is_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
