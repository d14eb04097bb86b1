/* SPDX-License-Identifier: Apache-2.0 */
#include "codec_support.h"

#include "base/memory.h"

enum { PACKED_MOST = 1 << 20 };

/* kind 1, key "k", value null, one header h = "vv" and one null header n */
static const char packed[] = "GR\x01\x01"
			     "\x01\x00\x00\x00k"
			     "\xff\xff\xff\xff"
			     "\x02\x00\x00\x00"
			     "\x01\x00\x00\x00h\x02\x00\x00\x00vv"
			     "\x01\x00\x00\x00n\xff\xff\xff\xff";
enum { PACKED_BYTES = sizeof(packed) - 1 };

static void packs_to_the_documented_bytes(void **state)
{
	struct record record;
	struct buffer out;

	(void)state;
	record_init(&record, RECORD_CREDENTIAL);
	record_set_key(&record, "k", 1);
	record_add_header(&record, "h", "vv");
	record_add_header(&record, "n", NULL);
	buffer_init(&out, PACKED_MOST);
	record_pack(&record, &out);
	assert_int_equal(out.length, PACKED_BYTES);
	assert_memory_equal(out.bytes, packed, PACKED_BYTES);
	assert_int_equal(out.capacity, PACKED_BYTES + 1); /* and its NUL */
	buffer_clear(&out);
	record_clear(&record);
}

static void unpacks_what_it_packed(void **state)
{
	struct record record = {0};
	struct error err = {0};

	(void)state;
	assert_int_equal(record_unpack(packed, PACKED_BYTES, &record, &err), 0);
	assert_int_equal(record.kind, RECORD_CREDENTIAL);
	assert_string_equal(record.key, "k");
	assert_null(record.value);
	assert_int_equal(record.header_count, 2);
	assert_string_equal(record.headers[0].name, "h");
	assert_memory_equal(record.headers[0].value, "vv", 2);
	assert_int_equal(record.headers[0].value_bytes, 2);
	assert_null(record.headers[1].value);
	record_clear(&record);
}

static void keeps_nuls_and_empty_apart_from_null(void **state)
{
	struct record record, copy = {0};
	struct error err = {0};
	struct buffer out;

	(void)state;
	record_init(&record, RECORD_DEAD_LETTER);
	record.value = mem_strndup("a\0b", 3);
	record.value_bytes = 3;
	record_add_header_bytes(&record, "empty", "", 0);
	buffer_init(&out, PACKED_MOST);
	record_pack(&record, &out);
	assert_int_equal(record_unpack(out.bytes, out.length, &copy, &err), 0);
	assert_int_equal(copy.kind, RECORD_DEAD_LETTER);
	assert_null(copy.key);
	assert_int_equal(copy.value_bytes, 3);
	assert_memory_equal(copy.value, "a\0b", 3);
	assert_non_null(copy.headers[0].value);
	assert_int_equal(copy.headers[0].value_bytes, 0);
	record_clear(&copy);
	record_clear(&record);
	buffer_clear(&out);
}

static void keeps_many_headers_in_order(void **state)
{
	struct record record;

	(void)state;
	record_init(&record, RECORD_OUTCOME);
	for (int i = 0; i < 70; i++) {
		char name[] = {(char)('0' + i), '\0'};

		record_add_header(&record, name, "v");
	}
	assert_int_equal(record.header_count, 70);
	assert_string_equal(record.headers[0].name, "0");
	assert_string_equal(record.headers[8].name, "8");
	assert_string_equal(record.headers[69].name, "u");
	record_clear(&record);
	assert_int_equal(record.header_count, 0);
}

static void assert_refused(const char *bytes, size_t length)
{
	/* A copy of just that size, so that a read beyond it is caught. */
	char *exact = mem_alloc(length);
	struct record record = {.kind = RECORD_OUTCOME};
	struct error err = {0};

	memcpy(exact, bytes, length);
	assert_int_equal(record_unpack(exact, length, &record, &err), -1);
	assert_int_equal(err.kind, ERROR_FATAL);
	assert_string_equal(err.text, "stored record: not what this program writes");
	assert_null(record.key);
	free(exact);
}

static void refuses_every_cut(void **state)
{
	(void)state;
	for (size_t length = 0; length < PACKED_BYTES; length++)
		assert_refused(packed, length);
}

static void refuses_what_it_never_writes(void **state)
{
	char bytes[PACKED_BYTES + 1];

	(void)state;
	memcpy(bytes, packed, PACKED_BYTES);
	bytes[PACKED_BYTES] = 0;
	assert_refused(bytes, sizeof(bytes)); /* goes on */
	bytes[2] = 2;
	assert_refused(bytes, PACKED_BYTES); /* other version */
	memcpy(bytes, packed, PACKED_BYTES);
	bytes[3] = RECORD_KINDS;
	assert_refused(bytes, PACKED_BYTES); /* no such kind */
	bytes[3] = (char)0x80;
	assert_refused(bytes, PACKED_BYTES);
	memcpy(bytes, packed, PACKED_BYTES);
	memset(bytes + 13, 0xff, 4);
	assert_refused(bytes, PACKED_BYTES); /* more headers than could be there */
	memcpy(bytes, packed, PACKED_BYTES);
	bytes[21] = '\0';
	assert_refused(bytes, PACKED_BYTES); /* a NUL in a header's name */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packs_to_the_documented_bytes),
		cmocka_unit_test(unpacks_what_it_packed),
		cmocka_unit_test(keeps_nuls_and_empty_apart_from_null),
		cmocka_unit_test(keeps_many_headers_in_order),
		cmocka_unit_test(refuses_every_cut),
		cmocka_unit_test(refuses_what_it_never_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
