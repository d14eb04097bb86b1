/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_OUTCOME_H
#define CODEC_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/cloudevent.h"
#include "codec/reason.h"
#include "codec/record.h"
#include "codec/request.h"
#include "config/limits.h"
#include "config/policy.h"
#include "config/role.h"

enum result {
	RESULT_APPLIED,
	RESULT_ALREADY_SO, /* nothing had to change */
	RESULT_PLANNED,	   /* would be applied, or need a human */
	RESULT_NEEDS_ACTION, /* a human has to do the rest: an invite waits */
	RESULT_REFUSED,	   /* a rule, ours or Grafana's, says no */
	RESULT_FAILED,	   /* gave up */
};

const char *result_name(enum result result);

/* What Grafana said of the target, before or after. Each member may be unsaid. */
enum fact { FACT_UNSAID, FACT_NO, FACT_YES };

struct evidence {
	enum fact account; /* is there one? */
	enum fact member;  /* of the org; FACT_NO is written as "role": null */
	enum role role;	   /* with FACT_YES */
	enum fact disabled;
	enum fact exists; /* the team, service account, token, invite, org, dashboard */
	int64_t version; /* of a dashboard; 0 = unsaid */
	enum fact server_admin;
	enum fact team_member;
	char login[LIMIT_LOGIN_BYTES + 1]; /* "" = unsaid, likewise below */
	char email[LIMIT_EMAIL_BYTES + 1];
	char name[LIMIT_NAME_BYTES + 1];
};

struct outcome_target {
	int64_t user_id; /* 0 = unknown */
	char login[LIMIT_LOGIN_BYTES + 1];
	char email[LIMIT_EMAIL_BYTES + 1];
	int64_t org_id;
	char org_name[LIMIT_ORG_NAME_BYTES + 1];
	int64_t team_id;
	char team_name[LIMIT_NAME_BYTES + 1];
	int64_t service_account_id;
	char service_account_name[LIMIT_NAME_BYTES + 1];
	int64_t token_id; /* of a service account's token, or a legacy key */
	char token_name[LIMIT_NAME_BYTES + 1];
	char folder_uid[LIMIT_UID_BYTES + 1];
	char dashboard_uid[LIMIT_UID_BYTES + 1];
};

/* One of several things that a request asks for; see org.bootstrap. */
enum part_kind { PART_ORG, PART_ADMIN, PART_FOLDER, PART_DASHBOARD, PART_SERVICE_ACCOUNT,
		 PART_TOKEN };
enum part_state { PART_NOT_DONE, PART_APPLIED, PART_ALREADY_SO, PART_PLANNED,
		  PART_REFUSED };

struct outcome_part {
	enum part_kind kind;
	const char *name; /* the request's, or NULL */
	enum part_state state;
	enum reason reason; /* with PART_REFUSED */
};

/* A request that grantd will write to itself when the time has come. */
struct follow_up {
	const char *kind; /* static: "overlap"; NULL = there is none */
	int64_t at_ms;	  /* wall clock */
	struct request asked; /* see codec/follow_up.h; its strings are owned */
};

/* Of an id that grantd makes: 32 hex digits. */
enum { EVENT_ID_CAPACITY = 33 };

/* What an operation finds out; plain values. */
struct outcome {
	enum result result;
	enum reason reason;
	char message[1024];
	char rule[POLICY_RULE_CAPACITY]; /* of the policy, that said no; "" = none */
	int grafana_status; /* 0 = Grafana was not asked, or its answer did not matter */
	char grafana_message_id[LIMIT_MESSAGE_ID_BYTES + 1];
	struct outcome_target target;
	struct evidence before, after;
	int64_t expires_ms;	    /* when what was given ends by itself; 0 = unsaid */
	struct evidence reverts_to; /* what will be so once nothing bound in time is left */
	const struct outcome_part *parts; /* the turn's; NULL = it asks for one thing */
	size_t part_count;
	int64_t credential_version; /* 0 = no credential was made */
	char snapshot[EVENT_ID_CAPACITY]; /* of an inventory; "" = none was made */
};

/* What the worker adds around it. */
struct outcome_frame {
	const struct request *request;
	const char *topic; /* the record that has the duty */
	int32_t partition;
	int64_t offset;
	int64_t attempts;
	int64_t started_ms, finished_ms;
	const char *event_source; /* /grantd/<group> */
	const char *worker_id;
	const char *worker_version;
	enum cloudevent_mode mode;
	const struct follow_up *follow_up; /* NULL or without a kind = none */
};

/* The outcome event (id derived from the request's source and id). Its key is
 * the request's subject, or its id when it has none. '*record' is initialised
 * here; the caller clears it. */
void outcome_encode(const struct outcome *outcome, const struct outcome_frame *frame,
		    struct record *record);

#endif
