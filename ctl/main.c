/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - grantctl: the operator's tool of grantd.
 *
 * Finds the subcommand in a table and hands over. Exit codes: exit_codes.h.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"
#include "worker/version.h"

static const struct command *const commands[] = {
	&command_submit, &command_watch,  &command_show, &command_open,
	&command_keygen, &command_config, &command_ping, &command_reasons,
	&command_fuse,	 &command_due,	  &command_doctor, &command_inventory,
};

static void print_usage(FILE *out)
{
	fputs("usage: grantctl [--config FILE] COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "grantctl COMMAND --help says more about each.\n"
	      "\n"
	      "  -c, --config FILE  settings of grantd; else $GRANTD_CONFIG, else\n"
	      "                     /etc/grantd/grantd.ini; GRANTD_SECTION_KEY variables win\n"
	      "      --version\n"
	      "  -h, --help\n"
	      "\n" EXIT_CODES_HELP,
	      out);
}

/* CODE_GO_ON: with the subcommand at optind. */
static enum exit_code read_options(int argc, char **argv, struct context *context)
{
	static const struct option names[] = {
		COMMAND_OPTIONS,
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option;

	/* '+': what comes after the subcommand is the subcommand's. */
	while ((option = getopt_long(argc, argv, "+c:h", names, NULL)) != -1) {
		switch (option) {
		case 'c':
			context->config = optarg;
			break;
		case 'v':
			puts("grantctl " GRANTD_VERSION);
			return CODE_OK;
		case 'h':
			print_usage(stdout);
			return CODE_OK;
		default:
			print_usage(stderr);
			return CODE_USAGE;
		}
	}
	if (optind < argc)
		return CODE_GO_ON;
	print_usage(stderr);
	return CODE_USAGE;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	struct context context = {0};
	const struct command *command;
	enum exit_code code = read_options(argc, argv, &context);

	if (code != CODE_GO_ON)
		return code;
	command = find_command(argv[optind]);
	if (command == NULL) {
		fprintf(stderr, "grantctl: there is no command '%s'\n", argv[optind]);
		print_usage(stderr);
		return CODE_USAGE;
	}
	signal(SIGPIPE, SIG_IGN); /* a closed connection is an error code here */
	argc -= optind;
	argv += optind;
	optind = 0; /* glibc: begin anew */
	code = command->run(command, &context, argc, argv);
	context_clear(&context);
	if (fflush(stdout) != 0 && code == CODE_OK)
		code = CODE_NO;
	return code;
}
