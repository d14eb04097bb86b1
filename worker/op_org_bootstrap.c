/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_org_bootstrap.c - org.bootstrap: an org and what it begins with, in one request.
 *
 * The parts of the plan (parts.c) one after the other, each by the helper that its own
 * action uses, and each such that doing it twice does it once. The token comes last, so
 * that none is made for what a later part would have refused. A definite no ends the
 * request there: the parts before it stay, and the outcome says which. An attempt that
 * takes over goes on at the part where the last one stopped.
 */
#include "worker/operations.h"

#include <string.h>

#include "base/text.h"
#include "worker/dashboard.h"
#include "worker/membership.h"
#include "worker/minting.h"
#include "worker/new_org.h"
#include "worker/turn.h"

struct bootstrap {
	struct turn *turn;
	const struct request_bootstrap *asked;
	size_t at; /* the part in hand */
	struct grafana_org org;
	struct grafana_folder folder; /* of the dashboards in hand */
	bool has_folder, folder_is_planned;
	int64_t ttl_s; /* of the token; 0 = it never expires */
};

/* Makes it so. GO_ON with *wrote; ENDED; FAILED. */
typedef int part_fn(struct bootstrap *bootstrap, const void *subject, bool *wrote,
		    struct error *err);

/* ---- one part ---- */

static int refuse_part(struct turn *turn, struct outcome_part *part)
{
	char why[sizeof(turn->outcome.message)];
	size_t done = (size_t)(part - turn->parts);

	part->state = PART_REFUSED;
	part->reason = turn->outcome.reason;
	text_copy(why, sizeof(why), turn->outcome.message);
	return turn_refused(turn, part->reason, "part %zu of %zu: %.300s (what was done before "
						"it stays)", done + 1, turn->outcome.part_count,
			    why);
}

static int do_part(struct bootstrap *bootstrap, part_fn *make, const void *subject,
		   struct error *err)
{
	struct turn *turn = bootstrap->turn;
	struct outcome_part *part = &turn->parts[bootstrap->at++];
	bool wrote = false;
	int rc;

	if (part->state != PART_NOT_DONE)
		return TURN_GO_ON;
	turn->skipped = false; /* each part of a plan has an end of its own */
	rc = make(bootstrap, subject, &wrote, err);
	if (rc == TURN_ENDED)
		return refuse_part(turn, part);
	if (rc != TURN_GO_ON)
		return rc;
	part->state = !wrote				       ? PART_ALREADY_SO
		      : turn->request->mode == MODE_PLAN ? PART_PLANNED
							 : PART_APPLIED;
	/* The step that an earlier attempt had begun was of this part. */
	turn->step = NULL;
	return TURN_GO_ON;
}

/* ---- the org ---- */

static int make_org(struct bootstrap *bootstrap, const void *subject, bool *wrote,
		    struct error *err)
{
	const struct request_org *named = subject;

	if (named->id != 0)
		return turn_find_org(bootstrap->turn, GRAFANA_FRESH, &bootstrap->org, err);
	return new_org_ensure(bootstrap->turn, named->name, &bootstrap->org, wrote, err);
}

/* An earlier attempt had made or found it. */
static int find_org_again(struct bootstrap *bootstrap, struct error *err)
{
	if (bootstrap->turn->parts[0].state == PART_NOT_DONE)
		return TURN_GO_ON;
	return turn_find_org(bootstrap->turn, GRAFANA_FRESH, &bootstrap->org, err);
}

/* ---- admins ---- */

static int make_admin(struct bootstrap *bootstrap, const void *subject, bool *wrote,
		      struct error *err)
{
	const struct request_user *named = subject;
	struct turn *turn = bootstrap->turn;
	struct grafana_user user;
	struct membership now;
	bool found = false;
	int rc;

	if ((rc = turn_find_user(turn, named, &user, &found, err)) != TURN_GO_ON)
		return rc;
	if (!found)
		return turn_refused(turn, REASON_ACCOUNT_NOT_FOUND, "there is no account '%s'",
				    named->email != NULL ? named->email : named->login);
	if ((rc = membership_read(turn, bootstrap->org.id, user.id, &now, err)) != TURN_GO_ON)
		return rc;
	*wrote = turn_was_begun(turn);
	if (now.member && now.role == ROLE_ADMIN)
		return TURN_GO_ON;
	*wrote = true;
	if ((rc = turn_protect_self(turn, &user)) != TURN_GO_ON)
		return rc;
	return membership_set(turn, &bootstrap->org, &user, &now, ROLE_ADMIN, err);
}

static int make_admins(struct bootstrap *bootstrap, struct error *err)
{
	const struct request_bootstrap *asked = bootstrap->asked;
	int rc = TURN_GO_ON;

	for (size_t i = 0; rc == TURN_GO_ON && i < asked->admin_count; i++)
		rc = do_part(bootstrap, make_admin, &asked->admins[i], err);
	return rc;
}

/* ---- folders and dashboards ---- */

static int make_folder(struct bootstrap *bootstrap, const void *subject, bool *wrote,
		       struct error *err)
{
	const struct bootstrap_folder *folder = subject;
	int rc = dashboard_folder_ensure(bootstrap->turn, &bootstrap->org, &folder->named,
					 &bootstrap->folder, wrote, err);

	bootstrap->has_folder = rc == TURN_GO_ON;
	bootstrap->folder_is_planned = *wrote && turn_skips(bootstrap->turn);
	return rc;
}

static int make_dashboard(struct bootstrap *bootstrap, const void *subject, bool *wrote,
			  struct error *err)
{
	const struct dashboard_wish wish = {
		.asked = subject,
		.folder = &bootstrap->folder,
		.folder_is_planned = bootstrap->folder_is_planned,
		.overwrite = bootstrap->turn->request->overwrite,
		.expected_version = NUMBER_NOT_SAID,
	};

	return dashboard_ensure(bootstrap->turn, &bootstrap->org, &wish, wrote, err);
}

/* Its part may have been an earlier attempt's, and its dashboards not. */
static int find_folder_again(struct bootstrap *bootstrap, const struct bootstrap_folder *folder,
			     struct error *err)
{
	bool wrote = false;

	if (bootstrap->has_folder ||
	    bootstrap->turn->parts[bootstrap->at].state != PART_NOT_DONE)
		return TURN_GO_ON;
	return make_folder(bootstrap, folder, &wrote, err);
}

static int fill_folder(struct bootstrap *bootstrap, const struct bootstrap_folder *folder,
		       struct error *err)
{
	int rc;

	bootstrap->has_folder = false;
	rc = do_part(bootstrap, make_folder, folder, err);
	for (size_t i = 0; rc == TURN_GO_ON && i < folder->dashboard_count; i++) {
		rc = find_folder_again(bootstrap, folder, err);
		if (rc == TURN_GO_ON)
			rc = do_part(bootstrap, make_dashboard, &folder->dashboards[i], err);
	}
	return rc;
}

static int make_folders(struct bootstrap *bootstrap, struct error *err)
{
	const struct request_bootstrap *asked = bootstrap->asked;
	int rc = TURN_GO_ON;

	for (size_t i = 0; rc == TURN_GO_ON && i < asked->folder_count; i++)
		rc = fill_folder(bootstrap, &asked->folders[i], err);
	return rc;
}

/* ---- service account and token ---- */

/* The request that asks for the part alone. */
static void ask_for_machine(const struct bootstrap *bootstrap, struct request *alone)
{
	const struct request_bootstrap *asked = bootstrap->asked;

	*alone = *bootstrap->turn->request;
	alone->org = (struct request_org){.id = bootstrap->org.id};
	alone->service_account = (struct request_named){.name = asked->service_account};
	alone->role = asked->service_account_role;
	alone->ttl_s = asked->ttl_s;
	alone->never_expires = asked->never_expires;
}

/* A plan: what the part would be made in is not there. */
static bool is_only_planned(const struct bootstrap *bootstrap,
			    const struct operation *operation)
{
	const struct turn *turn = bootstrap->turn;

	return bootstrap->org.id == 0 ||
	       (turn->request->mode == MODE_PLAN &&
		operation == &operation_service_account_token_create &&
		turn->outcome.target.service_account_id == 0);
}

/* Another action as a part of this one: what ends it well is a part that is done. */
static int make_by(struct bootstrap *bootstrap, const void *subject, bool *wrote,
		   struct error *err)
{
	const struct operation *operation = subject;
	struct turn *turn = bootstrap->turn;
	const struct request *whole = turn->request;
	struct request alone;
	int rc;

	if (is_only_planned(bootstrap, operation)) {
		*wrote = true;
		if (operation == &operation_service_account_token_create)
			minting_plan_end(turn, bootstrap->ttl_s);
		return TURN_GO_ON;
	}
	ask_for_machine(bootstrap, &alone);
	turn->request = &alone;
	rc = operation->run(turn, err);
	turn->request = whole;
	if (rc != TURN_ENDED || turn->outcome.result == RESULT_REFUSED)
		return rc;
	*wrote = turn->outcome.result != RESULT_ALREADY_SO;
	return TURN_GO_ON;
}

static int make_machine(struct bootstrap *bootstrap, struct error *err)
{
	int rc;

	if (bootstrap->asked->service_account == NULL)
		return TURN_GO_ON;
	rc = do_part(bootstrap, make_by, &operation_service_account_create, err);
	if (rc != TURN_GO_ON)
		return rc;
	return do_part(bootstrap, make_by, &operation_service_account_token_create, err);
}

/* What would refuse the token in the end refuses it before anything is made. */
static int check_token(struct bootstrap *bootstrap)
{
	struct turn *turn = bootstrap->turn;
	const struct request *whole = turn->request;
	struct minting minting = {0};
	struct request alone;
	int rc;

	if (bootstrap->asked->service_account == NULL)
		return TURN_GO_ON;
	if ((rc = turn_need_vault(turn)) != TURN_GO_ON)
		return rc;
	ask_for_machine(bootstrap, &alone);
	turn->request = &alone;
	rc = minting_set_life(turn, &minting);
	bootstrap->ttl_s = minting.ttl_s;
	turn->request = whole;
	return rc;
}

/* ---- all of it ---- */

/* The parts say what happened to each; the target is the org and the service account. */
static void tidy_outcome(struct turn *turn)
{
	struct outcome_target *target = &turn->outcome.target;

	memset(&turn->outcome.before, 0, sizeof(turn->outcome.before));
	memset(&turn->outcome.after, 0, sizeof(turn->outcome.after));
	target->user_id = 0;
	target->login[0] = target->email[0] = '\0';
	target->dashboard_uid[0] = target->folder_uid[0] = '\0';
}

static size_t count_applied(const struct turn *turn)
{
	size_t applied = 0;

	for (size_t i = 0; i < turn->outcome.part_count; i++)
		applied += turn->parts[i].state == PART_APPLIED ||
			   turn->parts[i].state == PART_PLANNED;
	return applied;
}

static int make_all(struct bootstrap *bootstrap, struct error *err)
{
	int rc = check_token(bootstrap);

	if (rc == TURN_GO_ON)
		rc = find_org_again(bootstrap, err);
	if (rc == TURN_GO_ON)
		rc = do_part(bootstrap, make_org, &bootstrap->turn->request->org, err);
	if (rc == TURN_GO_ON)
		rc = make_admins(bootstrap, err);
	if (rc == TURN_GO_ON)
		rc = make_folders(bootstrap, err);
	if (rc == TURN_GO_ON)
		rc = make_machine(bootstrap, err);
	return rc;
}

static int run_bootstrap(struct turn *turn, struct error *err)
{
	struct bootstrap bootstrap = {.turn = turn, .asked = turn->request->bootstrap};
	int rc = make_all(&bootstrap, err);

	tidy_outcome(turn);
	if (rc != TURN_GO_ON)
		return rc;
	turn->skipped = turn->request->mode == MODE_PLAN && count_applied(turn) > 0;
	if (count_applied(turn) == 0)
		return turn_as_asked(turn, "'%s' is as asked, in all %zu parts",
				     bootstrap.org.name, turn->outcome.part_count);
	return turn_applied(turn, "'%s' is as asked: %zu of %zu parts were applied",
			    bootstrap.org.name, count_applied(turn), turn->outcome.part_count);
}

static int validate_bootstrap(const struct request *request, struct error *err)
{
	if (request->bootstrap != NULL)
		return 0;
	error_set(err, ERROR_REFUSED, "op", 0, "data.bootstrap: missing (for org.bootstrap)");
	return -1;
}

const struct operation operation_org_bootstrap = {
	.action = "org.bootstrap",
	.needs = NEED_ORG,
	.gives = GIVES_BOOTSTRAP,
	.validate = validate_bootstrap,
	.run = run_bootstrap,
};
