/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_SECRET_JSON_H
#define GRAFANA_SECRET_JSON_H

#include <stddef.h>

/* Room a text may need when each byte of it becomes an escape: \u001f */
enum { SECRET_JSON_ESCAPED_BYTES = 6 };

/* The inside of a JSON string, written into memory of the caller's, which a library
 * would not wipe. 'out' has room for SECRET_JSON_ESCAPED_BYTES times 'length'. Answers
 * the bytes used; no NUL is added. */
size_t secret_json_escape(char *out, const char *bytes, size_t length);

#endif
