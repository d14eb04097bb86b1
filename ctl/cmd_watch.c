/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_watch.c - grantctl watch: outcomes as they are committed.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "codec/event_view.h"
#include "ctl/command.h"
#include "ctl/kafka.h"
#include "ctl/outcome_print.h"

enum { POLL_MS = 200, MS_PER_S = 1000, COUNT_MAX = 1000 * 1000 * 1000 };

struct watch {
	enum kafka_from from;
	const char *id;	   /* of the request; NULL = all */
	int64_t count;	   /* 0 = no end */
	int64_t timeout_s; /* 0 = none */

	struct outcome_printer printer;
	int64_t shown;
	bool deaf; /* nobody reads our output any more */
};

static void take_outcome(void *context, const struct record_view *record)
{
	struct watch *watch = context;
	struct event_view *outcome = NULL;
	struct error err = {0};

	if (event_view_read(record, &outcome, &err) < 0) {
		fprintf(stderr, "grantctl: %s/%" PRId32 "@%" PRId64 " is no event: %s\n",
			record->topic, record->partition, record->offset, err.text);
		return;
	}
	if (watch->id == NULL ||
	    strcmp(event_view_text(outcome, "data.request.id"), watch->id) == 0) {
		watch->deaf = !outcome_print(&watch->printer, outcome);
		watch->shown++;
	}
	event_view_free(outcome);
}

static enum exit_code follow(struct watch *watch, struct kafka_reader *reader)
{
	const struct clock *clock = clock_system();
	const int64_t give_up_ms = clock_steady_ms(clock) + watch->timeout_s * MS_PER_S;
	bool wanted = watch->count > 0 || watch->id != NULL;
	enum kafka_read what;
	struct error err = {0};

	while (!watch->deaf && (watch->count == 0 || watch->shown < watch->count)) {
		if (watch->timeout_s > 0 && clock_steady_ms(clock) >= give_up_ms)
			break;
		if (kafka_reader_next(reader, POLL_MS, take_outcome, watch, &what, &err) < 0)
			return context_fail(&err);
	}
	if (wanted && watch->shown < (watch->count > 0 ? watch->count : 1))
		return CODE_NOT_FOUND;
	return CODE_OK;
}

static enum exit_code read_options(const struct command *command, struct context *context,
				   int argc, char **argv, struct watch *watch)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"from-beginning", no_argument, NULL, 'b'},
		{"id", required_argument, NULL, 'i'},
		{"count", required_argument, NULL, 'n'},
		{"timeout", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	enum exit_code code = CODE_GO_ON;
	int option;

	while (code == CODE_GO_ON &&
	       (option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == 'b')
			watch->from = KAFKA_FROM_BEGINNING;
		else if (option == 'i')
			watch->id = optarg;
		else if (option == 'n')
			code = command_number(command, "count", optarg, 1, COUNT_MAX, &watch->count);
		else if (option == 't')
			code = command_number(command, "timeout", optarg, 1, 31 * 24 * 3600,
					      &watch->timeout_s);
		else
			code = command_option(command, context, option);
	}
	if (code == CODE_GO_ON && optind < argc)
		code = command_misuse(command, "what is '%s'?", argv[optind]);
	return code;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	struct watch watch = {.from = KAFKA_FROM_END};
	struct kafka_reader *reader = NULL;
	struct kafka_access access;
	struct error err = {0};
	enum exit_code code = read_options(command, context, argc, argv, &watch);

	if (code != CODE_GO_ON)
		return code;
	code = context_load(context);
	if (code != CODE_OK)
		return code;
	outcome_printer_init(&watch.printer);
	access = (struct kafka_access){&context->settings, context->log};
	if (kafka_reader_new(&access, context->settings.kafka.outcomes_topic, watch.from, &reader,
			     &err) < 0)
		return context_fail(&err);
	code = follow(&watch, reader);
	kafka_reader_free(reader);
	return code;
}

const struct command command_watch = {
	.name = "watch",
	.summary = "show outcomes as they come",
	.usage =
		"usage: grantctl watch [--from-beginning] [--id ID] [--count N] [--timeout SECONDS]\n"
		"\n"
		"Committed outcomes: a table on a terminal, a JSON event per line otherwise.\n"
		"\n"
		"      --from-beginning   those that are there already, too\n"
		"      --id ID            only of the request with this id\n"
		"      --count N          end after so many\n"
		"      --timeout SECONDS  end after this time; 5 if fewer than asked for came\n"
		COMMAND_OPTIONS_HELP,
	.run = run,
};
