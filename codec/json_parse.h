/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_JSON_PARSE_H
#define CODEC_JSON_PARSE_H

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

struct json_t;

/*
 * Parse one JSON object. Duplicate names, invalid UTF-8 and anything after the
 * object are faults. ERROR_POISON with line and column, never with a piece of
 * the text; *error_class is then a static word ("not_json", "not_utf8",
 * "duplicate_name", "bad_number", "not_an_object"). A NUL that was written as
 * \u0000 is let through, so that whoever reads the field can name it: take the
 * lengths of strings from jansson, never from strlen. The caller owns *object.
 */
MUST_CHECK int json_parse_object(struct slice text, struct json_t **object,
				 const char **error_class, struct error *err);

#endif
