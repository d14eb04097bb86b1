/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_ping.c - grantctl ping: can everything be reached, with the rights that it takes?
 *
 * One line for each finding: "ok", "warn" or "fail", of what, and what. Changes nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/kafka.h"
#include "grafana/http.h"
#include "grafana/server.h"
#include "worker/redis.h"

enum { WARNINGS_BYTES = 4096, TOPIC_COUNT = 5 };

/* The worst so far; not being reachable is worse than a no. */
struct findings {
	bool unreachable;
	bool no;
};

static void say(const char *verdict, const char *what, const char *format, ...) PRINTF_LIKE(3, 4);

static void say(const char *verdict, const char *what, const char *format, ...)
{
	va_list args;

	printf("%-4s  %s: ", verdict, what);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void fail(struct findings *findings, const char *what, const struct error *err)
{
	say("fail", what, "%s", err->text);
	if (err->kind == ERROR_RETRY)
		findings->unreachable = true;
	else
		findings->no = true;
}

static void ping_kafka(const struct context *context, struct findings *findings)
{
	const struct settings *settings = &context->settings;
	const struct kafka_access access = {settings, context->log};
	const char *const topics[TOPIC_COUNT] = {
		settings->kafka.requests_topic, settings->kafka.outcomes_topic,
		settings->kafka.credentials_topic, settings->kafka.inventory_topic,
		settings->kafka.dead_letter_topic};
	int partitions[TOPIC_COUNT] = {0}, brokers = 0;
	struct error err = {0};

	if (kafka_inspect(&access, topics, TOPIC_COUNT, partitions, &brokers, &err) < 0) {
		fail(findings, "kafka", &err);
		return;
	}
	say("ok", "kafka", "%s, %d broker%s", settings->kafka.brokers, brokers,
	    brokers == 1 ? "" : "s");
	for (size_t i = 0; i < TOPIC_COUNT; i++) {
		if (partitions[i] > 0) {
			say("ok", "kafka", "topic %s, %d partition%s", topics[i], partitions[i],
			    partitions[i] == 1 ? "" : "s");
			continue;
		}
		say("fail", "kafka", "there is no topic %s, or it may not be seen", topics[i]);
		findings->no = true;
	}
}

static int ask_redis(struct redis *redis, struct buffer *warnings, struct error *err)
{
	const struct redis_command ping = {.arguments = {{"PING", 4}}, .argument_count = 1};
	struct redis_reply *reply = NULL;

	if (redis_pipeline(redis, &ping, 1, &reply, err) < 0)
		return -1;
	redis_reply_free(reply);
	return redis_inspect(redis, warnings, err);
}

static void print_warnings(const struct buffer *warnings)
{
	const char *line = warnings->bytes;

	while (line != NULL && *line != '\0') {
		int length = (int)strcspn(line, "\n");

		if (length > 0)
			say("warn", "redis", "%.*s", length, line);
		line += length;
		line += *line == '\n';
	}
}

static void ping_redis(const struct context *context, struct findings *findings)
{
	const struct redis_options options = {
		.url = context->settings.redis.url,
		.ca_file = context->settings.redis.ca_file,
		.timeout_ms = context->settings.redis.timeout_ms,
	};
	struct redis *redis = NULL;
	struct error err = {0};
	struct buffer warnings;

	buffer_init(&warnings, WARNINGS_BYTES);
	if (redis_new(&options, &redis, &err) < 0 || ask_redis(redis, &warnings, &err) < 0)
		fail(findings, "redis", &err);
	else
		say("ok", "redis", "answers");
	print_warnings(&warnings);
	buffer_clear(&warnings);
	redis_free(redis);
}

/* Nothing that is asked here may change anything. */
static int refuse_writes(void *context, int64_t call_ms, struct error *err)
{
	(void)context, (void)call_ms;
	error_set(err, ERROR_RETRY, "ping", 0, "ping does not write");
	return -1;
}

static void refuse_server(const char *what, const struct grafana_server *server,
			  const struct answer *answer, struct findings *findings)
{
	say("fail", what, "version %s: %s: HTTP %d%s%s",
	    server->version[0] != '\0' ? server->version : "(hidden)", answer_name(answer->code),
	    answer->status, answer->message[0] != '\0' ? ", " : "", answer->message);
	findings->no = true;
}

/* What the worker logs of it, too. */
static void describe_server(const struct grafana_server *server, char *out, size_t capacity)
{
	text_format(out, capacity, "version %s%s%s%s",
		    server->version[0] != '\0' ? server->version : "(hidden)",
		    server->edition[0] != '\0' ? " (" : "", server->edition,
		    server->edition[0] != '\0' ? ")" : "");
}

static void judge_server(const char *what, const char *auth, const struct grafana_server *server,
			 struct findings *findings)
{
	const char *form = server_fact_name(server->login_form);
	const char *smtp = server_fact_name(server->smtp);
	char version[128];

	describe_server(server, version, sizeof(version));
	if (server->org.id != 0) {
		say("ok", what, "%s, a %s of the org %lld '%s': roles, teams and service "
		    "accounts there; no accounts, server admins or other orgs; login form %s, "
		    "SMTP %s",
		    version, auth, (long long)server->org.id, server->org.name, form, smtp);
		return;
	}
	say(server->is_server_admin ? "ok" : "fail", what,
	    "%s, logged in as %s (%s), %s; login form %s, SMTP %s", version, server->self.login,
	    auth, server->is_server_admin ? "server admin" : "who is no server admin", form, smtp);
	if (!server->is_server_admin)
		findings->no = true;
}

static void ping_grafana(const struct instance_settings *settings, struct findings *findings)
{
	const struct grafana_guard guard = {refuse_writes, NULL};
	struct grafana_server server = {0};
	struct grafana_session *session;
	struct grafana *grafana = NULL;
	struct answer answer = {0};
	struct error err = {0};
	char what[128];

	snprintf(what, sizeof(what), "grafana.%.100s", settings->name);
	if (grafana_new(settings, clock_system(), &grafana, &err) < 0) {
		fail(findings, what, &err);
		return;
	}
	session = grafana_session_begin(grafana, &guard, NULL);
	if (grafana_server_probe(session, &server, &answer, &err) < 0) {
		if (err.code == 401) /* reached, and it says no */
			err.kind = ERROR_REFUSED;
		fail(findings, what, &err);
	} else if (answer.code != ANSWER_OK) {
		refuse_server(what, &server, &answer, findings);
	} else {
		judge_server(what, grafana_auth_name(grafana), &server, findings);
	}
	grafana_session_end(session);
	grafana_free(grafana);
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {COMMAND_OPTIONS, {NULL, 0, NULL, 0}};
	struct findings findings = {0};
	enum exit_code code;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		code = command_option(command, context, option);
		if (code != CODE_GO_ON)
			return code;
	}
	if (optind < argc)
		return command_misuse(command, "what is '%s'?", argv[optind]);
	code = context_load(context);
	if (code != CODE_OK)
		return code;
	ping_kafka(context, &findings);
	ping_redis(context, &findings);
	for (size_t i = 0; i < context->settings.instance_count; i++)
		ping_grafana(&context->settings.instances[i], &findings);
	if (findings.unreachable)
		return CODE_UNREACHABLE;
	return findings.no ? CODE_NO : CODE_OK;
}

const struct command command_ping = {
	.name = "ping",
	.summary = "try Kafka, Redis and every Grafana",
	.usage = "usage: grantctl ping\n"
		 "\n"
		 "A line for each finding: Kafka and its topics, Redis and how it is set up, and of\n"
		 "every Grafana its version and edition, whether the credentials are taken, how far they\n"
		 "reach (a server admin's everywhere, a token's in its org), and whether people can log\n"
		 "in by form and get mail. Changes nothing.\n"
		 "\n" COMMAND_OPTIONS_HELP,
	.run = run,
};
