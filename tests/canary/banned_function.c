/* SPDX-License-Identifier: Apache-2.0 */
/* Must not compile: a copy without a bound. */
#include <string.h>

int main(void)
{
	char text[4];

	strcpy(text, "abc");
	return text[0];
}
