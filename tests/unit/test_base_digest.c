/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attributes.h"
#include "base/digest.h"

/* From FIPS 180-2 and NIST's examples. */
static const struct {
	const char *text, *hex;
} digests[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void knows_the_published_digests(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(digests); i++) {
		char hex[DIGEST_HEX_CAPACITY];

		digest_sha256_hex(digests[i].text, strlen(digests[i].text), hex);
		assert_string_equal(hex, digests[i].hex);
	}
}

static void digests_a_million_bytes(void **state)
{
	static char bytes[1000000];
	char hex[DIGEST_HEX_CAPACITY];

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	digest_sha256_hex(bytes, sizeof(bytes), hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67"
				 "f1809a48a497200e046d39ccc7112cd0");
}

static void gives_bytes_too(void **state)
{
	static const uint8_t first[] = {0xba, 0x78, 0x16, 0xbf}, last[] = {0xf2, 0x00, 0x15, 0xad};
	uint8_t digest[DIGEST_SHA256_BYTES];

	(void)state;
	digest_sha256("abc", 3, digest);
	assert_memory_equal(digest, first, 4);
	assert_memory_equal(digest + 28, last, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_published_digests),
		cmocka_unit_test(digests_a_million_bytes),
		cmocka_unit_test(gives_bytes_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
