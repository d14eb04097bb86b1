/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_JSON_OUT_H
#define TESTS_SIMULATOR_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* JSON written by hand: key order and escapes are part of what is simulated. */
void json_out_text(struct buffer *out, const char *text);     /* as it is */
void json_out_string(struct buffer *out, const char *text);   /* quoted, escaped like Go's */
void json_out_int(struct buffer *out, int64_t value);
void json_out_time(struct buffer *out, int64_t epoch_s);      /* quoted RFC 3339, UTC */

#endif
