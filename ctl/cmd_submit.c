/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_submit.c - grantctl submit: write a request, and maybe wait for its outcome.
 *
 * The reader of outcomes is placed before the request is written, so that the outcome
 * can't slip by.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "codec/event_view.h"
#include "codec/submission.h"
#include "ctl/command.h"
#include "ctl/kafka.h"
#include "ctl/outcome_print.h"
#include "ctl/submit_options.h"

enum { ID_BYTES = 16, POLL_MS = 200, MS_PER_S = 1000 };

struct waiting {
	const struct submission *submission;
	struct outcome_printer printer;
	bool found;
	bool good;
};

static void take_outcome(void *context, const struct record_view *record)
{
	struct waiting *waiting = context;
	struct event_view *outcome = NULL;

	if (waiting->found || event_view_read(record, &outcome, NULL) < 0)
		return;
	waiting->found = strcmp(event_view_text(outcome, "data.request.id"),
				waiting->submission->id) == 0 &&
			 strcmp(event_view_text(outcome, "data.request.source"),
				waiting->submission->source) == 0;
	if (waiting->found) {
		waiting->good = outcome_is_good(outcome);
		/* Who closed our stdout has the exit code all the same. */
		(void)!outcome_print(&waiting->printer, outcome);
	}
	event_view_free(outcome);
}

static enum exit_code wait_for_outcome(struct kafka_reader *reader,
				       const struct submission *submission, int64_t wait_s)
{
	const struct clock *clock = clock_system();
	const int64_t give_up_ms = clock_steady_ms(clock) + wait_s * MS_PER_S;
	struct waiting waiting = {.submission = submission};
	enum kafka_read what;
	struct error err = {0};

	outcome_printer_init(&waiting.printer);
	while (!waiting.found && clock_steady_ms(clock) < give_up_ms)
		if (kafka_reader_next(reader, POLL_MS, take_outcome, &waiting, &what, &err) < 0)
			return context_fail(&err);
	if (waiting.found)
		return waiting.good ? CODE_OK : CODE_NO;
	fprintf(stderr, "grantctl: no outcome within %" PRId64 " s\n", wait_s);
	return CODE_NOT_FOUND;
}

static enum exit_code deliver(const struct context *context, const struct submit_options *options,
			      const struct submission *submission)
{
	const struct kafka_access access = {&context->settings, context->log};
	const struct kafka_letter letter = {
		.topic = context->settings.kafka.requests_topic,
		.key = submission->key,
		.value = {submission->value, submission->value_bytes},
		.content_type = SUBMISSION_CONTENT_TYPE,
	};
	struct kafka_reader *reader = NULL;
	enum exit_code code = CODE_OK;
	struct error err = {0};

	if (options->wait && kafka_reader_new(&access, context->settings.kafka.outcomes_topic,
					      KAFKA_FROM_END, &reader, &err) < 0)
		return context_fail(&err);
	if (kafka_send(&access, &letter, &err) < 0) {
		code = context_fail(&err);
	} else {
		puts(submission->id);
		fflush(stdout);
		if (options->wait)
			code = wait_for_outcome(reader, submission, options->wait_s);
	}
	kafka_reader_free(reader);
	return code;
}

static int read_data(const struct submit_options *options, struct buffer *data,
		     struct error *err)
{
	if (!options->has_fields) {
		if (context_read_input(options->target, LIMIT_RECORD_VALUE_BYTES, data, err) == 0)
			return 0;
		error_prefix(err, "without flags, '%s' is a file", options->target);
		return -1;
	}
	buffer_init(data, LIMIT_RECORD_VALUE_BYTES);
	return submit_options_write(options, data, err);
}

static int make_submission(const struct context *context, const struct submit_options *options,
			   struct submission *submission, struct error *err)
{
	char source[CONTEXT_SOURCE_CAPACITY], id[2 * ID_BYTES + 1];
	const struct submission_terms terms = {
		.id = options->id,
		.source = options->source,
		.instance = options->instance,
		.plan = options->plan,
		.default_id = id,
		.default_source = source,
		.default_instance = context_only_instance(context),
		.now_ms = clock_wall_ms(clock_system()),
	};
	uint8_t bytes[ID_BYTES];
	struct buffer data;
	int rc = -1;

	random_bytes(bytes, sizeof(bytes));
	text_hex(bytes, sizeof(bytes), id);
	context_source(source);
	buffer_init(&data, LIMIT_RECORD_VALUE_BYTES);
	if (read_data(options, &data, err) < 0)
		goto out;
	rc = submission_make((struct slice){data.bytes, data.length}, &terms, submission, err);
	if (rc < 0)
		error_prefix(err, "the request was not sent");
out:
	buffer_clear(&data);
	return rc;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	struct submission submission = {0};
	struct submit_options options;
	struct error err = {0};
	enum exit_code code = submit_options_read(command, context, argc, argv, &options);

	if (code != CODE_GO_ON)
		return code;
	code = context_load(context);
	if (code != CODE_OK)
		return code;
	if (make_submission(context, &options, &submission, &err) < 0) {
		context_fail(&err);
		code = CODE_USAGE; /* nothing was sent, and nothing was asked */
	} else {
		code = deliver(context, &options, &submission);
	}
	submission_clear(&submission);
	return code;
}

const struct command command_submit = {
	.name = "submit",
	.summary = "write a request; --wait for its outcome",
	.usage =
		"usage: grantctl submit ACTION FLAG...      a request made of flags\n"
		"       grantctl submit FILE|- [--wait]     JSON: a whole CloudEvent, or its data\n"
		"\n"
		"  --user WHOM          with '@' an e-mail, otherwise a login\n"
		"  --login, --email, --name TEXT\n"
		"  --org NAME, --org-id N\n"
		"  --team NAME, --team-id N; --team-email TEXT for a new one\n"
		"  --service-account NAME, --service-account-id N; --token NAME, --token-id N;\n"
		"  --api-key NAME, --api-key-id N; --ttl-s N, --never-expires,\n"
		"  --overlap-s N\n"
		"  --role, --expected-role, --to-role  Viewer, Editor, Admin or None\n"
		"  --if-no-account fail|create|invite, --delivery mail|link, --on-existing keep|reset\n"
		"  --set-login, --set-email, --set-name TEXT   new values, for .update and .rename\n"
		"  --duration SECONDS, --expires-at TIME   how long it is to hold\n"
		"  --dashboard FILE     JSON; --folder TITLE, --folder-uid UID, --expected-version N\n"
		"  --bootstrap FILE     JSON: what the org begins with\n"
		"  --grant-id ID, --grant-source SOURCE   the time-bound grant to end\n"
		"  --force, --overwrite, --allow-account-removal   see the action\n"
		"  --deadline TIME      RFC 3339\n"
		"  --reason, --ticket, --requested-by TEXT\n"
		"  --approved-by TEXT   may be said up to 16 times\n"
		"\n"
		"  --instance NAME      default: the only [grafana.NAME] there is\n"
		"  --id ID              default: a new one\n"
		"  --source SOURCE      default: /grantctl/USER@HOST\n"
		"  --plan               say what would happen, and change nothing; an id that is said\n"
		"                       gets '/plan' behind it\n"
		"  --wait [SECONDS]     for the outcome, 60 s if unsaid; the exit code tells it\n"
		COMMAND_OPTIONS_HELP
		"\n"
		"Prints the request's id. Actions (an example of each: docs/examples):\n"
		"  org_role.grant, .revoke\n"
		"  account.create, .update, .disable, .enable, .delete, .logout, .reset_password\n"
		"  server_admin.grant, .revoke\n"
		"  invite.create, .revoke\n"
		"  team.create, .delete; team_member.add, .remove\n"
		"  service_account.create, .update, .disable, .enable, .delete\n"
		"  service_account_token.create, .rotate, .delete; api_key.create, .delete\n"
		"  org.create, .rename, .delete, .bootstrap; dashboard.apply; inventory.snapshot\n",
	.run = run,
};
