/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_open.c - grantctl open: the secret in a credential event, with the vault's key.
 *
 * Meant for trying things out and for emergencies; a vault does this itself. The plain
 * text lives in locked memory and goes to stdout by write(2), past stdio's buffer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "codec/event_view.h"
#include "codec/json_write.h"
#include "codec/seal.h"
#include "ctl/command.h"
#include "ctl/kafka.h"

enum { EVENT_BYTES = 256 * 1024, HEAD_BYTES = 8192 };

struct open_options {
	const char *key_file;
	const char *file; /* of the event */
	bool topic;
	const char *login, *instance;
	bool password_only;
};

/* ---- which event ---- */

struct search {
	const char *login, *instance; /* instance NULL = any */
	struct event_view *newest;
	int64_t newest_ms;
};

static bool is_wanted(const struct search *search, const struct event_view *event)
{
	return text_equal_nocase(event_view_text(event, "data.target.login"), search->login) &&
	       (search->instance == NULL ||
		strcmp(event_view_text(event, "data.instance"), search->instance) == 0);
}

/* One account's credentials are in one partition, unless partitions were added. */
static void take_credential(void *context, const struct record_view *record)
{
	struct search *search = context;
	struct event_view *event = NULL;
	int64_t made_ms = 0;

	if (event_view_read(record, &event, NULL) < 0)
		return;
	if (!text_to_time_ms(event_view_text(event, "data.created_at"), &made_ms))
		made_ms = record->timestamp_ms;
	if (is_wanted(search, event) && (search->newest == NULL || made_ms >= search->newest_ms)) {
		event_view_free(search->newest);
		search->newest = event;
		search->newest_ms = made_ms;
		return;
	}
	event_view_free(event);
}

static enum exit_code find_in_topic(const struct context *context,
				    const struct open_options *options,
				    struct event_view **event)
{
	const struct kafka_access access = {&context->settings, context->log};
	const char *topic = context->settings.kafka.credentials_topic;
	struct search search = {.login = options->login, .instance = options->instance};
	enum exit_code code = CODE_OK;
	struct error err = {0};

	if (search.instance == NULL)
		search.instance = context_only_instance(context);
	if (kafka_read_topic(&access, topic, take_credential, &search, &err) < 0) {
		code = context_fail(&err);
		event_view_free(search.newest);
	} else if (search.newest == NULL) {
		fprintf(stderr, "grantctl: %s has no credential of '%s'\n", topic, options->login);
		code = CODE_NOT_FOUND;
	} else {
		*event = search.newest;
	}
	return code;
}

static enum exit_code read_event(const struct open_options *options, struct event_view **event)
{
	struct error err = {0};
	struct buffer text;
	int rc = context_read_input(options->file, EVENT_BYTES, &text, &err);

	if (rc == 0) {
		rc = event_view_parse((struct slice){text.bytes, text.length}, event, &err);
		if (rc < 0)
			error_prefix(&err, "%s", options->file);
		buffer_clear(&text);
	}
	return rc == 0 ? CODE_OK : context_fail(&err);
}

/* ---- what comes out ---- */

static int write_out(const char *bytes, size_t length, struct error *err)
{
	while (length > 0) {
		ssize_t part = write(STDOUT_FILENO, bytes, length);

		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0) {
			error_set(err, ERROR_REFUSED, "open", errno, "standard output: %s",
				  strerror(errno));
			return -1;
		}
		bytes += part;
		length -= (size_t)part;
	}
	return 0;
}

/* As a JSON string, in memory that is never reallocated and so leaves no copies. */
static int write_quoted(const struct secret *plain, struct error *err)
{
	enum { LONGEST_ESCAPE = 6, QUOTES = 2, FIRST_CAPACITY = 256 };
	const size_t most = plain->length * LONGEST_ESCAPE + QUOTES;
	struct secret memory;
	struct buffer quoted = {.max_bytes = most};
	int rc;

	secret_init(&memory, most + FIRST_CAPACITY);
	quoted.bytes = memory.bytes;
	quoted.capacity = memory.length;
	json_write_quoted(&quoted, (struct slice){plain->bytes, plain->length});
	rc = write_out(quoted.bytes, quoted.length, err);
	secret_clear(&memory); /* and with it all that 'quoted' has */
	return rc;
}

static void write_head(const struct event_view *event, struct buffer *head)
{
	static const struct {
		const char *name, *path;
	} members[] = {
		{"instance", "data.instance"}, {"login", "data.target.login"},
		{"email", "data.target.email"}, {"kind", "data.kind"},
		{"path", "data.path"},		{"kid", "data.kid"},
		{"created_at", "data.created_at"}, {"request_id", "data.request.id"},
	};
	struct json_writer writer;
	int64_t version = 0;

	json_write_init(&writer, head);
	json_write_begin_object(&writer, NULL);
	for (size_t i = 0; i < ARRAY_COUNT(members); i++) {
		const char *text = event_view_text(event, members[i].path);

		if (text[0] != '\0')
			json_write_text(&writer, members[i].name, text);
	}
	if (event_view_integer(event, "data.version", &version))
		json_write_integer(&writer, "version", version);
	json_write_raw(&writer, "password", (struct slice){"", 0});
}

static int print_secret(const struct open_options *options, const struct event_view *event,
			const struct secret *plain, struct error *err)
{
	struct buffer head;
	int rc = -1;

	buffer_init(&head, HEAD_BYTES);
	if (options->password_only) {
		rc = write_out(plain->bytes, plain->length, err);
	} else {
		write_head(event, &head);
		if (write_out(head.bytes, head.length, err) == 0)
			rc = write_quoted(plain, err);
		if (rc == 0)
			rc = write_out("}", 1, err);
	}
	buffer_clear(&head);
	return rc < 0 ? -1 : write_out("\n", 1, err);
}

static enum exit_code open_event(const struct open_options *options,
				 const struct event_view *event)
{
	const char *sealed = event_view_text(event, "data.sealed");
	struct secret plain = {0};
	struct seal_key *key = NULL;
	enum exit_code code = CODE_OK;
	struct error err = {0};

	if (seal_key_load(options->key_file, &key, &err) < 0 ||
	    seal_open(key, sealed, strlen(sealed), &plain, &err) < 0 ||
	    print_secret(options, event, &plain, &err) < 0)
		code = context_fail(&err);
	secret_clear(&plain);
	seal_key_free(key);
	return code;
}

/* ---- the command ---- */

static enum exit_code read_options(const struct command *command, struct context *context,
				   int argc, char **argv, struct open_options *options)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"key", required_argument, NULL, 'k'},
		{"topic", no_argument, NULL, 't'},
		{"login", required_argument, NULL, 'l'},
		{"instance", required_argument, NULL, 'i'},
		{"password-only", no_argument, NULL, 'p'},
		{NULL, 0, NULL, 0},
	};
	enum exit_code code = CODE_GO_ON;
	int option;

	while (code == CODE_GO_ON &&
	       (option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == 'k')
			options->key_file = optarg;
		else if (option == 't')
			options->topic = true;
		else if (option == 'l')
			options->login = optarg;
		else if (option == 'i')
			options->instance = optarg;
		else if (option == 'p')
			options->password_only = true;
		else
			code = command_option(command, context, option);
	}
	return code;
}

static enum exit_code check_options(const struct command *command, int argc, char **argv,
				    struct open_options *options)
{
	if (options->key_file == NULL)
		return command_misuse(command, "--key is needed: the private key's file");
	if (options->topic != (options->login != NULL))
		return command_misuse(command, "--topic and --login go together");
	if (options->topic && optind < argc)
		return command_misuse(command, "either a file or --topic");
	if (optind + 1 < argc)
		return command_misuse(command, "what is '%s'?", argv[optind + 1]);
	options->file = optind < argc ? argv[optind] : "-";
	return CODE_GO_ON;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	struct open_options options = {0};
	struct event_view *event = NULL;
	enum exit_code code = read_options(command, context, argc, argv, &options);

	if (code == CODE_GO_ON)
		code = check_options(command, argc, argv, &options);
	if (code != CODE_GO_ON)
		return code;
	mem_harden_process();
	code = options.topic ? context_load(context) : CODE_OK;
	if (code == CODE_OK)
		code = options.topic ? find_in_topic(context, &options, &event)
				     : read_event(&options, &event);
	if (code == CODE_OK)
		code = open_event(&options, event);
	event_view_free(event);
	return code;
}

const struct command command_open = {
	.name = "open",
	.summary = "decrypt a credential event with the vault's private key",
	.usage =
		"usage: grantctl open --key PRIVATE_FILE [FILE|-]\n"
		"       grantctl open --key PRIVATE_FILE --topic --login LOGIN [--instance NAME]\n"
		"\n"
		"Opens the credential event in a file (its value as JSON, whole event or data), or the\n"
		"newest one of an account in the topic. Prints JSON with the secret in clear, as\n"
		"\"password\" whatever its kind.\n"
		"\n"
		"      --password-only   the secret and a line break, nothing else\n"
		"      --instance NAME   default: the only [grafana.NAME] there is\n"
		COMMAND_OPTIONS_HELP,
	.run = run,
};
