/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_CREDENTIAL_H
#define CODEC_CREDENTIAL_H

#include "codec/outcome.h"
#include "codec/record.h"

/* A sealed secret on its way to the vault. Strings belong to the caller. */
struct credential {
	const char *kind;   /* "password" */
	int64_t version;    /* 1, raised whenever the secret was made anew */
	const char *sealed; /* JWE compact */
	const char *kid;
	const char *path_prefix; /* vault path hint: <prefix>/<instance>/<login> */
	const struct outcome_target *target;
};

/* The credential event; its key is instance + "/" + login. Nothing in key or
 * headers is secret. '*record' is initialised here; the caller clears it. */
void credential_encode(const struct credential *credential, const struct outcome_frame *frame,
		       struct record *record);

#endif
