/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permit.c - requests as questions to the policy, and its noes as refusals.
 *
 * Called by receive.c with what a request says, and by turn_find.c and others when
 * Grafana has told which org and which account that is: so that an id gets nobody
 * around a rule by name, nor a login around one by e-mail. Pure.
 *
 * Limits: a rule about roles looks at the role that is given, not at what the account
 * has already. With a token, who is no member yet is known only by what the request says.
 */
#include "worker/permit.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "config/glob.h"
#include "worker/operations.h"
#include "worker/turn.h"

enum { MS_PER_S = 1000, ITEM_SHOWN = 80 };

/* ---- settings ---- */

static bool fits_an_action(struct slice item)
{
	for (const struct operation *const *all = operation_all(); *all != NULL; all++)
		if (glob_match(item, (struct slice){(*all)->action, strlen((*all)->action)}))
			return true;
	return false;
}

static int check_actions(const char *list, const char *rule, struct error *err)
{
	struct slice item;

	while (glob_list_next(&list, &item)) {
		if (fits_an_action(item))
			continue;
		error_set(err, ERROR_FATAL, "permit", 0,
			  "[policy%s%s] actions: there is no action '%.*s'", rule[0] != '\0' ? "." : "",
			  rule, (int)(item.length < ITEM_SHOWN ? item.length : ITEM_SHOWN),
			  item.data);
		return -1;
	}
	return 0;
}

int permit_check_settings(const struct settings *settings, struct error *err)
{
	if (check_actions(settings->policy.actions, "", err) < 0)
		return -1;
	for (size_t i = 0; i < settings->rule_count; i++)
		if (check_actions(settings->rules[i].actions, settings->rules[i].name, err) < 0)
			return -1;
	return 0;
}

/* ---- the question ---- */

static void add_role(struct policy_question *question, enum role role)
{
	if (role != ROLE_UNSET)
		question->roles[question->role_count++] = role_name(role);
}

static enum role or_viewer(enum role role)
{
	return role != ROLE_UNSET ? role : ROLE_VIEWER;
}

static void give_people(struct policy_question *question, const char *role)
{
	question->gives_people = true;
	question->people_role = role;
}

static void ask_for_bootstrap(struct policy_question *question,
			      const struct request_bootstrap *asked)
{
	if (asked == NULL)
		return;
	if (asked->admin_count > 0) {
		add_role(question, ROLE_ADMIN);
		give_people(question, role_name(ROLE_ADMIN));
	}
	if (asked->service_account != NULL)
		add_role(question, or_viewer(asked->service_account_role));
}

static void ask_for_roles(struct policy_question *question, enum gives gives,
			  const struct request *request)
{
	switch (gives) {
	case GIVES_NOTHING:
		return;
	case GIVES_ROLE:
	case GIVES_TEAM:
		add_role(question, request->role);
		give_people(question, role_name(request->role));
		return;
	case GIVES_PLACE:
		if (question->org_count == 0)
			return;
		add_role(question, or_viewer(request->role));
		give_people(question, role_name(or_viewer(request->role)));
		return;
	case GIVES_SERVER_ADMIN:
		question->roles[question->role_count++] = POLICY_SERVER_ADMIN;
		give_people(question, POLICY_SERVER_ADMIN);
		return;
	case GIVES_FALL:
		add_role(question, request->to_role);
		return;
	case GIVES_MACHINE_ROLE:
		add_role(question, or_viewer(request->role));
		return;
	case GIVES_MACHINE_CHANGE:
		add_role(question, request->role);
		return;
	case GIVES_BOOTSTRAP:
		ask_for_bootstrap(question, request->bootstrap);
		return;
	}
}

/* What another action would have to be allowed for is not to be had by the way. */
static void ask_for_actions(struct policy_question *question, const struct operation *operation,
			    const struct request *request)
{
	const char **more = &question->actions[1];

	question->actions[0] = operation->action;
	question->action_count = 1;
	*more = NULL;
	if (operation == &operation_org_role_grant &&
	    request->if_no_account == IF_NO_ACCOUNT_CREATE)
		*more = operation_account_create.action;
	else if (operation == &operation_org_role_grant &&
		 request->if_no_account == IF_NO_ACCOUNT_INVITE)
		*more = operation_invite_create.action;
	else if (operation == &operation_account_create &&
		 request->on_existing == ON_EXISTING_RESET)
		*more = operation_account_reset_password.action;
	question->action_count += *more != NULL;
}

static void add_org(struct policy_question *question, const struct policy_org *org)
{
	question->orgs[question->org_count++] = *org;
}

static bool is_about_org(const struct request *request)
{
	return request->org.id != 0 || request->org.name != NULL;
}

/* In whole seconds, and never none; 0 = for good. */
static int64_t duration_of(const struct request *request)
{
	int64_t left_ms = request->expires_ms - request->time_ms;

	if (request->duration_s != NUMBER_NOT_SAID)
		return request->duration_s;
	if (request->expires_ms == 0)
		return 0;
	return left_ms > 0 ? (left_ms + MS_PER_S - 1) / MS_PER_S : 1;
}

/* 'org' is what is known of it. */
static void make_question(const struct operation *operation, const struct request *request,
			  const struct policy_org *org, struct policy_question *question)
{
	*question = (struct policy_question){
		.requested_by = request->requested_by != NULL ? request->requested_by : "",
		.instance = request->instance,
		.people_role = "",
		.duration_s = duration_of(request),
	};
	ask_for_actions(question, operation, request);
	if (is_about_org(request))
		add_org(question, org);
	/* All that is in all orgs is told only to whom every org is allowed. */
	else if (operation == &operation_inventory_snapshot)
		add_org(question, &(struct policy_org){.name = "*", .is_new = true});
	/* A name may be given to an org only by who may do things to one of that name. */
	if (operation == &operation_org_rename)
		add_org(question, &(struct policy_org){.id = org->id, .name = request->set.name});
	ask_for_roles(question, operation->gives, request);
}

/* ---- the answer ---- */

static enum reason reason_of(enum policy_no no)
{
	static const enum reason reasons[] = {
		[POLICY_YES] = REASON_OK,
		[POLICY_NO_ACTION] = REASON_POLICY_ACTION_DENIED,
		[POLICY_NO_INSTANCE] = REASON_POLICY_INSTANCE_DENIED,
		[POLICY_NO_ORG] = REASON_POLICY_ORG_DENIED,
		[POLICY_NO_ROLE] = REASON_POLICY_ROLE_DENIED,
		[POLICY_NO_DURATION] = REASON_POLICY_DURATION_DENIED,
		[POLICY_NO_TIME_BOUND] = REASON_POLICY_DURATION_DENIED,
	};

	return reasons[no];
}

/* Whom the rule is about: "to 'ada@example.com'". */
static void show_whom(const struct policy_question *question, const struct policy_answer *answer,
		      char *out, size_t capacity)
{
	if (strcmp(answer->rule, "policy") == 0)
		text_copy(out, capacity, "anybody");
	else if (question->requested_by[0] == '\0')
		text_copy(out, capacity, "a request that does not say who asked");
	else
		text_format(out, capacity, "'%s'", question->requested_by);
}

static void explain(const struct policy_question *question, const struct policy_answer *answer,
		    struct refusal *refusal)
{
	char whom[LIMIT_PERSON_BYTES + 8];

	refusal->reason = reason_of(answer->no);
	text_copy(refusal->rule, sizeof(refusal->rule), answer->rule);
	show_whom(question, answer, whom, sizeof(whom));
	if (answer->no == POLICY_NO_DURATION)
		text_format(refusal->text, sizeof(refusal->text),
			    "[%s] allows %s %" PRId64 " s at most, not %" PRId64
			    "; ask for less, or raise max_duration_s there",
			    answer->rule, whom, answer->limit_s, question->duration_s);
	else if (answer->no == POLICY_NO_TIME_BOUND)
		text_format(refusal->text, sizeof(refusal->text),
			    "[%s] allows %s that for a time only ('%s' is in its time_bound); say "
			    "duration_s or expires_at, where the action knows them",
			    answer->rule, whom, answer->what);
	else
		text_format(refusal->text, sizeof(refusal->text),
			    "[%s] does not allow that to %s: '%s' is not in its %s; add it there, "
			    "or have it asked by somebody who may",
			    answer->rule, whom, answer->what, answer->setting);
	text_replace_control(refusal->text);
}

static bool judge(const struct settings *settings, const struct policy_question *question,
		  struct refusal *refusal)
{
	struct policy_answer answer;

	policy_judge(settings, question, &answer);
	if (answer.no == POLICY_YES)
		return true;
	explain(question, &answer, refusal);
	return false;
}

static void explain_protected(const char *who, struct refusal *refusal)
{
	refusal->reason = REASON_POLICY_PROTECTED_USER;
	text_copy(refusal->rule, sizeof(refusal->rule), "policy");
	text_format(refusal->text, sizeof(refusal->text),
		    "'%s' is in [policy] protected_users, so grantd never touches it", who);
	text_replace_control(refusal->text);
}

/* ---- protected accounts ---- */

static bool spare(const struct settings *settings, const char *login, const char *email,
		  struct refusal *refusal)
{
	if (!policy_protects(settings, login, email))
		return true;
	explain_protected(login != NULL && login[0] != '\0' ? login : email, refusal);
	return false;
}

/* Those the request names, and the names it would give. */
static bool spare_named(const struct settings *settings, const struct request *request,
			struct refusal *refusal)
{
	const struct request_bootstrap *asked = request->bootstrap;
	size_t admins = asked != NULL ? asked->admin_count : 0;

	if (!spare(settings, request->user.login, request->user.email, refusal) ||
	    !spare(settings, request->set.login, request->set.email, refusal))
		return false;
	for (size_t i = 0; i < admins; i++)
		if (!spare(settings, asked->admins[i].login, asked->admins[i].email, refusal))
			return false;
	return true;
}

/* ---- asking ---- */

/* The end of a grant takes back only what that grant gave, as the ledger knows it. */
static bool is_own_end(const struct settings *settings, const struct operation *operation,
		       const struct request *request)
{
	return operation->removes && request->grant.id != NULL &&
	       strcmp(request->source, settings->publish.source) == 0;
}

bool permit_is_own(const struct settings *settings, const struct operation *operation,
		   const struct request *request)
{
	return is_own_end(settings, operation, request) ||
	       ((operation == &operation_service_account_token_delete ||
		 operation == &operation_inventory_snapshot) &&
		strcmp(request->source, settings->publish.source) == 0);
}

bool permit_request(const struct settings *settings, const struct operation *operation,
		    const struct request *request, struct refusal *refusal)
{
	const struct policy_org org = {.id = request->org.id, .name = request->org.name};
	struct policy_question question;

	if (is_own_end(settings, operation, request))
		return true;
	if (!spare_named(settings, request, refusal))
		return false;
	if (permit_is_own(settings, operation, request))
		return true;
	make_question(operation, request, &org, &question);
	return judge(settings, &question, refusal);
}

static int end_refused(struct turn *turn, const struct refusal *refusal)
{
	text_copy(turn->outcome.rule, sizeof(turn->outcome.rule), refusal->rule);
	return turn_refused(turn, refusal->reason, "%s", refusal->text);
}

int permit_org(struct turn *turn, int64_t id, const char *name)
{
	const struct policy_org org = {.id = id, .name = name, .is_new = id == 0};
	struct policy_question question;
	struct refusal refusal;

	if (turn_was_begun(turn)) {
		turn->allowed_org_id = id; /* also for the parts after the one begun */
		return TURN_GO_ON;
	}
	if ((id != 0 && id == turn->allowed_org_id) ||
	    permit_is_own(turn->settings, turn->operation, turn->request))
		return TURN_GO_ON;
	make_question(turn->operation, turn->request, &org, &question);
	if (!judge(turn->settings, &question, &refusal))
		return end_refused(turn, &refusal);
	turn->allowed_org_id = id;
	return TURN_GO_ON;
}

int permit_user(struct turn *turn, const char *login, const char *email)
{
	struct refusal refusal;

	if (turn_was_begun(turn) ||
	    is_own_end(turn->settings, turn->operation, turn->request) ||
	    spare(turn->settings, login, email, &refusal))
		return TURN_GO_ON;
	return end_refused(turn, &refusal);
}
