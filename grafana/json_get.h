/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_JSON_GET_H
#define GRAFANA_JSON_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

/* Fields of what Grafana sent, read within bounds. 'object' may be NULL or no object. */

/* A whole number from 1 up. */
bool json_get_id(const struct json_t *object, const char *name, int64_t *id);

/* A string of at most capacity - 1 bytes without NUL; absent and null give "" and
 * true. False, and "", for anything else. */
bool json_get_text(const struct json_t *object, const char *name, char *out, size_t capacity);

/* For people: as much of it as fits, whole UTF-8 characters, no control bytes. */
void json_cut_text(const struct json_t *object, const char *name, char *out, size_t capacity);

/* True only for a true. */
bool json_get_true(const struct json_t *object, const char *name);

/* An RFC 3339 time; false if there is none. */
bool json_get_time(const struct json_t *object, const char *name, int64_t *time_ms);

#endif
