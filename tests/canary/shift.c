/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a shift by the width of the number. */
#include <stdint.h>

int main(void)
{
	volatile unsigned int width = 64;
	volatile uint64_t bit = UINT64_C(1) << width;

	(void)bit;
	return 0;
}
