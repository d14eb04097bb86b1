/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_show.c - grantctl show: what the ledger knows of a request.
 *
 * Reads only. Of what is secret, though sealed, only the length is shown: a credential
 * as a whole, and sealed values within an intent. Lines on a terminal, one JSON object
 * otherwise; both come from the same table of fields.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "codec/event_view.h"
#include "codec/json_write.h"
#include "codec/record.h"
#include "ctl/command.h"
#include "worker/ledger.h"
#include "worker/redis.h"

enum { OUT_BYTES = 1024 * 1024, EVENT_BYTES = 256 * 1024, LINE_CAPACITY = 1024 };

/* One way to show a field of the record. */
typedef void (*show_fn)(struct json_writer *writer, const struct ledger_field *field,
			int64_t now_ms);

static void show_text(struct json_writer *writer, const struct ledger_field *field,
		      int64_t now_ms)
{
	(void)now_ms;
	json_write_text(writer, field->name, field->value);
}

static void show_number(struct json_writer *writer, const struct ledger_field *field,
			int64_t now_ms)
{
	int64_t number = 0;

	if (text_to_int64(field->value, INT64_MIN, INT64_MAX, &number))
		json_write_integer(writer, field->name, number);
	else
		show_text(writer, field, now_ms);
}

static void show_time(struct json_writer *writer, const struct ledger_field *field,
		      int64_t now_ms)
{
	int64_t time_ms = 0;

	if (text_to_int64(field->value, 0, INT64_MAX / 2, &time_ms))
		json_write_time(writer, "started_at", time_ms);
	else
		show_text(writer, field, now_ms);
}

static void show_lease(struct json_writer *writer, const struct ledger_field *field,
		       int64_t now_ms)
{
	int64_t until_ms = 0;

	if (!text_to_int64(field->value, 0, INT64_MAX / 2, &until_ms))
		show_text(writer, field, now_ms);
	else
		json_write_integer(writer, "lease_left_ms",
				   until_ms > now_ms ? until_ms - now_ms : 0);
}

static void write_length(struct json_writer *writer, const char *name, size_t bytes)
{
	char text[LINE_CAPACITY];

	text_format(text, sizeof(text), "(%zu bytes)", bytes);
	json_write_text(writer, name, text);
}

static void show_length(struct json_writer *writer, const struct ledger_field *field,
			int64_t now_ms)
{
	(void)now_ms;
	write_length(writer, field->name, field->value_bytes);
}

/* "name=value" lines, as worker/intent.h writes them. Anything long is taken for
 * sealed, whatever its name. */
static void show_intent(struct json_writer *writer, const struct ledger_field *field,
			int64_t now_ms)
{
	enum { LONGEST_PLAIN = 512, NAME_CAPACITY = 64 };
	const char *line = field->value, *end = field->value + field->value_bytes;

	(void)now_ms;
	json_write_begin_object(writer, field->name);
	while (line < end) {
		size_t length = strcspn(line, "\n"), name_length = strcspn(line, "=\n");
		char name[NAME_CAPACITY], value[LONGEST_PLAIN + 1];
		size_t value_length = length > name_length ? length - name_length - 1 : 0;

		text_copy_bytes(name, sizeof(name), line, name_length);
		name[strcspn(name, "\"\\")] = '\0'; /* keys are written as they are */
		text_replace_control(name);
		if (strcmp(name, "sealed") == 0 || value_length > LONGEST_PLAIN) {
			write_length(writer, name, value_length);
		} else {
			text_copy_bytes(value, sizeof(value), line + name_length + 1,
					value_length);
			json_write_text(writer, name, value);
		}
		line += length + 1;
	}
	json_write_end_object(writer);
}

/* The stored record as the event that was, or will be, published. */
static void show_outcome(struct json_writer *writer, const struct ledger_field *field,
			 int64_t now_ms)
{
	struct event_view *view = NULL;
	struct record record = {0};
	struct buffer event;

	buffer_init(&event, EVENT_BYTES);
	if (record_unpack(field->value, field->value_bytes, &record, NULL) == 0 &&
	    event_view_of_record(&record, &view, NULL) == 0) {
		event_view_write(view, &event);
		json_write_raw(writer, field->name, (struct slice){event.bytes, event.length});
	} else {
		show_length(writer, field, now_ms);
	}
	event_view_free(view);
	record_clear(&record);
	buffer_clear(&event);
}

/* In the order of being shown. What is not listed is not shown: it may be secret. */
static const struct {
	const char *field;
	show_fn show;
} shown[] = {
	{"state", show_text},	      {"owner", show_text},    {"lease_until_ms", show_lease},
	{"attempts", show_number},    {"started_ms", show_time}, {"at", show_text},
	{"token", show_text},	      {"fingerprint", show_text}, {"step", show_text},
	{"intent", show_intent},      {"credential", show_length}, {"outcome", show_outcome},
};

static const struct ledger_field *find_field(const struct ledger_field *fields, size_t count,
					     const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0 && fields[i].value_bytes > 0)
			return &fields[i];
	return NULL;
}

static void print_json(const struct ledger_key *key, const struct ledger_field *fields,
		       size_t count, int64_t now_ms)
{
	struct json_writer writer;
	struct buffer out;

	buffer_init(&out, OUT_BYTES);
	json_write_init(&writer, &out);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "id", key->id);
	json_write_text(&writer, "source", key->source);
	for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
		const struct ledger_field *field = find_field(fields, count, shown[i].field);

		if (field != NULL)
			shown[i].show(&writer, field, now_ms);
	}
	json_write_end_object(&writer);
	puts(out.bytes);
	buffer_clear(&out);
}

/* For people: a field a line, each written by the same function as for scripts. */
static void print_lines(const struct ledger_key *key, const struct ledger_field *fields,
			size_t count, int64_t now_ms)
{
	printf("id: %s\nsource: %s\n", key->id, key->source);
	for (size_t i = 0; i < ARRAY_COUNT(shown); i++) {
		const struct ledger_field *field = find_field(fields, count, shown[i].field);
		struct json_writer writer;
		struct buffer line;

		if (field == NULL)
			continue;
		buffer_init(&line, OUT_BYTES);
		json_write_init(&writer, &line);
		shown[i].show(&writer, field, now_ms);
		puts(line.bytes);
		buffer_clear(&line);
	}
}

/* Leases are judged by the clock of Redis. */
static int ask_time(const struct settings *settings, int64_t *now_ms, struct error *err)
{
	const struct redis_options options = {.url = settings->redis.url,
					      .ca_file = settings->redis.ca_file,
					      .timeout_ms = settings->redis.timeout_ms};
	const struct redis_command command = {.arguments = {{"TIME", 4}}, .argument_count = 1};
	struct redis_reply *reply = NULL;
	struct redis *redis = NULL;
	char seconds[24] = "";
	int64_t now_s = 0;
	int rc = -1;

	if (redis_new(&options, &redis, err) < 0)
		return -1;
	if (redis_pipeline(redis, &command, 1, &reply, err) == 0) {
		struct redis_value value = redis_reply_at(reply, 0);

		text_copy_bytes(seconds, sizeof(seconds), value.bytes.data, value.bytes.length);
		rc = 0;
	}
	if (rc == 0 && text_to_int64(seconds, 0, INT64_MAX / 2000, &now_s))
		*now_ms = now_s * 1000;
	redis_reply_free(reply);
	redis_free(redis);
	return rc;
}

static enum exit_code show(const struct context *context, const struct ledger_key *key)
{
	const struct ledger_options options = {&context->settings, clock_system(), "grantctl"};
	struct ledger_field *fields = NULL;
	struct ledger *ledger = NULL;
	enum exit_code code = CODE_OK;
	int64_t now_ms = clock_wall_ms(clock_system());
	struct error err = {0};
	size_t count = 0;

	if (ledger_new(&options, &ledger, &err) < 0)
		return context_fail(&err);
	if (ledger_read(ledger, key, &fields, &count, &err) < 0 ||
	    ask_time(&context->settings, &now_ms, &err) < 0) {
		code = context_fail(&err);
	} else if (count == 0) {
		fprintf(stderr, "grantctl: the ledger has no request '%s' of source '%s'\n",
			key->id, key->source);
		code = CODE_NOT_FOUND;
	} else if (isatty(STDOUT_FILENO) == 1) {
		print_lines(key, fields, count, now_ms);
	} else {
		print_json(key, fields, count, now_ms);
	}
	ledger_fields_free(fields, count);
	ledger_free(ledger);
	return code;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"source", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	char source[CONTEXT_SOURCE_CAPACITY];
	struct ledger_key key = {.source = source};
	enum exit_code code = CODE_GO_ON;
	int option;

	context_source(source);
	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == 's')
			key.source = optarg;
		else
			code = command_option(command, context, option);
		if (code != CODE_GO_ON)
			return code;
	}
	if (optind + 1 != argc)
		return command_misuse(command, "one request's id is needed");
	key.id = argv[optind];
	code = context_load(context);
	return code != CODE_OK ? code : show(context, &key);
}

const struct command command_show = {
	.name = "show",
	.summary = "show what the ledger knows of a request",
	.usage = "usage: grantctl show [--source SOURCE] ID\n"
		 "\n"
		 "The ledger's record of a request: state, lease, step, outcome. JSON unless on a\n"
		 "terminal. Secrets are not shown, not even sealed.\n"
		 "\n"
		 "      --source SOURCE  of the request; default /grantctl/USER@HOST, as submit has it\n"
		 COMMAND_OPTIONS_HELP,
	.run = run,
};
