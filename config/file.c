/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.c - a small file, whole, into memory of the caller.
 *
 * Called for the configuration file and for $__file{}. Plain read(2), so that no
 * buffer of stdio keeps a copy of a secret.
 */
#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* One byte more than fits is asked for, to know that there is more. */
static int read_all(int fd, char *out, size_t capacity, size_t *length)
{
	size_t used = 0;

	for (;;) {
		char beyond;
		ssize_t got = used < capacity ? read(fd, out + used, capacity - used) :
						read(fd, &beyond, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		if (used == capacity) {
			errno = EFBIG;
			return -1;
		}
		used += (size_t)got;
	}
	*length = used;
	return 0;
}

int file_read(const char *path, char *out, size_t capacity, size_t *length, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc = -1;

	if (fd >= 0)
		rc = read_all(fd, out, capacity, length);
	if (rc < 0 && errno == EFBIG)
		error_set(err, ERROR_FATAL, "file", errno, "%s is longer than %zu bytes", path,
			  capacity);
	else if (rc < 0)
		error_set(err, ERROR_FATAL, "file", errno, "cannot read %s: %s", path,
			  strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return rc;
}
