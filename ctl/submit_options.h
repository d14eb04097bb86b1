/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_SUBMIT_OPTIONS_H
#define CTL_SUBMIT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "config/limits.h"
#include "ctl/command.h"

/* What the command line of 'submit' says. Strings belong to argv; NULL = not said. */
enum { SUBMIT_FIELDS_MAX = 64, SUBMIT_WAIT_S = 60 };

struct submit_options {
	const char *target;		       /* an action, or a file */
	const char *fields[SUBMIT_FIELDS_MAX]; /* by row of the table in submit_options.c */
	const char *approved_by[LIMIT_APPROVERS];
	size_t approver_count;
	bool plan;
	bool has_fields; /* or needs none: the target is an action */
	const char *id, *source, *instance;
	bool wait;
	int64_t wait_s;
};

/* CODE_GO_ON, or the exit code after a help text or a complaint. */
enum exit_code submit_options_read(const struct command *command, struct context *context,
				   int argc, char **argv, struct submit_options *options);

/* The data of the request as JSON, without its instance. Files are taken over as they are;
 * -1 when one can't be read. */
MUST_CHECK int submit_options_write(const struct submit_options *options, struct buffer *out,
				    struct error *err);

#endif
