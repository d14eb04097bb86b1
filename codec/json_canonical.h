/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_JSON_CANONICAL_H
#define CODEC_JSON_CANONICAL_H

#include "base/buffer.h"

struct json_t;

/*
 * One text for all ways to write the same value: names in byte order, no spaces,
 * strings escaped as json_write.h does, reals with as few digits as read back to the
 * same. An integer and a real of the same value differ. Appended to 'out'.
 */
void json_canonical_append(const struct json_t *value, struct buffer *out);

#endif
