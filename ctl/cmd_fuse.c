/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_fuse.c - grantctl fuse: is the fuse of an instance's removals open, and let
 * removals through again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "codec/json_write.h"
#include "config/limits.h"
#include "ctl/command.h"
#include "worker/ledger.h"

enum { OUT_BYTES = 4096 };

static void print_line(const char *instance, const struct ledger_fuse *fuse)
{
	char since[TEXT_TIME_CAPACITY], id[LIMIT_EVENT_ID_BYTES + 1];

	if (!fuse->is_open) {
		printf("%s: closed; %" PRId64 " removals in the last minute\n", instance,
		       fuse->removals);
		return;
	}
	text_from_time_ms(fuse->tripped_ms, since);
	text_copy(id, sizeof(id), fuse->request_id != NULL ? fuse->request_id : "?");
	text_replace_control(id);
	printf("%s: OPEN since %s: request %s was one more than %" PRId64 " in a minute\n",
	       instance, since, id, fuse->limit);
}

static void print_json(const char *instance, const struct ledger_fuse *fuse)
{
	struct json_writer writer;
	struct buffer out;

	buffer_init(&out, OUT_BYTES);
	json_write_init(&writer, &out);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "instance", instance);
	json_write_bool(&writer, "open", fuse->is_open);
	json_write_integer(&writer, "removals_in_last_minute", fuse->removals);
	if (fuse->is_open) {
		json_write_time(&writer, "since", fuse->tripped_ms);
		json_write_text(&writer, "request_id", fuse->request_id);
		json_write_integer(&writer, "limit", fuse->limit);
	}
	json_write_end_object(&writer);
	puts(out.bytes);
	buffer_clear(&out);
}

static enum exit_code show_one(struct ledger *ledger, const char *instance)
{
	struct ledger_fuse fuse;
	struct error err = {0};
	enum exit_code code;

	if (ledger_fuse_read(ledger, instance, &fuse, &err) < 0)
		return context_fail(&err);
	if (isatty(STDOUT_FILENO) == 1)
		print_line(instance, &fuse);
	else
		print_json(instance, &fuse);
	code = fuse.is_open ? CODE_NO : CODE_OK;
	ledger_fuse_clear(&fuse);
	return code;
}

static enum exit_code reset_one(struct ledger *ledger, const char *instance)
{
	struct error err = {0};
	bool was_open = false;

	if (ledger_fuse_reset(ledger, instance, &was_open, &err) < 0)
		return context_fail(&err);
	printf("%s: %s\n", instance, was_open ? "reset" : "was not open");
	return CODE_OK;
}

/* All of them, or the one that is named. */
static enum exit_code for_each(const struct context *context, const char *named,
			       enum exit_code (*act)(struct ledger *ledger, const char *instance))
{
	const struct settings *settings = &context->settings;
	const struct ledger_options options = {settings, clock_system(), "grantctl"};
	struct ledger *ledger = NULL;
	enum exit_code code = CODE_OK;
	struct error err = {0};

	if (named != NULL && settings_instance(settings, named) == NULL) {
		fprintf(stderr, "grantctl: no [grafana.%s] is configured\n", named);
		return CODE_USAGE;
	}
	if (ledger_new(&options, &ledger, &err) < 0)
		return context_fail(&err);
	for (size_t i = 0; i < settings->instance_count; i++) {
		const char *instance = settings->instances[i].name;
		enum exit_code one = CODE_OK;

		if (named == NULL || strcmp(named, instance) == 0)
			one = act(ledger, instance);
		if (one != CODE_OK)
			code = one;
	}
	ledger_free(ledger);
	return code;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {COMMAND_OPTIONS, {NULL, 0, NULL, 0}};
	enum exit_code code;
	const char *named;
	bool reset;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		code = command_option(command, context, option);
		if (code != CODE_GO_ON)
			return code;
	}
	if (optind == argc)
		return command_misuse(command, "show or reset?");
	reset = strcmp(argv[optind], "reset") == 0;
	if (!reset && strcmp(argv[optind], "show") != 0)
		return command_misuse(command, "what is '%s'?", argv[optind]);
	named = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (optind + 2 < argc)
		return command_misuse(command, "what is '%s'?", argv[optind + 2]);
	code = context_load(context);
	if (code != CODE_OK)
		return code;
	if (reset && named == NULL)
		named = context_only_instance(context);
	if (reset && named == NULL)
		return command_misuse(command, "which instance?");
	return for_each(context, named, reset ? reset_one : show_one);
}

const struct command command_fuse = {
	.name = "fuse",
	.summary = "show or reset the fuse of removals",
	.usage = "usage: grantctl fuse show [INSTANCE]\n"
		 "       grantctl fuse reset INSTANCE\n"
		 "\n"
		 "When more removals than [policy] max_removals_per_minute are asked of a Grafana,\n"
		 "all are refused as policy.fuse_open until the fuse is reset. What was refused has\n"
		 "to be asked again, under new ids. show: JSON unless on a terminal; the exit code\n"
		 "is 1 if a fuse is open. INSTANCE may be left out where there is only one.\n"
		 "\n"
		 COMMAND_OPTIONS_HELP,
	.run = run,
};
