/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.c - the parts of org.bootstrap: which there are, and which are done.
 *
 * Called by turn.c and op_org_bootstrap.c, which does them in this order. The plan
 * follows from the request alone, so that each attempt makes the same one, and a letter
 * for each part is all that an intent has to hold.
 */
#include "worker/parts.h"

#include <string.h>

#include "base/memory.h"
#include "worker/intent.h"

enum { PARTS_MAX = 1 + LIMIT_BOOTSTRAP_ADMINS + LIMIT_BOOTSTRAP_FOLDERS +
		   LIMIT_BOOTSTRAP_DASHBOARDS + 2 };

/* By enum part_state; a refused part ends the request, so it is never noted. */
static const char letters[] = "-as";
static const char name[] = "parts";

static void add(struct outcome_part *parts, size_t *count, enum part_kind kind,
		const char *called)
{
	parts[(*count)++] = (struct outcome_part){.kind = kind, .name = called};
}

static void add_folders(const struct request_bootstrap *asked, struct outcome_part *parts,
			size_t *count)
{
	for (size_t i = 0; i < asked->folder_count; i++) {
		const struct bootstrap_folder *folder = &asked->folders[i];

		add(parts, count, PART_FOLDER,
		    folder->named.title != NULL ? folder->named.title : folder->named.uid);
		for (size_t j = 0; j < folder->dashboard_count; j++)
			add(parts, count, PART_DASHBOARD, folder->dashboards[j].title);
	}
}

struct outcome_part *parts_plan(const struct request *request, size_t *count)
{
	const struct request_bootstrap *asked = request->bootstrap;
	struct outcome_part *parts;

	*count = 0;
	if (asked == NULL)
		return NULL;
	parts = mem_array(PARTS_MAX, sizeof(*parts));
	add(parts, count, PART_ORG, request->org.name);
	for (size_t i = 0; i < asked->admin_count; i++)
		add(parts, count, PART_ADMIN,
		    asked->admins[i].email != NULL ? asked->admins[i].email
						   : asked->admins[i].login);
	add_folders(asked, parts, count);
	if (asked->service_account == NULL)
		return parts;
	add(parts, count, PART_SERVICE_ACCOUNT, asked->service_account);
	add(parts, count, PART_TOKEN, asked->service_account);
	return parts;
}

void parts_put(struct buffer *intent, const struct outcome_part *parts, size_t count)
{
	char states[PARTS_MAX + 1] = "";

	for (size_t i = 0; i < count && parts[i].state <= PART_ALREADY_SO; i++)
		states[i] = letters[parts[i].state];
	if (count > 0)
		intent_put(intent, name, states);
}

void parts_get(struct slice intent, struct outcome_part *parts, size_t count)
{
	char states[PARTS_MAX + 1];

	if (!intent_get(intent, name, states, sizeof(states)))
		return;
	for (size_t i = 0; i < count && states[i] != '\0'; i++) {
		const char *letter = strchr(letters, states[i]);

		parts[i].state = letter != NULL ? (enum part_state)(letter - letters)
						: PART_NOT_DONE;
	}
}
