/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape.c - any text as part of a path or a query.
 *
 * Called by the resource files. Everything but RFC 3986's unreserved characters is
 * written as %XX, so no name can end a path or begin a query.
 */
#include <string.h>

#include "base/memory.h"
#include "grafana/http.h"

/* Grafana puts what it is to search for into a LIKE as it is. A '%' or '_' finds more than
 * was meant, which the caller sorts out; but Postgres and MySQL take a backslash for an
 * escape, so with one in it a text does not find itself: DOMAIN\ada is found by "ada". */
char *grafana_escape_search(const char *text)
{
	const char *backslash = strrchr(text, '\\');

	return grafana_escape(backslash != NULL ? backslash + 1 : text);
}

char *grafana_escape(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	static const char digits[] = "0123456789ABCDEF";
	char *escaped = mem_array(strlen(text) + 1, 3), *out = escaped;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if (strchr(plain, byte) != NULL) {
			*out++ = (char)byte;
			continue;
		}
		*out++ = '%';
		*out++ = digits[byte >> 4];
		*out++ = digits[byte & 15];
	}
	return escaped;
}
