/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_STORE_BOARD_H
#define TESTS_SIMULATOR_STORE_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/store.h"

struct json_t;

/* A row of Grafana's dashboard table: a dashboard, or a folder. Both share ids and,
 * within an org, uids. */
struct board {
	int64_t id;
	char *uid;
	char *title;
	bool is_folder;
	bool is_provisioned;
	const struct board *folder; /* NULL: the general one */
	int64_t version;
	struct json_t *data; /* of a dashboard, with its id, uid and version in it */
	char *created_by, *updated_by;
	int64_t created_s, updated_s;
	struct board *next; /* of the same org, oldest first */
};

struct board *store_board(const struct org *org, int64_t id);
struct board *store_board_by_uid(const struct org *org, const char *uid);
/* The one of that title in that folder, of either kind; letter case counts. */
struct board *store_board_by_title(const struct org *org, const struct board *folder,
				   const char *title);
/* Of version 1; "" makes up a uid. */
struct board *store_board_add(struct store *store, struct org *org, const char *uid,
			      const char *title, const char *by);
/* The next version, under that title. */
void store_board_update(struct board *board, const char *title, const char *by);
/* The dashboard's JSON; a copy is kept. */
void store_board_set_data(struct board *board, const struct json_t *data);
/* A folder takes along what is in it. */
void store_board_delete(struct org *org, struct board *board);
/* What an org leaves behind. */
void store_board_clear(struct org *org);

#endif
