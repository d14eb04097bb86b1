/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_BIND_H
#define TESTS_SIMULATOR_BIND_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/store.h"

struct exchange;

/* Request bodies as Grafana binds them: keys match without regard to case, unknown
 * ones are ignored, null is absent. Each answers false after setting the reply to
 * "bad request data" (7.5: a list of what
 * is wrong). bind_body comes first; texts live as long as the exchange. */
bool bind_body(struct exchange *exchange);
bool bind_text(struct exchange *exchange, const char *key, const char **value); /* "" if absent */
bool bind_required_text(struct exchange *exchange, const char *key, const char **value);
bool bind_int(struct exchange *exchange, const char *key, int64_t *value);  /* 0 if absent */
bool bind_bool(struct exchange *exchange, const char *key, bool *value); /* false if absent */
/* Is the key there, with a value? */
bool bind_has(struct exchange *exchange, const char *key);
bool bind_role(struct exchange *exchange, enum role *role);		 /* "role", required */

#endif
