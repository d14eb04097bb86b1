/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a write one byte past the end of an allocation. */
#include <stdlib.h>

int main(void)
{
	volatile size_t end = 16;
	char *bytes = malloc(end);

	if (bytes == NULL)
		return 0;
	((volatile char *)bytes)[end] = 1;
	free(bytes);
	return 0;
}
