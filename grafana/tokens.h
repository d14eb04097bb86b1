/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_TOKENS_H
#define GRAFANA_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "config/limits.h"
#include "config/role.h"
#include "grafana/http.h"

/* A service account's token, or a legacy API key; without its key, which Grafana tells
 * once, when it makes it. */
struct grafana_token {
	int64_t id;
	char name[LIMIT_NAME_BYTES + 1];
	enum role role;	    /* of a legacy key; ROLE_UNSET of a token */
	int64_t created_ms; /* 0 = not told, as of a legacy key */
	int64_t expires_ms; /* 0 = never */
	bool was_used;	    /* as far as told */
};

/* Where tokens are: of a service account, or, with account_id 0, the org's legacy keys.
 * Names are unique in the org, over both. */
struct grafana_token_place {
	int64_t org_id;
	int64_t account_id;
};

/* Which one: by id, else by name, else any. */
struct grafana_token_wish {
	int64_t id;	  /* 0 = not said */
	const char *name; /* NULL = not said */
	const char *but_name; /* never that one; or NULL */
	bool was_listed;      /* it was among those told a while ago */
};

/*
 * OK with *token and *count of those that fit, or NOT_FOUND; a service account that is
 * not there has no tokens. Legacy keys: UNSUPPORTED where Grafana has them no longer
 * (12.1 on), and, with status 200, where it is not among the 100 that are told at most,
 * so that nobody knows; was_listed makes that NOT_FOUND.
 */
MUST_CHECK int grafana_token_find(struct grafana_session *session,
				  const struct grafana_token_place *place,
				  const struct grafana_token_wish *wish,
				  struct grafana_token *token, size_t *count,
				  struct answer *answer, struct error *err);

struct grafana_new_token {
	const char *name;
	enum role role; /* of a legacy key */
	int64_t ttl_s;	/* 0 = never expires */
};
/*
 * OK with *key, which the caller clears, and *id; EXISTS (the name is taken in the org); LIFETIME
 * (the server bounds how long it may live); ROLE_INVALID; NOT_FOUND (no such service account);
 * UNSUPPORTED (legacy keys from 11.3 on); DOUBT: then a key may be lost in it.
 */
MUST_CHECK int grafana_token_create(struct grafana_session *session,
				    const struct grafana_token_place *place,
				    const struct grafana_new_token *wanted, struct secret *key,
				    int64_t *id, struct answer *answer, struct error *err);

/* OK; NOT_FOUND; DOUBT, which up to 9.4 is also the answer for a token that is not there. */
MUST_CHECK int grafana_token_delete(struct grafana_session *session,
				    const struct grafana_token_place *place, int64_t id,
				    struct answer *answer, struct error *err);

#endif
