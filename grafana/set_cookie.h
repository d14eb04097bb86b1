/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_SET_COOKIE_H
#define GRAFANA_SET_COOKIE_H

#include <stdbool.h>

#include "base/buffer.h"

/* What one Set-Cookie line says, as far as a session goes. */
enum set_cookie {
	SET_COOKIE_OTHER,    /* no session, or nothing that could be sent back */
	SET_COOKIE_POSSIBLE, /* may be the session: scripts can't read it */
	SET_COOKIE_USUAL,    /* has the name that a session has by default */
};

/* 'line' is what follows "Set-Cookie:". *pair is its "name=value", within the line, and
 * printable ASCII without a blank; only with POSSIBLE and USUAL. */
enum set_cookie set_cookie_read(struct slice line, struct slice *pair);

#endif
