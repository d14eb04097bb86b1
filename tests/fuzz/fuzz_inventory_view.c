/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_inventory_view.c - any bytes as a record of access.inventory: read, or refused, and
 * what is read is whole.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/inventory_view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct record_view record = {.topic = "access.inventory",
					   .value = {(const char *)data, size}};
	struct inventory_mark mark, again;
	struct inventory_item item;
	struct error err = {0};

	if (inventory_view_read(&record, &mark, &item, &err) < 0) {
		assert(err.kind == ERROR_POISON && err.text[0] != '\0');
		return 0;
	}
	assert(mark.snapshot[0] != '\0' && mark.instance[0] != '\0');
	assert(mark.closes == (item.entity == NULL));
	for (size_t i = 0; i < item.field_count; i++)
		assert(item.fields[i].name != NULL && item.fields[i].value != NULL);
	if (item.entity != NULL)
		assert(item.id != NULL && item.name != NULL && item.json != NULL);
	inventory_item_clear(&item);
	assert(inventory_view_read(&record, &again, NULL, NULL) == 0);
	assert(memcmp(&mark, &again, sizeof(mark)) == 0);
	return 0;
}
