/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_table.c - every setting there is, one row each.
 *
 * Read by settings.c (defaults, bounds), environment.c (variable names) and
 * settings_print.c (help, example file, dump). Order here is the order there.
 * grantd.example.ini is this table printed; a test compares the two.
 */
#include "config/settings_table.h"

#include <string.h>

#include "base/attributes.h"
#include "base/log.h"
#include "config/limits.h"
#include "config/settings.h"
#include "config/settings_check.h"

static const char *const event_modes[] = {
	[EVENT_BINARY] = "binary",
	[EVENT_STRUCTURED] = "structured",
	NULL,
};

static const char *const auths[] = {
	[AUTH_SESSION] = "session",
	[AUTH_BASIC] = "basic",
	NULL,
};

static const char *const no_yes[] = {"no", "yes", NULL};

static const char *const log_levels[] = {
	[LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info",
	[LOG_DEBUG] = "debug", NULL,
};

enum {
	MINUTE_MS = 60 * 1000,
	HOUR_MS = 60 * MINUTE_MS,
	DAY_MS = 24 * HOUR_MS,
	GROUP_BYTES = 240, /* "/grantd/<group>" must be a source */
	PATH_BYTES = 4095,
	VALUE_BYTES = LIMIT_CONFIG_VALUE_BYTES,
};

#define AT(folder, member) .section = #folder, .name = #member, \
	.offset = offsetof(struct settings, folder.member)
#define EACH(member) .section = "grafana", .family = SETTING_INSTANCE, .name = #member, \
	.offset = offsetof(struct instance_settings, member)
#define RULE(member) .section = "policy", .family = SETTING_RULE, .name = #member, \
	.offset = offsetof(struct rule_settings, member)
#define TEXT(least, most, preset_text) .type = SETTING_TEXT, .min = (least), .max = (most), \
	.preset = (preset_text)
#define NUMBER(least, most, preset_text) .type = SETTING_NUMBER, .min = (least), .max = (most), \
	.preset = (preset_text)
#define NUMBER_OR(word, least, most) .type = SETTING_NUMBER, .zero_word = (word), .min = (least), \
	.max = (most), .preset = (word)
#define CHOICE(names, preset_text) .type = SETTING_CHOICE, .choices = (names), \
	.preset = (preset_text)
#define REQUIRED(example_text) .required = true, .example = (example_text)

const struct setting settings_table[] = {
	{AT(kafka, brokers), TEXT(1, VALUE_BYTES, ""), REQUIRED("localhost:9092"),
	 .check = check_brokers, .help = "Brokers to start from: host:port, separated by commas."},
	{AT(kafka, group), TEXT(1, GROUP_BYTES, "grantd"), .check = check_word,
	 .help = "Consumer group. Workers of one group share the work."},
	{AT(kafka, requests_topic), TEXT(1, LIMIT_TOPIC_BYTES, "access.requests"), .check = check_topic,
	 .help = "Topic that requests are read from."},
	{AT(kafka, outcomes_topic), TEXT(1, LIMIT_TOPIC_BYTES, "access.outcomes"), .check = check_topic,
	 .help = "Topic that gets one outcome for every request."},
	{AT(kafka, credentials_topic), TEXT(1, LIMIT_TOPIC_BYTES, "access.credentials"),
	 .check = check_topic, .help = "Topic that gets the sealed passwords, tokens and invite links."},
	{AT(kafka, inventory_topic), TEXT(1, LIMIT_TOPIC_BYTES, "access.inventory"),
	 .check = check_topic, .help = "Topic that gets the snapshots of who has which access."},
	{AT(kafka, dead_letter_topic), TEXT(1, LIMIT_TOPIC_BYTES, "access.dead-letter"),
	 .check = check_topic, .help = "Topic that gets the records that can't be decoded."},
	{AT(kafka, transaction_timeout_ms), NUMBER(1000, 15 * MINUTE_MS, "15000"),
	 .help = "The broker aborts a transaction that is open for longer than this.\n"
		 "It can't be above the broker's transaction.max.timeout.ms."},

	{AT(redis, url), TEXT(1, VALUE_BYTES, "redis://127.0.0.1:6379/0"), .secrecy = SETTING_URL,
	 .check = check_redis_url,
	 .help = "The ledger: redis://[user:password@]host[:port][/database], rediss:// for TLS,\n"
		 "or unix://[user:password@]/path/of/socket[?db=database]."},
	{AT(redis, key_prefix), TEXT(1, 64, "grantd"), .check = check_word,
	 .help = "What all keys begin with. Workers of one group must agree on it."},
	{AT(redis, ca_file), TEXT(0, PATH_BYTES, ""),
	 .help = "PEM file with the CA that signed the server's certificate; empty: the system's."},
	{AT(redis, timeout_ms), NUMBER(1, 10 * MINUTE_MS, "1000"),
	 .help = "How long connecting, and each command, may take."},
	{AT(redis, horizon_s), NUMBER(3600, LIMIT_DURATION_S, "2592000"),
	 .help = "How long a request's id is remembered. Longer than the topic's retention."},
	{AT(redis, wait_replicas), NUMBER(0, 16, "0"),
	 .help = "Replicas that must have what is noted before anything follows from it; 0: do not wait."},
	{AT(redis, wait_replicas_ms), NUMBER(1, MINUTE_MS, "500"),
	 .help = "How long to wait for them."},
	{AT(redis, epoch_skew_ms), NUMBER(0, DAY_MS, "300000"),
	 .help = "How far the clocks of those who write records and of Redis may differ."},

	{AT(worker, id), TEXT(0, 128, ""), .derived = "the host name", .check = check_worker_id,
	 .help = "Name of this worker: its own, and the same after a restart."},
	{AT(worker, threads), NUMBER(1, 1024, "32"), .help = "Requests worked on at one time."},
	{AT(worker, max_in_flight), NUMBER(1, 100000, "1000"),
	 .help = "Requests held in memory; beyond it no more are read."},
	{AT(worker, lease_ms), NUMBER(1000, HOUR_MS, "120000"),
	 .help = "How long a request belongs to a worker that is not heard of.\n"
		 "At least 3 times the request_timeout_ms of each instance."},
	{AT(worker, drain_ms), NUMBER(0, 10 * MINUTE_MS, "25000"),
	 .help = "How long a stop waits for what is running."},
	{AT(worker, deadline_s), NUMBER(0, LIMIT_DURATION_S, "0"),
	 .help = "Give up a request this long after its record was written, unless it names a\n"
		 "deadline itself; 0: never."},
	{AT(worker, retry_base_ms), NUMBER(1, MINUTE_MS, "250"),
	 .help = "The wait before the first retry; it doubles from there, with jitter."},
	{AT(worker, retry_max_ms), NUMBER(1, HOUR_MS, "60000"),
	 .help = "The longest wait between two tries."},

	{AT(publish, max_delay_ms), NUMBER(0, 5000, "50"),
	 .help = "How long a transaction stays open for more outcomes."},
	{AT(publish, max_events), NUMBER(1, 10000, "500"),
	 .help = "Requests settled by one transaction."},
	{AT(publish, mode), CHOICE(event_modes, "binary"),
	 .help = "CloudEvents mode of what is published."},
	{AT(publish, source), TEXT(0, LIMIT_EVENT_SOURCE_BYTES, ""),
	 .derived = "/grantd/ and the group", .check = check_word,
	 .help = "CloudEvents source of what is published."},

	{AT(vault, key_file), TEXT(0, PATH_BYTES, ""),
	 .help = "The vault's public P-256 key (JWK) that secrets are sealed for.\n"
		 "Empty: requests that make one are refused."},
	{AT(vault, path_prefix), TEXT(0, 256, "grafana"), .check = check_word,
	 .help = "Hint for the vault: PREFIX/INSTANCE/LOGIN, or for a token\n"
		 "PREFIX/INSTANCE/org-ID/SERVICE_ACCOUNT/TOKEN."},
	{AT(vault, password_length), NUMBER(LIMIT_PASSWORD_MIN, LIMIT_PASSWORD_MAX, "24"),
	 .help = "Characters of a password made here."},

	{AT(tokens, ttl_s), NUMBER(1, LIMIT_TTL_S, "7776000"),
	 .help = "How long a service account's token or a legacy key lives, where a request does\n"
		 "not say. At most max_ttl_s."},
	{AT(tokens, max_ttl_s), NUMBER(1, LIMIT_TTL_S, "31536000"),
	 .help = "The longest life that a request may ask for."},
	{AT(tokens, never_expiring), CHOICE(no_yes, "no"),
	 .help = "May a request ask for a token or key that never expires?"},
	{AT(tokens, overlap_s), NUMBER(0, LIMIT_TTL_S, "3600"),
	 .help = "How long the old token of a rotation lives on, where a request does not say."},

	{AT(policy, actions), TEXT(1, VALUE_BYTES, "*"), .check = check_globs,
	 .help = "What is allowed at all: actions, separated by commas. '*' stands for any text, '?'\n"
		 "for one character; letter case does not matter. See docs/policy.md."},
	{AT(policy, instances), TEXT(1, VALUE_BYTES, "*"), .check = check_globs,
	 .help = "The NAMEs of [grafana.NAME] in which it is allowed."},
	{AT(policy, orgs), TEXT(1, VALUE_BYTES, "*"), .check = check_orgs,
	 .help = "Orgs in which it is allowed: names, or id:NUMBER; (none) stands for what is about\n"
		 "no org, such as most account actions."},
	{AT(policy, roles), TEXT(1, VALUE_BYTES, "*"), .check = check_roles,
	 .help = "Roles that may be given: Viewer, Editor, Admin, None; ServerAdmin for the right\n"
		 "that server_admin.grant gives."},
	{AT(policy, max_duration_s), NUMBER(0, LIMIT_DURATION_S, "0"),
	 .help = "The longest a time-bound grant may last; 0: no limit. Grants for good are not\n"
		 "bound by it, but by time_bound."},
	{AT(policy, time_bound), TEXT(0, VALUE_BYTES, ""), .check = check_roles,
	 .help = "Roles that people may be given for a time only; * for whatever can be."},
	{AT(policy, protected_users), TEXT(0, VALUE_BYTES, ""), .check = check_globs,
	 .help = "Logins and e-mails of accounts that are never touched."},
	{AT(policy, max_removals_per_minute), NUMBER(0, 1000000, "0"),
	 .help = "The fuse: when more removals than this are asked of one Grafana in a minute, all are\n"
		 "refused until grantctl fuse reset; 0: no fuse."},

	{RULE(requesters), TEXT(1, VALUE_BYTES, ""), REQUIRED("*@example.com"), .check = check_globs,
	 .help = "Whom the rule is for: the requested_by of requests. Who is named by a rule may do\n"
		 "only what one of the rules that name them allows. * names everybody, also who\n"
		 "is not said."},
	{RULE(actions), TEXT(1, VALUE_BYTES, "*"), .check = check_globs,
	 .help = "What the rule allows, as in [policy]."},
	{RULE(instances), TEXT(1, VALUE_BYTES, "*"), .check = check_globs, .help = "Likewise."},
	{RULE(orgs), TEXT(1, VALUE_BYTES, "*"), .check = check_orgs, .help = "Likewise."},
	{RULE(roles), TEXT(1, VALUE_BYTES, "*"), .check = check_roles, .help = "Likewise."},
	{RULE(max_duration_s), NUMBER(0, LIMIT_DURATION_S, "0"), .help = "Likewise."},
	{RULE(time_bound), TEXT(0, VALUE_BYTES, ""), .check = check_roles, .help = "Likewise."},

	{AT(inventory, every), NUMBER_OR("off", 1, LIMIT_DURATION_S),
	 .help = "Seconds between snapshots of each Grafana (inventory.snapshot); 86400 is a day, each\n"
		 "at 00:00 UTC. One worker of the group makes each."},

	{AT(http, listen), TEXT(0, 256, ""), .check = check_listen,
	 .help = "host:port (IPv6: [host]:port) for health and metrics; empty: off."},

	{AT(log, level), CHOICE(log_levels, "info"), .help = "Least urgent lines to write."},

	{EACH(url), TEXT(1, 2048, ""), REQUIRED("http://localhost:3000"), .secrecy = SETTING_URL,
	 .check = check_grafana_url, .help = "http:// or https://; may have a sub-path."},
	{EACH(user), TEXT(1, LIMIT_LOGIN_BYTES, ""), REQUIRED("admin"), .instead = "token",
	 .check = check_user, .help = "Login of a server admin, which should be grantd's alone."},
	{EACH(password), TEXT(1, 1024, ""), REQUIRED("$__file{/etc/grantd/grafana-password}"),
	 .instead = "token", .secrecy = SETTING_SECRET, .help = "Its password."},
	{EACH(token), TEXT(0, 1024, ""), .secrecy = SETTING_SECRET, .check = check_token,
	 .help = "Token of a service account, in place of user and password: for Grafana Cloud, or\n"
		 "where there is only one org to work in, which is the token's."},
	{EACH(service_account), TEXT(0, LIMIT_NAME_BYTES, ""),
	 .help = "Name or login of the service account the token is of: no request changes that one.\n"
		 "Needed before Grafana 11.3; later ones tell it by themselves."},
	{EACH(auth), CHOICE(auths, "session"),
	 .help = "Log in once and keep the session, or send user and password with each call, which\n"
		 "costs Grafana several times the CPU."},
	{EACH(ca_file), TEXT(0, PATH_BYTES, ""),
	 .help = "PEM file with the CA that signed Grafana's certificate; empty: the system's."},
	{EACH(client_cert_file), TEXT(0, PATH_BYTES, ""),
	 .help = "PEM file with our certificate, where Grafana asks for one; with the key or not at all."},
	{EACH(client_key_file), TEXT(0, PATH_BYTES, ""), .help = "PEM file with its key."},
	{EACH(proxy), TEXT(0, 2048, ""), .secrecy = SETTING_URL, .check = check_proxy_url,
	 .help = "http://, https://, socks5:// or socks5h://[user:password@]host:port; empty: none."},
	{EACH(connect_timeout_ms), NUMBER(1, 10 * MINUTE_MS, "10000"),
	 .help = "How long connecting may take."},
	{EACH(request_timeout_ms), NUMBER(1, 10 * MINUTE_MS, "30000"),
	 .help = "How long a call may take, connecting and all."},
	{EACH(concurrency), NUMBER_OR("auto", 1, 1024),
	 .help = "Requests worked on at one time by each worker: as many, or, with auto, as many as\n"
		 "get the most out of this Grafana, found by trying between 1 and max_concurrency."},
	{EACH(max_concurrency), NUMBER(1, 1024, "16"),
	 .help = "The most that auto goes to; a number in concurrency stands by itself."},
	{EACH(rate_per_s), NUMBER(0, 100000, "0"), .help = "Calls a second by each worker; 0: no limit."},
	{EACH(unauthorized_wait_ms), NUMBER(1000, DAY_MS, "330000"),
	 .help = "Nothing is sent for this long after a 401. Longer than the 5 minutes\n"
		 "of Grafana's protection against guessed passwords."},
	{EACH(org_cache_ms), NUMBER(0, DAY_MS, "30000"),
	 .help = "How long the id of an org's name is trusted; 0: ask each time."},
	{EACH(version_check_ms), NUMBER(0, DAY_MS, "60000"),
	 .help = "How often Grafana's version is asked for, so that an upgrade is noticed; 0: only at\n"
		 "start, and when Grafana is back after an outage."},
};

const size_t settings_table_count = ARRAY_COUNT(settings_table);

const struct setting_family_info setting_families[SETTING_FAMILIES] = {
	[SETTING_INSTANCE] = {
		.section = "grafana",
		.member = "an instance",
		.members = "instances",
		.example = "main",
		.help = "One section for each Grafana; a request says which one it means by NAME. "
			"Variables\n# spell NAME in upper case, with '_' for all that is no letter "
			"or digit.\n",
		.most = LIMIT_INSTANCES,
	},
	[SETTING_RULE] = {
		.section = "policy",
		.member = "a rule",
		.members = "rules",
		.example = "ops",
		.help = "Rules by requester, one section for each; NAME is what a refusal calls it.\n",
		.optional = true,
		.most = LIMIT_RULES,
	},
};

const struct setting *setting_find(enum setting_family family, const char *section,
				   const char *name)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];

		if (setting->family == family && strcmp(setting->section, section) == 0 &&
		    strcmp(setting->name, name) == 0)
			return setting;
	}
	return NULL;
}

/* Offsets come from offsetof on the struct that 'base' is, so the alignment and
 * the type are right; void * only hides it from the compiler. */
char **setting_text_at(const struct setting *setting, void *base)
{
	return (char **)(void *)((char *)base + setting->offset);
}

int64_t *setting_number_at(const struct setting *setting, void *base)
{
	return (int64_t *)(void *)((char *)base + setting->offset);
}

const char *setting_text(const struct setting *setting, const void *base)
{
	return *(const char *const *)(const void *)((const char *)base + setting->offset);
}

int64_t setting_number(const struct setting *setting, const void *base)
{
	return *(const int64_t *)(const void *)((const char *)base + setting->offset);
}
