/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expand.c - $__file{path} and $__env{NAME} in values.
 *
 * Called by settings.c for every value, wherever it came from. The forms are
 * Grafana's own, so that its operators know them. Owns nothing.
 */
#include "config/expand.h"

#include <string.h>

#include "base/text.h"
#include "config/file.h"

static const char origin[] = "expand";

struct target { /* the caller's storage, filled from the left */
	char *bytes;
	size_t used;
	size_t capacity; /* without the NUL */
};

const char *expand_variable(char *const *environment, const char *name)
{
	size_t length = strlen(name);

	for (; environment != NULL && *environment != NULL; environment++)
		if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
			return *environment + length + 1;
	return NULL;
}

static int add(struct target *target, const char *bytes, size_t length, struct error *err)
{
	if (length > target->capacity - target->used) {
		error_set(err, ERROR_FATAL, origin, 0, "is longer than %zu bytes",
			  target->capacity);
		return -1;
	}
	if (length > 0)
		memcpy(target->bytes + target->used, bytes, length);
	target->used += length;
	return 0;
}

static int add_file(struct target *target, const char *path, struct error *err)
{
	char *start = target->bytes + target->used;
	size_t length = 0;

	if (file_read(path, start, target->capacity - target->used, &length, err) < 0)
		return -1;
	if (memchr(start, '\0', length) != NULL) {
		error_set(err, ERROR_FATAL, origin, 0, "%s contains a NUL byte", path);
		return -1;
	}
	while (length > 0 && (start[length - 1] == '\n' || start[length - 1] == '\r'))
		length--;
	target->used += length;
	return 0;
}

static int add_variable(struct target *target, const char *name, char *const *environment,
			struct error *err)
{
	const char *value = expand_variable(environment, name);

	if (value == NULL) {
		error_set(err, ERROR_FATAL, origin, 0, "variable %s is not set", name);
		return -1;
	}
	return add(target, value, strlen(value), err);
}

/* 'text' is at "$__". Moves it past the closing brace. */
static int add_reference(struct target *target, const char **text, char *const *environment,
			 struct error *err)
{
	static const char file_form[] = "$__file{", env_form[] = "$__env{";
	const char *start = *text, *end = strchr(start, '}');
	bool is_file = text_starts_with(start, file_form);
	bool is_env = text_starts_with(start, env_form);
	char argument[1024];

	if (!is_file && !is_env) {
		error_set(err, ERROR_FATAL, origin, 0,
			  "'$__' must be followed by file{path} or env{NAME}");
		return -1;
	}
	start += is_file ? strlen(file_form) : strlen(env_form);
	if (end == NULL || end == start ||
	    !text_copy_bytes(argument, sizeof(argument), start, (size_t)(end - start))) {
		error_set(err, ERROR_FATAL, origin, 0,
			  "%s must be followed by a %s and '}'", is_file ? file_form : env_form,
			  is_file ? "path" : "name");
		return -1;
	}
	*text = end + 1;
	return is_file ? add_file(target, argument, err) :
			 add_variable(target, argument, environment, err);
}

int expand_value(const char *value, char *const *environment, char *out, size_t capacity,
		 struct error *err)
{
	struct target target = {out, 0, capacity - 1};

	while (*value != '\0') {
		const char *reference = strstr(value, "$__");
		size_t plain = reference != NULL ? (size_t)(reference - value) : strlen(value);

		if (add(&target, value, plain, err) < 0)
			return -1;
		value += plain;
		if (reference != NULL &&
		    add_reference(&target, &value, environment, err) < 0)
			return -1;
	}
	out[target.used] = '\0';
	return 0;
}
