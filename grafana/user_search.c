/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_search.c - walking through /api/users/search.
 *
 * Called by users.c. Owns nothing. Pages are counted from 1. Paging by offset is no
 * snapshot: when accounts come or go meanwhile, one can slip through between two
 * pages, so a walk to the end only counts if the total stayed the same.
 */
#include "grafana/user_search.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_get.h"

enum { PER_PAGE = 1000, MAX_PAGES = 10000 };

struct walk {
	bool (*visit)(void *context, const json_t *hit);
	void *context;
	json_int_t total; /* as the first page said; -1 = not asked yet */
	json_int_t seen;
	bool stopped; /* the visitor has what it wants */
	bool ended;
};

static int take_page(struct walk *walk, const json_t *page, const char *path, struct error *err)
{
	const json_t *users = json_object_get(page, "users");
	const json_t *total = json_object_get(page, "totalCount");
	const json_t *hit;
	size_t index;

	if (!json_is_array(users) || !json_is_integer(total))
		return call_unusable(path, "is not a page of users", err);
	json_array_foreach(users, index, hit)
	{
		if (!walk->visit(walk->context, hit)) {
			walk->stopped = true;
			return 0;
		}
	}
	if (walk->total >= 0 && walk->total != json_integer_value(total))
		return call_unusable(path, "changed while it was read", err);
	walk->total = json_integer_value(total);
	walk->seen += (json_int_t)json_array_size(users);
	walk->ended = json_array_size(users) == 0 || walk->seen >= walk->total;
	return 0;
}

static int read_page(struct grafana_session *session, const char *escaped, int number,
		     struct walk *walk, struct answer *answer, struct error *err)
{
	char path[CALL_PATH_BYTES];
	struct reply reply = {0};
	int rc = 0;

	if (!text_format(path, sizeof(path), "/api/users/search?perpage=%d&page=%d&query=%s",
			 PER_PAGE, number, escaped)) {
		answer_reject(answer, 0, "the login or e-mail is too long");
		return 0;
	}
	rc = call_read(session, path, &reply, answer, err);
	if (rc == 0 && answer->code == ANSWER_OK)
		rc = take_page(walk, reply.json, path, err);
	reply_clear(&reply);
	return rc;
}

int user_search(struct grafana_session *session, const char *query,
		bool (*visit)(void *context, const struct json_t *hit), void *context,
		struct answer *answer, struct error *err)
{
	struct walk walk = {.visit = visit, .context = context, .total = -1};
	char *escaped = grafana_escape_search(query);
	int rc = 0;

	for (int number = 1; rc == 0 && !walk.stopped && !walk.ended; number++) {
		if (number > MAX_PAGES)
			rc = call_unusable("/api/users/search", "has no end", err);
		else
			rc = read_page(session, escaped, number, &walk, answer, err);
		if (rc == 0 && answer->code != ANSWER_OK)
			break;
	}
	free(escaped);
	return rc;
}
