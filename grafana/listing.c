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

/* What has pages. All else comes whole, in one answer of any length. */
static const struct pages {
	const char *path; /* NULL: it has none */
	int first;
	const char *key; /* what the list in a page is called; NULL = the page is the list */
} pages_of[LIST_KINDS] = {
	[LIST_ORGS] = {"/api/orgs", 0, NULL},
	[LIST_USERS] = {"/api/users/search", 1, "users"},
	[LIST_TEAMS] = {"/api/teams/search", 1, "teams"},
	[LIST_SERVICE_ACCOUNTS] = {"/api/serviceaccounts/search", 1, "serviceAccounts"},
};

static void format_path(struct grafana_session *session, const struct list_place *place,
			char path[CALL_PATH_BYTES])
{
	const struct pages *pages = &pages_of[place->kind];
	bool is_members = place->kind == LIST_MEMBERS;

	if (pages->path != NULL)
		text_format(path, CALL_PATH_BYTES, "%s?perpage=%d&page=%d", pages->path,
			    LIST_PAGE, pages->first + place->page);
	else if (is_members && grafana_session_mode(session) == GRAFANA_ONE_ORG)
		text_copy(path, CALL_PATH_BYTES, "/api/org/users");
	else if (is_members)
		text_format(path, CALL_PATH_BYTES, "/api/orgs/%" PRId64 "/users", place->org_id);
	else if (place->kind == LIST_TEAM_MEMBERS)
		text_format(path, CALL_PATH_BYTES, "/api/teams/%" PRId64 "/members",
			    place->parent_id);
	else
		text_format(path, CALL_PATH_BYTES, "/api/serviceaccounts/%" PRId64 "/tokens",
			    place->parent_id);
}

/* The routes that name their org need no header for it. */
static int64_t org_header(const struct list_place *place)
{
	bool is_named = place->kind == LIST_MEMBERS || place->kind == LIST_ORGS ||
			place->kind == LIST_USERS;

	return is_named ? 0 : place->org_id;
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
	const char *key = pages_of[place->kind].key;
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
	bool comes_whole = pages_of[place->kind].path == NULL;
	char path[CALL_PATH_BYTES];

	*end = (struct list_end){.total = -1};
	format_path(session, place, path);
	return comes_whole ? read_stream(session, place, path, visitor, end, answer, err)
			   : read_page(session, place, path, visitor, end, answer, err);
}
