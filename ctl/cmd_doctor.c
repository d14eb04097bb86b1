/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_doctor.c - grantctl doctor: what will bite, for each configured Grafana.
 *
 * Reads what a Grafana says of itself, has doctor.c judge it, and prints the findings,
 * worst first. Writes nothing anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "codec/json_write.h"
#include "ctl/command.h"
#include "ctl/doctor.h"
#include "grafana/http.h"

enum { REPORT_BYTES = 4 * 1024 * 1024 };

struct options {
	bool json;
	bool list;
	const char *instance; /* NULL = all */
};

/* One Grafana, looked at. */
struct visit {
	struct patient patient;
	struct diagnosis diagnosis;
	const char *credential;
	struct error err; /* kind NONE: it was */
};

/* ---- looking ---- */

static int read_settings(struct grafana_session *session, struct patient *patient,
			 struct server_settings **ini, struct error *err)
{
	struct grafana_org org;
	struct answer answer = {0};
	int64_t id;

	if (!patient->server.is_server_admin)
		return 0;
	if (grafana_server_settings(session, ini, &answer, err) < 0)
		return -1;
	patient->ini = *ini;
	if (patient->ini == NULL)
		return 0;
	id = server_settings_number(patient->ini, "users", "auto_assign_org_id", 1);
	if (grafana_org_by_id(session, id, GRAFANA_FRESH, &org, &answer, err) < 0)
		return -1;
	if (answer.code == ANSWER_OK || answer.code == ANSWER_NOT_FOUND)
		patient->default_org = answer.code == ANSWER_OK ? SERVER_YES : SERVER_NO;
	return 0;
}

/* A definite no is an error here, too: there is nothing more to look at. */
static int look(struct grafana_session *session, struct patient *patient,
		struct server_settings **ini, struct error *err)
{
	struct answer answer = {0};

	if (grafana_server_probe(session, &patient->server, &answer, err) < 0)
		return -1;
	if (answer.code != ANSWER_OK) {
		error_set(err, ERROR_REFUSED, "doctor", answer.status, "HTTP %d: %s", answer.status,
			  answer.message[0] != '\0' ? answer.message : answer_name(answer.code));
		return -1;
	}
	if (grafana_rights_probe(session, &patient->rights, err) < 0)
		return -1;
	return read_settings(session, patient, ini, err);
}

/* Nothing that is asked here may change anything. */
static int refuse_writes(void *context, int64_t call_ms, struct error *err)
{
	(void)context, (void)call_ms;
	error_set(err, ERROR_RETRY, "doctor", 0, "the doctor does not write");
	return -1;
}

static void visit(const struct context *context, const struct instance_settings *instance,
		  struct visit *visit)
{
	const struct grafana_guard guard = {refuse_writes, NULL};
	struct server_settings *ini = NULL;
	struct grafana_session *session;
	struct grafana *grafana = NULL;

	memset(visit, 0, sizeof(*visit));
	visit->patient.settings = &context->settings;
	visit->patient.instance = instance;
	visit->credential = "";
	if (grafana_new(instance, clock_system(), &grafana, &visit->err) < 0)
		return;
	session = grafana_session_begin(grafana, &guard, NULL);
	if (look(session, &visit->patient, &ini, &visit->err) == 0)
		doctor_examine(&visit->patient, &visit->diagnosis);
	else if (visit->err.code == 401) /* reached, and it says no */
		visit->err.kind = ERROR_REFUSED;
	visit->credential = grafana_auth_name(grafana);
	grafana_session_end(session);
	grafana_free(grafana);
	server_settings_free(ini);
	visit->patient.ini = NULL;
}

/* ---- saying it ---- */

static void print_text(const struct visit *visit)
{
	const struct grafana_server *server = &visit->patient.server;

	printf("grafana.%s: ", visit->patient.instance->name);
	if (visit->err.kind != ERROR_NONE) {
		printf("%s\n", visit->err.text);
		return;
	}
	printf("version %s%s%s, %s, %zu finding%s\n",
	       server->version[0] != '\0' ? server->version : "(hidden)",
	       server->edition[0] != '\0' ? " " : "", server->edition, visit->credential,
	       visit->diagnosis.count, visit->diagnosis.count == 1 ? "" : "s");
	for (size_t i = 0; i < visit->diagnosis.count; i++) {
		const struct finding *finding = &visit->diagnosis.findings[i];

		printf("  %-5s %s: %s\n        %s\n        change: %s\n",
		       severity_name(finding->rule->severity), finding->rule->id, finding->fact,
		       finding->rule->consequence, finding_change(finding));
	}
}

static void write_finding(struct json_writer *writer, const struct finding *finding)
{
	json_write_begin_object(writer, NULL);
	json_write_text(writer, "id", finding->rule->id);
	json_write_text(writer, "severity", severity_name(finding->rule->severity));
	json_write_text(writer, "fact", finding->fact);
	json_write_text(writer, "consequence", finding->rule->consequence);
	json_write_text(writer, "change", finding_change(finding));
	json_write_end_object(writer);
}

/* One line for each Grafana. */
static void print_json(const struct visit *visit)
{
	const struct grafana_server *server = &visit->patient.server;
	struct json_writer writer;
	struct buffer line;

	buffer_init(&line, REPORT_BYTES);
	json_write_init(&writer, &line);
	json_write_begin_object(&writer, NULL);
	json_write_text(&writer, "instance", visit->patient.instance->name);
	json_write_text(&writer, "error", visit->err.kind != ERROR_NONE ? visit->err.text : NULL);
	json_write_text(&writer, "version", server->version[0] != '\0' ? server->version : NULL);
	json_write_text(&writer, "edition", server->edition[0] != '\0' ? server->edition : NULL);
	json_write_text(&writer, "credential", visit->credential);
	json_write_bool(&writer, "server_admin", server->is_server_admin);
	json_write_begin_array(&writer, "findings");
	for (size_t i = 0; i < visit->diagnosis.count; i++)
		write_finding(&writer, &visit->diagnosis.findings[i]);
	json_write_end_array(&writer);
	json_write_end_object(&writer);
	puts(line.bytes);
	buffer_clear(&line);
}

/* The worse of two ends; not having been able to ask is the worst. */
static enum exit_code judge(const struct visit *visit, enum exit_code so_far)
{
	bool is_no = visit->err.kind != ERROR_NONE;

	if (so_far == CODE_UNREACHABLE ||
	    (visit->err.kind != ERROR_NONE && visit->err.kind != ERROR_REFUSED))
		return CODE_UNREACHABLE;
	for (size_t i = 0; i < visit->diagnosis.count; i++)
		is_no |= visit->diagnosis.findings[i].rule->severity == SEVERITY_ERROR;
	return is_no ? CODE_NO : so_far;
}

/* ---- the command ---- */

static enum exit_code print_list(void)
{
	struct buffer list;

	buffer_init(&list, REPORT_BYTES);
	doctor_write_list(&list);
	fputs(list.bytes, stdout);
	buffer_clear(&list);
	return CODE_OK;
}

static enum exit_code examine(const struct command *command, struct context *context,
			      const struct options *options)
{
	enum exit_code code = context_load(context);
	struct visit *one;
	bool found = false;

	if (code != CODE_OK)
		return code;
	one = mem_zalloc(sizeof(*one));
	for (size_t i = 0; i < context->settings.instance_count; i++) {
		const struct instance_settings *instance = &context->settings.instances[i];

		if (options->instance != NULL && strcmp(options->instance, instance->name) != 0)
			continue;
		found = true;
		visit(context, instance, one);
		(options->json ? print_json : print_text)(one);
		code = judge(one, code);
	}
	free(one);
	if (!found)
		return command_misuse(command, "there is no [grafana.%s]",
				      options->instance != NULL ? options->instance : "NAME");
	return code;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {COMMAND_OPTIONS,
					      {"json", no_argument, NULL, 'j'},
					      {"list", no_argument, NULL, 'l'},
					      {NULL, 0, NULL, 0}};
	struct options options = {0};
	enum exit_code code;
	int option;

	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		if (option == 'j') {
			options.json = true;
		} else if (option == 'l') {
			options.list = true;
		} else {
			code = command_option(command, context, option);
			if (code != CODE_GO_ON)
				return code;
		}
	}
	if (optind < argc)
		options.instance = argv[optind++];
	if (optind < argc)
		return command_misuse(command, "what is '%s'?", argv[optind]);
	return options.list ? print_list() : examine(command, context, &options);
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "what will bite, by each Grafana's own settings",
	.usage = "usage: grantctl doctor [--json] [INSTANCE]\n"
		 "       grantctl doctor --list\n"
		 "\n"
		 "Reads what each configured Grafana says of itself, and names what will make grantd's\n"
		 "requests fail or not last: the fact, what follows from it, and the setting to change.\n"
		 "Ends with 1 when one of the findings is an error. Changes nothing.\n"
		 "\n"
		 "      --json         a line of JSON for each Grafana\n"
		 "      --list         every finding there is, as docs/doctor.md\n" COMMAND_OPTIONS_HELP,
	.run = run,
};
