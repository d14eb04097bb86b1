/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

#include "base/attributes.h"

/*
 * Allocation that cannot fail: out of memory ends the process with a line on
 * stderr. That is safe here: the record's offset is uncommitted and its lease
 * lapses, so another worker takes it up. Every size from outside is bounded by
 * config/limits.h before it gets here. Memory is released with free().
 */
void *mem_alloc(size_t bytes);
void *mem_zalloc(size_t bytes);
void *mem_array(size_t count, size_t bytes_each); /* zeroed; checked for overflow */
void *mem_grow_array(void *array, size_t count, size_t bytes_each);
char *mem_strdup(const char *text);		    /* NULL gives NULL */
char *mem_strndup(const char *bytes, size_t length); /* always NUL-terminated */

/*
 * A secret lives in its own locked pages, is left out of core dumps and is
 * wiped when freed. No log or error formatter takes one. 'bytes' is
 * NUL-terminated beyond 'length' for libraries that want a string.
 */
struct secret {
	char *bytes;
	size_t length;
	size_t mapped_bytes;
};

/* Room for 'length' bytes, zeroed. */
void secret_init(struct secret *secret, size_t length);
void secret_copy(struct secret *secret, const char *bytes, size_t length);
void secret_clear(struct secret *secret);

/* Overwrite memory in a way the compiler may not drop. */
void mem_wipe(void *bytes, size_t length);
void mem_free_wiped(char *text); /* NULL is allowed */

/* No core dump, and no ptrace by others of the same user: for processes that secrets pass
 * through. */
void mem_harden_process(void);

#endif
