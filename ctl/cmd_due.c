/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_due.c - grantctl due: what grantd will ask of itself, and how to get that back.
 *
 * 'list' reads the ledger. 'restore' reads all outcomes there are, outside of any group,
 * and puts what they promised and what is alive of it into the ledger: for when Redis
 * lost its data. Outcomes that cannot be read are told of and left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "codec/event_view.h"
#include "codec/json_write.h"
#include "ctl/command.h"
#include "ctl/kafka.h"
#include "worker/restore.h"

enum { PAGE = 100, LINE_BYTES = 256 * 1024, OPTION_DRY = 'd' };

/* ---- list ---- */

static const char *choose(const char *one, const char *other)
{
	return one[0] != '\0' ? one : other;
}

static void print_line(const char *at, const struct event_view *view)
{
	printf("%s  %-18s %-30s %s\n", at, event_view_text(view, "data.action"),
	       choose(event_view_text(view, "data.user.login"),
		      event_view_text(view, "data.user.email")),
	       event_view_text(view, "id"));
}

static void print_json(const char *at, const struct event_view *view)
{
	struct json_writer writer;
	struct buffer out, event;

	buffer_init(&out, LINE_BYTES);
	buffer_init(&event, LINE_BYTES);
	event_view_write(view, &event);
	json_write_init(&writer, &out);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "at", at);
	json_write_raw(&writer, "request", (struct slice){event.bytes, event.length});
	json_write_end_object(&writer);
	puts(out.bytes);
	buffer_clear(&event);
	buffer_clear(&out);
}

static void print_item(const struct ledger_due_item *item)
{
	struct event_view *view = NULL;
	char at[TEXT_TIME_CAPACITY];
	struct record record = {0};
	struct error err = {0};

	if (item->record == NULL) /* written by now */
		return;
	text_from_time_ms(item->at_ms, at);
	if (record_unpack(item->record, item->record_bytes, &record, &err) < 0 ||
	    event_view_of_record(&record, &view, &err) < 0)
		fprintf(stderr, "grantctl: '%s' is not understood: %s\n", item->id, err.text);
	else if (isatty(STDOUT_FILENO) == 1)
		print_line(at, view);
	else
		print_json(at, view);
	event_view_free(view);
	record_clear(&record);
}

static int list_page(struct ledger *ledger, size_t from, size_t *count, struct error *err)
{
	struct ledger_due_item items[PAGE] = {{0}};
	int rc = ledger_due_list(ledger, from, items, PAGE, count, err);

	for (size_t i = 0; i < *count; i++) {
		if (rc == 0)
			print_item(&items[i]);
		ledger_due_item_clear(&items[i]);
	}
	return rc;
}

static enum exit_code list(struct ledger *ledger)
{
	struct error err = {0};
	size_t count = PAGE;

	for (size_t from = 0; count == PAGE; from += count)
		if (list_page(ledger, from, &count, &err) < 0)
			return context_fail(&err);
	return CODE_OK;
}

/* ---- restore ---- */

struct reading {
	struct history *history;
	size_t taken, unreadable;
};

static void take(void *context, const struct record_view *record)
{
	struct reading *reading = context;
	struct error err = {0};

	if (history_take(reading->history, record, &err) == 0) {
		reading->taken++;
		return;
	}
	reading->unreadable++;
	fprintf(stderr, "grantctl: %s/%" PRId32 "@%" PRId64 " is no outcome: %s\n", record->topic,
		record->partition, record->offset, err.text);
}

static enum exit_code read_all(const struct context *context, struct reading *reading)
{
	const struct kafka_access access = {&context->settings, context->log};
	const char *topic = context->settings.kafka.outcomes_topic;
	struct error err = {0};

	if (kafka_read_topic(&access, topic, take, reading, &err) < 0)
		return context_fail(&err);
	return CODE_OK;
}

static int count_due(void *context, const struct history_due *due, struct error *err)
{
	struct restore_report *report = context;

	(void)due, (void)err;
	report->due++;
	return 0;
}

static int count_grants(void *context, const char *subject, const struct grants *grants,
			struct error *err)
{
	struct restore_report *report = context;

	(void)subject, (void)err;
	report->subjects++;
	report->grants += grants->count;
	return 0;
}

static int look_only(struct history *history, struct restore_report *report, struct error *err)
{
	if (history_each_due(history, count_due, report, err) < 0)
		return -1;
	return history_each_subject(history, count_grants, report, err);
}

static enum exit_code restore(const struct context *context, struct ledger *ledger, bool dry)
{
	struct reading reading = {.history = history_new()};
	struct restore_report report = {0};
	struct error err = {0};
	enum exit_code code = read_all(context, &reading);
	int rc = 0;

	if (code != CODE_OK)
		goto out;
	rc = dry ? look_only(reading.history, &report, &err)
		 : restore_run(ledger, reading.history, &report, &err);
	if (rc < 0) {
		code = context_fail(&err);
		goto out;
	}
	printf("%zu outcomes read, %zu not understood; still to come due: %zu, of them added: "
	       "%zu; time-bound grants alive: %zu of %zu subjects%s\n",
	       reading.taken, reading.unreadable, report.due, report.due_added, report.grants,
	       report.subjects, dry ? " (nothing was written)" : "");
out:
	history_free(reading.history);
	return code;
}

/* ---- the command ---- */

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {
		COMMAND_OPTIONS, {"dry-run", no_argument, NULL, OPTION_DRY}, {NULL, 0, NULL, 0}};
	const struct ledger_options options = {&context->settings, clock_system(), "grantctl"};
	enum exit_code code = CODE_GO_ON;
	struct ledger *ledger = NULL;
	struct error err = {0};
	bool dry = false, lists;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == OPTION_DRY)
			dry = true;
		else if ((code = command_option(command, context, option)) != CODE_GO_ON)
			return code;
	}
	if (optind + 1 != argc)
		return command_misuse(command, "list or restore?");
	lists = strcmp(argv[optind], "list") == 0;
	if (!lists && strcmp(argv[optind], "restore") != 0)
		return command_misuse(command, "what is '%s'?", argv[optind]);
	if ((code = context_load(context)) != CODE_OK)
		return code;
	if (ledger_new(&options, &ledger, &err) < 0)
		return context_fail(&err);
	code = lists ? list(ledger) : restore(context, ledger, dry);
	ledger_free(ledger);
	return code;
}

const struct command command_due = {
	.name = "due",
	.summary = "what grantd will do later, and how to get it back",
	.usage = "usage: grantctl due list\n"
		 "       grantctl due restore [--dry-run]\n"
		 "\n"
		 "list: what is to come due (ends of time-bound grants, of rotated tokens), soonest\n"
		 "first; a JSON object a line unless on a terminal.\n"
		 "restore: after Redis lost its data. Reads all committed outcomes and puts back what\n"
		 "they promised, and which time-bound grants are alive. Nothing is done twice; workers\n"
		 "may run. What has come due meanwhile is done at once.\n"
		 "\n"
		 "      --dry-run  restore: only count\n"
		 COMMAND_OPTIONS_HELP,
	.run = run,
};
