/* SPDX-License-Identifier: Apache-2.0 */
/* Must fail: a buffer's bytes are read after they were given back. */
#include "base/buffer.h"

int main(void)
{
	struct buffer buffer;
	const volatile char *bytes;

	buffer_init(&buffer, 100);
	if (!buffer_append_text(&buffer, "text"))
		return 0;
	bytes = buffer.bytes;
	buffer_clear(&buffer);
	return bytes[0] == 't' ? 0 : 2;
}
