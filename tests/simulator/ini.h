/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_INI_H
#define TESTS_SIMULATOR_INI_H

#include "base/buffer.h"

struct json_t;
struct sim;

/* Keys that /api/admin/settings shows in place of the defaults: section -> key -> text, null
 * for a key that is not there. They are shown only: the server behaves as /sim/settings
 * says. NULL, or what is wrong with them. */
const char *ini_replace(struct sim *sim, const struct json_t *overrides);
/* As JSON. */
void ini_write_overrides(const struct sim *sim, struct buffer *out);
/* The whole, as the server answers it. */
void ini_write(const struct sim *sim, struct buffer *out);

#endif
