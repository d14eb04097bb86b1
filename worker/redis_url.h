/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_REDIS_URL_H
#define WORKER_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"

/*
 * Where Redis is:
 *   redis://[[user]:password@]host[:port][/database]    rediss:// the same over TLS
 *   unix://[[user]:password@]/path/of/socket[?db=database]
 * Host may be an IPv6 address in brackets. User and password may have %XX escapes.
 */
struct redis_url {
	bool tls;
	char *host; /* NULL: a unix socket */
	int port;
	char *path;	/* of the socket, or NULL */
	char *user;	/* or NULL */
	char *password; /* or NULL */
	int64_t database;
};

/* ERROR_FATAL says what is wrong, never quoting the URL. */
MUST_CHECK int redis_url_parse(const char *text, struct redis_url *url, struct error *err);
void redis_url_clear(struct redis_url *url); /* wipes the password */

#endif
