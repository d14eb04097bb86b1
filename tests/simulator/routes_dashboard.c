/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes_dashboard.c - dashboards of the current org, and the search for them.
 *
 * Saving follows the order of Grafana's own checks: the row with the id, else the one
 * with the uid, must have the version that was sent, unless "overwrite"; then the
 * title must be free in the folder, and with "overwrite" its holder is saved over.
 */
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/auth_token.h"
#include "tests/simulator/bind.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"
#include "tests/simulator/routes.h"
#include "tests/simulator/sim.h"
#include "tests/simulator/store_board.h"
#include "tests/simulator/view_board.h"

enum { MAX_UID_BYTES = 40, MESSAGE_BYTES = 1024 };

static struct org *current_org(const struct exchange *exchange)
{
	return store_org(&exchange->sim->store, exchange->caller.org_id);
}

/* ---- one ---- */

static struct board *find_dashboard(const struct org *org, const char *uid)
{
	struct board *board = store_board_by_uid(org, uid);

	return board != NULL && !board->is_folder ? board : NULL;
}

void route_dashboard_get(struct exchange *exchange)
{
	const struct board *board = find_dashboard(current_org(exchange), exchange->param_text[0]);

	if (board == NULL) {
		answer(exchange, ANSWER_DASHBOARD_NOT_FOUND);
		return;
	}
	exchange->reply.status = 200;
	view_dashboard(&exchange->reply.body, exchange->version, board,
		       exchange->caller.role >= ROLE_EDITOR);
}

void route_dashboard_delete(struct exchange *exchange)
{
	struct org *org = current_org(exchange);
	struct board *board = find_dashboard(org, exchange->param_text[0]);
	struct buffer *out = &exchange->reply.body;
	char message[MESSAGE_BYTES];

	if (board == NULL) {
		answer(exchange, ANSWER_DASHBOARD_NOT_FOUND);
		return;
	}
	(void)text_format(message, sizeof message, "Dashboard %s deleted", board->title);
	exchange->reply.status = 200;
	buffer_append_format(out, "{\"id\":%lld,\"message\":", (long long)board->id);
	json_out_string(out, message);
	json_out_text(out, ",\"title\":");
	json_out_string(out, board->title);
	json_out_text(out, "}");
	store_board_delete(org, board);
	exchange->sim->store.counters.dashboard_deletes++;
}

/* ---- saving ---- */

struct saving {
	const json_t *data;
	int64_t id, version;
	const char *uid, *title;
	const struct board *folder;
	bool overwrite;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

static bool is_legal_uid(const char *uid)
{
	return uid[strspn(uid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")] ==
	       '\0';
}

static bool read_folder(struct exchange *exchange, struct saving *saving)
{
	const struct org *org = current_org(exchange);
	const char *uid;
	int64_t id;

	if (!bind_text(exchange, "folderUid", &uid) || !bind_int(exchange, "folderId", &id))
		return false;
	if (exchange->version->id < V9_4)
		uid = ""; /* folders by id alone */
	if (uid[0] == '\0' && id == 0)
		return true;
	saving->folder = uid[0] != '\0' ? store_board_by_uid(org, uid) : store_board(org, id);
	if (saving->folder != NULL && saving->folder->is_folder)
		return true;
	answer(exchange, ANSWER_DASHBOARD_FOLDER_NOT_FOUND);
	return false;
}

static bool read_saving(struct exchange *exchange, struct saving *saving)
{
	if (!bind_body(exchange) || !bind_bool(exchange, "overwrite", &saving->overwrite))
		return false;
	saving->data = json_object_get(exchange->json, "dashboard");
	if (!json_is_object(saving->data)) {
		answer(exchange, ANSWER_BAD_REQUEST);
		return false;
	}
	if (!read_folder(exchange, saving))
		return false;
	saving->id = json_integer_value(json_object_get(saving->data, "id"));
	saving->version = json_integer_value(json_object_get(saving->data, "version"));
	saving->uid = text_of(saving->data, "uid");
	saving->title = text_of(saving->data, "title");
	if (saving->title[0] == '\0')
		answer_word(exchange, 400, "Dashboard title cannot be empty", "empty-name");
	else if (!is_legal_uid(saving->uid))
		answer_word(exchange, 400, "uid contains illegal characters", NULL);
	else if (strlen(saving->uid) > MAX_UID_BYTES)
		answer_word(exchange, 400, "uid too long. max 40 characters", NULL);
	else
		return true;
	return false;
}

/* The row that is saved over, or NULL for a new one; false when refused. */
static bool find_existing(struct exchange *exchange, const struct saving *saving,
			  struct board **existing)
{
	const struct org *org = current_org(exchange);
	struct board *by_id = saving->id > 0 ? store_board(org, saving->id) : NULL;
	struct board *by_uid =
		saving->uid[0] != '\0' ? store_board_by_uid(org, saving->uid) : NULL;

	*existing = by_id != NULL ? by_id : by_uid;
	if (saving->id > 0 && by_id == NULL)
		answer_word(exchange, 404, "Dashboard not found", "not-found");
	else if (by_id != NULL && by_uid != NULL && by_id != by_uid)
		answer_word(exchange, 412, "A dashboard with the same uid already exists",
			    "name-exists");
	else if (*existing != NULL && (*existing)->is_folder)
		answer_word(exchange, 400, "Dashboard cannot be changed to a folder", NULL);
	else if (*existing != NULL && (*existing)->is_provisioned)
		answer_word(exchange, 400, "Cannot save provisioned dashboard", NULL);
	else if (*existing != NULL && saving->version != (*existing)->version && !saving->overwrite)
		answer_word(exchange, 412, "The dashboard has been changed by someone else",
			    "version-mismatch");
	else
		return true;
	return false;
}

static bool take_title(struct exchange *exchange, const struct saving *saving,
		       struct board **existing)
{
	struct board *holder =
		store_board_by_title(current_org(exchange), saving->folder, saving->title);

	if (holder == NULL || holder == *existing)
		return true;
	if (holder->is_folder)
		answer_word(exchange, 400, "A folder with the same name already exists",
			    "name-exists");
	else if (!saving->overwrite)
		answer_word(exchange, 412,
			    "A dashboard with the same name in the folder already exists",
			    "name-exists");
	else
		*existing = holder;
	return *existing == holder;
}

void route_dashboard_save(struct exchange *exchange)
{
	struct store *store = &exchange->sim->store;
	const char *by = auth_caller_login(exchange);
	struct saving saving = {0};
	struct board *board = NULL;

	if (!read_saving(exchange, &saving) || !find_existing(exchange, &saving, &board) ||
	    !take_title(exchange, &saving, &board))
		return;
	if (board == NULL)
		board = store_board_add(store, current_org(exchange), saving.uid, saving.title, by);
	else
		store_board_update(board, saving.title, by);
	board->folder = saving.folder;
	store_board_set_data(board, saving.data);
	store->counters.dashboard_saves++;
	exchange->reply.status = 200;
	view_dashboard_saved(&exchange->reply.body, board);
}

/* ---- search ---- */

static bool is_in_folder(const struct exchange *exchange, const struct board *board)
{
	int64_t id = exchange_query_int(exchange, "folderIds", -1);
	const char *uid = exchange_query(exchange, "folderUIDs");

	if (id >= 0 && id != (board->folder != NULL ? board->folder->id : 0))
		return false;
	return uid[0] == '\0' || (board->folder != NULL && strcmp(board->folder->uid, uid) == 0);
}

static bool matches(const struct exchange *exchange, const struct board *board)
{
	const char *type = exchange_query(exchange, "type");

	if (type[0] != '\0' && strcmp(type, board->is_folder ? "dash-folder" : "dash-db") != 0)
		return false;
	return strcasestr(board->title, exchange_query(exchange, "query")) != NULL &&
	       is_in_folder(exchange, board);
}

static const char *write_hits(struct exchange *exchange, bool folders, const char *comma)
{
	struct buffer *out = &exchange->reply.body;

	for (const struct board *board = current_org(exchange)->boards; board != NULL;
	     board = board->next) {
		if (board->is_folder != folders || !matches(exchange, board))
			continue;
		json_out_text(out, comma);
		view_board_hit(out, board);
		comma = ",";
	}
	return comma;
}

/* Folders come first. */
void route_search(struct exchange *exchange)
{
	struct buffer *out = &exchange->reply.body;

	exchange->reply.status = 200;
	json_out_text(out, "[");
	(void)write_hits(exchange, false, write_hits(exchange, true, ""));
	json_out_text(out, "]");
}
