/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_config.c - grantctl config check: would grantd start with this?
 *
 * Lists every fault of the settings; then tries what can be tried without waiting for
 * anybody: the vault's key, librdkafka's properties, Redis' and every Grafana's address.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "codec/seal.h"
#include "ctl/command.h"
#include "ctl/kafka.h"
#include "grafana/http.h"
#include "worker/ledger.h"
#include "worker/permit.h"

static int check_vault(const struct context *context, struct error *err)
{
	const char *path = context->settings.vault.key_file;
	struct seal_key *key = NULL;

	if (path[0] == '\0') {
		fputs("grantctl: note: no [vault] key_file: requests that make a secret will be "
		      "refused\n", stderr);
		return 0;
	}
	if (seal_key_load(path, &key, err) < 0) {
		error_prefix(err, "[vault] key_file");
		return -1;
	}
	seal_key_free(key);
	return 0;
}

static int check_kafka(const struct context *context, struct error *err)
{
	const struct kafka_access access = {&context->settings, context->log};

	return kafka_check_properties(&access, err);
}

static int check_ledger(const struct context *context, struct error *err)
{
	const struct ledger_options options = {&context->settings, clock_system(), "grantctl"};
	struct ledger *ledger = NULL;

	if (ledger_new(&options, &ledger, err) < 0) {
		error_prefix(err, "[redis]");
		return -1;
	}
	ledger_free(ledger);
	return 0;
}

static int check_instances(const struct context *context, struct error *err)
{
	for (size_t i = 0; i < context->settings.instance_count; i++) {
		const struct instance_settings *settings = &context->settings.instances[i];
		struct grafana *grafana = NULL;

		if (grafana_new(settings, clock_system(), &grafana, err) < 0) {
			error_prefix(err, "[grafana.%s]", settings->name);
			return -1;
		}
		grafana_free(grafana);
	}
	return 0;
}

static int check_policy(const struct context *context, struct error *err)
{
	return permit_check_settings(&context->settings, err);
}

static enum exit_code check(const struct context *context)
{
	static int (*const checks[])(const struct context *, struct error *) = {
		check_policy, check_vault, check_kafka, check_ledger, check_instances};
	enum exit_code code = CODE_OK;

	for (size_t i = 0; i < ARRAY_COUNT(checks); i++) {
		struct error err = {0};

		if (checks[i](context, &err) == 0)
			continue;
		context_fail(&err);
		code = CODE_CONFIG;
	}
	return code;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"dump", no_argument, NULL, 'd'},
		{NULL, 0, NULL, 0},
	};
	bool dump = false;
	enum exit_code code;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == 'd') {
			dump = true;
			continue;
		}
		code = command_option(command, context, option);
		if (code != CODE_GO_ON)
			return code;
	}
	if (optind + 1 != argc || strcmp(argv[optind], "check") != 0)
		return command_misuse(command, "it is 'config check'");
	code = context_load(context);
	if (code == CODE_OK)
		code = check(context);
	if (dump && context->loaded)
		settings_print(&context->settings, stdout);
	else if (code == CODE_OK)
		puts("ok");
	return code;
}

const struct command command_config = {
	.name = "config",
	.summary = "check the configuration",
	.usage = "usage: grantctl config check [--dump]\n"
		 "\n"
		 "Lists every fault of the settings, and of the vault's key. Whether servers answer\n"
		 "is for ping to say.\n"
		 "\n"
		 "      --dump   all settings as they are in effect, secrets as ***\n"
		 COMMAND_OPTIONS_HELP,
	.run = run,
};
