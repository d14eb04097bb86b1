/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_ROLE_H
#define CONFIG_ROLE_H

#include "base/attributes.h"

/* Org roles, which both codec (requests) and grafana (answers) speak of. */
enum role { ROLE_UNSET, ROLE_NONE, ROLE_VIEWER, ROLE_EDITOR, ROLE_ADMIN };

/* "None", "Viewer", "Editor", "Admin"; "" for ROLE_UNSET. */
const char *role_name(enum role role);

/* Exactly one of the four names, in any letter case; -1 for anything else. */
MUST_CHECK int role_parse(const char *name, enum role *role);

#endif
