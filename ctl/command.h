/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include <getopt.h>

#include "ctl/context.h"
#include "ctl/exit_codes.h"

/* One subcommand. 'usage' is all that --help prints; run() gets argv from its own
 * name on, and answers an exit code. */
struct command {
	const char *name;
	const char *summary;
	const char *usage;
	enum exit_code (*run)(const struct command *command, struct context *context, int argc,
			      char **argv);
};

extern const struct command command_submit;
extern const struct command command_watch;
extern const struct command command_show;
extern const struct command command_keygen;
extern const struct command command_open;
extern const struct command command_config;
extern const struct command command_ping;
extern const struct command command_reasons;
extern const struct command command_fuse;
extern const struct command command_doctor;
extern const struct command command_due;
extern const struct command command_inventory;

/* The options that all have. */
#define COMMAND_OPTIONS                                                                       \
	{"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}
#define COMMAND_OPTIONS_HELP                                                                  \
	"  -c, --config FILE  settings; else $GRANTD_CONFIG, else /etc/grantd/grantd.ini\n"     \
	"  -h, --help\n"                                                                      \
	"\n" EXIT_CODES_HELP

/* What getopt_long() answered for one of them, or for what is no option: an exit
 * code, or CODE_GO_ON. */
enum exit_code command_option(const struct command *command, struct context *context, int option);

/* "grantctl submit: <formatted>; try --help" and CODE_USAGE. */
enum exit_code command_misuse(const struct command *command, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* A whole number of an option, or command_misuse(). */
enum exit_code command_number(const struct command *command, const char *name,
			      const char *text, int64_t min, int64_t max, int64_t *number);

#endif
