/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_MINTING_H
#define WORKER_MINTING_H

#include "grafana/tokens.h"
#include "worker/turn.h"

/* Making a token or legacy key of which exactly one is left, whatever happens. */

enum { MINTING_NAME_CAPACITY = LIMIT_NAME_BYTES + 1 };

struct minting {
	struct grafana_token_place place;
	enum credential_kind kind;
	enum role role;	     /* of a legacy key */
	int64_t ttl_s;	     /* 0 = never expires */
	char name[MINTING_NAME_CAPACITY];
	bool is_own_name;    /* made of the request's id: whatever has it is this request's */
};

/* The name that is said, or one made of the request's source and id. */
void minting_set_name(struct minting *minting, const struct request *request,
		      const char *said);
/* How long it shall live, by the request and [tokens]. ENDED with token.lifetime when a
 * setting forbids it. */
MUST_CHECK int minting_set_life(struct turn *turn, struct minting *minting);

/*
 * See to it that there is one token of that name, made by this request, whose key is in
 * turn->sealed; *token is what Grafana says of it. One that is there already and is not
 * this request's: ENDED with token.exists. GO_ON, ENDED or FAILED.
 */
MUST_CHECK int minting_ensure(struct turn *turn, const struct minting *minting,
			      struct grafana_token *token, struct error *err);
/* A plan: when a token would end. */
void minting_plan_end(struct turn *turn, int64_t ttl_s);
/* For messages: in a plan a name that grantd makes is not known. */
const char *minting_token_name(const struct grafana_token *token);

/* Take away one that is there; what is gone already is fine. GO_ON, ENDED or FAILED. */
MUST_CHECK int minting_remove(struct turn *turn, const struct grafana_token_place *place,
			      int64_t id, struct error *err);
/* The same, noted as the step "delete". */
MUST_CHECK int minting_delete(struct turn *turn, const struct grafana_token_place *place,
			      int64_t id, struct error *err);

/* Grafana's definite no to a call on tokens or keys. Answers ENDED. */
int minting_refused(struct turn *turn, const struct grafana_token_place *place,
		    const struct answer *answer, const char *doing);

#endif
