/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_LISTING_H
#define GRAFANA_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/role.h"
#include "grafana/http.h"

/*
 * Grafana's lists, read from end to end for an inventory: what is told of each thing, not
 * whether it is what a request means (that is for users.h, teams.h and so on).
 */
enum list_kind {
	LIST_ORGS,	       /* in pages */
	LIST_USERS,	       /* in pages; not with a token */
	LIST_MEMBERS,	       /* of an org, in one answer of any length */
	LIST_TEAMS,	       /* of an org, in pages */
	LIST_TEAM_MEMBERS,     /* in one answer */
	LIST_SERVICE_ACCOUNTS, /* of an org, in pages */
	LIST_TOKENS,	       /* of a service account, in one answer */
	LIST_KINDS,
};

enum { LISTED_TEXT_BYTES = 760, LISTED_MODULE_BYTES = 63, LISTED_MODULES = 4, LIST_PAGE = 1000 };

enum listed_fact { LISTED_UNSAID, LISTED_NO, LISTED_YES };

/* One of them. What a kind does not have, or a server does not say, is 0, "" or UNSAID.
 * Longer texts are cut; control bytes are shown as '?'. */
struct listed {
	int64_t id; /* of a member the account's */
	char login[LISTED_TEXT_BYTES + 1];
	char email[LISTED_TEXT_BYTES + 1];
	char name[LISTED_TEXT_BYTES + 1];
	enum role role; /* of a member or a service account; UNSET for one we don't know */
	enum listed_fact server_admin, disabled, revoked, team_admin;
	enum listed_fact external; /* kept by an identity provider, and by which: */
	char modules[LISTED_MODULES][LISTED_MODULE_BYTES + 1];
	size_t module_count;
	int64_t created_ms, expires_ms;
	int64_t last_seen_ms; /* of a token: last used. Of an account that was never seen
				Grafana says ten years before it was made */
	int64_t count;	      /* of a service account: its tokens; of a team: its members */
};

/* Where a list is. */
struct list_place {
	enum list_kind kind;
	int64_t org_id;	   /* of what is an org's */
	int64_t parent_id; /* the team, or the service account */
	int page;	   /* from 0, also where Grafana counts from 1 */
};

struct list_end {
	size_t count;  /* told in this answer */
	int64_t total; /* -1 = not told */
};

/* One of a list. -1 with *err stops the reading. */
struct list_visitor {
	int (*take)(void *context, const struct listed *item, struct error *err);
	void *context;
};

/* One page, or the whole list where it has no pages. 0 with *answer (OK, PERMISSION,
 * NOT_FOUND, UNSUPPORTED ...), -1 RETRY when Grafana could not be asked or what came is no
 * such list (some of it may have been visited), or as the visitor said. */
MUST_CHECK int grafana_list(struct grafana_session *session, const struct list_place *place,
			    const struct list_visitor *visitor, struct list_end *end,
			    struct answer *answer, struct error *err);

/* One object of a list of that kind; false when it is none. Pure. */
struct json_t;
bool listed_from_json(enum list_kind kind, const struct json_t *json, struct listed *item);

#endif
