/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_SEAL_H
#define CODEC_SEAL_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/error.h"
#include "base/memory.h"

/*
 * Sealing for the vault: JWE compact, ECDH-ES + A256GCM, to a P-256 JWK. The
 * key id is the RFC 7638 SHA-256 thumbprint, in hex.
 */
struct seal_key; /* opaque; immutable, so it may be shared by threads */

/* From JWK text. Only an EC P-256 key with a point on the curve is accepted.
 * ERROR_REFUSED on anything else; the text never quotes key material. */
MUST_CHECK int seal_key_parse(const char *jwk, size_t length, struct seal_key **key,
			      struct error *err);
MUST_CHECK int seal_key_load(const char *path, struct seal_key **key, struct error *err);
void seal_key_free(struct seal_key *key);
/* Drops the private part, which a process that only seals has no business to keep. */
void seal_key_forget_private(struct seal_key *key);
const char *seal_key_id(const struct seal_key *key);

/* *sealed is allocated; the caller frees it. */
MUST_CHECK int seal_secret(const struct seal_key *key, const struct secret *secret,
			   char **sealed, struct error *err);
/* Needs a key with its private part. */
MUST_CHECK int seal_open(const struct seal_key *key, const char *sealed, size_t length,
			 struct secret *secret, struct error *err);

/* A new P-256 key pair: *private_jwk with, *public_jwk without "d"; "kid" is in both. */
MUST_CHECK int seal_key_generate(struct secret *private_jwk, char **public_jwk,
				 struct error *err);

#endif
