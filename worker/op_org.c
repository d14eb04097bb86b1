/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_org.c - org.create, org.rename and org.delete.
 *
 * Grafana guards nothing when it deletes an org: members and all that is in it go
 * without a question. So that is guarded here: never org 1, never the only one, and one
 * with other members than grantd's own login only by "force". Accounts are never
 * deleted along; the outcome says how many are left without any org.
 *
 * Limit: between the look at the members and the deletion somebody may join.
 */
#include "worker/operations.h"

#include <string.h>

#include "base/text.h"
#include "grafana/org_write.h"
#include "worker/new_org.h"
#include "worker/turn.h"

enum { FIRST_ORG_ID = 1 };

static int refuse_field(const char *text, struct error *err)
{
	error_set(err, ERROR_REFUSED, "op", 0, "%s", text);
	return -1;
}

/* ---- create ---- */

static int run_create(struct turn *turn, struct error *err)
{
	struct grafana_org org = {0};
	bool made = false;
	int rc = new_org_ensure(turn, turn->request->org.name, &org, &made, err);

	if (rc != TURN_GO_ON)
		return rc;
	return made ? turn_applied(turn, "the org '%s' was created with id %lld", org.name,
				   (long long)org.id)
		    : turn_as_asked(turn, "there is an org '%s', with id %lld", org.name,
				    (long long)org.id);
}

static int validate_create(const struct request *request, struct error *err)
{
	if (request->org.id != 0)
		return refuse_field("data.org.id: is given by Grafana; say only the name", err);
	return 0;
}

const struct operation operation_org_create = {
	.action = "org.create",
	.needs = NEED_ORG,
	.validate = validate_create,
	.run = run_create,
};

/* ---- rename ---- */

static int is_renamed(struct turn *turn, struct grafana_org *org, const char *name,
		      const struct answer *doubt, struct error *err)
{
	struct answer answer = {0};

	if (grafana_org_by_id(turn->grafana, org->id, GRAFANA_FRESH, org, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return turn_refused(turn, REASON_ORG_NOT_FOUND,
				    "the org was deleted while it was renamed");
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "find the org");
	if (strcmp(org->name, name) != 0)
		return turn_in_doubt(doubt, "rename the org", err);
	return TURN_GO_ON;
}

static int refuse_taken(struct turn *turn, const char *name)
{
	return turn_refused(turn, REASON_ORG_NAME_TAKEN, "another org has the name '%s'", name);
}

static int rename_org(struct turn *turn, struct grafana_org *org, const char *name,
		      struct error *err)
{
	struct grafana_org other;
	struct answer answer = {0};
	bool taken = false;
	int rc;

	if ((rc = new_org_look(turn, name, &other, &taken, err)) != TURN_GO_ON)
		return rc;
	if (taken)
		return refuse_taken(turn, name);
	if (turn_skips(turn))
		return TURN_GO_ON;
	if ((rc = turn_begin_step(turn, "rename_org", err)) != TURN_GO_ON)
		return rc;
	if (grafana_org_rename(turn->grafana, org->id, name, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return is_renamed(turn, org, name, &answer, err);
	if (answer.code == ANSWER_EXISTS)
		return refuse_taken(turn, name);
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "rename the org");
	return turn_wrote(turn, &answer);
}

/* Nobody knows whether this request was begun: an org that has the new name, while
 * none has the old one, is what was asked for. */
static int find_renamed(struct turn *turn, struct error *err)
{
	const char *name = turn->request->set.name;
	struct grafana_org org;
	bool found = false;
	int rc;

	if (!turn->resumed || turn_was_begun(turn) || turn->request->org.id != 0)
		return TURN_ENDED;
	if ((rc = new_org_look(turn, name, &org, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found)
		return TURN_ENDED;
	turn_target_org(turn, &org);
	return turn_as_asked(turn, "the org is named '%s'", name);
}

static void note_name(struct turn *turn, const struct grafana_org *org)
{
	struct evidence before = {.exists = FACT_YES};

	text_copy(before.name, sizeof(before.name), org->name);
	turn_set_before(turn, &before);
	turn->outcome.after = before;
	text_copy(turn->outcome.after.name, sizeof(turn->outcome.after.name), org->name);
}

static int run_rename(struct turn *turn, struct error *err)
{
	const char *name = turn->request->set.name;
	struct grafana_org org;
	int rc = turn_find_org(turn, GRAFANA_FRESH, &org, err);

	if (rc == TURN_ENDED && turn->outcome.reason == REASON_ORG_NOT_FOUND)
		return find_renamed(turn, err);
	if (rc != TURN_GO_ON)
		return rc;
	note_name(turn, &org);
	if (strcmp(org.name, name) == 0)
		return turn_as_asked(turn, "org %lld is named '%s'", (long long)org.id, name);
	if ((rc = rename_org(turn, &org, name, err)) != TURN_GO_ON)
		return rc;
	text_copy(org.name, sizeof(org.name), name);
	turn_target_org(turn, &org);
	text_copy(turn->outcome.after.name, sizeof(turn->outcome.after.name), name);
	return turn_applied(turn, "org %lld is now named '%s'", (long long)org.id, name);
}

static int validate_rename(const struct request *request, struct error *err)
{
	if (request->set.name == NULL)
		return refuse_field("data.set.name: missing: the new name (for org.rename)", err);
	if (request->set.login != NULL || request->set.email != NULL)
		return refuse_field("data.set: an org has only a name to be set", err);
	return 0;
}

const struct operation operation_org_rename = {
	.action = "org.rename",
	.needs = NEED_ORG,
	.validate = validate_rename,
	.run = run_rename,
};

/* ---- delete ---- */

static int refuse_protected(struct turn *turn, const struct grafana_org *org, const char *why)
{
	return turn_refused(turn, REASON_ORG_PROTECTED, "'%s' %s", org->name, why);
}

static int protect_org(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	struct answer answer = {0};
	bool only = false;

	if (org->id == FIRST_ORG_ID)
		return refuse_protected(turn, org, "is org 1, where Grafana puts new accounts; "
						   "it is never deleted");
	if (grafana_org_is_only(turn->grafana, &only, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "list the orgs");
	return only ? refuse_protected(turn, org, "is the only org") : TURN_GO_ON;
}

/* Of the first members, those who are in no other org. */
static int count_orgless(struct turn *turn, const struct grafana_crowd *crowd, size_t *orgless,
			 struct error *err)
{
	*orgless = 0;
	for (size_t i = 0; i < crowd->id_count; i++) {
		struct answer answer = {0};
		size_t orgs = 0;

		if (grafana_user_count_orgs(turn->grafana, crowd->ids[i], &orgs, &answer, err) < 0)
			return TURN_FAILED;
		*orgless += answer.code == ANSWER_OK && orgs == 1;
	}
	return TURN_GO_ON;
}

static int read_crowd(struct turn *turn, const struct grafana_org *org,
		      struct grafana_crowd *crowd, size_t *orgless, struct error *err)
{
	struct answer answer = {0};

	if (grafana_org_crowd(turn->grafana, org->id, turn->own_login, crowd, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "list the org's members");
	if (crowd->count > 0 && !turn->request->force)
		return turn_refused(turn, REASON_ORG_HAS_MEMBERS,
				    "'%s' has %zu members; take them out of it, or say force",
				    org->name, crowd->count);
	return count_orgless(turn, crowd, orgless, err);
}

static int is_gone(struct turn *turn, const struct grafana_org *org, const struct answer *doubt,
		   struct error *err)
{
	struct grafana_org now;
	struct answer answer = {0};

	if (grafana_org_by_id(turn->grafana, org->id, GRAFANA_FRESH, &now, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_NOT_FOUND)
		return TURN_GO_ON;
	return turn_in_doubt(doubt, "delete the org", err);
}

static int delete_org(struct turn *turn, const struct grafana_org *org, struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return TURN_GO_ON;
	rc = turn_begin_step(turn, "delete_org", err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_org_delete(turn->grafana, org->id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT)
		return is_gone(turn, org, &answer, err);
	if (answer.code == ANSWER_SELF)
		return refuse_protected(turn, org, "is the org that grantd's own login is in; "
						   "put that into another org first");
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "delete the org");
	return turn_wrote(turn, &answer);
}

static int end_deleted(struct turn *turn, const struct grafana_org *org,
		       const struct grafana_crowd *crowd, size_t orgless)
{
	const char *at_least = crowd->count > crowd->id_count ? "at least " : "";

	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	if (crowd->count == 0)
		return turn_applied(turn, "the org '%s' was deleted", org->name);
	return turn_applied(turn,
			    "the org '%s' was deleted; its %zu members keep their accounts, "
			    "%s%zu of them are now in no org", org->name, crowd->count, at_least,
			    orgless);
}

/* Deleting what is not there is what was asked; an id that belongs to another name is
 * a mistake. */
static int end_without_org(struct turn *turn, const struct grafana_org *found)
{
	if (found->id != 0)
		return TURN_ENDED;
	turn_set_before(turn, &(struct evidence){.exists = FACT_NO});
	turn->outcome.after = (struct evidence){.exists = FACT_NO};
	return turn_as_asked(turn, "there is no such org");
}

static int run_delete(struct turn *turn, struct error *err)
{
	struct grafana_org org = {0};
	struct grafana_crowd crowd = {0};
	size_t orgless = 0;
	int rc = turn_find_org(turn, GRAFANA_FRESH, &org, err);

	if (rc == TURN_ENDED && turn->outcome.reason == REASON_ORG_NOT_FOUND)
		return end_without_org(turn, &org);
	if (rc != TURN_GO_ON)
		return rc;
	turn_set_before(turn, &(struct evidence){.exists = FACT_YES});
	turn->outcome.after = (struct evidence){.exists = FACT_YES};
	if ((rc = protect_org(turn, &org, err)) != TURN_GO_ON)
		return rc;
	if ((rc = read_crowd(turn, &org, &crowd, &orgless, err)) != TURN_GO_ON)
		return rc;
	if ((rc = delete_org(turn, &org, err)) != TURN_GO_ON)
		return rc;
	return end_deleted(turn, &org, &crowd, orgless);
}

const struct operation operation_org_delete = {
	.action = "org.delete",
	.needs = NEED_ORG,
	.removes = true,
	.run = run_delete,
};
