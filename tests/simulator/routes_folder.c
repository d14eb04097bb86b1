/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_folder.c - /api/folders: the folders of the current org.
 *
 * Folders are not nested here; "parentUid" is ignored. Refusals carry a "status" word
 * beside the message, which no other area does.
 */
#include <string.h>
#include <strings.h>

#include "tests/simulator/answer.h"
#include "tests/simulator/auth_token.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_board.h"
#include "tests/simulator/view_board.h"

enum { DEFAULT_LIMIT = 1000 };

static const char general_title[] = "General";

static struct org *current_org(const struct exchange *exchange)
{
	return store_org(&exchange->sim->store, exchange->caller.org_id);
}

static void not_found(struct exchange *exchange)
{
	answer_word(exchange, 404, "folder not found", "not-found");
}

static void changed_by_other(struct exchange *exchange)
{
	answer_word(exchange, 412, "the folder has been changed by someone else",
		    "version-mismatch");
}

static struct board *find_folder(const struct org *org, const char *uid)
{
	struct board *board = store_board_by_uid(org, uid);

	return board != NULL && board->is_folder ? board : NULL;
}

static void show(struct exchange *exchange, const struct board *folder)
{
	if (folder == NULL) {
		not_found(exchange);
		return;
	}
	exchange->reply.status = 200;
	view_folder(&exchange->reply.body, exchange->version, folder,
		    exchange->caller.role >= ROLE_EDITOR);
}

void route_folder_list(struct exchange *exchange)
{
	struct buffer *out = &exchange->reply.body;
	int64_t limit = exchange_query_int(exchange, "limit", DEFAULT_LIMIT);
	const char *comma = "";

	exchange->reply.status = 200;
	json_out_text(out, "[");
	for (const struct board *board = current_org(exchange)->boards; board != NULL && limit > 0;
	     board = board->next) {
		if (!board->is_folder)
			continue;
		buffer_append_format(out, "%s{\"id\":%lld,\"uid\":", comma,
				     (long long)board->id);
		json_out_string(out, board->uid);
		json_out_text(out, ",\"title\":");
		json_out_string(out, board->title);
		json_out_text(out, "}");
		comma = ",";
		limit--;
	}
	json_out_text(out, "]");
}

void route_folder_get(struct exchange *exchange)
{
	show(exchange, find_folder(current_org(exchange), exchange->param_text[0]));
}

void route_folder_get_by_id(struct exchange *exchange)
{
	const struct board *board = store_board(current_org(exchange), exchange->id[0]);

	show(exchange, board != NULL && board->is_folder ? board : NULL);
}

/* A title may be had once; a dashboard beside the folders counts as well. */
static bool title_is_free(struct exchange *exchange, const struct board *self,
			  const char *title)
{
	const struct board *holder;

	if (title[0] == '\0') {
		answer_word(exchange, 400, "folder title cannot be empty", NULL);
		return false;
	}
	if (strcasecmp(title, general_title) == 0) {
		answer(exchange, ANSWER_FOLDER_GENERAL);
		return false;
	}
	holder = store_board_by_title(current_org(exchange), NULL, title);
	if (holder == NULL || holder == self)
		return true;
	answer(exchange, ANSWER_FOLDER_TITLE_TAKEN);
	return false;
}

void route_folder_create(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	struct org *org = current_org(exchange);
	const char *uid, *title;
	struct board *folder;

	if (!bind_body(exchange) || !bind_text(exchange, "uid", &uid) ||
	    !bind_text(exchange, "title", &title) || !title_is_free(exchange, NULL, title))
		return;
	if (uid[0] != '\0' && store_board_by_uid(org, uid) != NULL) {
		changed_by_other(exchange);
		return;
	}
	folder = store_board_add(store, org, uid, title, auth_caller_login(exchange));
	folder->is_folder = true;
	store->counters.folder_creates++;
	show(exchange, folder);
}

void route_folder_update(struct exchange *exchange)
{
	struct board *folder = find_folder(current_org(exchange), exchange->param_text[0]);
	const char *title;
	int64_t version;
	bool overwrite;

	if (!bind_body(exchange) || !bind_text(exchange, "title", &title) ||
	    !bind_int(exchange, "version", &version) ||
	    !bind_bool(exchange, "overwrite", &overwrite))
		return;
	if (folder == NULL) {
		not_found(exchange);
		return;
	}
	if (!title_is_free(exchange, folder, title))
		return;
	if (version != folder->version && !overwrite) {
		changed_by_other(exchange);
		return;
	}
	store_board_update(folder, title, auth_caller_login(exchange));
	exchange->sim->store.counters.folder_updates++;
	show(exchange, folder);
}

/* Yes, with nothing in it. */
void route_folder_delete(struct exchange *exchange)
{
	struct org *org = current_org(exchange);
	struct board *folder = find_folder(org, exchange->param_text[0]);

	if (folder == NULL) {
		not_found(exchange);
		return;
	}
	store_board_delete(org, folder);
	exchange->sim->store.counters.folder_deletes++;
	exchange->reply.status = 200;
}
