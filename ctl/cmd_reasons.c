/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_reasons.c - grantctl reasons: every reason code, as docs/reason-codes.md.
 *
 * Reads no settings and asks nobody.
 */
#include <stdio.h>

#include "base/buffer.h"
#include "codec/reason.h"
#include "ctl/command.h"

enum { LIST_BYTES = 64 * 1024 };

static enum exit_code run(const struct command *command, struct context *context, int argc,
			  char **argv)
{
	static const struct option names[] = {COMMAND_OPTIONS, {NULL, 0, NULL, 0}};
	struct buffer list;
	int option = getopt_long(argc, argv, "c:h", names, NULL);

	if (option != -1)
		return command_option(command, context, option);
	if (optind < argc)
		return command_misuse(command, "what is '%s'?", argv[optind]);
	buffer_init(&list, LIST_BYTES);
	reason_write_list(&list);
	fputs(list.bytes, stdout);
	buffer_clear(&list);
	return CODE_OK;
}

const struct command command_reasons = {
	.name = "reasons",
	.summary = "every reason code, and what to change",
	.usage = "usage: grantctl reasons\n"
		 "\n"
		 "Prints docs/reason-codes.md, the reason codes of this version.\n"
		 "\n" COMMAND_OPTIONS_HELP,
	.run = run,
};
