/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_api_key.c - api_key.create and api_key.delete: legacy keys, which Grafana up to
 * 11.2 makes and 12.1 no longer knows.
 *
 * A key is minted as a token is. Limit: Grafana lists the first 100 keys of an org
 * only; where there are so many, what is not among them is refused, and so is a new one.
 */
#include "worker/operations.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "worker/minting.h"

static void note_key(struct evidence *evidence, const struct grafana_token *key)
{
	evidence->exists = FACT_YES;
	if (key->role != ROLE_UNSET) {
		evidence->member = FACT_YES;
		evidence->role = key->role;
	}
	text_copy(evidence->name, sizeof(evidence->name), key->name);
}

/* ---- create ---- */

static int run_create(struct turn *turn, struct error *err)
{
	struct minting minting = {.kind = CREDENTIAL_API_KEY, .role = turn->request->role};
	struct grafana_token key;
	struct grafana_org org;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = minting_set_life(turn, &minting)) != TURN_GO_ON)
		return rc;
	minting.place.org_id = org.id;
	minting_set_name(&minting, turn->request, turn->request->api_key.name);
	turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
	if ((rc = minting_ensure(turn, &minting, &key, err)) != TURN_GO_ON)
		return rc;
	note_key(&turn->outcome.after, &key);
	return turn_applied(turn, "the API key '%s' was made in '%s' as %s",
			    minting_token_name(&key), org.name, role_name(key.role));
}

static int validate_create(const struct request *request, struct error *err)
{
	if (request->api_key.id == 0)
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0, "data.api_key.id: a new key has none yet");
	return -1;
}

const struct operation operation_api_key_create = {
	.action = "api_key.create",
	.needs = NEED_ORG | NEED_ROLE,
	.gives = GIVES_MACHINE_ROLE,
	.validate = validate_create,
	.run = run_create,
};

/* ---- delete ---- */

static int find_key(struct turn *turn, const struct grafana_token_place *place,
		    struct grafana_token *key, bool *found, struct error *err)
{
	const struct request_named *named = &turn->request->api_key;
	int64_t known_id = turn->outcome.target.token_id;
	const struct grafana_token_wish wish = {
		.id = known_id != 0 ? known_id : named->id,
		.name = named->name,
		.was_listed = known_id != 0,
	};
	struct answer answer = {0};
	size_t count;

	if (grafana_token_find(turn->grafana, place, &wish, key, &count, &answer, err) < 0)
		return TURN_FAILED;
	*found = answer.code == ANSWER_OK;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return minting_refused(turn, place, &answer, "look for the API key");
	if (!*found || named->name == NULL || strcmp(named->name, key->name) == 0)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_TOKEN_NOT_FOUND, "key %" PRId64 " is named '%s', not '%s'",
			    key->id, key->name, named->name);
}

static int run_delete(struct turn *turn, struct error *err)
{
	struct grafana_token_place place = {0};
	struct grafana_token key;
	struct grafana_org org;
	bool found = false;
	int rc;

	if ((rc = turn_find_org(turn, GRAFANA_CACHED, &org, err)) != TURN_GO_ON)
		return rc;
	place.org_id = org.id;
	if ((rc = find_key(turn, &place, &key, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found) {
		turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
		turn->outcome.after = (struct evidence){.exists = FACT_NO};
		return turn_as_asked(turn, "there is no such API key in '%s'", org.name);
	}
	turn->outcome.target.token_id = key.id;
	text_copy(turn->outcome.target.token_name, sizeof(turn->outcome.target.token_name),
		  key.name);
	note_key(&turn->outcome.after, &key);
	turn_set_before(turn, &turn->outcome.after);
	if ((rc = minting_delete(turn, &place, key.id, err)) != TURN_GO_ON)
		return rc;
	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	return turn_applied(turn, "the API key '%s' was deleted from '%s'", key.name, org.name);
}

const struct operation operation_api_key_delete = {
	.action = "api_key.delete",
	.needs = NEED_ORG | NEED_API_KEY,
	.removes = true,
	.run = run_delete,
};
