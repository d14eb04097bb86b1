/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_set_cookie.c - any bytes as a Set-Cookie line: what is taken can stand in a
 * header as it is, is a name with a value, and is no more than the line.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "grafana/set_cookie.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice line = {(const char *)data, size};
	struct slice pair;
	const char *equals;

	if (set_cookie_read(line, &pair) == SET_COOKIE_OTHER)
		return 0;
	assert(pair.data == line.data && pair.length <= line.length);
	equals = memchr(pair.data, '=', pair.length);
	assert(equals != NULL && equals > pair.data && equals + 1 < pair.data + pair.length);
	for (size_t i = 0; i < pair.length; i++)
		assert(pair.data[i] > ' ' && pair.data[i] <= '~' && pair.data[i] != ';');
	return 0;
}
