/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_record_unpack.c - any bytes as a record of the ledger. What can be unpacked
 * must pack to the same bytes.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "codec/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record;
	struct error err = {0};
	struct buffer out;

	if (record_unpack((const char *)data, size, &record, &err) < 0) {
		assert(err.kind == ERROR_FATAL);
		return 0;
	}
	buffer_init(&out, size);
	record_pack(&record, &out);
	assert(!out.overflowed && out.length == size && memcmp(out.bytes, data, size) == 0);
	buffer_clear(&out);
	record_clear(&record);
	return 0;
}
