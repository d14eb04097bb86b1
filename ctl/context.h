/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_CONTEXT_H
#define CTL_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "config/settings.h"
#include "ctl/exit_codes.h"

/* What every subcommand starts from. */
struct context {
	const char *config; /* of --config; NULL = not said */
	bool loaded;
	struct settings settings;
	struct log *log; /* of the libraries; errors only */
};

/* Read the settings, once. Prints every fault and answers CODE_CONFIG. */
MUST_CHECK enum exit_code context_load(struct context *context);
void context_clear(struct context *context);

/* "grantctl: <error>" on stderr; the exit code that goes with its kind. */
enum exit_code context_fail(const struct error *err);

/* Everything of a file, or of standard input for "-". */
MUST_CHECK int context_read_input(const char *path, size_t max_bytes, struct buffer *out,
				  struct error *err);

/* The only instance there is, or NULL. */
const char *context_only_instance(const struct context *context);

enum { CONTEXT_SOURCE_CAPACITY = 257 };
/* "/grantctl/<user>@<host>": the source of events written by hand. */
void context_source(char out[CONTEXT_SOURCE_CAPACITY]);

#endif
