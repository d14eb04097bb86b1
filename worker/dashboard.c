/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dashboard.c - a dashboard becomes what a request says, and nothing of anybody else's
 * is lost on the way.
 *
 * Called by op_dashboard.c and op_org_bootstrap.c. Look, decide, save over exactly the
 * version that was looked at: Grafana refuses if somebody was faster, and then it is
 * looked at again. A dashboard without a uid is known by its title in its folder, or
 * gets a uid made of the request, so that a lost answer can be settled by reading.
 *
 * Limits: some servers rewrite a model when it is read, so that it never equals what was
 * saved; then each request saves another version. An attempt that takes over from one
 * whose save others have changed since saves again if "overwrite" was said.
 */
#include "worker/dashboard.h"

#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/text.h"

static const char STEP[] = "save_dashboard";

struct found { /* what there is before a save */
	bool there;
	char uid[LIMIT_UID_BYTES + 1];
	struct grafana_dashboard dashboard;
};

/* ---- look ---- */

static void make_uid(const struct turn *turn, const struct dashboard_wish *wish,
		     char uid[LIMIT_UID_BYTES + 1])
{
	enum { DIGITS = 28 };
	enum { SEED_BYTES = LIMIT_EVENT_ID_BYTES + LIMIT_EVENT_SOURCE_BYTES +
			    LIMIT_DASHBOARD_TITLE_BYTES + LIMIT_UID_BYTES + 8 };
	char seed[SEED_BYTES], hex[DIGEST_HEX_CAPACITY];

	text_format(seed, sizeof(seed), "%s\n%s\n%s\n%s", turn->request->source,
		    turn->request->id, wish->folder->uid, wish->asked->title);
	digest_sha256_hex(seed, strlen(seed), hex);
	text_format(uid, LIMIT_UID_BYTES + 1, "dash-%.*s", DIGITS, hex);
}

static int look(struct turn *turn, const struct grafana_org *org,
		const struct dashboard_wish *wish, struct found *found, struct error *err)
{
	struct answer answer = {0};

	if (org->id == 0) /* only planned, so there is nothing in it */
		return TURN_GO_ON;
	if (grafana_dashboard_get(turn->grafana, org->id, found->uid, wish->asked->model,
				  &found->dashboard, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK && answer.code != ANSWER_NOT_FOUND)
		return turn_refused_in_org(turn, org, &answer, "read the dashboard", err);
	found->there = answer.code == ANSWER_OK;
	return TURN_GO_ON;
}

static int look_by_title(struct turn *turn, const struct grafana_org *org,
			 const struct dashboard_wish *wish, struct found *found,
			 struct error *err)
{
	char uid[LIMIT_UID_BYTES + 1];
	struct answer answer = {0};
	size_t count = 0;

	if (grafana_dashboard_find(turn->grafana, org->id, wish->folder, wish->asked->title, uid,
				   &count, &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code != ANSWER_OK)
		return turn_refused_in_org(turn, org, &answer, "find the dashboard", err);
	if (count > 1)
		return turn_refused(turn, REASON_DASHBOARD_NAME_TAKEN,
				    "%zu dashboards in the folder have the title '%s'; say the uid "
				    "of one", count, wish->asked->title);
	if (count == 0)
		return TURN_GO_ON;
	text_copy(found->uid, sizeof(found->uid), uid);
	return look(turn, org, wish, found, err);
}

static int find(struct turn *turn, const struct grafana_org *org,
		const struct dashboard_wish *wish, struct found *found, struct error *err)
{
	int rc;

	memset(found, 0, sizeof(*found));
	if (wish->asked->uid != NULL)
		text_copy(found->uid, sizeof(found->uid), wish->asked->uid);
	else
		make_uid(turn, wish, found->uid);
	rc = look(turn, org, wish, found, err);
	if (rc != TURN_GO_ON || found->there || wish->asked->uid != NULL ||
	    wish->folder_is_planned || org->id == 0)
		return rc;
	return look_by_title(turn, org, wish, found, err);
}

static void evidence_of(const struct found *found, struct evidence *evidence)
{
	memset(evidence, 0, sizeof(*evidence));
	evidence->exists = found->there ? FACT_YES : FACT_NO;
	if (!found->there)
		return;
	evidence->version = found->dashboard.version;
	text_copy(evidence->name, sizeof(evidence->name), found->dashboard.title);
}

static void note(struct turn *turn, const struct found *found)
{
	struct evidence before;

	evidence_of(found, &before);
	/* An earlier attempt that only came as far as the folder had not looked yet. */
	if (!turn_step_was(turn, STEP))
		turn->outcome.before = before;
	turn->outcome.after = before;
	text_copy(turn->outcome.target.dashboard_uid,
		  sizeof(turn->outcome.target.dashboard_uid), found->uid);
}

/* ---- decide ---- */

static bool is_as_wished(const struct dashboard_wish *wish, const struct found *found)
{
	return found->there && found->dashboard.same &&
	       (wish->stays ||
		grafana_folder_is_same(&found->dashboard.folder, wish->folder));
}

static int refuse_version(struct turn *turn, const struct dashboard_wish *wish,
			  const struct found *found)
{
	long long expected = (long long)wish->expected_version;

	if (!found->there)
		return turn_refused(turn, REASON_DASHBOARD_CONFLICT,
				    "there is no dashboard '%s', so it does not have version %lld",
				    wish->asked->title, expected);
	if (expected == 0)
		return turn_refused(turn, REASON_DASHBOARD_CONFLICT,
				    "the dashboard '%s' (%s) is there, in version %lld",
				    found->dashboard.title, found->uid,
				    (long long)found->dashboard.version);
	return turn_refused(turn, REASON_DASHBOARD_CONFLICT,
			    "the dashboard '%s' (%s) has version %lld, not %lld",
			    found->dashboard.title, found->uid,
			    (long long)found->dashboard.version, expected);
}

static int may_save(struct turn *turn, const struct dashboard_wish *wish,
		    const struct found *found)
{
	int64_t version = found->there ? found->dashboard.version : 0;

	if (found->there && found->dashboard.provisioned)
		return turn_refused(turn, REASON_DASHBOARD_PROVISIONED,
				    "the dashboard '%s' comes from a file on Grafana's side",
				    found->dashboard.title);
	if (wish->expected_version != NUMBER_NOT_SAID)
		return wish->expected_version == version ? TURN_GO_ON
							 : refuse_version(turn, wish, found);
	if (!found->there || wish->overwrite)
		return TURN_GO_ON;
	return turn_refused(turn, REASON_DASHBOARD_CONFLICT,
			    "the dashboard '%s' (%s) is there in version %lld and differs; say "
			    "expected_version, or overwrite", found->dashboard.title, found->uid,
			    (long long)version);
}

/* ---- save ---- */

/* In doubt, or somebody was faster: is it as wished by now? */
static int look_again(struct turn *turn, const struct grafana_org *org,
		      const struct dashboard_wish *wish, const struct answer *answer,
		      struct found *found, struct error *err)
{
	int rc = look(turn, org, wish, found, err);

	if (rc != TURN_GO_ON || is_as_wished(wish, found))
		return rc;
	if (answer->code == ANSWER_DOUBT || wish->overwrite)
		return turn_in_doubt(answer, "save the dashboard", err);
	return turn_refused(turn, REASON_DASHBOARD_CONFLICT,
			    "the dashboard '%s' (%s) was changed meanwhile", wish->asked->title,
			    found->uid);
}

static int refuse_save(struct turn *turn, const struct grafana_org *org,
		       const struct dashboard_wish *wish, const struct answer *answer,
		       struct error *err)
{
	if (answer->code == ANSWER_EXISTS)
		return turn_refused(turn, REASON_DASHBOARD_NAME_TAKEN,
				    "something else in the folder has the title '%s'; say its uid, "
				    "or another title. Grafana said: %s",
				    wish->asked->title, answer->message);
	if (answer->code == ANSWER_NOT_FOUND)
		return turn_refused_as(turn, REASON_FOLDER_NOT_FOUND, answer,
				       "save the dashboard");
	if (answer->code == ANSWER_PROVISIONED)
		return turn_refused_as(turn, REASON_DASHBOARD_PROVISIONED, answer,
				       "save the dashboard");
	return turn_refused_in_org(turn, org, answer, "save the dashboard", err);
}

static int save_planned(const struct dashboard_wish *wish, struct found *found)
{
	found->dashboard.version = found->there ? found->dashboard.version + 1 : 1;
	found->there = true;
	text_copy(found->dashboard.title, sizeof(found->dashboard.title), wish->asked->title);
	return TURN_GO_ON;
}

static int save(struct turn *turn, const struct grafana_org *org,
		const struct dashboard_wish *wish, struct found *found, struct error *err)
{
	char message[LIMIT_EVENT_ID_BYTES + 32];
	const bool stays = found->there && wish->stays;
	const struct grafana_dashboard_save asked = {
		.id = found->there ? found->dashboard.id : 0,
		.model = wish->asked->model,
		.uid = found->uid,
		.folder = stays ? &found->dashboard.folder : wish->folder,
		.version = found->there ? found->dashboard.version : 0,
		.message = message,
	};
	struct answer answer = {0};
	int rc;

	if (turn_skips(turn))
		return save_planned(wish, found);
	rc = turn_begin_step(turn, STEP, err);
	if (rc != TURN_GO_ON)
		return rc;
	text_format(message, sizeof(message), "grantd: request %s", turn->request->id);
	if (grafana_dashboard_save(turn->grafana, org->id, &asked, &found->dashboard.version,
				   &answer, err) < 0)
		return TURN_FAILED;
	if (answer.code == ANSWER_DOUBT || answer.code == ANSWER_CHANGED)
		return look_again(turn, org, wish, &answer, found, err);
	if (answer.code != ANSWER_OK)
		return refuse_save(turn, org, wish, &answer, err);
	found->there = true;
	text_copy(found->dashboard.title, sizeof(found->dashboard.title), wish->asked->title);
	return turn_wrote(turn, &answer);
}

int dashboard_ensure(struct turn *turn, const struct grafana_org *org,
		     const struct dashboard_wish *wish, bool *wrote, struct error *err)
{
	struct found found;
	int rc = find(turn, org, wish, &found, err);

	if (rc != TURN_GO_ON)
		return rc;
	note(turn, &found);
	*wrote = turn_step_was(turn, STEP);
	if (is_as_wished(wish, &found))
		return TURN_GO_ON;
	if ((rc = may_save(turn, wish, &found)) != TURN_GO_ON)
		return rc;
	if ((rc = save(turn, org, wish, &found, err)) != TURN_GO_ON)
		return rc;
	evidence_of(&found, &turn->outcome.after);
	*wrote = true;
	return TURN_GO_ON;
}
