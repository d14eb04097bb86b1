/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_environment.c - variables over, and instead of, the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "config/settings.h"

#define FILE_TEXT \
	"[kafka]\nbrokers = file:1\nproperty.debug = eos\n" \
	"[grafana.eu-1]\nurl = http://file\nuser = u\npassword = p\n"

enum { MOST_VARIABLES = 16 };

/* Parse with these variables; the list ends with NULL. */
static int parse(const char *text, const char *const *variables, struct settings *settings,
		 struct faults *faults)
{
	static char copies[MOST_VARIABLES][256];
	char *environment[MOST_VARIABLES + 1] = {NULL};

	for (size_t i = 0; variables[i] != NULL; i++) {
		assert_true(i < MOST_VARIABLES && strlen(variables[i]) < sizeof(copies[i]));
		memcpy(copies[i], variables[i], strlen(variables[i]) + 1);
		environment[i] = copies[i];
	}
	faults_init(faults);
	return settings_parse("g.ini", text, strlen(text), environment, settings, faults);
}

static void wins_over_the_file(void **state)
{
	static const char *const variables[] = {
		"PATH=/bin",
		"GRANTD_KAFKA_BROKERS=env:2",
		"GRANTD_KAFKA_GROUP=",
		"GRANTD_WORKER_THREADS=7",
		"GRANTD_POLICY_ACTIONS=org_role.*",
		"GRANTD_POLICY_OPS_REQUESTERS=*@ops",
		"GRANTD_PUBLISH_MAX_DELAY_MS=9",
		"GRANTD_KAFKA_PROPERTY_SECURITY_PROTOCOL=SSL",
		"GRANTD_KAFKA_PROPERTY_DEBUG=all",
		"GRANTD_GRAFANA_EU_1_PASSWORD=$__env{SECRET}",
		"GRANTD_GRAFANA_EU_1_CLIENT_KEY_FILE=/k",
		"GRANTD_GRAFANA_EU_1_CLIENT_CERT_FILE=/c",
		"SECRET=from \"elsewhere\" ;x",
		NULL,
	};
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_int_equal(parse(FILE_TEXT, variables, &settings, &faults), 0);
	assert_string_equal(settings.kafka.brokers, "env:2");
	assert_string_equal(settings.kafka.group, "grantd");
	assert_int_equal(settings.worker.threads, 7);
	assert_string_equal(settings.policy.actions, "org_role.*");
	assert_string_equal(settings.policy.roles, "*");
	assert_int_equal(settings.rule_count, 1);
	assert_string_equal(settings.rules[0].name, "ops");
	assert_string_equal(settings.rules[0].requesters, "*@ops");
	assert_string_equal(settings.rules[0].actions, "*");
	assert_int_equal(settings.publish.max_delay_ms, 9);
	assert_int_equal(settings.kafka.property_count, 2);
	assert_string_equal(settings.kafka.properties[0].name, "debug");
	assert_string_equal(settings.kafka.properties[0].value, "all");
	assert_string_equal(settings.kafka.properties[1].name, "security.protocol");
	assert_string_equal(settings.kafka.properties[1].value, "SSL");
	assert_int_equal(settings.instance_count, 1);
	assert_string_equal(settings.instances[0].name, "eu-1");
	assert_string_equal(settings.instances[0].url, "http://file");
	assert_string_equal(settings.instances[0].password, "from \"elsewhere\" ;x");
	assert_string_equal(settings.instances[0].client_key_file, "/k");
	assert_string_equal(settings.instances[0].client_cert_file, "/c");
	settings_clear(&settings);
	faults_clear(&faults);
}

static void is_enough_without_a_file(void **state)
{
	static const char *const variables[] = {
		"GRANTD_KAFKA_BROKERS=k",
		"GRANTD_GRAFANA_MY_OWN_URL=https://g/",
		"GRANTD_GRAFANA_MY_OWN_USER=u",
		"GRANTD_GRAFANA_MY_OWN_PASSWORD=p",
		NULL,
	};
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_int_equal(parse("", variables, &settings, &faults), 0);
	assert_int_equal(settings.instance_count, 1);
	assert_string_equal(settings.instances[0].name, "my_own");
	assert_string_equal(settings.instances[0].url, "https://g");
	settings_clear(&settings);
	faults_clear(&faults);
}

/* "_CONCURRENCY" ends both, and either may belong to the name. */
static void tells_keys_apart_that_end_alike(void **state)
{
	static const struct {
		const char *text;
		const char *variable;
		size_t instances;
		int64_t concurrency, max_concurrency; /* of the last one */
	} rows[] = {
		{FILE_TEXT, "GRANTD_GRAFANA_EU_1_MAX_CONCURRENCY=5", 1, 0, 5},
		{FILE_TEXT, "GRANTD_GRAFANA_EU_1_CONCURRENCY=5", 1, 5, 16},
		{FILE_TEXT "[grafana.eu-1-max]\nurl = http://x\nuser = u\npassword = p\n",
		 "GRANTD_GRAFANA_EU_1_MAX_MAX_CONCURRENCY=5", 2, 0, 5},
		{"[kafka]\nbrokers = k\n[grafana.max]\nurl = http://x\nuser = u\npassword = p\n",
		 "GRANTD_GRAFANA_MAX_CONCURRENCY=5", 1, 5, 16},
		{"[kafka]\nbrokers = k\n[grafana.a-max]\nurl = http://x\nuser = u\npassword = p\n",
		 "GRANTD_GRAFANA_A_MAX_CONCURRENCY=5", 1, 5, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const variables[] = {rows[i].variable, NULL};
		const struct instance_settings *last;
		struct settings settings;
		struct faults faults;

		assert_int_equal(parse(rows[i].text, variables, &settings, &faults), 0);
		assert_int_equal(settings.instance_count, rows[i].instances);
		last = &settings.instances[settings.instance_count - 1];
		assert_int_equal(last->concurrency, rows[i].concurrency);
		assert_int_equal(last->max_concurrency, rows[i].max_concurrency);
		settings_clear(&settings);
		faults_clear(&faults);
	}
}

static void leaves_alone_what_is_not_meant_for_it(void **state)
{
	static const char *const variables[] = {
		"GRANTD_CONFIG=/etc/grantd/grantd.ini",
		"GRANTD_DEBUG_ANYTHING=1",
		"GRANTD_PORT=tcp://10.0.0.1:80",
		"GRANTD_PORT_80_TCP_ADDR=10.0.0.1",
		"GRANTD_SERVICE_HOST=10.0.0.1",
		"GRANTD_SERVICE_PORT=80",
		"GRANTD_SERVICE_PORT_HTTP=80",
		"GRANTD_GRAFANA_SERVICE_HOST=10.0.0.1",
		"GRANTDX_KAFKA=1",
		"GRANTD_NO_EQUALS",
		NULL,
	};
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_int_equal(parse(FILE_TEXT, variables, &settings, &faults), 0);
	settings_clear(&settings);
	faults_clear(&faults);
}

static void faults_stand_at_the_variable(void **state)
{
	static const struct {
		const char *text;
		const char *variable;
		const char *faults;
	} rows[] = {
		{FILE_TEXT, "GRANTD_WORKER_THREADS=0",
		 "GRANTD_WORKER_THREADS: [worker] threads: 0 is below 1\n"},
		{FILE_TEXT, "GRANTD_KAKFA_BROKERS=hush",
		 "GRANTD_KAKFA_BROKERS: is no setting; did you mean GRANTD_KAFKA_BROKERS?\n"},
		{FILE_TEXT, "GRANTD_GRAFANA_EU_1_PASWORD=hush",
		 "GRANTD_GRAFANA_EU_1_PASWORD: is no setting; did you mean "
		 "GRANTD_GRAFANA_EU_1_PASSWORD?\n"},
		{FILE_TEXT, "GRANTD_X=hush", "GRANTD_X: is no setting\n"},
		{FILE_TEXT, "GRANTD_KAFKA_PROPERTY_GROUP_ID=x",
		 "GRANTD_KAFKA_PROPERTY_GROUP_ID: [kafka] property.group.id: has a setting of its "
		 "own: [kafka] group\n"},
		{FILE_TEXT, "GRANTD_GRAFANA_EU_2_PASSWORD=hush",
		 "g.ini: [grafana.eu_2] url: is required\ng.ini: [grafana.eu_2] user: is required\n"},
		{FILE_TEXT, "GRANTD_GRAFANA_EU_1_REQUEST_TIMEOUT_MS=50000",
		 "g.ini: [worker] lease_ms: 120000 is below 3 x [grafana.eu-1] request_timeout_ms, "
		 "50000 (GRANTD_GRAFANA_EU_1_REQUEST_TIMEOUT_MS)\n"},
		{FILE_TEXT "[grafana.eu_1]\nurl = http://x\nuser = u\npassword = p\n",
		 "GRANTD_GRAFANA_EU_1_PASSWORD=hush",
		 "GRANTD_GRAFANA_EU_1_PASSWORD: may mean [grafana.eu-1] or [grafana.eu_1]\n"},
		{FILE_TEXT, "GRANTD_GRAFANA_EU_1_PASSWORD=$__env{NOT_THERE}",
		 "GRANTD_GRAFANA_EU_1_PASSWORD: [grafana.eu-1] password: variable NOT_THERE is not "
		 "set\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const variables[] = {rows[i].variable, NULL};
		struct settings settings;
		struct faults faults;

		assert_int_equal(parse(rows[i].text, variables, &settings, &faults), -1);
		assert_string_equal(faults.text.bytes, rows[i].faults);
		faults_clear(&faults);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wins_over_the_file),
		cmocka_unit_test(is_enough_without_a_file),
		cmocka_unit_test(tells_keys_apart_that_end_alike),
		cmocka_unit_test(leaves_alone_what_is_not_meant_for_it),
		cmocka_unit_test(faults_stand_at_the_variable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
