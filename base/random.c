/* SPDX-License-Identifier: Apache-2.0 */
/*
 * random.c - random numbers from the kernel, for secrets, ids and jitter.
 */
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t length)
{
	char *cursor = out;

	while (length > 0) {
		ssize_t got = getrandom(cursor, length, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			perror("getrandom");
			abort();
		}
		cursor += got;
		length -= (size_t)got;
	}
}

uint32_t random_below(uint32_t bound)
{
	/* Numbers below this are one too many for an even split. */
	uint32_t reject_below = (uint32_t)(-bound) % bound;
	uint32_t number;

	do
		random_bytes(&number, sizeof(number));
	while (number < reject_below);
	return number % bound;
}
