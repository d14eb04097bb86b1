/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.c - secrets for the vault: JWE compact, ECDH-ES + A256GCM, P-256 (cjose).
 *
 * Called by the operations that make a password, and by grantctl. Owns the key.
 * A key is never changed after it was made, and cjose neither counts references
 * nor writes to the key it seals with, so threads may share one; each call has its
 * own header and JWE. Fails with ERROR_REFUSED for keys and ciphertexts that are no
 * good, ERROR_FATAL when the library itself fails. Texts hold no key material.
 * Limit: jansson's and OpenSSL's own short-lived copies of a private key are not
 * wiped; only the vault's side and grantctl ever read one. libcjose 0.6.2 loses one
 * byte for every JWE that is opened.
 */
#include "codec/seal.h"

#include <cjose/cjose.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "codec/json_parse.h"
#include "config/limits.h"

enum {
	COORDINATE_BYTES = 32,
	COORDINATE_TEXT = 43, /* base64url without padding */
	JWK_BYTES = 16 * 1024,
	JWK_TEXT_CAPACITY = 512,
};

struct seal_key {
	cjose_jwk_t *public_jwk;
	cjose_jwk_t *private_jwk; /* NULL if there is only the public part */
	char id[DIGEST_HEX_CAPACITY];
};

struct key_parts {
	uint8_t x[COORDINATE_BYTES], y[COORDINATE_BYTES], d[COORDINATE_BYTES];
	bool has_d;
};

static const char not_ours[] = "is not a compact JWE with ECDH-ES and A256GCM";

static int refuse(struct error *err, const char *text)
{
	error_set(err, ERROR_REFUSED, "seal", 0, "vault key: %s", text);
	return -1;
}

static int fail_library(struct error *err, const char *what, const cjose_err *fault)
{
	error_set(err, ERROR_FATAL, "seal", (int)fault->code, "%s: %s", what,
		  fault->message != NULL ? fault->message : "unknown fault");
	return -1;
}

/* --- JWK text to numbers and back --- */

static bool decode_coordinate(const char *text, size_t length, uint8_t out[COORDINATE_BYTES])
{
	char padded[COORDINATE_TEXT + 1];
	bool decoded;

	if (text == NULL || length != COORDINATE_TEXT)
		return false;
	for (size_t i = 0; i < COORDINATE_TEXT; i++) {
		if (text[i] == '+' || text[i] == '/')
			return false;
		padded[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	}
	padded[COORDINATE_TEXT] = '=';
	decoded = text_unbase64(padded, sizeof(padded), out, COORDINATE_BYTES) == COORDINATE_BYTES;
	mem_wipe(padded, sizeof(padded));
	return decoded;
}

static void encode_coordinate(const uint8_t bytes[COORDINATE_BYTES],
			      char out[TEXT_BASE64_CAPACITY(COORDINATE_BYTES)])
{
	text_base64(bytes, COORDINATE_BYTES, out);
	for (size_t i = 0; i < COORDINATE_TEXT; i++)
		out[i] = (char)(out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i]);
	out[COORDINATE_TEXT] = '\0';
}

static bool member_is(const json_t *jwk, const char *name, const char *expected)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	return text != NULL && strcmp(text, expected) == 0;
}

static bool take_coordinate(const json_t *jwk, const char *name, uint8_t out[COORDINATE_BYTES])
{
	const json_t *value = json_object_get(jwk, name);

	return decode_coordinate(json_string_value(value), json_string_length(value), out);
}

static int take_parts(const json_t *jwk, struct key_parts *parts, struct error *err)
{
	if (!member_is(jwk, "kty", "EC"))
		return refuse(err, "kty: must be EC");
	if (!member_is(jwk, "crv", "P-256"))
		return refuse(err, "crv: must be P-256");
	if (!take_coordinate(jwk, "x", parts->x))
		return refuse(err, "x: missing, or not 32 bytes in base64url");
	if (!take_coordinate(jwk, "y", parts->y))
		return refuse(err, "y: missing, or not 32 bytes in base64url");
	parts->has_d = json_object_get(jwk, "d") != NULL;
	if (parts->has_d && !take_coordinate(jwk, "d", parts->d))
		return refuse(err, "d: not 32 bytes in base64url");
	return 0;
}

static void wipe_private(const json_t *jwk)
{
	const json_t *value = json_object_get(jwk, "d");

	if (json_is_string(value))
		mem_wipe((char *)(uintptr_t)json_string_value(value), json_string_length(value));
}

static int parse_parts(const char *text, size_t length, struct key_parts *parts,
		       struct error *err)
{
	const char *error_class = NULL;
	struct error fault = {0};
	json_t *jwk = NULL;
	int rc;

	memset(parts, 0, sizeof(*parts));
	if (length > JWK_BYTES)
		return refuse(err, "is too long for a JWK");
	if (json_parse_object((struct slice){text, length}, &jwk, &error_class, &fault) < 0)
		return refuse(err, fault.text);
	rc = take_parts(jwk, parts, err);
	wipe_private(jwk);
	json_decref(jwk);
	return rc;
}

/* RFC 7638: SHA-256 of the required members in alphabetical order, no spaces. */
static void make_id(const struct key_parts *parts, char out[DIGEST_HEX_CAPACITY])
{
	char x[TEXT_BASE64_CAPACITY(COORDINATE_BYTES)], y[sizeof(x)];
	char canonical[JWK_TEXT_CAPACITY];

	encode_coordinate(parts->x, x);
	encode_coordinate(parts->y, y);
	text_format(canonical, sizeof(canonical),
		    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	digest_sha256_hex(canonical, strlen(canonical), out);
}

/* --- keys --- */

/* cjose checks that the point is on the curve and not at infinity. */
static int make_public(struct key_parts *parts, struct seal_key *key, struct error *err)
{
	cjose_jwk_ec_keyspec spec = {.crv = CJOSE_JWK_EC_P_256,
				     .x = parts->x,
				     .xlen = COORDINATE_BYTES,
				     .y = parts->y,
				     .ylen = COORDINATE_BYTES};
	cjose_err fault = {0};

	key->public_jwk = cjose_jwk_create_EC_spec(&spec, &fault);
	if (key->public_jwk == NULL)
		return refuse(err, "x and y are not a point on the curve P-256");
	return 0;
}

/* With a private part cjose does not look at x and y, so they are compared here. */
static int make_private(struct key_parts *parts, struct seal_key *key, struct error *err)
{
	cjose_jwk_ec_keyspec spec = {
		.crv = CJOSE_JWK_EC_P_256, .d = parts->d, .dlen = COORDINATE_BYTES};
	struct key_parts derived;
	cjose_err fault = {0};
	char *text;
	int rc = -1;

	key->private_jwk = cjose_jwk_create_EC_spec(&spec, &fault);
	if (key->private_jwk == NULL)
		return refuse(err, "d: not a private key of the curve P-256");
	text = cjose_jwk_to_json(key->private_jwk, false, &fault);
	if (text == NULL)
		return fail_library(err, "read key", &fault);
	if (parse_parts(text, strlen(text), &derived, err) < 0)
		goto out;
	if (memcmp(derived.x, parts->x, COORDINATE_BYTES) != 0 ||
	    memcmp(derived.y, parts->y, COORDINATE_BYTES) != 0) {
		refuse(err, "d does not belong to x and y");
		goto out;
	}
	rc = 0;
out:
	free(text);
	return rc;
}

int seal_key_parse(const char *jwk, size_t length, struct seal_key **key, struct error *err)
{
	struct seal_key *made = mem_zalloc(sizeof(*made));
	struct key_parts parts;
	int rc = -1;

	if (parse_parts(jwk, length, &parts, err) < 0 || make_public(&parts, made, err) < 0 ||
	    (parts.has_d && make_private(&parts, made, err) < 0))
		goto out;
	make_id(&parts, made->id);
	*key = made;
	made = NULL;
	rc = 0;
out:
	mem_wipe(&parts, sizeof(parts));
	seal_key_free(made);
	return rc;
}

int seal_key_load(const char *path, struct seal_key **key, struct error *err)
{
	FILE *file = fopen(path, "re");
	struct secret text = {0};
	size_t length = 0;
	int rc = -1;

	if (file == NULL) {
		error_set(err, ERROR_REFUSED, "seal", errno, "vault key %s: %s", path,
			  strerror(errno));
		return -1;
	}
	setvbuf(file, NULL, _IONBF, 0); /* no copy of a private key in stdio's buffer */
	secret_init(&text, JWK_BYTES + 1);
	length = fread(text.bytes, 1, text.length, file);
	if (ferror(file) != 0) {
		error_set(err, ERROR_REFUSED, "seal", errno, "vault key %s: cannot be read", path);
		goto out;
	}
	rc = seal_key_parse(text.bytes, length, key, err);
	if (rc < 0)
		error_prefix(err, "%s", path);
out:
	secret_clear(&text);
	fclose(file);
	return rc;
}

void seal_key_forget_private(struct seal_key *key)
{
	if (key->private_jwk != NULL)
		cjose_jwk_release(key->private_jwk);
	key->private_jwk = NULL;
}

void seal_key_free(struct seal_key *key)
{
	if (key == NULL)
		return;
	seal_key_forget_private(key);
	if (key->public_jwk != NULL)
		cjose_jwk_release(key->public_jwk);
	free(key);
}

const char *seal_key_id(const struct seal_key *key)
{
	return key->id;
}

/* --- sealing and opening --- */

static cjose_header_t *make_header(const struct seal_key *key, cjose_err *fault)
{
	cjose_header_t *header = cjose_header_new(fault);

	if (header == NULL)
		return NULL;
	if (cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_ECDH_ES, fault) &&
	    cjose_header_set(header, CJOSE_HDR_ENC, CJOSE_HDR_ENC_A256GCM, fault) &&
	    cjose_header_set(header, CJOSE_HDR_KID, key->id, fault))
		return header;
	cjose_header_release(header);
	return NULL;
}

int seal_secret(const struct seal_key *key, const struct secret *secret, char **sealed,
		struct error *err)
{
	cjose_err fault = {0};
	cjose_header_t *header = make_header(key, &fault);
	cjose_jwe_t *jwe = NULL;
	char *compact = NULL;

	if (header != NULL)
		jwe = cjose_jwe_encrypt(key->public_jwk, header, (const uint8_t *)secret->bytes,
					secret->length, &fault);
	if (jwe != NULL)
		compact = cjose_jwe_export(jwe, &fault);
	cjose_jwe_release(jwe);
	cjose_header_release(header);
	if (compact == NULL)
		return fail_library(err, "seal", &fault);
	*sealed = compact;
	return 0;
}

/* Anything but the one pair of algorithms is turned away before it is tried. */
static bool is_expected_header(cjose_jwe_t *jwe)
{
	cjose_err fault = {0};
	cjose_header_t *header = cjose_jwe_get_protected(jwe);
	const char *alg = cjose_header_get(header, CJOSE_HDR_ALG, &fault);
	const char *enc = cjose_header_get(header, CJOSE_HDR_ENC, &fault);

	return alg != NULL && enc != NULL && strcmp(alg, CJOSE_HDR_ALG_ECDH_ES) == 0 &&
	       strcmp(enc, CJOSE_HDR_ENC_A256GCM) == 0;
}

static int refuse_sealed(struct error *err, const char *text)
{
	error_set(err, ERROR_REFUSED, "seal", 0, "sealed secret: %s", text);
	return -1;
}

static int open_jwe(const struct seal_key *key, cjose_jwe_t *jwe, struct secret *secret,
		    struct error *err)
{
	cjose_err fault = {0};
	size_t length = 0;
	uint8_t *plain;

	if (!is_expected_header(jwe))
		return refuse_sealed(err, not_ours);
	plain = cjose_jwe_decrypt(jwe, key->private_jwk, &length, &fault);
	if (plain == NULL)
		return refuse_sealed(err, "was sealed for another key, or was changed");
	secret_copy(secret, (const char *)plain, length);
	mem_wipe(plain, length);
	free(plain);
	return 0;
}

int seal_open(const struct seal_key *key, const char *sealed, size_t length,
	      struct secret *secret, struct error *err)
{
	cjose_err fault = {0};
	cjose_jwe_t *jwe;
	int rc;

	if (key->private_jwk == NULL)
		return refuse(err, "has no private part (d)");
	if (length == 0 || length > LIMIT_SEALED_BYTES)
		return refuse_sealed(err, "is empty or too long");
	jwe = cjose_jwe_import(sealed, length, &fault);
	if (jwe == NULL)
		return refuse_sealed(err, not_ours);
	rc = open_jwe(key, jwe, secret, err);
	cjose_jwe_release(jwe);
	return rc;
}

/* --- new keys --- */

static void write_jwk(const struct key_parts *parts, const char *kid, bool with_private,
		      char out[JWK_TEXT_CAPACITY])
{
	char x[TEXT_BASE64_CAPACITY(COORDINATE_BYTES)], y[sizeof(x)], d[sizeof(x)];

	encode_coordinate(parts->x, x);
	encode_coordinate(parts->y, y);
	encode_coordinate(parts->d, d);
	text_format(out, JWK_TEXT_CAPACITY,
		    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"use\":\"enc\",\"alg\":\"ECDH-ES\","
		    "\"kid\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"%s%s%s}",
		    kid, x, y, with_private ? ",\"d\":\"" : "", with_private ? d : "",
		    with_private ? "\"" : "");
	mem_wipe(d, sizeof(d));
}

int seal_key_generate(struct secret *private_jwk, char **public_jwk, struct error *err)
{
	char text[JWK_TEXT_CAPACITY], kid[DIGEST_HEX_CAPACITY];
	struct key_parts parts = {0};
	cjose_err fault = {0};
	cjose_jwk_t *jwk = cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, &fault);
	char *made = jwk == NULL ? NULL : cjose_jwk_to_json(jwk, true, &fault);
	int rc = -1;

	if (made == NULL) {
		fail_library(err, "make key", &fault);
		goto out;
	}
	if (parse_parts(made, strlen(made), &parts, err) < 0)
		goto out;
	make_id(&parts, kid);
	write_jwk(&parts, kid, false, text);
	*public_jwk = mem_strdup(text);
	write_jwk(&parts, kid, true, text);
	secret_copy(private_jwk, text, strlen(text));
	rc = 0;
out:
	mem_wipe(text, sizeof(text));
	mem_wipe(&parts, sizeof(parts));
	mem_free_wiped(made);
	if (jwk != NULL)
		cjose_jwk_release(jwk);
	return rc;
}
