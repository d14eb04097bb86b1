/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_PORTS_H
#define WORKER_PORTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "codec/credential.h"
#include "codec/outcome.h"
#include "codec/record.h"
#include "codec/request.h"
#include "codec/seal.h"
#include "config/policy.h"
#include "config/settings.h"
#include "grafana/http.h"
#include "worker/bound_kind.h"
#include "worker/grants.h"
#include "worker/ledger.h"
#include "worker/metrics.h"
#include "worker/scheduler.h"

/*
 * The life of a request, and what each part of the worker promises the others.
 *
 *   consumer ──job──▶ scheduler ──▶ dispatcher ──claimed──▶ workers ──settled──▶ publisher
 *   (decode)          (lanes)       (ledger: claim)          (operate)            (ledger: complete,
 *                                                                                 Kafka: one transaction)
 *
 * A job has one holder at a time; it is handed on whole, never shared.
 */

/* ---- a job: one record, from its arrival to the commit of its offset ---- */

struct instance { /* one configured Grafana */
	struct grafana *grafana;
	struct gate *gate;
	_Atomic int64_t told_limit; /* what the log was last told of it */
};

/* How a job leaves: what the publisher has to do for it. */
enum settlement {
	SETTLE_COMPLETE, /* tell the ledger, then publish the records */
	SETTLE_REPLAY,	 /* the ledger has it already: publish the records as they are */
	SETTLE_PASS,	 /* nothing to publish: only let the offset pass */
	SETTLE_DUE,	 /* a request of our own that came due; it has no record yet */
};

/* A definite no that was found before Grafana is asked. */
struct refusal {
	enum reason reason;
	char text[1024];
	char rule[POLICY_RULE_CAPACITY]; /* of the policy, that said no; "" = another no */
};

enum { JOB_RECORDS_MAX = 3 }; /* outcome, credential, dead letter */

struct job {
	uint32_t magic;
	struct scheduled scheduled; /* scheduled.group is the number of the assignment */

	const char *topic; /* lives as long as the consumer */
	int32_t partition;
	int64_t offset;
	int64_t record_time_ms; /* -1 = the record has none */
	char *lane_key;

	struct request request;
	const struct operation *operation; /* NULL when refused */
	struct instance *instance;	   /* NULL when refused */
	struct refusal *refusal;	   /* NULL = none */

	/* from the ledger, while it is claimed */
	struct ledger_claim claim;
	_Atomic int64_t lease_until_ms; /* steady clock; moved by renewals */
	_Atomic bool lost;		/* a renewal found that another holds it */
	struct job *claimed_next, **claimed_link; /* list of claimed jobs */
	int64_t retries;		/* in this process */
	char *noted_step;		/* the last one that it began; for a ledger that forgot it */
	struct buffer noted_intent;
	struct error *last_fault;	/* why the last attempt was given up; NULL = there was none */
	int64_t polls;			/* of a claim that another holds */
	bool take_over;			/* the record with the duty to publish is gone */
	bool aside;			/* a duplicate that waits in a lane of its own */
	struct gate_report report;	/* of the last attempt, until the slot is given back */
	int64_t wake_ms;		/* postponed until then (steady clock) */

	enum settlement settlement;
	struct record records[JOB_RECORDS_MAX];
	size_t record_count;
	bool completed; /* the ledger has it */
	bool committed; /* Kafka has it */
	struct buffer stored_outcome, stored_credential; /* packed, for the ledger */
	struct buffer stored_due;	/* likewise; what is to be asked later */
	char *subject;			/* that its turn took in the ledger; or NULL */
	struct buffer stored_grants;	/* of the subject; empty = as they were */
	int64_t grants_until_ms;	/* 0 = for good */
	char *due_id;			/* its id, or that of what came due; or NULL */
	int64_t due_at_ms;
	char summary[192];		/* "applied ok", for the log line of the settled request */
	enum metric metric;		/* what it counts as */
	struct job *next;		/* in the queue of whoever holds it */
};

/* ---- an operation: what an action does ---- */

/* What secrets are made with; immutable. */
struct vault {
	const struct seal_key *key; /* NULL: none may be made */
	size_t password_length;
	const char *path_prefix;
};

enum { BOUND_UNTIL_CAPACITY = 48 };

/* One attempt at one request. Operations read the first part, call turn.h, and
 * fill the outcome. */
struct turn {
	const struct request *request;
	const struct operation *operation;
	struct grafana_session *grafana;
	const struct vault *vault;
	const struct settings *settings;
	const struct clock *clock;
	const char *own_login; /* never to be touched */
	int64_t record_time_ms;
	int64_t started_ms; /* of the first attempt, by the ledger's clock */

	int64_t allowed_org_id; /* the policy was asked about it; 0 = about none yet */
	bool resumed;	   /* begun before, or nobody knows: look before you write */
	bool skipped;	   /* a plan: a write was left out */
	const char *step;  /* the last step begun before this attempt, or NULL */
	struct slice intent; /* its intent */

	/* Note a step before a write that does not converge by itself, or take a subject;
	 * the holder is filled in. 0, or -1 with RETRY: then nothing may be written. */
	int (*begin_step)(void *context, struct ledger_step *step, struct error *err);
	void *context;

	/* See worker/bound.h. */
	char subject[BOUND_SUBJECT_CAPACITY]; /* what it changes; "" = nothing bound in time */
	bool has_subject;      /* nobody else changes it now; 'grants' is what the ledger has */
	struct grants grants;
	int64_t grants_epoch_ms; /* when there are none: since when that is known; 0 = ever */
	bool grants_changed;
	bool before_is_old;    /* outcome.before is from before it was taken; others may have come */
	bool has_begun;	       /* a step in this attempt */
	bool in_doubt;	       /* something may have been given, and nobody has looked since */

	struct outcome outcome; /* what came of it */
	struct follow_up follow_up; /* what is to be asked later, if it is applied */
	struct outcome_part *parts; /* the outcome's; owned */
	char *sealed;		/* the newest secret made, for the vault; owned */
	enum credential_kind secret_kind;
	int64_t secret_expires_ms; /* wall clock; 0 = never */
	bool secret_is_set;	/* Grafana has taken it */
	int64_t old_token_id;	/* which a rotation replaces; 0 = none, or not known yet */

	int64_t fencing_token;	/* of this attempt */
	struct feed *feed;	/* of a long operation; see feed.h */
	struct record closing;	/* committed together with the outcome */
	bool has_closing;
};

/* Which role an action gives, as far as the policy is concerned. */
enum gives {
	GIVES_NOTHING,
	GIVES_ROLE,	      /* 'role', to a person */
	GIVES_PLACE,	      /* likewise where an org is said; Viewer if it does not say */
	GIVES_TEAM,	      /* a team, and 'role' if it is said */
	GIVES_SERVER_ADMIN,
	GIVES_FALL,	      /* 'to_role', which is less than there was */
	GIVES_MACHINE_ROLE,   /* 'role', Viewer if it does not say, to no person */
	GIVES_MACHINE_CHANGE, /* 'role' if it is said, to no person */
	GIVES_BOOTSTRAP,
};

/* An action. run() answers 0 with turn->outcome filled (done, or a definite no),
 * or -1: RETRY, with nothing known to be done that a later attempt would not
 * find; FATAL. It is straight-line code over grafana/. */
struct operation {
	const char *action;
	/* Which parts of a request it cannot do without; a combination of NEED_. */
	unsigned needs;
	enum gives gives;
	bool removes; /* takes access away, from a person or a machine */
	/* More than 'needs' can say; may be NULL. -1 with REFUSED: text with JSON path. */
	int (*validate)(const struct request *request, struct error *err);
	/* What else it understands; a combination of TAKES_. */
	unsigned takes;
	int (*run)(struct turn *turn, struct error *err);
	/* It reads much and may take minutes: it gets a feed, a lane of its own for each
	 * instance, and counts neither for nor against the instance's concurrency. */
	bool is_long;
};

enum {
	NEED_USER = 1,	 /* login or e-mail */
	NEED_ORG = 2,	 /* id or name */
	NEED_ROLE = 4,
	NEED_SET = 8,	 /* at least one new value */
	NEED_TEAM = 16,
	NEED_SERVICE_ACCOUNT = 32,
	NEED_TOKEN = 64,
	NEED_API_KEY = 128,
	NEED_DASHBOARD = 256,
};

enum {
	TAKES_BOUND = 1, /* duration_s, expires_at: what it gives can end by itself */
	TAKES_GRANT = 2, /* grant: it can end what was given so */
};

const struct operation *operation_find(const char *action);
/* All actions, NULL at the end: for messages and help. */
const struct operation *const *operation_all(void);
/* 'needs', then validate(). */
MUST_CHECK int operation_validate(const struct operation *operation,
				  const struct request *request, struct error *err);

/* ---- what the pipeline asks of its surroundings ---- */

/* Of the publisher: takes the job over. */
struct settle_port {
	void (*settle)(void *context, struct job *job);
	void *context;
};

/* Of the consumer: has the group committed this record? For a duplicate whose
 * twin has the duty to publish. 0 with *answer, or -1 RETRY. */
enum commit_state {
	COMMIT_PENDING,	 /* not yet: whoever gets that record will publish */
	COMMIT_DONE,
	COMMIT_GONE,	 /* the record no longer exists: nobody will */
};
struct commit_port {
	int (*state)(void *context, const struct ledger_place *place,
		     enum commit_state *answer, struct error *err);
	void *context;
};

#endif
