/* SPDX-License-Identifier: Apache-2.0 */
/*
 * new_org.c - making an org, once.
 *
 * Called by op_org.c and op_org_bootstrap.c. Grafana keeps names apart (exactly, or
 * without regard to letter case, as its database has it), so a name is made at most
 * once; a lost answer, or one that says somebody was faster, is settled by looking for
 * the name again. Whoever asks becomes an Admin of the new org: grantd's own login.
 */
#include "worker/new_org.h"

#include "base/text.h"
#include "grafana/org_write.h"
#include "worker/permit.h"

static const char STEP[] = "create_org";

int new_org_look(struct turn *turn, const char *name, struct grafana_org *org, bool *found,
		 struct error *err)
{
	struct answer answer = {0};

	*found = false;
	if (grafana_org_by_name(turn->grafana, name, GRAFANA_FRESH, org, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_by(turn, &answer, "find the org");
	*found = answer.code == ANSWER_OK;
	return TURN_GO_ON;
}

/* The creating call left it open, or said that the name is taken. */
static int look_after_create(struct turn *turn, const char *name, const struct answer *answer,
			     struct grafana_org *org, bool *made, struct error *err)
{
	bool found = false;
	int rc = new_org_look(turn, name, org, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	if (!found && answer->code == ANSWER_DOUBT)
		return turn_in_doubt(answer, "create the org", err);
	if (!found)
		return turn_refused(turn, REASON_ORG_NAME_TAKEN,
				    "Grafana says that the name '%s' is taken, though no org has "
				    "exactly that name: one that differs in letter case may", name);
	*made = answer->code == ANSWER_DOUBT || turn_step_was(turn, STEP);
	return TURN_GO_ON;
}

static int make(struct turn *turn, const char *name, struct grafana_org *org, bool *made,
		struct error *err)
{
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn)) {
		*org = (struct grafana_org){.id = 0};
		text_copy(org->name, sizeof(org->name), name);
		*made = true;
		return TURN_GO_ON;
	}
	rc = turn_begin_step(turn, STEP, err);
	if (rc != TURN_GO_ON)
		return rc;
	if (grafana_org_create(turn->grafana, name, &org->id, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_EXISTS)
		return look_after_create(turn, name, &answer, org, made, err);
	if (answer.code != ANSWER_OK)
		return turn_refused_by(turn, &answer, "create the org");
	text_copy(org->name, sizeof(org->name), name);
	*made = true;
	return turn_wrote(turn, &answer);
}

int new_org_ensure(struct turn *turn, const char *name, struct grafana_org *org, bool *made,
		   struct error *err)
{
	bool found = false;
	int rc = new_org_look(turn, name, org, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	rc = permit_org(turn, found ? org->id : 0, name);
	if (rc != TURN_GO_ON)
		return rc;
	turn_set_before(turn, &(struct evidence){.exists = found ? FACT_YES : FACT_NO});
	*made = found && turn_step_was(turn, STEP);
	if (!found && (rc = make(turn, name, org, made, err)) != TURN_GO_ON)
		return rc;
	turn_target_org(turn, org);
	turn->outcome.after.exists = FACT_YES;
	return TURN_GO_ON;
}
