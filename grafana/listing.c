/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing.c - reading Grafana's lists from end to end.
 *
 * Called by the inventory. Owns nothing. Lists that have pages are read a page at a time;
 * an org's members, a team's members and an account's tokens come in one answer of any
 * length, which is taken apart as it arrives. So a list takes the memory of one page.
 *
 * Pages are cut by offset, and the list may change between two of them: an entry can come
 * twice or slip through. What to do about it is the caller's business; *end tells the total.
 *
 * Limit: /api/orgs/:id/users has no pages before Grafana 10, so none are asked for.
 */
#include "grafana/listing.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "grafana/call.h"
#include "grafana/json_split.h"
#include "grafana/mode.h"

/* ---- where it is ---- */

/* Orgs are counted from page 0, all else from 1. */
static void format_path(struct grafana_session *session, const struct list_place *place,
			char path[CALL_PATH_BYTES])
{
	int64_t parent = place->parent_id;

	switch (place->kind) {
	case LIST_ORGS:
		text_format(path, CALL_PATH_BYTES, "/api/orgs?perpage=%d&page=%d", LIST_PAGE,
			    place->page);
		return;
	case LIST_USERS:
		text_format(path, CALL_PATH_BYTES, "/api/users/search?perpage=%d&page=%d",
			    LIST_PAGE, place->page + 1);
		return;
	case LIST_MEMBERS:
		if (grafana_session_mode(session) == GRAFANA_ONE_ORG)
			text_copy(path, CALL_PATH_BYTES, "/api/org/users");
		else
			text_format(path, CALL_PATH_BYTES, "/api/orgs/%" PRId64 "/users",
				    place->org_id);
		return;
	case LIST_TEAMS:
		text_format(path, CALL_PATH_BYTES, "/api/teams/search?perpage=%d&page=%d",
			    LIST_PAGE, place->page + 1);
		return;
	case LIST_TEAM_MEMBERS:
		text_format(path, CALL_PATH_BYTES, "/api/teams/%" PRId64 "/members", parent);
		return;
	case LIST_SERVICE_ACCOUNTS:
		text_format(path, CALL_PATH_BYTES,
			    "/api/serviceaccounts/search?perpage=%d&page=%d", LIST_PAGE,
			    place->page + 1);
		return;
	case LIST_TOKENS:
	case LIST_KINDS:
		break;
	}
	text_format(path, CALL_PATH_BYTES, "/api/serviceaccounts/%" PRId64 "/tokens", parent);
}

/* The routes that name their org need no header for it. */
static int64_t org_header(const struct list_place *place)
{
	bool is_named = place->kind == LIST_MEMBERS || place->kind == LIST_ORGS ||
			place->kind == LIST_USERS;

	return is_named ? 0 : place->org_id;
}

/* What a page's list is called; NULL = the page is the list. */
static const char *list_key(enum list_kind kind)
{
	static const char *const keys[LIST_KINDS] = {
		[LIST_USERS] = "users",
		[LIST_TEAMS] = "teams",
		[LIST_SERVICE_ACCOUNTS] = "serviceAccounts",
	};

	return keys[kind];
}

/* ---- in pages ---- */

static int take_entry(const struct list_place *place, const char *path, const json_t *entry,
		      const struct list_visitor *visitor, struct error *err)
{
	struct listed item;

	if (!listed_from_json(place->kind, entry, &item))
		return call_unusable(path, "has an entry without an id", err);
	return visitor->take(visitor->context, &item, err);
}

static int take_page(const struct list_place *place, const char *path, const json_t *page,
		     const struct list_visitor *visitor, struct list_end *end,
		     struct error *err)
{
	const char *key = list_key(place->kind);
	const json_t *list = key != NULL ? json_object_get(page, key) : page;
	const json_t *total = json_object_get(page, "totalCount");
	const json_t *entry;
	size_t index;

	/* An empty list of teams is null on some servers. */
	if (!json_is_array(list) && !(key != NULL && json_is_null(list)))
		return call_unusable(path, "is not a list", err);
	json_array_foreach(list, index, entry)
		if (take_entry(place, path, entry, visitor, err) < 0)
			return -1;
	end->count = json_array_size(list);
	end->total = json_is_integer(total) ? (int64_t)json_integer_value(total) : -1;
	return 0;
}

static int read_page(struct grafana_session *session, const struct list_place *place,
		     const char *path, const struct list_visitor *visitor,
		     struct list_end *end, struct answer *answer, struct error *err)
{
	struct reply reply = {0};
	int rc = call_read_in_org(session, org_header(place), path, &reply, answer, err);

	if (rc == 0 && answer->code == ANSWER_OK)
		rc = take_page(place, path, reply.json, visitor, end, err);
	reply_clear(&reply);
	return rc;
}

/* ---- as it comes ---- */

struct stream {
	const struct list_place *place;
	const char *path;
	const struct list_visitor *visitor;
	struct list_end *end;
	struct json_split split;
	struct error fault; /* why it was ended here; NONE = it was not */
};

static bool take_object(void *context, struct slice object)
{
	struct stream *stream = context;
	json_t *entry = json_loadb(object.data, object.length, 0, NULL);
	int rc = entry != NULL ? take_entry(stream->place, stream->path, entry, stream->visitor,
					    &stream->fault)
			       : call_unusable(stream->path, "is not a list", &stream->fault);

	json_decref(entry);
	stream->end->count++;
	return rc == 0;
}

static bool take_bytes(void *context, const char *bytes, size_t length)
{
	struct stream *stream = context;

	if (json_split_feed(&stream->split, bytes, length))
		return true;
	if (stream->fault.kind == ERROR_NONE)
		(void)call_unusable(stream->path, "is not a list", &stream->fault);
	return false;
}

static int read_stream(struct grafana_session *session, const struct list_place *place,
		       const char *path, const struct list_visitor *visitor,
		       struct list_end *end, struct answer *answer, struct error *err)
{
	struct stream stream = {.place = place, .path = path, .visitor = visitor, .end = end};
	const struct grafana_sink sink = {take_bytes, &stream};
	struct reply reply = {0};
	int rc;

	json_split_init(&stream.split, take_object, &stream);
	rc = grafana_request_streamed(session, org_header(place), path, &sink, &reply, err);
	if (stream.fault.kind != ERROR_NONE)
		*err = stream.fault;
	else if (rc == 0)
		answer_from_reply(answer, &reply);
	if (rc == 0 && answer->code == ANSWER_OK && !json_split_is_whole(&stream.split))
		rc = call_unusable(path, "is not a whole list", err);
	json_split_clear(&stream.split);
	reply_clear(&reply);
	return rc;
}

int grafana_list(struct grafana_session *session, const struct list_place *place,
		 const struct list_visitor *visitor, struct list_end *end,
		 struct answer *answer, struct error *err)
{
	bool comes_whole = place->kind == LIST_MEMBERS || place->kind == LIST_TEAM_MEMBERS ||
			   place->kind == LIST_TOKENS;
	char path[CALL_PATH_BYTES];

	*end = (struct list_end){.total = -1};
	format_path(session, place, path);
	return comes_whole ? read_stream(session, place, path, visitor, end, answer, err)
			   : read_page(session, place, path, visitor, end, answer, err);
}
