/* SPDX-License-Identifier: Apache-2.0 */
/* Must not compile: whether a record could be read back is not looked at. */
#include "worker/offset_map.h"

int main(void)
{
	struct offset_map *map = offset_map_new();

	offset_map_load(map, 0, "", 0);
	offset_map_free(map);
	return 0;
}
