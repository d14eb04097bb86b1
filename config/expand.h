/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

/*
 * Copy 'value' to 'out' with each $__file{path} replaced by that file's bytes
 * (without the line ends at its end) and each $__env{NAME} by that variable.
 * What comes in that way is not expanded again. The error names files and
 * variables, never the value. The caller wipes 'out'.
 */
MUST_CHECK int expand_value(const char *value, char *const *environment, char *out,
			    size_t capacity, struct error *err);

/* The value of a variable, or NULL. 'environment' may be NULL. */
const char *expand_variable(char *const *environment, const char *name);

#endif
