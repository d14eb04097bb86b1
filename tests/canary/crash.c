/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a test binary that dies without a word. */
#include <signal.h>

int main(void)
{
	raise(SIGKILL);
	return 0;
}
