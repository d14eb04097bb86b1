/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and ciphertexts below were made by another implementation (Python's jwcrypto).
 */
#include "codec_support.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "codec/seal.h"

/* libcjose 0.6.2 loses one byte for every JWE it imports with an empty encrypted key. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libcjose.so";
}

static const char private_jwk[] =
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8y0\",\"d\":\"J9"
	"I13sI0_hltROgtzuRk-2Z0l2_d7SuOoWoPNU4qXmo\"}";
static const char public_jwk[] =
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8y0\"}";
static const char key_id[] = "5ca38f48a7f055eec35f0a50c0951176320564d3a3b778a8a98a9ed293c5c621";
static const char sealed_elsewhere[] = /* "correct horse" */
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJjcnYiOiJQLTI1NiIsImt0"
	"eSI6IkVDIiwieCI6InhjT2VDV2VDZUVxVG1GVVFTQVZZYjFNam93d2x1NG5tMXREZUJxT1kyQU0i"
	"LCJ5IjoiR1FyWDNpNHZic3E2YVJWN1M3b3M3R2U5bkpMUWlsLTFiUFRnM1JGYlJvMCJ9LCJraWQi"
	"OiI1Y2EzOGY0OGE3ZjA1NWVlYzM1ZjBhNTBjMDk1MTE3NjMyMDU2NGQzYTNiNzc4YThhOThhOWVk"
	"MjkzYzVjNjIxIn0..C3P2Qb55uTV5Srf7.tmskXFr9JyEfPqfRWQ.JRH1NNFJMBzQzzejmZUE6A";
static const char sealed_with_key_wrap[] = /* ECDH-ES+A256KW */
	"eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIsImVuYyI6IkEyNTZHQ00iLCJlcGsiOnsiY3J2IjoiUC0y"
	"NTYiLCJrdHkiOiJFQyIsIngiOiJGLW1nZXlaNHpMb0pfWWJLWWxVdW1lUXNhbmJGdmxLbWtFS0ZB"
	"ODd0TzFjIiwieSI6InlUbm1qOW9YM3oxNzVZRm1mWXJFZWJEVnYtazFHMGRicDc1UnpQX3dsN0Ei"
	"fX0.-DkTiHtYi4I4CbEB_dfHXoMmXlzHpJtoZNfKATJVYMhjvNSvjnMndg.rx8LM8FXGctpUqoT."
	"_IaoopYDv9FlyNcreQ.E_HlRMOZdJW9dqHGqOjU3w";
static const char sealed_with_a128gcm[] =
	"eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImVwayI6eyJjcnYiOiJQLTI1NiIsImt0"
	"eSI6IkVDIiwieCI6Im43eWp5dGlTWTdwTWtyTFlYOU5YVjNlQ1Vza2JaTWI4ZDBCeXlFYW03MEEi"
	"LCJ5IjoiUlZsTmw4Q0JvMmkyUnhRYVFpbEJVdWJhUWZWeFdSR1ctTVlwQ1E3eUhHYyJ9fQ..fiYi"
	"GpPy1-nWUUv6.6BixfhAxlTZQ86OxXg._FlZULCrRsa3hV7WU8WLxA";
static const char other_private_jwk[] =
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"huGOu-l1ZgRQ0uYnl3TmIPNEPuV_pcfHv5"
	"yEko5o8qg\",\"y\":\"0oOESbUV9vM4qdS0qpL_zSFWNs_JTNuFvwn1KnzpI7E\",\"d\":\"9S"
	"oTTxHS_V2WzCGZSg90wtTuxOMIhTlqj5HkqHgAYaw\"}";

static const struct {
	const char *jwk, *text;
} bad_keys[] = {
	{"", "vault key: ends in the middle of JSON (line 1, column 0)"},
	{"[]", "vault key: is JSON, but not an object"},
	{"{}", "vault key: kty: must be EC"},
	{"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
	 "vault key: kty: must be EC"},
	{"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"V0yksED2GNSKHGxbYG4X2o7eO9vVGGmtpV"
	"TwjvuX8r3MFbxmVhqb5HS3UqJtP8fn\",\"y\":\"3ByZdm9AGTXgXHe-636twolj5lqKDKim5uD"
	"pLQGhkEswg0X2dtDXgicBNVB9WIVT\"}",
	 "vault key: crv: must be P-256"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRj"
	"jIqgIz8y0\"}",
	 "vault key: x: missing, or not 32 bytes in base64url"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"AA\"}",
	 "vault key: y: missing, or not 32 bytes in base64url"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlB=\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8y0\"}",
	 "vault key: x: missing, or not 32 bytes in base64url"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8yw\"}",
	 "vault key: x and y are not a point on the curve P-256"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	"AAAAAAAAA\",\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
	 "vault key: x and y are not a point on the curve P-256"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8y0\",\"d\":\"AA"
	"\"}",
	 "vault key: d: not 32 bytes in base64url"},
	{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"UDJs6F4j0sShRLOz7x9eiwAu7scXfCAs9e"
	"ifcn6BlBY\",\"y\":\"UojVWXAP0fJoJzo3exPyKGn_u_4NAzziRjjIqgIz8y0\",\"d\":\"9S"
	"oTTxHS_V2WzCGZSg90wtTuxOMIhTlqj5HkqHgAYaw\"}",
	 "vault key: d does not belong to x and y"},
};

static struct seal_key *parse(const char *jwk)
{
	struct seal_key *key = NULL;
	struct error err = {0};

	if (seal_key_parse(jwk, strlen(jwk), &key, &err) < 0)
		fail_msg("%s", err.text);
	return key;
}

static void key_id_is_the_thumbprint(void **state)
{
	struct seal_key *public_key = parse(public_jwk), *private_key = parse(private_jwk);

	(void)state;
	assert_string_equal(seal_key_id(public_key), key_id);
	assert_string_equal(seal_key_id(private_key), key_id);
	seal_key_free(public_key);
	seal_key_free(private_key);
}

static void refuses_keys_that_are_no_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(bad_keys); i++) {
		struct seal_key *key = NULL;
		struct error err = {0};

		assert_int_equal(seal_key_parse(bad_keys[i].jwk, strlen(bad_keys[i].jwk), &key, &err), -1);
		assert_null(key);
		assert_int_equal(err.kind, ERROR_REFUSED);
		assert_string_equal(err.text, bad_keys[i].text);
	}
}

static void assert_opens(const struct seal_key *key, const char *sealed, const char *expected)
{
	struct secret secret = {0};
	struct error err = {0};

	if (seal_open(key, sealed, strlen(sealed), &secret, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(secret.bytes, expected);
	secret_clear(&secret);
}

static void assert_stays_shut(const struct seal_key *key, const char *sealed, const char *text)
{
	struct secret secret = {0};
	struct error err = {0};

	assert_int_equal(seal_open(key, sealed, strlen(sealed), &secret, &err), -1);
	assert_null(secret.bytes);
	assert_int_equal(err.kind, ERROR_REFUSED);
	assert_string_equal(err.text, text);
}

static void opens_what_another_implementation_sealed(void **state)
{
	struct seal_key *key = parse(private_jwk);

	(void)state;
	assert_opens(key, sealed_elsewhere, "correct horse");
	seal_key_free(key);
}

static void opens_what_it_sealed_with_the_public_key(void **state)
{
	struct seal_key *public_key = parse(public_jwk), *private_key = parse(private_jwk);
	struct secret secret = {0};
	struct error err = {0};
	char *sealed = NULL, *again = NULL;

	(void)state;
	secret_copy(&secret, "pass-word", 9);
	assert_int_equal(seal_secret(public_key, &secret, &sealed, &err), 0);
	assert_int_equal(seal_secret(public_key, &secret, &again, &err), 0);
	assert_string_not_equal(sealed, again);
	assert_null(strstr(sealed, "pass-word"));
	assert_true(strlen(sealed) < LIMIT_SEALED_BYTES);
	assert_opens(private_key, sealed, "pass-word");
	assert_opens(private_key, again, "pass-word");
	free(sealed);
	free(again);
	secret_clear(&secret);
	seal_key_free(public_key);
	seal_key_free(private_key);
}

static void header_names_algorithm_and_key(void **state)
{
	/* base64url of {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "5ca */
	static const char expected[] = "eyJhbGciOiAiRUNESC1FUyIsICJlbmMiOiAiQTI1NkdDTSIsICJraWQiOiAiNWNh";
	struct seal_key *key = parse(public_jwk);
	struct secret secret = {0};
	struct error err = {0};
	char *sealed = NULL;

	(void)state;
	secret_copy(&secret, "x", 1);
	assert_int_equal(seal_secret(key, &secret, &sealed, &err), 0);
	assert_int_equal(strncmp(sealed, expected, sizeof(expected) - 1), 0);
	/* Direct agreement: the part for an encrypted key is empty. */
	assert_non_null(strstr(sealed, ".."));
	free(sealed);
	secret_clear(&secret);
	seal_key_free(key);
}

static void does_not_open_what_is_not_for_it(void **state)
{
	struct seal_key *key = parse(private_jwk), *other = parse(other_private_jwk);
	char changed[sizeof(sealed_elsewhere)];
	static char long_text[LIMIT_SEALED_BYTES + 2];

	(void)state;
	assert_stays_shut(other, sealed_elsewhere,
			  "sealed secret: was sealed for another key, or was changed");
	memcpy(changed, sealed_elsewhere, sizeof(changed));
	changed[sizeof(changed) - 5] = changed[sizeof(changed) - 5] == 'A' ? 'B' : 'A';
	assert_stays_shut(key, changed, "sealed secret: was sealed for another key, or was changed");
	assert_stays_shut(key, sealed_with_key_wrap, "sealed secret: is not a compact JWE with ECDH-ES and A256GCM");
	assert_stays_shut(key, sealed_with_a128gcm, "sealed secret: is not a compact JWE with ECDH-ES and A256GCM");
	assert_stays_shut(key, "a.b.c", "sealed secret: is not a compact JWE with ECDH-ES and A256GCM");
	assert_stays_shut(key, "....", "sealed secret: is not a compact JWE with ECDH-ES and A256GCM");
	assert_stays_shut(key, "", "sealed secret: is empty or too long");
	memset(long_text, 'A', sizeof(long_text) - 1);
	assert_stays_shut(key, long_text, "sealed secret: is empty or too long");
	seal_key_free(key);
	seal_key_free(other);
}

static void a_public_key_opens_nothing(void **state)
{
	struct seal_key *public_key = parse(public_jwk), *forgetful = parse(private_jwk);

	(void)state;
	assert_stays_shut(public_key, sealed_elsewhere, "vault key: has no private part (d)");
	seal_key_forget_private(forgetful);
	assert_stays_shut(forgetful, sealed_elsewhere, "vault key: has no private part (d)");
	seal_key_free(public_key);
	seal_key_free(forgetful);
}

static void makes_key_pairs_that_work(void **state)
{
	struct secret private_text = {0}, secret = {0};
	struct seal_key *private_key, *public_key;
	struct error err = {0};
	char *public_text = NULL, *sealed = NULL;

	(void)state;
	assert_int_equal(seal_key_generate(&private_text, &public_text, &err), 0);
	assert_null(strstr(public_text, "\"d\""));
	assert_non_null(strstr(private_text.bytes, "\"d\""));
	private_key = parse(private_text.bytes);
	public_key = parse(public_text);
	assert_string_equal(seal_key_id(private_key), seal_key_id(public_key));
	assert_non_null(strstr(public_text, seal_key_id(public_key)));
	secret_copy(&secret, "pass-word", 9);
	assert_int_equal(seal_secret(public_key, &secret, &sealed, &err), 0);
	assert_opens(private_key, sealed, "pass-word");
	free(sealed);
	free(public_text);
	secret_clear(&private_text);
	secret_clear(&secret);
	seal_key_free(private_key);
	seal_key_free(public_key);
}

static void loads_a_key_from_a_file(void **state)
{
	char path[] = "/tmp/grantd-test-key-XXXXXX";
	int fd = mkstemp(path);
	struct seal_key *key = NULL;
	struct error err = {0};
	char expected[100];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, public_jwk, strlen(public_jwk)), strlen(public_jwk));
	assert_int_equal(seal_key_load(path, &key, &err), 0);
	assert_string_equal(seal_key_id(key), key_id);
	seal_key_free(key);
	assert_int_equal(ftruncate(fd, 3), 0);
	close(fd);
	assert_int_equal(seal_key_load(path, &key, &err), -1);
	snprintf(expected, sizeof(expected),
		 "%s: vault key: ends in the middle of JSON (line 1, column 3)", path);
	assert_string_equal(err.text, expected);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(seal_key_load(path, &key, &err), -1);
	snprintf(expected, sizeof(expected), "vault key %s: No such file or directory", path);
	assert_string_equal(err.text, expected);
}

enum { THREADS = 4, ROUNDS = 25 };

static void *seal_many(void *shared)
{
	const struct seal_key *key = shared;
	struct seal_key *own = parse(private_jwk);

	for (int i = 0; i < ROUNDS; i++) {
		struct secret secret = {0}, opened = {0};
		struct error err = {0};
		char *sealed = NULL;

		secret_copy(&secret, "pass-word", 9);
		if (seal_secret(key, &secret, &sealed, &err) < 0 ||
		    seal_open(own, sealed, strlen(sealed), &opened, &err) < 0 ||
		    strcmp(opened.bytes, "pass-word") != 0)
			abort();
		free(sealed);
		secret_clear(&secret);
		secret_clear(&opened);
	}
	seal_key_free(own);
	return NULL;
}

static void threads_may_share_a_key(void **state)
{
	struct seal_key *key = parse(public_jwk);
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, seal_many, key), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	seal_key_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_id_is_the_thumbprint),
		cmocka_unit_test(refuses_keys_that_are_no_good),
		cmocka_unit_test(opens_what_another_implementation_sealed),
		cmocka_unit_test(opens_what_it_sealed_with_the_public_key),
		cmocka_unit_test(header_names_algorithm_and_key),
		cmocka_unit_test(does_not_open_what_is_not_for_it),
		cmocka_unit_test(a_public_key_opens_nothing),
		cmocka_unit_test(makes_key_pairs_that_work),
		cmocka_unit_test(loads_a_key_from_a_file),
		cmocka_unit_test(threads_may_share_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
