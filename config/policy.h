/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_POLICY_H
#define CONFIG_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/limits.h"
#include "config/settings.h"

/*
 * Who may ask for what; docs/policy.md says it for people.
 *
 * [policy] bounds everybody. A [policy.NAME] names requesters: whom at least one rule
 * names may do only what one of those rules allows, all of it by the same rule. Whom no
 * rule names may do what [policy] allows.
 */

/* What server_admin.grant gives, in lists of roles. */
#define POLICY_SERVER_ADMIN "ServerAdmin"

enum { POLICY_ACTIONS_MAX = 2, POLICY_ROLES_MAX = 2, POLICY_ORGS_MAX = 2 };

struct policy_org {
	int64_t id;	  /* 0 = not known */
	const char *name; /* NULL = not known */
	bool is_new;	  /* it has no id yet, so none can be meant */
};

/* One request, as far as it is known. */
struct policy_question {
	const char *requested_by; /* "" = not said */
	const char *actions[POLICY_ACTIONS_MAX]; /* it, and what it does besides */
	size_t action_count;
	const char *instance;
	struct policy_org orgs[POLICY_ORGS_MAX]; /* all must be allowed */
	size_t org_count;			 /* 0 = it is about no org */
	const char *roles[POLICY_ROLES_MAX];	 /* that it gives; all must be allowed */
	size_t role_count;
	bool gives_people; /* what it gives, it gives to people: see time_bound */
	const char *people_role; /* that role; "" = something that has none */
	int64_t duration_s; /* 0 = for good */
};

enum policy_no {
	POLICY_YES,
	POLICY_NO_ACTION,
	POLICY_NO_INSTANCE,
	POLICY_NO_ORG,
	POLICY_NO_ROLE,
	POLICY_NO_DURATION,   /* longer than max_duration_s */
	POLICY_NO_TIME_BOUND, /* for good, where only a time is allowed */
};

enum { POLICY_RULE_CAPACITY = sizeof("policy.") + LIMIT_INSTANCE_BYTES };

struct policy_answer {
	enum policy_no no;
	char rule[POLICY_RULE_CAPACITY]; /* the section that said no: "policy.ops" */
	const char *setting;		 /* in it */
	const char *what;		 /* that is not allowed; the question's, or "" */
	int64_t limit_s;		 /* with NO_DURATION */
};

/*
 * What is not known of an org counts as allowed for now where knowing it could make it
 * so; ask again when it is known. Of several rules that say no, the one that got
 * furthest answers (action, instance, org, role, duration), the first of those.
 */
void policy_judge(const struct settings *settings, const struct policy_question *question,
		  struct policy_answer *answer);

/* Is an account with this login or e-mail (NULL or "" = not known) never to be touched? */
bool policy_protects(const struct settings *settings, const char *login, const char *email);

#endif
