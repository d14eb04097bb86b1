/* SPDX-License-Identifier: Apache-2.0 */
/* Does not fail. It is run after one that does, which must not be forgotten. */
#include <stdio.h>

int main(void)
{
	puts("the passing one has run");
	return 0;
}
