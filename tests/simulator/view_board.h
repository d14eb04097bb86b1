/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_VIEW_BOARD_H
#define TESTS_SIMULATOR_VIEW_BOARD_H

#include <stdbool.h>

#include "tests/simulator/store_board.h"
#include "tests/simulator/version.h"

struct buffer;

/* Folders and dashboards as the API shows them. 'may_edit': the caller's rights. */
void view_folder(struct buffer *out, const struct version *version, const struct board *folder,
		 bool may_edit);
/* {"meta":{...},"dashboard":{...}} */
void view_dashboard(struct buffer *out, const struct version *version,
		    const struct board *board, bool may_edit);
/* What saving answers. */
void view_dashboard_saved(struct buffer *out, const struct board *board);
/* An entry of a search's list. */
void view_board_hit(struct buffer *out, const struct board *board);

#endif
