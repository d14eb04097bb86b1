/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_POLICY_LIST_H
#define CONFIG_POLICY_LIST_H

#include <stdbool.h>

#include "config/policy.h"

/* A list of orgs has globs over names, "id:12", and "(none)", which stands for what is
 * about no org. Is the org allowed, or may it be once more of it is known? */
bool policy_list_allows_org(const char *list, const struct policy_org *org);

/* By "(none)", or by a pattern that stands for everything. */
bool policy_list_allows_no_org(const char *list);

#endif
