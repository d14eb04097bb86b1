/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c - which requests are allowed, and which rule says no.
 *
 * Called by worker/permit.c, twice for each request: with what the request says, and
 * again when the org is known by id and name. Pure: settings and a question in, an
 * answer out.
 */
#include "config/policy.h"

#include <string.h>

#include "base/text.h"
#include "config/glob.h"
#include "config/policy_list.h"

/* [policy], or one [policy.NAME]. */
struct bounds {
	const char *name; /* NULL: it is [policy] */
	const char *actions, *instances, *orgs, *roles, *time_bound;
	int64_t max_duration_s;
};

static struct bounds bounds_of_all(const struct settings *settings)
{
	return (struct bounds){
		.actions = settings->policy.actions,
		.instances = settings->policy.instances,
		.orgs = settings->policy.orgs,
		.roles = settings->policy.roles,
		.time_bound = settings->policy.time_bound,
		.max_duration_s = settings->policy.max_duration_s,
	};
}

static struct bounds bounds_of_rule(const struct rule_settings *rule)
{
	return (struct bounds){
		.name = rule->name,
		.actions = rule->actions,
		.instances = rule->instances,
		.orgs = rule->orgs,
		.roles = rule->roles,
		.time_bound = rule->time_bound,
		.max_duration_s = rule->max_duration_s,
	};
}

/* ---- one rule ---- */

static void say_no(struct policy_answer *answer, const struct bounds *bounds, enum policy_no no,
		   const char *setting, const char *what)
{
	answer->no = no;
	answer->setting = setting;
	answer->what = what;
	answer->limit_s = bounds->max_duration_s;
	text_format(answer->rule, sizeof(answer->rule), "policy%s%s",
		    bounds->name != NULL ? "." : "", bounds->name != NULL ? bounds->name : "");
}

static const char *name_of_org(const struct policy_org *org)
{
	return org->name != NULL ? org->name : "";
}

static bool check_orgs_of(const struct bounds *bounds, const struct policy_question *question,
			  struct policy_answer *answer)
{
	if (question->org_count == 0 && !policy_list_allows_no_org(bounds->orgs)) {
		say_no(answer, bounds, POLICY_NO_ORG, "orgs", "(none)");
		return false;
	}
	for (size_t i = 0; i < question->org_count; i++)
		if (!policy_list_allows_org(bounds->orgs, &question->orgs[i])) {
			say_no(answer, bounds, POLICY_NO_ORG, "orgs",
			       name_of_org(&question->orgs[i]));
			return false;
		}
	return true;
}

static bool check_roles_of(const struct bounds *bounds, const struct policy_question *question,
			   struct policy_answer *answer)
{
	for (size_t i = 0; i < question->role_count; i++)
		if (!glob_list_match(bounds->roles, question->roles[i])) {
			say_no(answer, bounds, POLICY_NO_ROLE, "roles", question->roles[i]);
			return false;
		}
	return true;
}

static bool check_duration_of(const struct bounds *bounds,
			      const struct policy_question *question,
			      struct policy_answer *answer)
{
	if (!question->gives_people)
		return true;
	if (question->duration_s == 0 &&
	    glob_list_match(bounds->time_bound, question->people_role)) {
		say_no(answer, bounds, POLICY_NO_TIME_BOUND, "time_bound",
		       question->people_role);
		return false;
	}
	if (bounds->max_duration_s == 0 || question->duration_s <= bounds->max_duration_s)
		return true;
	say_no(answer, bounds, POLICY_NO_DURATION, "max_duration_s", "");
	return false;
}

static bool check_actions_of(const struct bounds *bounds,
			     const struct policy_question *question,
			     struct policy_answer *answer)
{
	for (size_t i = 0; i < question->action_count; i++)
		if (!glob_list_match(bounds->actions, question->actions[i])) {
			say_no(answer, bounds, POLICY_NO_ACTION, "actions",
			       question->actions[i]);
			return false;
		}
	return true;
}

static bool check_instance_of(const struct bounds *bounds,
			      const struct policy_question *question,
			      struct policy_answer *answer)
{
	if (glob_list_match(bounds->instances, question->instance))
		return true;
	say_no(answer, bounds, POLICY_NO_INSTANCE, "instances", question->instance);
	return false;
}

/* In the order of enum policy_no. */
static bool allows(const struct bounds *bounds, const struct policy_question *question,
		   struct policy_answer *answer)
{
	return check_actions_of(bounds, question, answer) &&
	       check_instance_of(bounds, question, answer) &&
	       check_orgs_of(bounds, question, answer) &&
	       check_roles_of(bounds, question, answer) &&
	       check_duration_of(bounds, question, answer);
}

/* ---- all of them ---- */

static const struct policy_answer yes = {.no = POLICY_YES, .setting = "", .what = ""};

void policy_judge(const struct settings *settings, const struct policy_question *question,
		  struct policy_answer *answer)
{
	const struct bounds everybody = bounds_of_all(settings);
	struct policy_answer furthest = yes;

	*answer = yes;
	if (!allows(&everybody, question, answer))
		return;
	for (size_t i = 0; i < settings->rule_count; i++) {
		const struct bounds bounds = bounds_of_rule(&settings->rules[i]);

		if (!glob_list_match(settings->rules[i].requesters, question->requested_by))
			continue;
		*answer = yes;
		if (allows(&bounds, question, answer))
			return;
		if (answer->no > furthest.no)
			furthest = *answer;
	}
	*answer = furthest;
}

static bool names(const char *list, const char *text)
{
	return text != NULL && text[0] != '\0' && glob_list_match(list, text);
}

bool policy_protects(const struct settings *settings, const char *login, const char *email)
{
	const char *list = settings->policy.protected_users;

	return names(list, login) || names(list, email);
}
