/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit_options.c - the flags of 'grantctl submit' to the data of a request.
 *
 * Called by cmd_submit.c. Pure but for complaints on stderr, and for the files that are
 * named instead of a value. What the values may be is the contract's business and checked
 * there (codec/request.h); here only the numbers and switches are read, because JSON knows
 * the difference.
 */
#include "ctl/submit_options.h"

#include <string.h>

#include "base/text.h"
#include "codec/json_write.h"
#include "worker/ports.h"

enum group { IN_ORG, IN_USER, IN_SET, IN_TEAM, IN_SERVICE_ACCOUNT, IN_TOKEN, IN_API_KEY, IN_FOLDER,
	     IN_GRANT, IN_DATA, GROUP_COUNT };
static const char *const group_names[GROUP_COUNT] = {
	[IN_ORG] = "org",
	[IN_USER] = "user",
	[IN_SET] = "set",
	[IN_TEAM] = "team",
	[IN_SERVICE_ACCOUNT] = "service_account",
	[IN_TOKEN] = "token",
	[IN_API_KEY] = "api_key",
	[IN_FOLDER] = "folder",
	[IN_GRANT] = "grant",
	[IN_DATA] = NULL, /* in the data itself */
};

enum kind {
	TEXT, /* or a number, see least_number() */
	SWITCH, /* true by being there, without a value */
	JSON_FILE,
};

static const struct field {
	const char *flag;
	enum group group;
	const char *member;
	enum kind kind;
} fields[] = {
	{"org", IN_ORG, "name", TEXT},
	{"org-id", IN_ORG, "id", TEXT},
	{"login", IN_USER, "login", TEXT},
	{"email", IN_USER, "email", TEXT},
	{"name", IN_USER, "name", TEXT},
	{"set-login", IN_SET, "login", TEXT},
	{"set-email", IN_SET, "email", TEXT},
	{"set-name", IN_SET, "name", TEXT},
	{"team", IN_TEAM, "name", TEXT},
	{"team-id", IN_TEAM, "id", TEXT},
	{"team-email", IN_TEAM, "email", TEXT},
	{"service-account", IN_SERVICE_ACCOUNT, "name", TEXT},
	{"service-account-id", IN_SERVICE_ACCOUNT, "id", TEXT},
	{"token", IN_TOKEN, "name", TEXT},
	{"token-id", IN_TOKEN, "id", TEXT},
	{"api-key", IN_API_KEY, "name", TEXT},
	{"api-key-id", IN_API_KEY, "id", TEXT},
	{"folder", IN_FOLDER, "title", TEXT},
	{"folder-uid", IN_FOLDER, "uid", TEXT},
	{"grant-id", IN_GRANT, "id", TEXT},
	{"grant-source", IN_GRANT, "source", TEXT},
	{"expected-version", IN_DATA, "expected_version", TEXT},
	{"dashboard", IN_DATA, "dashboard", JSON_FILE},
	{"bootstrap", IN_DATA, "bootstrap", JSON_FILE},
	{"ttl-s", IN_DATA, "ttl_s", TEXT},
	{"overlap-s", IN_DATA, "overlap_s", TEXT},
	{"role", IN_DATA, "role", TEXT},
	{"expected-role", IN_DATA, "expected_role", TEXT},
	{"to-role", IN_DATA, "to_role", TEXT},
	{"if-no-account", IN_DATA, "if_no_account", TEXT},
	{"on-existing", IN_DATA, "on_existing", TEXT},
	{"delivery", IN_DATA, "delivery", TEXT},
	{"duration", IN_DATA, "duration_s", TEXT},
	{"expires-at", IN_DATA, "expires_at", TEXT},
	{"deadline", IN_DATA, "deadline", TEXT},
	{"reason", IN_DATA, "reason", TEXT},
	{"ticket", IN_DATA, "ticket", TEXT},
	{"requested-by", IN_DATA, "requested_by", TEXT},
	{"never-expires", IN_DATA, "never_expires", SWITCH},
	{"force", IN_DATA, "force", SWITCH},
	{"overwrite", IN_DATA, "overwrite", SWITCH},
	{"allow-account-removal", IN_DATA, "allow_account_removal", SWITCH},
};

enum { FIELD_COUNT = ARRAY_COUNT(fields), FIELD_OPTION = 256 };
_Static_assert((int)FIELD_COUNT <= (int)SUBMIT_FIELDS_MAX, "submit_options.fields is too short");

enum { OPTION_USER = 'u', OPTION_APPROVED_BY = 'a', OPTION_WAIT = 'w', OPTION_ID = 'i',
       OPTION_SOURCE = 's', OPTION_INSTANCE = 'n', OPTION_PLAN = 'p' };

static const struct option own_options[] = {
	COMMAND_OPTIONS,
	{"user", required_argument, NULL, OPTION_USER},
	{"approved-by", required_argument, NULL, OPTION_APPROVED_BY},
	{"wait", optional_argument, NULL, OPTION_WAIT},
	{"id", required_argument, NULL, OPTION_ID},
	{"source", required_argument, NULL, OPTION_SOURCE},
	{"instance", required_argument, NULL, OPTION_INSTANCE},
	{"plan", no_argument, NULL, OPTION_PLAN},
};

enum { OWN_COUNT = ARRAY_COUNT(own_options), OPTIONS_CAPACITY = OWN_COUNT + FIELD_COUNT + 1 };

static void list_options(struct option all[OPTIONS_CAPACITY])
{
	memset(all, 0, OPTIONS_CAPACITY * sizeof(*all));
	memcpy(all, own_options, sizeof(own_options));
	for (int i = 0; i < FIELD_COUNT; i++)
		all[OWN_COUNT + i] = (struct option){
			fields[i].flag, fields[i].kind == SWITCH ? no_argument : required_argument,
			NULL, FIELD_OPTION + i};
}

static size_t field_of(enum group group, const char *member)
{
	size_t i = 0;

	while (fields[i].group != group || strcmp(fields[i].member, member) != 0)
		i++;
	return i;
}

static enum exit_code set_field(const struct command *command, struct submit_options *options,
				size_t field, const char *value)
{
	if (options->fields[field] != NULL)
		return command_misuse(command, "%s is said twice", fields[field].flag);
	options->fields[field] = value;
	options->has_fields = true;
	return CODE_GO_ON;
}

static enum exit_code add_approver(const struct command *command,
				   struct submit_options *options, const char *value)
{
	if (options->approver_count == ARRAY_COUNT(options->approved_by))
		return command_misuse(command, "at most %d --approved-by", LIMIT_APPROVERS);
	options->approved_by[options->approver_count++] = value;
	options->has_fields = true;
	return CODE_GO_ON;
}

static bool is_number(const char *text)
{
	return text != NULL && text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Both --wait=30 and --wait 30; getopt_long() knows only the first. */
static enum exit_code read_wait(const struct command *command, char **argv,
				struct submit_options *options)
{
	const char *seconds = optarg;

	options->wait = true;
	options->wait_s = SUBMIT_WAIT_S;
	if (seconds == NULL && is_number(argv[optind]))
		seconds = argv[optind++];
	if (seconds == NULL)
		return CODE_GO_ON;
	return command_number(command, "wait", seconds, 1, 24 * 3600, &options->wait_s);
}

static enum exit_code read_option(const struct command *command, struct context *context,
				  char **argv, int option, struct submit_options *options)
{
	size_t user_field;

	switch (option) {
	case OPTION_USER:
		user_field = field_of(IN_USER, strchr(optarg, '@') != NULL ? "email" : "login");
		return set_field(command, options, user_field, optarg);
	case OPTION_APPROVED_BY:
		return add_approver(command, options, optarg);
	case OPTION_WAIT:
		return read_wait(command, argv, options);
	case OPTION_ID:
		options->id = optarg;
		return CODE_GO_ON;
	case OPTION_SOURCE:
		options->source = optarg;
		return CODE_GO_ON;
	case OPTION_INSTANCE:
		options->instance = optarg;
		return CODE_GO_ON;
	case OPTION_PLAN:
		options->plan = true;
		return CODE_GO_ON;
	default:
		break;
	}
	if (option >= FIELD_OPTION)
		return set_field(command, options, (size_t)(option - FIELD_OPTION),
				 optarg != NULL ? optarg : "true");
	return command_option(command, context, option);
}

/* The least it can be; -1: it is no number, as the id of a request is none. */
static int64_t least_number(const struct field *field)
{
	static const struct {
		const char *member;
		int64_t least;
	} numbers[] = {{"id", 1}, {"ttl_s", 1}, {"overlap_s", 0}, {"duration_s", 1},
		     {"expected_version", 0}};

	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		if (field->group != IN_GRANT && strcmp(field->member, numbers[i].member) == 0)
			return numbers[i].least;
	return -1;
}

static enum exit_code check_numbers(const struct command *command,
				    const struct submit_options *options)
{
	enum exit_code code = CODE_GO_ON;
	int64_t ignored;

	for (size_t i = 0; i < FIELD_COUNT && code == CODE_GO_ON; i++)
		if (options->fields[i] != NULL && least_number(&fields[i]) >= 0)
			code = command_number(command, fields[i].flag, options->fields[i],
					      least_number(&fields[i]), INT64_MAX, &ignored);
	return code;
}

/* Is it an action to which nothing has to be said? */
static bool needs_no_field(const char *target)
{
	const struct operation *operation = operation_find(target);

	return operation != NULL && operation->needs == 0;
}

enum exit_code submit_options_read(const struct command *command, struct context *context,
				   int argc, char **argv, struct submit_options *options)
{
	struct option all[OPTIONS_CAPACITY];
	enum exit_code code;
	int option;

	memset(options, 0, sizeof(*options));
	list_options(all);
	while ((option = getopt_long(argc, argv, "c:h", all, NULL)) != -1) {
		code = read_option(command, context, argv, option, options);
		if (code != CODE_GO_ON)
			return code;
	}
	if (optind == argc)
		return command_misuse(command, "an action, a file or - is missing");
	options->target = argv[optind];
	if (optind + 1 < argc)
		return command_misuse(command, "what is '%s'?", argv[optind + 1]);
	options->has_fields = options->has_fields || needs_no_field(options->target);
	return check_numbers(command, options);
}

static int write_file(struct json_writer *writer, const struct field *field, const char *path,
		      struct error *err)
{
	struct buffer json;
	int rc;

	buffer_init(&json, LIMIT_RECORD_VALUE_BYTES);
	rc = context_read_input(path, LIMIT_RECORD_VALUE_BYTES, &json, err);
	if (rc == 0)
		json_write_raw(writer, field->member, (struct slice){json.bytes, json.length});
	buffer_clear(&json);
	return rc;
}

static int write_field(struct json_writer *writer, const struct field *field, const char *value,
		       struct error *err)
{
	int64_t number;

	if (field->kind == JSON_FILE)
		return write_file(writer, field, value, err);
	if (field->kind == SWITCH)
		json_write_bool(writer, field->member, true);
	else if (least_number(field) >= 0 && text_to_int64(value, 0, INT64_MAX, &number))
		json_write_integer(writer, field->member, number);
	else
		json_write_text(writer, field->member, value);
	return 0;
}

static int write_group(struct json_writer *writer, const struct submit_options *options,
		       enum group group, struct error *err)
{
	bool began = false;

	for (size_t i = 0; i < FIELD_COUNT; i++) {
		if (fields[i].group != group || options->fields[i] == NULL)
			continue;
		if (!began && group_names[group] != NULL)
			json_write_begin_object(writer, group_names[group]);
		began = true;
		if (write_field(writer, &fields[i], options->fields[i], err) < 0)
			return -1;
	}
	if (began && group_names[group] != NULL)
		json_write_end_object(writer);
	return 0;
}

int submit_options_write(const struct submit_options *options, struct buffer *out,
			 struct error *err)
{
	struct json_writer writer;

	json_write_init(&writer, out);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "action", options->target);
	for (int group = 0; group < GROUP_COUNT; group++)
		if (write_group(&writer, options, (enum group)group, err) < 0)
			return -1;
	if (options->approver_count > 0) {
		json_write_begin_array(&writer, "approved_by");
		for (size_t i = 0; i < options->approver_count; i++)
			json_write_text(&writer, NULL, options->approved_by[i]);
		json_write_end_array(&writer);
	}
	json_write_end_object(&writer);
	return 0;
}
