/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a buffer that is never cleared. */
#include "base/buffer.h"

static void fill(void)
{
	struct buffer buffer;

	buffer_init(&buffer, 100);
	(void)buffer_append_text(&buffer, "text");
}

int main(void)
{
	fill();
	return 0;
}
