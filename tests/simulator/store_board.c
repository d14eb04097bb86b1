/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_board.c - the simulated server's folders and dashboards.
 *
 * Part of the store: rows hang on their org and end with it. What may be saved over
 * what is decided in routes_folder.c and routes_dashboard.c. Walks are linear: tests
 * have a few dozen of them.
 */
#include "tests/simulator/store_board.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/text.h"

enum { UID_CAPACITY = 24 };

struct board *store_board(const struct org *org, int64_t id)
{
	struct board *board = org->boards;

	while (board != NULL && board->id != id)
		board = board->next;
	return board;
}

struct board *store_board_by_uid(const struct org *org, const char *uid)
{
	struct board *board = org->boards;

	while (board != NULL && strcmp(board->uid, uid) != 0)
		board = board->next;
	return board;
}

struct board *store_board_by_title(const struct org *org, const struct board *folder,
				   const char *title)
{
	struct board *board = org->boards;

	while (board != NULL && (board->folder != folder || strcmp(board->title, title) != 0))
		board = board->next;
	return board;
}

static void replace(char **text, const char *value)
{
	char *copy = mem_strdup(value);

	free(*text);
	*text = copy;
}

struct board *store_board_add(struct store *store, struct org *org, const char *uid,
			      const char *title, const char *by)
{
	struct board *board = mem_zalloc(sizeof *board);
	struct board **end = &org->boards;
	char made_up[UID_CAPACITY];

	board->id = ++store->last_board_id;
	(void)text_format(made_up, sizeof made_up, "b%013llx", (long long)board->id);
	board->uid = mem_strdup(uid[0] != '\0' ? uid : made_up);
	board->created_by = mem_strdup(by);
	board->created_s = time(NULL);
	store_board_update(board, title, by);
	while (*end != NULL)
		end = &(*end)->next;
	*end = board;
	return board;
}

void store_board_update(struct board *board, const char *title, const char *by)
{
	replace(&board->title, title);
	replace(&board->updated_by, by);
	board->version++;
	board->updated_s = time(NULL);
}

void store_board_set_data(struct board *board, const struct json_t *data)
{
	json_decref(board->data);
	board->data = json_deep_copy(data);
	json_object_set_new(board->data, "id", json_integer(board->id));
	json_object_set_new(board->data, "uid", json_string(board->uid));
	json_object_set_new(board->data, "title", json_string(board->title));
	json_object_set_new(board->data, "version", json_integer(board->version));
}

static void board_free(struct board *board)
{
	json_decref(board->data);
	free(board->uid);
	free(board->title);
	free(board->created_by);
	free(board->updated_by);
	free(board);
}

static void delete_where(struct org *org, const struct board *self, const struct board *folder)
{
	struct board **link = &org->boards;

	while (*link != NULL) {
		struct board *board = *link;

		if (board != self && (folder == NULL || board->folder != folder)) {
			link = &board->next;
			continue;
		}
		*link = board->next;
		board_free(board);
	}
}

void store_board_delete(struct org *org, struct board *board)
{
	if (board->is_folder)
		delete_where(org, NULL, board);
	delete_where(org, board, NULL);
}

void store_board_clear(struct org *org)
{
	while (org->boards != NULL)
		store_board_delete(org, org->boards);
}
