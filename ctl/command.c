/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c - what the subcommands have in common when they read their options.
 *
 * Complaints go to stderr and begin with the subcommand's name.
 */
#include "ctl/command.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum exit_code command_option(const struct command *command, struct context *context, int option)
{
	if (option == 'c') {
		context->config = optarg;
		return CODE_GO_ON;
	}
	if (option == 'h') {
		fputs(command->usage, stdout);
		return CODE_OK;
	}
	fprintf(stderr, "try: grantctl %s --help\n", command->name);
	return CODE_USAGE;
}

enum exit_code command_misuse(const struct command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "grantctl %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "; try --help\n");
	return CODE_USAGE;
}

enum exit_code command_number(const struct command *command, const char *name,
			      const char *text, int64_t min, int64_t max, int64_t *number)
{
	if (text_to_int64(text, min, max, number))
		return CODE_GO_ON;
	return command_misuse(command, "--%s must be a number from %lld to %lld", name,
			      (long long)min, (long long)max);
}
