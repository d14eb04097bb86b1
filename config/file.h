/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"

/* Read a whole file of at most 'capacity' bytes. The caller wipes what it got. */
MUST_CHECK int file_read(const char *path, char *out, size_t capacity, size_t *length,
			 struct error *err);

#endif
