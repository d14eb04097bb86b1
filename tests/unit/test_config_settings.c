/* SPDX-License-Identifier: Apache-2.0 */
/* test_config_settings.c - values, defaults, and every fault with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/settings.h"

#define KAFKA "[kafka]\nbrokers = k:9092\n"		       /* lines 1, 2 */
#define MAIN "[grafana.main]\nurl = http://g\nuser = u\npassword = hush-hush\n" /* lines 3 to 6 */
#define GOOD KAFKA MAIN

static int parse(const char *text, size_t length, struct settings *settings,
		 struct faults *faults)
{
	faults_init(faults);
	return settings_parse("g.ini", text, length, NULL, settings, faults);
}

static void fills_in_every_default(void **state)
{
	struct settings settings;
	struct faults faults;
	const struct instance_settings *instance;
	char host[256] = "";

	(void)state;
	assert_int_equal(parse(GOOD, strlen(GOOD), &settings, &faults), 0);
	assert_int_equal(faults.count, 0);
	assert_string_equal(settings.kafka.brokers, "k:9092");
	assert_string_equal(settings.kafka.group, "grantd");
	assert_string_equal(settings.kafka.requests_topic, "access.requests");
	assert_string_equal(settings.kafka.outcomes_topic, "access.outcomes");
	assert_string_equal(settings.kafka.credentials_topic, "access.credentials");
	assert_string_equal(settings.kafka.dead_letter_topic, "access.dead-letter");
	assert_int_equal(settings.kafka.transaction_timeout_ms, 15000);
	assert_int_equal(settings.kafka.property_count, 0);
	assert_string_equal(settings.redis.url, "redis://127.0.0.1:6379/0");
	assert_string_equal(settings.redis.key_prefix, "grantd");
	assert_string_equal(settings.redis.ca_file, "");
	assert_int_equal(settings.redis.timeout_ms, 1000);
	assert_int_equal(settings.redis.horizon_s, 2592000);
	assert_int_equal(settings.redis.wait_replicas, 0);
	assert_int_equal(settings.redis.wait_replicas_ms, 500);
	assert_int_equal(settings.redis.epoch_skew_ms, 300000);
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	assert_string_equal(settings.worker.id, host);
	assert_int_equal(settings.worker.threads, 32);
	assert_int_equal(settings.worker.max_in_flight, 1000);
	assert_int_equal(settings.worker.lease_ms, 120000);
	assert_int_equal(settings.worker.drain_ms, 25000);
	assert_int_equal(settings.worker.deadline_s, 0);
	assert_int_equal(settings.worker.retry_base_ms, 250);
	assert_int_equal(settings.worker.retry_max_ms, 60000);
	assert_int_equal(settings.publish.max_delay_ms, 50);
	assert_int_equal(settings.publish.max_events, 500);
	assert_int_equal(settings.publish.mode, EVENT_BINARY);
	assert_string_equal(settings.publish.source, "/grantd/grantd");
	assert_string_equal(settings.vault.key_file, "");
	assert_string_equal(settings.vault.path_prefix, "grafana");
	assert_int_equal(settings.vault.password_length, 24);
	assert_string_equal(settings.http.listen, "");
	assert_int_equal(settings.log.level, LOG_INFO);
	assert_int_equal(settings.instance_count, 1);
	instance = settings_instance(&settings, "main");
	assert_non_null(instance);
	assert_null(settings_instance(&settings, "Main"));
	assert_string_equal(instance->url, "http://g");
	assert_string_equal(instance->user, "u");
	assert_string_equal(instance->password, "hush-hush");
	assert_string_equal(instance->ca_file, "");
	assert_string_equal(instance->proxy, "");
	assert_int_equal(instance->connect_timeout_ms, 10000);
	assert_int_equal(instance->request_timeout_ms, 30000);
	assert_int_equal(instance->concurrency, 0);
	assert_int_equal(instance->max_concurrency, 16);
	assert_int_equal(instance->rate_per_s, 0);
	assert_int_equal(instance->unauthorized_wait_ms, 330000);
	assert_int_equal(instance->org_cache_ms, 30000);
	assert_int_equal(instance->version_check_ms, 60000);
	assert_string_equal(instance->service_account, "");
	settings_clear(&settings);
	settings_clear(&settings);
	faults_clear(&faults);
}

static void a_word_may_stand_for_a_number(void **state)
{
	static const struct {
		const char *text;
		int64_t concurrency;
	} cases[] = {
		{GOOD "concurrency = auto\n", 0},
		{GOOD "concurrency = 1\n", 1},
		{GOOD "max_concurrency = 4\nconcurrency = 64\n", 64},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings;
		struct faults faults;

		assert_int_equal(
			parse(cases[i].text, strlen(cases[i].text), &settings, &faults), 0);
		assert_int_equal(settings.instances[0].concurrency, cases[i].concurrency);
		settings_clear(&settings);
		faults_clear(&faults);
	}
}

static void reads_what_people_write(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf; comment\r\n"
		"  [kafka] ; of the east\r\n"
		"    brokers: SASL_SSL://a:1, b:2 ,[::1]:3\r\n"
		"    group = team-a ; not b\n"
		"property.security.protocol=SASL_SSL\n"
		"property.partition.assignment.strategy = roundrobin\n"
		"[publish]\nmode = structured\nmax_delay_ms = 0\n"
		"[log]\nlevel=debug\n"
		"[http]\nlisten = [::1]:8080\n"
		"[grafana.eu-1]\nurl = HTTPS://g.example:8443/graf/ana//\nuser = ü\n"
		"password = a=b:c#d;e\n"
		"[grafana.this_name_has_sixty_four_letters_which_is_as_many_as_there_can_b]\n"
		"url = http://[::1]:3000/\nuser = u\npassword = p";
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &settings, &faults), 0);
	assert_string_equal(settings.kafka.brokers, "SASL_SSL://a:1, b:2 ,[::1]:3");
	assert_string_equal(settings.kafka.group, "team-a");
	assert_string_equal(settings.publish.source, "/grantd/team-a");
	assert_int_equal(settings.kafka.property_count, 2);
	assert_string_equal(settings.kafka.properties[0].name, "security.protocol");
	assert_string_equal(settings.kafka.properties[0].value, "SASL_SSL");
	assert_int_equal(settings.publish.mode, EVENT_STRUCTURED);
	assert_int_equal(settings.publish.max_delay_ms, 0);
	assert_int_equal(settings.log.level, LOG_DEBUG);
	assert_string_equal(settings.http.listen, "[::1]:8080");
	assert_int_equal(settings.instance_count, 2);
	assert_string_equal(settings.instances[0].name, "eu-1");
	assert_string_equal(settings.instances[0].url, "HTTPS://g.example:8443/graf/ana");
	assert_string_equal(settings.instances[0].user, "ü");
	assert_string_equal(settings.instances[0].password, "a=b:c#d;e");
	assert_string_equal(settings.instances[1].url, "http://[::1]:3000");
	assert_int_equal(strlen(settings.instances[1].name), 64);
	settings_clear(&settings);
	faults_clear(&faults);
}

/* Every text has its one fault, or its few, in the order of finding. */
static const struct {
	const char *text;
	const char *faults;
} faulty[] = {
	{"", "g.ini: [kafka] brokers: is required\n"
	     "g.ini: there is no [grafana.NAME]; at least one is needed\n"},
	{KAFKA "[grafana.a]\n", "g.ini: [grafana.a] url: is required\n"
				"g.ini: [grafana.a] user: is required\n"
				"g.ini: [grafana.a] password: is required\n"},
	/* lines */
	{"brokers = x\n" GOOD, "g.ini:1: brokers: stands before any [section]\n"},
	{GOOD "hush\n", "g.ini:7: is neither [section] nor name = value\n"},
	{GOOD "hush", "g.ini:7: is neither [section] nor name = value\n"},
	{GOOD "= 5\n", "g.ini:7: has no name before its value\n"},
	{GOOD "[worker\n", "g.ini:7: is not a [section]\n"},
	{GOOD "[]\n", "g.ini:7: is not a [section]\n"},
	{GOOD "[worker] threads = 2\n", "g.ini:7: is not a [section]\n"},
	{GOOD "ca_file = a\033b\n", "g.ini:7: contains control bytes or is not UTF-8\n"},
	{GOOD "ca_file = \xff\n", "g.ini:7: contains control bytes or is not UTF-8\n"},
	/* names */
	{GOOD "[worker]\nthreds = 2\n",
	 "g.ini:8: [worker] threds: unknown setting; did you mean threads?\n"},
	{GOOD "[worker]\nTHREADS = 2\n",
	 "g.ini:8: [worker] THREADS: unknown setting; did you mean threads?\n"},
	{GOOD "pasword = hush\n",
	 "g.ini:7: [grafana.main] pasword: unknown setting; did you mean password?\n"},
	{GOOD "colour = red\n", "g.ini:7: [grafana.main] colour: unknown setting\n"},
	{GOOD "[wroker]\nthreads = 2\n",
	 "g.ini:7: [wroker]: unknown section; did you mean [worker]?\n"},
	{GOOD "[grafana]\nurl = x\n",
	 "g.ini:7: [grafana]: unknown section; did you mean [grafana.NAME]?\n"},
	{GOOD "[policies]\n", "g.ini:7: [policies]: unknown section; did you mean [policy]?\n"},
	{GOOD "[polcy.ops]\n", "g.ini:7: [polcy.ops]: unknown section\n"},
	{GOOD "[policy.]\n",
	 "g.ini:7: [policy.]: a rule's name is 1 to 64 letters, digits, '_' or '-'\n"},
	{GOOD "[policy.ops]\n", "g.ini: [policy.ops] requesters: is required\n"},
	{GOOD "[policy.ops]\nrequesters = a,,b\n",
	 "g.ini:8: [policy.ops] requesters: 'a,,b' has an empty item\n"},
	{GOOD "[policy.ops]\nrequester = a\n",
	 "g.ini:8: [policy.ops] requester: unknown setting; did you mean requesters?\n"
	 "g.ini: [policy.ops] requesters: is required\n"},
	{GOOD "[policy]\nactions =\n", "g.ini:8: [policy] actions: must not be empty\n"},
	{GOOD "[policy]\nactions = a, \n", "g.ini:8: [policy] actions: 'a,' has an empty item\n"},
	{GOOD "[policy]\nroles = Viewer, Boss\n",
	 "g.ini:8: [policy] roles: 'Viewer, Boss' has an item that is no role: None, Viewer, "
	 "Editor, Admin or ServerAdmin\n"},
	{GOOD "[policy]\norgs = id:x\n",
	 "g.ini:8: [policy] orgs: 'id:x' has an id: that is no number; say id:12, or the name of the org\n"},
	{GOOD "[policy]\norgs = id:0\n",
	 "g.ini:8: [policy] orgs: 'id:0' has an id: that is no number; say id:12, or the name of the org\n"},
	{GOOD "[policy]\nrequesters = a\n", "g.ini:8: [policy] requesters: unknown setting\n"},
	{GOOD "[grafana.]\n", "g.ini:7: [grafana.]: an instance's name is 1 to 64 letters, "
			      "digits, '_' or '-'\n"},
	{GOOD "[grafana.a b]\n", "g.ini:7: [grafana.a b]: an instance's name is 1 to 64 letters, "
				 "digits, '_' or '-'\n"},
	{GOOD "[grafana.this_name_has_sixty_five_letters_which_is_one_more_than_can_be_ok]\n",
	 "g.ini:7: [grafana.this_name_has_sixty_five_letters_which_is_one_more_than_can_be_ok]: "
	 "an instance's name is 1 to 64 letters, digits, '_' or '-'\n"},
	/* repeated */
	{GOOD "user = w\n", "g.ini:7: [grafana.main] user: was set on line 5 already\n"},
	{GOOD "[kafka]\ngroup = a\n", "g.ini:7: [kafka]: began on line 1 already\n"},
	{GOOD "[grafana.main]\nuser = w\n", "g.ini:7: [grafana.main]: began on line 3 already\n"
					    "g.ini:8: [grafana.main] user: was set on line 5 already\n"},
	/* numbers and choices */
	{GOOD "[worker]\nthreads = 1025\n", "g.ini:8: [worker] threads: 1025 is above 1024\n"},
	{GOOD "[worker]\nthreads = 0\n", "g.ini:8: [worker] threads: 0 is below 1\n"},
	{GOOD "[worker]\nthreads = -1\n", "g.ini:8: [worker] threads: -1 is below 1\n"},
	{GOOD "[worker]\nthreads = 99999999999999999999\n",
	 "g.ini:8: [worker] threads: 99999999999999999999 is above 1024\n"},
	{GOOD "[worker]\nthreads = 8x\n",
	 "g.ini:8: [worker] threads: '8x' is not a whole number\n"},
	{GOOD "[worker]\nthreads = 1.5\n",
	 "g.ini:8: [worker] threads: '1.5' is not a whole number\n"},
	{GOOD "concurrency = 0\n", "g.ini:7: [grafana.main] concurrency: 0 is below 1\n"},
	{GOOD "concurrency = much\n",
	 "g.ini:7: [grafana.main] concurrency: 'much' is neither 'auto' nor a whole number\n"},
	{GOOD "[worker]\nthreads =\n", "g.ini:8: [worker] threads: '' is not a whole number\n"},
	{GOOD "[vault]\npassword_length = 11\n",
	 "g.ini:8: [vault] password_length: 11 is below 12\n"},
	{GOOD "unauthorized_wait_ms = 999\n",
	 "g.ini:7: [grafana.main] unauthorized_wait_ms: 999 is below 1000\n"},
	{GOOD "[log]\nlevel = loud\n",
	 "g.ini:8: [log] level: 'loud' is none of: error, warn, info, debug\n"},
	{GOOD "[publish]\nmode = Binary\n",
	 "g.ini:8: [publish] mode: 'Binary' is none of: binary, structured\n"},
	/* texts */
	{"[kafka]\nbrokers =\n" MAIN, "g.ini:2: [kafka] brokers: is required\n"},
	{"[kafka]\nbrokers = a:1,,b:2\n" MAIN,
	 "g.ini:2: [kafka] brokers: 'a:1,,b:2' is not a list of host:port, separated by commas\n"},
	{"[kafka]\nbrokers = a:70000\n" MAIN,
	 "g.ini:2: [kafka] brokers: 'a:70000' is not a list of host:port, separated by commas\n"},
	{"[kafka]\nbrokers = a\nrequests_topic = a/b\n" MAIN,
	 "g.ini:3: [kafka] requests_topic: 'a/b' is not a Kafka topic: letters, digits, '.', '_' and '-'\n"},
	{"[kafka]\nbrokers = a\nrequests_topic = ..\n" MAIN,
	 "g.ini:3: [kafka] requests_topic: '..' is not a Kafka topic: letters, digits, '.', '_' and '-'\n"},
	{"[kafka]\nbrokers = a\nrequests_topic =\n" MAIN,
	 "g.ini:3: [kafka] requests_topic: must not be empty\n"},
	{"[kafka]\nbrokers = a\ngroup = \"x\"\n" MAIN,
	 "g.ini:3: [kafka] group: must not be in quotes; $__file{path} takes the value from a file as it is\n"},
	{"[kafka]\nbrokers = a\ngroup = a b\n" MAIN,
	 "g.ini:3: [kafka] group: 'a b' must not contain blanks\n"},
	{GOOD "[redis]\nurl = http://u:hush@h\n",
	 "g.ini:8: [redis] url: must begin with redis://, rediss:// or unix://\n"},
	{GOOD "[redis]\nurl = redis://\n",
	 "g.ini:8: [redis] url: must name a host or the path of a socket\n"},
	{GOOD "[http]\nlisten = 8080\n", "g.ini:8: [http] listen: '8080' is not host:port\n"},
	{GOOD "[http]\nlisten = a:0\n", "g.ini:8: [http] listen: 'a:0' is not host:port\n"},
	{GOOD "[worker]\nid = a b\n",
	 "g.ini:8: [worker] id: 'a b' must consist of letters, digits, '.', '_' and '-'\n"},
	{GOOD "proxy = ftp://u:hush@h\n", "g.ini:7: [grafana.main] proxy: must begin with http://, "
					  "https://, socks5:// or socks5h://\n"},
	/* librdkafka properties */
	{"[kafka]\nbrokers = a\nproperty.enable.auto.commit = true\n" MAIN,
	 "g.ini:3: [kafka] property.enable.auto.commit: is set by grantd, which commits offsets in its transactions\n"},
	{"[kafka]\nbrokers = a\nproperty.isolation.level = read_uncommitted\n" MAIN,
	 "g.ini:3: [kafka] property.isolation.level: is set by grantd\n"},
	{"[kafka]\nbrokers = a\nproperty.acks = 1\nproperty.linger.ms = 5\n" MAIN,
	 "g.ini:3: [kafka] property.acks: is set by grantd\n"
	 "g.ini:4: [kafka] property.linger.ms: is set by grantd; see [publish] max_delay_ms\n"},
	{"[kafka]\nbrokers = a\nproperty.group.id = x\n" MAIN,
	 "g.ini:3: [kafka] property.group.id: has a setting of its own: [kafka] group\n"},
	{"[kafka]\nbrokers = a\nproperty.partition.assignment.strategy = cooperative-sticky\n" MAIN,
	 "g.ini:3: [kafka] property.partition.assignment.strategy: must be range or roundrobin: "
	 "partitions are assigned eagerly\n"},
	{"[kafka]\nbrokers = a\nproperty. = x\n" MAIN,
	 "g.ini:3: [kafka] property.: is not a librdkafka property: lower-case letters, digits, '.' and '_'\n"},
	{"[kafka]\nbrokers = a\nproperty.sasl.password = hush ;x\n" MAIN,
	 "g.ini:3: [kafka] property.sasl.password: is followed by a comment, or cut by ' ;'; "
	 "$__file{path} takes the value from a file\n"},
	/* between settings */
	{GOOD "[worker]\nlease_ms = 89999\n",
	 "g.ini:8: [worker] lease_ms: 89999 is below 3 x [grafana.main] request_timeout_ms, 30000 (the default)\n"},
	{GOOD "request_timeout_ms = 50000\n",
	 "g.ini: [worker] lease_ms: 120000 is below 3 x [grafana.main] request_timeout_ms, 50000 (g.ini:7)\n"},
	{GOOD "request_timeout_ms = 9999\n",
	 "g.ini:7: [grafana.main] request_timeout_ms: 9999 is below [grafana.main] "
	 "connect_timeout_ms, 10000 (the default)\n"},
	{GOOD "client_cert_file = /c\n",
	 "g.ini:7: [grafana.main] client_cert_file: needs [grafana.main] client_key_file, which is not set\n"},
	{GOOD "client_key_file = /c\n",
	 "g.ini:7: [grafana.main] client_key_file: needs [grafana.main] client_cert_file, which is not set\n"},
	{GOOD "[worker]\nthreads = 40\nmax_in_flight = 39\n",
	 "g.ini:9: [worker] max_in_flight: 39 is below [worker] threads, 40 (g.ini:8)\n"},
	{GOOD "[worker]\nretry_max_ms = 249\n",
	 "g.ini:8: [worker] retry_max_ms: 249 is below [worker] retry_base_ms, 250 (the default)\n"},
	{"[kafka]\nbrokers = a\noutcomes_topic = access.requests\n" MAIN,
	 "g.ini:3: [kafka] outcomes_topic: 'access.requests' is the topic of [kafka] requests_topic as well (the default)\n"},
	{GOOD "token = glsa_hush\n",
	 "g.ini:7: [grafana.main] token: is set, and so is [grafana.main] user (g.ini:5); set one\n"},
	{KAFKA "[grafana.a]\nurl = http://g\ntoken = hush hush\n",
	 "g.ini:5: [grafana.a] token: is not a token: letters, digits and - . _ ~ + / =\n"},
	{GOOD "auth = cookie\n",
	 "g.ini:7: [grafana.main] auth: 'cookie' is none of: session, basic\n"},
	/* many at once */
	{"[kafka]\ngroop = x\n[worker]\nthreads = many\nlease_ms = 7\nnonsense\n[grafana.a]\nurl = g\n",
	 "g.ini:2: [kafka] groop: unknown setting; did you mean group?\n"
	 "g.ini:6: is neither [section] nor name = value\n"
	 "g.ini: [kafka] brokers: is required\n"
	 "g.ini:4: [worker] threads: 'many' is not a whole number\n"
	 "g.ini:5: [worker] lease_ms: 7 is below 1000\n"
	 "g.ini:8: [grafana.a] url: must begin with http:// or https://\n"
	 "g.ini: [grafana.a] user: is required\n"
	 "g.ini: [grafana.a] password: is required\n"},
};

static void a_token_stands_for_user_and_password(void **state)
{
	static const char text[] = KAFKA "[grafana.cloud]\nurl = https://g\ntoken = glsa_ab_1\n"
		"service_account = grantd itself\n";
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &settings, &faults), 0);
	assert_string_equal(settings.instances[0].token, "glsa_ab_1");
	assert_string_equal(settings.instances[0].service_account, "grantd itself");
	assert_string_equal(settings.instances[0].user, "");
	assert_int_equal(settings.instances[0].auth, AUTH_SESSION);
	settings_clear(&settings);
	faults_clear(&faults);
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void names_each_fault_and_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(faulty) / sizeof(faulty[0]); i++) {
		struct settings settings;
		struct faults faults;

		assert_int_equal(parse(faulty[i].text, strlen(faulty[i].text), &settings, &faults),
				 -1);
		assert_string_equal(faults.text.bytes, faulty[i].faults);
		assert_int_equal(faults.count, count_lines(faulty[i].faults));
		assert_null(strstr(faults.text.bytes, "hush"));
		assert_null(settings.kafka.brokers);
		assert_null(settings.instances);
		faults_clear(&faults);
	}
}

static void refuses_urls_that_are_no_grafana(void **state)
{
	static const struct {
		const char *url;
		const char *why;
	} rows[] = {
		{"g.example", "must begin with http:// or https://"},
		{"ftp://g", "must begin with http:// or https://"},
		{"http://", "must have a host, and a port of 1 to 65535 if any"},
		{"http:///x", "must have a host, and a port of 1 to 65535 if any"},
		{"http://g:0", "must have a host, and a port of 1 to 65535 if any"},
		{"http://g:65536/", "must have a host, and a port of 1 to 65535 if any"},
		{"http://[::1", "must have a host, and a port of 1 to 65535 if any"},
		{"http://u:hush@g", "must not carry a user or a password; there are settings for them"},
		{"http://g/?org=1", "must not have a query or a fragment"},
		{"http://g/#x", "must not have a query or a fragment"},
		{"http://g/a b", "must not contain blanks or backslashes"},
		{"http://g\\x", "must not contain blanks or backslashes"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], expected[512];
		struct settings settings;
		struct faults faults;

		snprintf(text, sizeof(text),
			 KAFKA "[grafana.a]\nuser = u:hush\npassword = p\nurl = %s\n", rows[i].url);
		snprintf(expected, sizeof(expected),
			 "g.ini:6: [grafana.a] url: %s\n"
			 "g.ini:4: [grafana.a] user: 'u:hush' must not contain ':', which ends the "
			 "user in HTTP basic authentication\n",
			 rows[i].why);
		assert_int_equal(parse(text, strlen(text), &settings, &faults), -1);
		assert_string_equal(faults.text.bytes, expected);
		faults_clear(&faults);
	}
}

static void never_quotes_a_secret(void **state)
{
	static const char *const passwords[] = {"\"hush\"", "hush ; hush", "$__file{hush",
						"hush$__x{hush}", "hush\thush"};

	(void)state;
	for (size_t i = 0; i < sizeof(passwords) / sizeof(passwords[0]); i++) {
		char text[256];
		struct settings settings;
		struct faults faults;

		snprintf(text, sizeof(text),
			 KAFKA "[grafana.a]\nurl = http://g\nuser = u\npassword = %s\n",
			 passwords[i]);
		assert_int_equal(parse(text, strlen(text), &settings, &faults), -1);
		assert_int_equal(faults.count, 1);
		assert_memory_equal(faults.text.bytes, "g.ini:6: [grafana.a] password: ", 31);
		assert_null(strstr(faults.text.bytes, "hush"));
		faults_clear(&faults);
	}
}

static void says_where_a_nul_byte_is(void **state)
{
	static const char text[] = GOOD "ca_file = a\0b\n";
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_int_equal(parse(text, sizeof(text) - 1, &settings, &faults), -1);
	assert_string_equal(faults.text.bytes,
			    "g.ini:7: contains control bytes or is not UTF-8\n");
	faults_clear(&faults);
}

/* Either the whole value arrives or the line is a fault, whatever inih was built with. */
static void never_cuts_a_long_line(void **state)
{
	static const size_t lengths[] = {100, 1000, 4095, 4096, 9000, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		char *text = calloc(1, strlen(GOOD) + lengths[i] + 16);
		struct settings settings;
		struct faults faults;

		assert_non_null(text);
		memcpy(text, GOOD "ca_file = ", strlen(GOOD "ca_file = "));
		memset(text + strlen(text), 'x', lengths[i]);
		if (parse(text, strlen(text), &settings, &faults) == 0) {
			assert_true(lengths[i] <= 4095);
			assert_int_equal(strlen(settings.instances[0].ca_file), lengths[i]);
			settings_clear(&settings);
		} else {
			assert_true(lengths[i] > 100);
			assert_int_equal(faults.count, 1);
			assert_memory_equal(faults.text.bytes, "g.ini:7: ", 9);
			assert_non_null(strstr(faults.text.bytes, " long"));
		}
		faults_clear(&faults);
		free(text);
	}
}

static void loads_a_file_and_says_when_it_cannot(void **state)
{
	char path[] = "/tmp/grantd-settings-XXXXXX";
	int fd = mkstemp(path);
	struct settings settings;
	struct faults faults;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, GOOD, strlen(GOOD)), (ssize_t)strlen(GOOD));
	assert_int_equal(close(fd), 0);
	faults_init(&faults);
	assert_int_equal(settings_load(path, NULL, &settings, &faults), 0);
	assert_string_equal(settings.instances[0].password, "hush-hush");
	settings_clear(&settings);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(settings_load("/nonexistent.ini", NULL, &settings, &faults), -1);
	assert_string_equal(faults.text.bytes,
			    "configuration: cannot read /nonexistent.ini: No such file or directory\n");
	assert_null(settings.kafka.brokers);
	faults_clear(&faults);
	faults_init(&faults);
	assert_int_equal(settings_load(NULL, NULL, &settings, &faults), -1);
	assert_string_equal(faults.text.bytes,
			    "no configuration file: [kafka] brokers: is required\n"
			    "no configuration file: there is no [grafana.NAME]; at least one is needed\n");
	faults_clear(&faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_every_default),
		cmocka_unit_test(a_token_stands_for_user_and_password),
		cmocka_unit_test(a_word_may_stand_for_a_number),
		cmocka_unit_test(reads_what_people_write),
		cmocka_unit_test(names_each_fault_and_its_place),
		cmocka_unit_test(refuses_urls_that_are_no_grafana),
		cmocka_unit_test(never_quotes_a_secret),
		cmocka_unit_test(says_where_a_nul_byte_is),
		cmocka_unit_test(never_cuts_a_long_line),
		cmocka_unit_test(loads_a_file_and_says_when_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
