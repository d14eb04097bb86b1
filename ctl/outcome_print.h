/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_OUTCOME_PRINT_H
#define CTL_OUTCOME_PRINT_H

#include <stdbool.h>

#include "base/attributes.h"
#include "codec/event_view.h"

/* Outcomes on stdout: a table on a terminal, one JSON event per line otherwise. */
struct outcome_printer {
	bool table;
	bool began; /* the table has its head */
};

void outcome_printer_init(struct outcome_printer *printer);
/* False when nobody reads any more. */
MUST_CHECK bool outcome_print(struct outcome_printer *printer, const struct event_view *outcome);

/* Did the request get what it asked for? With needs_action somebody has to act first. */
bool outcome_is_good(const struct event_view *outcome);

#endif
