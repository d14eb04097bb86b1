/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a sum that a signed number can't hold. */
#include <stdint.h>

int main(void)
{
	volatile int64_t sum = INT64_MAX;

	sum = sum + 1;
	return 0;
}
