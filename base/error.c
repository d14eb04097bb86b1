/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.c - one error object, filled at the origin and prefixed on the way up.
 *
 * Plain values in the caller's storage; nothing is allocated, nothing fails.
 * Text may quote bytes from outside, so control bytes never survive in it.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static void format_into(char *out, size_t capacity, const char *format, va_list args)
	PRINTF_LIKE(3, 0);

static void format_into(char *out, size_t capacity, const char *format, va_list args)
{
	if (vsnprintf(out, capacity, format, args) < 0)
		text_copy(out, capacity, "(unprintable)");
	text_replace_control(out);
}

void error_set(struct error *err, enum error_kind kind, const char *origin, int code,
	       const char *format, ...)
{
	va_list args;

	if (err == NULL)
		return;
	err->kind = kind;
	err->origin = origin;
	err->code = code;
	err->retry_after_ms = 0;
	va_start(args, format);
	format_into(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void error_prefix(struct error *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	size_t used;
	va_list args;

	if (err == NULL || err->kind == ERROR_NONE)
		return;
	va_start(args, format);
	format_into(text, sizeof(text), format, args);
	va_end(args);
	used = strlen(text);
	text_copy(text + used, sizeof(text) - used, ": ");
	used = strlen(text);
	text_copy(text + used, sizeof(text) - used, err->text);
	text_copy(err->text, sizeof(err->text), text);
}

void error_clear(struct error *err)
{
	if (err != NULL)
		memset(err, 0, sizeof(*err));
}
