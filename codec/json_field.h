/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_JSON_FIELD_H
#define CODEC_JSON_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/error.h"
#include "codec/reason.h"

struct json_t;

/*
 * Reading the fields of a JSON object. The first fault is kept (ERROR_REFUSED,
 * "data.user.email: ..."), later ones are dropped, and reading goes on: what is
 * readable gets read even from a bad request. A field that is absent or null is
 * not said; every reader then answers "nothing" (NULL, false) without a fault.
 */
struct json_reader {
	struct error *err; /* may be NULL */
	bool failed;
	enum reason reason; /* of the first fault */
};

/* One object and its path from the root of the event. */
struct json_place {
	const struct json_t *object;
	const char *path; /* static: "data.user" */
};

/* What a text may be; none may be empty. */
enum text_rule {
	TEXT_LINE, /* no control bytes */
	TEXT_NAME, /* and no space at either end */
	TEXT_PROSE, /* line breaks and tabs are allowed */
};

enum { JSON_QUOTE_CAPACITY = 40 * 4 + 1 };

/* Note a fault, unless there was one. The text must begin with the place. */
void json_field_fail(struct json_reader *reader, enum reason reason, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* The value, or NULL if it is absent or null. */
const struct json_t *json_field_get(const struct json_place *place, const char *name);

/* An owned copy, or NULL. */
char *json_field_text(struct json_reader *reader, const struct json_place *place,
		      const char *name, enum text_rule rule, size_t max_bytes);
/* The same for a value in hand; 'path' is its whole path. */
char *json_field_text_value(struct json_reader *reader, const struct json_t *value,
			    const char *path, enum text_rule rule, size_t max_bytes);
bool json_field_integer(struct json_reader *reader, const struct json_place *place,
			const char *name, int64_t min, int64_t max, int64_t *number);
/* true or false; absent is false. */
bool json_field_flag(struct json_reader *reader, const struct json_place *place,
		     const char *name);
bool json_field_time(struct json_reader *reader, const struct json_place *place,
		     const char *name, int64_t *time_ms);
/* 'path' is the nested object's own. */
bool json_field_object(struct json_reader *reader, const struct json_place *place,
		       const char *name, const char *path, struct json_place *nested);

/* At most 40 bytes of a short identifier, anything but printable ASCII as \xHH. */
void json_field_quote(const char *text, char out[JSON_QUOTE_CAPACITY]);

#endif
