/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.c - allocation that cannot fail, and memory for secrets.
 *
 * Secrets are mapped, locked and marked MADV_DONTDUMP one by one: there are few
 * of them alive at a time (one per account being created), so whole pages are
 * cheap. mlock may be refused by a small RLIMIT_MEMLOCK; the secret is then
 * still kept out of core dumps and wiped, which is why that is not an error.
 */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void die_out_of_memory(size_t bytes)
{
	fprintf(stderr, "level=error msg=\"out of memory\" bytes=%zu\n", bytes);
	abort();
}

void *mem_alloc(size_t bytes)
{
	void *memory = malloc(bytes == 0 ? 1 : bytes);

	if (memory == NULL)
		die_out_of_memory(bytes);
	return memory;
}

void *mem_zalloc(size_t bytes)
{
	return mem_array(1, bytes);
}

void *mem_array(size_t count, size_t bytes_each)
{
	void *memory = calloc(count == 0 ? 1 : count, bytes_each == 0 ? 1 : bytes_each);

	if (memory == NULL)
		die_out_of_memory(count);
	return memory;
}

void *mem_grow_array(void *array, size_t count, size_t bytes_each)
{
	void *memory;

	if (bytes_each != 0 && count > SIZE_MAX / bytes_each)
		die_out_of_memory(SIZE_MAX);
	memory = realloc(array, count * bytes_each == 0 ? 1 : count * bytes_each);
	if (memory == NULL)
		die_out_of_memory(count * bytes_each);
	return memory;
}

char *mem_strdup(const char *text)
{
	return text == NULL ? NULL : mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *bytes, size_t length)
{
	char *copy = mem_alloc(length + 1);

	if (length > 0)
		memcpy(copy, bytes, length);
	copy[length] = '\0';
	return copy;
}

void mem_wipe(void *bytes, size_t length)
{
	explicit_bzero(bytes, length);
}

void mem_free_wiped(char *text)
{
	if (text != NULL)
		mem_wipe(text, strlen(text));
	free(text);
}

void mem_harden_process(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void secret_init(struct secret *secret, size_t length)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	size_t mapped_bytes = (length / page_bytes + 1) * page_bytes;
	void *memory = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die_out_of_memory(mapped_bytes);
	(void)mlock(memory, mapped_bytes);
	(void)madvise(memory, mapped_bytes, MADV_DONTDUMP);
	secret->bytes = memory;
	secret->length = length;
	secret->mapped_bytes = mapped_bytes;
}

void secret_copy(struct secret *secret, const char *bytes, size_t length)
{
	secret_init(secret, length);
	if (length > 0)
		memcpy(secret->bytes, bytes, length);
}

void secret_clear(struct secret *secret)
{
	if (secret->bytes != NULL) {
		mem_wipe(secret->bytes, secret->mapped_bytes);
		munmap(secret->bytes, secret->mapped_bytes);
	}
	memset(secret, 0, sizeof(*secret));
}
