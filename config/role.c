/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.c - the names of the org roles.
 *
 * Called by codec (requests, outcomes) and grafana (answers). Owns nothing; the
 * only failure is a name that is none of the four.
 */
#include "config/role.h"

#include "base/text.h"

static const char *const role_names[] = {
	[ROLE_UNSET] = "",	   [ROLE_NONE] = "None",   [ROLE_VIEWER] = "Viewer",
	[ROLE_EDITOR] = "Editor", [ROLE_ADMIN] = "Admin",
};

const char *role_name(enum role role)
{
	return role_names[role];
}

int role_parse(const char *name, enum role *role)
{
	for (int i = ROLE_NONE; i <= ROLE_ADMIN; i++) {
		if (text_equal_nocase(name, role_names[i])) {
			*role = (enum role)i;
			return 0;
		}
	}
	return -1;
}
