/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_CREDENTIAL_H
#define CODEC_CREDENTIAL_H

#include "codec/outcome.h"
#include "codec/record.h"

enum credential_kind {
	CREDENTIAL_PASSWORD,
	CREDENTIAL_TOKEN,	/* of a service account */
	CREDENTIAL_API_KEY,
	CREDENTIAL_INVITE_LINK,
	CREDENTIAL_KINDS,
};

/* "password", ... */
const char *credential_kind_name(enum credential_kind kind);

/* A sealed secret on its way to the vault. Strings belong to the caller. */
struct credential {
	enum credential_kind kind;
	int64_t version;    /* 1, raised whenever the secret was made anew */
	const char *sealed; /* JWE compact */
	const char *kid;
	int64_t expires_ms;	 /* wall clock; 0 = never */
	const char *path_prefix; /* of the hint where the vault may keep it */
	const struct outcome_target *target;
};

/* The credential event. Its key is the instance and whose secret it is: the login
 * or e-mail, or org-<id>/<service account>/<token>; the path hint is the same with
 * the prefix before it and each segment escaped. Nothing in key or headers is secret.
 * '*record' is initialised here; the caller clears it. */
void credential_encode(const struct credential *credential, const struct outcome_frame *frame,
		       struct record *record);

#endif
