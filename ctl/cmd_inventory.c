/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_inventory.c - grantctl inventory: who has which access, and what has changed.
 *
 * Reads the topic of snapshots only. A snapshot of which something is missing is not shown:
 * what is not in it would look like what is not there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/inventory_print.h"

struct options {
	const char *instance; /* NULL = the only one there is */
	const char *snapshot; /* NULL = the newest */
	int64_t org_id;	      /* of a snapshot of one org; 0 = of all */
	bool diff, list;
	const char *pair[2]; /* of --diff */
	struct inventory_print print;
};

/* ---- which snapshot ---- */

static const struct inventory_listed *find_newest(const struct inventory_list *list,
						  const struct options *options)
{
	for (size_t i = list->count; i > 0; i--) {
		const struct inventory_listed *listed = &list->snapshots[i - 1];

		if (inventory_is_whole(listed) && listed->mark.org_id == options->org_id &&
		    strcmp(listed->mark.instance, options->instance) == 0)
			return listed;
	}
	fprintf(stderr, "grantctl: there is no whole snapshot of '%s'%s\n", options->instance,
		options->org_id != 0 ? " with that org alone" : "");
	return NULL;
}

/* By the beginning of its id. */
static const struct inventory_listed *find_by_id(const struct inventory_list *list,
						 const char *id)
{
	const struct inventory_listed *found = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct inventory_listed *listed = &list->snapshots[i];

		if (!text_starts_with(listed->mark.snapshot, id))
			continue;
		if (found != NULL) {
			fprintf(stderr, "grantctl: several snapshots begin with '%s'\n", id);
			return NULL;
		}
		found = listed;
	}
	if (found == NULL)
		fprintf(stderr, "grantctl: there is no snapshot '%s'\n", id);
	else if (!found->closed)
		fprintf(stderr, "grantctl: the snapshot '%s' was never closed\n", id);
	else if (!inventory_is_whole(found))
		fprintf(stderr, "grantctl: of %" PRId64 " records of the snapshot '%s' %" PRId64
			" are left\n", found->mark.records, id, found->found);
	return found != NULL && inventory_is_whole(found) ? found : NULL;
}

/* ---- showing ---- */

static enum exit_code list_snapshots(const struct inventory_list *list)
{
	printf("%-32s  %-16s  %-6s  %-24s  %-24s  %-8s  %s\n", "SNAPSHOT", "INSTANCE", "ORG",
	       "STARTED", "FINISHED", "RECORDS", "STATE");
	for (size_t i = 0; i < list->count; i++) {
		const struct inventory_listed *listed = &list->snapshots[i];
		const struct inventory_mark *mark = &listed->mark;

		printf("%-32s  %-16s  %-6" PRId64 "  %-24s  %-24s  %-8" PRId64 "  %s\n",
		       mark->snapshot, mark->instance, mark->org_id, mark->started_at,
		       listed->closed ? mark->finished_at : "-", listed->found,
		       inventory_is_whole(listed) ? "whole"
		       : listed->closed		  ? "incomplete"
						  : "open");
	}
	return list->count > 0 ? CODE_OK : CODE_NOT_FOUND;
}

static enum exit_code show_one(const struct kafka_access *access,
			       const struct inventory_list *list, const struct options *options)
{
	const struct inventory_listed *listed =
		options->snapshot != NULL ? find_by_id(list, options->snapshot)
					  : find_newest(list, options);
	struct inventory_things things;
	struct error err = {0};

	if (listed == NULL)
		return CODE_NOT_FOUND;
	if (inventory_things_read(access, listed->mark.snapshot, &things, &err) < 0)
		return context_fail(&err);
	inventory_print(&options->print, &things);
	inventory_things_clear(&things);
	return CODE_OK;
}

static enum exit_code show_diff(const struct kafka_access *access,
				const struct inventory_list *list, const struct options *options)
{
	const struct inventory_listed *before = find_by_id(list, options->pair[0]);
	const struct inventory_listed *after = find_by_id(list, options->pair[1]);
	struct inventory_things old = {0}, new = {0};
	struct error err = {0};
	enum exit_code code = CODE_OK;

	if (before == NULL || after == NULL)
		return CODE_NOT_FOUND;
	if (strcmp(before->mark.instance, after->mark.instance) != 0 ||
	    before->mark.org_id != after->mark.org_id) {
		fprintf(stderr, "grantctl: the snapshots are not of the same\n");
		return CODE_USAGE;
	}
	if (inventory_things_read(access, before->mark.snapshot, &old, &err) < 0 ||
	    inventory_things_read(access, after->mark.snapshot, &new, &err) < 0)
		code = context_fail(&err);
	else
		code = inventory_print_diff(&options->print, &old, &new) > 0 ? CODE_NO : CODE_OK;
	inventory_things_clear(&old);
	inventory_things_clear(&new);
	return code;
}

/* ---- options ---- */

static enum exit_code read_format(const struct command *command, const char *word,
				  enum inventory_format *format)
{
	static const char *const words[] = {
		[INVENTORY_TABLE] = "table",
		[INVENTORY_CSV] = "csv",
		[INVENTORY_JSON] = "json",
	};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*format = (enum inventory_format)i;
			return CODE_GO_ON;
		}
	return command_misuse(command, "--format must be table, csv or json");
}

static enum exit_code read_entity(const struct command *command, const char *word,
				  const char **entity)
{
	static const char *const words[] = {"user", "org", "team", "service_account"};

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (strcmp(word, words[i]) == 0) {
			*entity = words[i];
			return CODE_GO_ON;
		}
	return command_misuse(command, "--entity must be user, org, team or service_account");
}

static enum exit_code read_option(const struct command *command, struct context *context,
				  int option, struct options *options)
{
	switch (option) {
	case 'i':
		options->instance = optarg;
		return CODE_GO_ON;
	case 's':
		options->snapshot = optarg;
		return CODE_GO_ON;
	case 'o':
		return command_number(command, "org-id", optarg, 1, INT64_MAX, &options->org_id);
	case 'f':
		return read_format(command, optarg, &options->print.format);
	case 'e':
		return read_entity(command, optarg, &options->print.entity);
	case 'd':
		options->diff = true;
		return CODE_GO_ON;
	case 'l':
		options->list = true;
		return CODE_GO_ON;
	default:
		return command_option(command, context, option);
	}
}

static enum exit_code read_pair(const struct command *command, int argc, char **argv,
				struct options *options)
{
	int wanted = options->diff ? 2 : 0;

	if (argc - optind > wanted)
		return command_misuse(command, "what is '%s'?", argv[optind + wanted]);
	if (argc - optind < wanted)
		return command_misuse(command, "--diff needs two snapshots");
	for (int i = 0; i < wanted; i++)
		options->pair[i] = argv[optind + i];
	return CODE_GO_ON;
}

static enum exit_code read_options(const struct command *command, struct context *context,
				   int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"instance", required_argument, NULL, 'i'},
		{"snapshot", required_argument, NULL, 's'},
		{"org-id", required_argument, NULL, 'o'},
		{"format", required_argument, NULL, 'f'},
		{"entity", required_argument, NULL, 'e'},
		{"diff", no_argument, NULL, 'd'},
		{"list", no_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	enum exit_code code = CODE_GO_ON;
	int option;

	while (code == CODE_GO_ON &&
	       (option = getopt_long(argc, argv, "c:h", names, NULL)) != -1)
		code = read_option(command, context, option, options);
	return code == CODE_GO_ON ? read_pair(command, argc, argv, options) : code;
}

static bool needs_instance(const struct options *options)
{
	return options->instance == NULL && options->snapshot == NULL && !options->diff &&
	       !options->list;
}

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	struct options options = {
		.print = {.format = isatty(STDOUT_FILENO) == 1 ? INVENTORY_TABLE
							       : INVENTORY_JSON},
	};
	struct inventory_list list = {0};
	struct kafka_access access;
	struct error err = {0};
	enum exit_code code = read_options(command, context, argc, argv, &options);

	if (code != CODE_GO_ON)
		return code;
	code = context_load(context);
	if (code != CODE_OK)
		return code;
	if (needs_instance(&options))
		options.instance = context_only_instance(context);
	if (needs_instance(&options))
		return command_misuse(command, "there are several instances: say --instance");
	access = (struct kafka_access){&context->settings, context->log};
	if (inventory_list_read(&access, &list, &err) < 0)
		return context_fail(&err);
	code = options.list   ? list_snapshots(&list)
	       : options.diff ? show_diff(&access, &list, &options)
			      : show_one(&access, &list, &options);
	inventory_list_clear(&list);
	return code;
}

const struct command command_inventory = {
	.name = "inventory",
	.summary = "show a snapshot, or what differs between two",
	.usage =
		"usage: grantctl inventory [--instance NAME] [--org-id N | --snapshot ID]\n"
		"                          [--entity WORD] [--format table|csv|json]\n"
		"       grantctl inventory --diff A B [--entity WORD] [--format table|csv|json]\n"
		"       grantctl inventory --list\n"
		"\n"
		"The newest whole snapshot of a Grafana, from the topic of snapshots. One is made by\n"
		"the action inventory.snapshot, or by the clock: [inventory] every.\n"
		"\n"
		"      --instance NAME  of which Grafana; may be left out if there is one\n"
		"      --org-id N       a snapshot of that org alone\n"
		"      --snapshot ID    that one; the beginning of its id will do, also below\n"
		"      --entity WORD    only user, org, team or service_account\n"
		"      --format WORD    table (on a terminal), csv or json (an object per line)\n"
		"      --diff A B       what was added, removed or changed from A to B; 1 if anything\n"
		"                       was. When somebody was last seen does not count\n"
		"      --list           which snapshots there are\n"
		COMMAND_OPTIONS_HELP,
	.run = run,
};
