/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a fuzz target whose invariant does not hold for the input "bug". */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	assert(size != 3 || memcmp(data, "bug", 3) != 0);
	return 0;
}
