/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SHA256_BYTES = 32, DIGEST_HEX_CAPACITY = 65 };

void digest_sha256(const void *bytes, size_t length, uint8_t out[DIGEST_SHA256_BYTES]);
void digest_sha256_hex(const void *bytes, size_t length, char out[DIGEST_HEX_CAPACITY]);

#endif
