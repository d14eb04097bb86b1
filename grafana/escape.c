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
