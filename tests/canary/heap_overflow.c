/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a write one byte past the end of an allocation, which no compiler can foresee:
 * what gcc 14 knows the size of, the sanitizer of undefined behaviour reports first. */
#include <stdlib.h>

int main(void)
{
	enum { BYTES = 16 };
	char *volatile bytes = malloc(BYTES);

	if (bytes == NULL)
		return 0;
	((volatile char *)bytes)[BYTES] = 1;
	free(bytes);
	return 0;
}
