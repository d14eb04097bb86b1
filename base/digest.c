/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.c - SHA-256. The home of libcrypto's hashes.
 *
 * The one-shot function is used, not EVP: since OpenSSL 3.0 an EVP digest is
 * fetched under a lock for every call, which costs more than hashing a request.
 */
#include "base/digest.h"

#include <openssl/sha.h>

#include "base/text.h"

void digest_sha256(const void *bytes, size_t length, uint8_t out[DIGEST_SHA256_BYTES])
{
	SHA256(bytes, length, out);
}

void digest_sha256_hex(const void *bytes, size_t length, char out[DIGEST_HEX_CAPACITY])
{
	uint8_t digest[DIGEST_SHA256_BYTES];

	digest_sha256(bytes, length, digest);
	text_hex(digest, sizeof(digest), out);
}
