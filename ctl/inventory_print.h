/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_INVENTORY_PRINT_H
#define CTL_INVENTORY_PRINT_H

#include "ctl/inventory_store.h"

enum inventory_format { INVENTORY_TABLE, INVENTORY_CSV, INVENTORY_JSON };

struct inventory_print {
	enum inventory_format format;
	const char *entity; /* only these; NULL = all */
};

/* A line for each thing. JSON: its record's data. */
void inventory_print(const struct inventory_print *print,
		     const struct inventory_things *things);

/* A line for each thing that is in one only, and for each field that differs; when
 * somebody was last seen does not count. Answers how many. */
size_t inventory_print_diff(const struct inventory_print *print,
			    const struct inventory_things *before,
			    const struct inventory_things *after);

#endif
