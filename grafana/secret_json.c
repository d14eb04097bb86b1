/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_json.c - secrets inside of JSON, without a copy that nobody wipes.
 *
 * Called where a body with a password is made. Pure.
 */
#include "grafana/secret_json.h"

#include <string.h>

size_t secret_json_escape(char *out, const char *bytes, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte >= 0x20 && byte != '"' && byte != '\\') {
			out[used++] = (char)byte;
			continue;
		}
		memcpy(out + used, "\\u00", 4);
		out[used + 4] = digits[byte >> 4];
		out[used + 5] = digits[byte & 15];
		used += SECRET_JSON_ESCAPED_BYTES;
	}
	return used;
}
