/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.c - random passwords from the kernel's generator.
 *
 * Called by the operations that create or reset an account. The result lives in
 * a struct secret only. Cannot fail.
 */
#include "codec/password.h"

#include <string.h>

#include "base/attributes.h"
#include "base/random.h"

/* No 0 O o, 1 l I i |; symbols mean nothing inside a shell's quotes, in JSON or in INI. */
static const char *const classes[] = {
	"ABCDEFGHJKLMNPQRSTUVWXYZ",
	"abcdefghjkmnpqrstuvwxyz",
	"23456789",
	"-_.,:+=@^*?",
};
static const char all[] = "ABCDEFGHJKLMNPQRSTUVWXYZ"
			  "abcdefghjkmnpqrstuvwxyz"
			  "23456789"
			  "-_.,:+=@^*?";

static char pick(const char *alphabet)
{
	return alphabet[random_below((uint32_t)strlen(alphabet))];
}

static void shuffle(char *bytes, size_t length)
{
	for (size_t i = length - 1; i > 0; i--) {
		size_t other = random_below((uint32_t)(i + 1));
		char byte = bytes[i];

		bytes[i] = bytes[other];
		bytes[other] = byte;
	}
}

void password_generate(struct secret *password, size_t length)
{
	if (length < ARRAY_COUNT(classes))
		length = ARRAY_COUNT(classes);
	secret_init(password, length);
	for (size_t i = 0; i < length; i++)
		password->bytes[i] = pick(i < ARRAY_COUNT(classes) ? classes[i] : all);
	shuffle(password->bytes, length);
}
