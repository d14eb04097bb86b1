/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turn_secret.c - the secret of a turn: made or taken, and sealed for the vault.
 *
 * Called by the operations that make passwords, tokens, keys and links. turn->sealed is
 * the turn's (turn_clear() frees it), the plaintext stays the caller's. A new secret
 * raises the credential's version, so that no version ever stands for two. Whether the
 * sealed one is known to be in force travels in the ledger (turn_begin_step()).
 */
#include "worker/turn.h"

#include <stdlib.h>

#include "codec/password.h"

int turn_need_vault(struct turn *turn)
{
	if (turn->vault->key != NULL)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_VAULT_NO_KEY, "%s", reason_prose(REASON_VAULT_NO_KEY));
}

static int seal(struct turn *turn, enum credential_kind kind, const struct secret *secret,
		struct error *err)
{
	char *sealed = NULL;

	if (seal_secret(turn->vault->key, secret, &sealed, err) < 0) {
		error_prefix(err, "seal the %s", credential_kind_name(kind));
		return TURN_FAILED;
	}
	free(turn->sealed);
	turn->sealed = sealed;
	turn->secret_kind = kind;
	turn->secret_expires_ms = 0;
	turn->secret_is_set = false;
	turn->outcome.credential_version++;
	return TURN_GO_ON;
}

int turn_new_secret(struct turn *turn, struct secret *password, struct error *err)
{
	password_generate(password, turn->vault->password_length);
	return seal(turn, CREDENTIAL_PASSWORD, password, err);
}

int turn_take_secret(struct turn *turn, enum credential_kind kind, const struct secret *secret,
		     int64_t expires_ms, struct error *err)
{
	int rc = seal(turn, kind, secret, err);

	if (rc != TURN_GO_ON)
		return rc;
	turn->secret_expires_ms = expires_ms;
	turn->secret_is_set = true;
	return TURN_GO_ON;
}

void turn_secret_is_set(struct turn *turn)
{
	turn->secret_is_set = true;
}

bool turn_has_secret(const struct turn *turn)
{
	return turn->sealed != NULL && turn->secret_is_set;
}
