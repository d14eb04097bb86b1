/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_list.c - the lists of the policy: what may be in them, and orgs in them.
 *
 * Called by policy.c, and by settings.c through the rows of settings_table.c (check_globs()
 * and its like are declared in settings_check.h). Pure. As
 * in settings_check.c nothing of a value gets into an answer.
 */
#include "config/policy_list.h"

#include <string.h>

#include "base/attributes.h"
#include "base/text.h"
#include "config/glob.h"
#include "config/role.h"
#include "config/settings_check.h"

enum { ITEM_BYTES = 256 };

static const char id_prefix[] = "id:";
static const char no_org[] = "(none)";

static bool is_text(struct slice item, const char *text)
{
	return item.length == strlen(text) && memcmp(item.data, text, item.length) == 0;
}

static bool is_id(struct slice item)
{
	return item.length >= sizeof(id_prefix) - 1 &&
	       memcmp(item.data, id_prefix, sizeof(id_prefix) - 1) == 0;
}

/* 0 if it is none. */
static int64_t id_of(struct slice item)
{
	char text[ITEM_BYTES];
	int64_t id = 0;

	if (!text_copy_bytes(text, sizeof(text), item.data, item.length) ||
	    !text_to_int64(text + sizeof(id_prefix) - 1, 1, INT64_MAX, &id))
		return 0;
	return id;
}

static bool is_everything(struct slice item)
{
	return glob_match(item, (struct slice){"", 0});
}

/* ---- what may be in them ---- */

static const char *check_item(struct slice item)
{
	if (item.length == 0)
		return "has an empty item";
	if (item.length >= ITEM_BYTES)
		return "has an item that is too long";
	return NULL;
}

static const char *check_list(const char *list, const char *(*check)(struct slice item))
{
	struct slice item;
	const char *refusal = NULL;

	while (refusal == NULL && glob_list_next(&list, &item)) {
		refusal = check_item(item);
		if (refusal == NULL && check != NULL)
			refusal = check(item);
	}
	return refusal;
}

const char *check_globs(const char *value)
{
	return check_list(value, NULL);
}

static const char *check_org(struct slice item)
{
	if (is_id(item) && id_of(item) == 0)
		return "has an id: that is no number; say id:12, or the name of the org";
	return NULL;
}

const char *check_orgs(const char *value)
{
	return check_list(value, check_org);
}

static const char *check_role(struct slice item)
{
	static const char *const names[] = {"None", "Viewer", "Editor", "Admin",
					    POLICY_SERVER_ADMIN};

	if (is_everything(item))
		return NULL;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		if (glob_match(item, (struct slice){names[i], strlen(names[i])}))
			return NULL;
	return "has an item that is no role: None, Viewer, Editor, Admin or ServerAdmin";
}

const char *check_roles(const char *value)
{
	return check_list(value, check_role);
}

/* ---- orgs in them ---- */

static bool fits_id(struct slice item, const struct policy_org *org)
{
	if (org->id != 0)
		return id_of(item) == org->id;
	return !org->is_new;
}

static bool fits_name(struct slice item, const struct policy_org *org)
{
	if (org->name == NULL)
		return true;
	return glob_match(item, (struct slice){org->name, strlen(org->name)});
}

bool policy_list_allows_org(const char *list, const struct policy_org *org)
{
	struct slice item;

	while (glob_list_next(&list, &item)) {
		if (item.length == 0 || is_text(item, no_org))
			continue;
		if (is_id(item) ? fits_id(item, org) : fits_name(item, org))
			return true;
	}
	return false;
}

bool policy_list_allows_no_org(const char *list)
{
	struct slice item;

	while (glob_list_next(&list, &item))
		if (item.length > 0 && (is_text(item, no_org) || is_everything(item)))
			return true;
	return false;
}
