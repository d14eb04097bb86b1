/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_REQUEST_H
#define CODEC_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/digest.h"
#include "base/error.h"
#include "codec/cloudevent.h"
#include "codec/dashboard_model.h"
#include "codec/reason.h"
#include "config/limits.h"
#include "config/role.h"

enum { NUMBER_NOT_SAID = -1 };

enum mode { MODE_APPLY, MODE_PLAN };

enum if_no_account { IF_NO_ACCOUNT_FAIL, IF_NO_ACCOUNT_CREATE, IF_NO_ACCOUNT_INVITE };
enum on_existing { ON_EXISTING_KEEP, ON_EXISTING_RESET };
enum delivery { DELIVERY_MAIL, DELIVERY_LINK }; /* how an invite reaches its person */

struct request_org {
	int64_t id; /* 0 = not said */
	char *name; /* NULL = not said */
};

struct request_user { /* all NULL = not said */
	char *login;
	char *email;
	char *name;
};

struct request_team {
	int64_t id; /* 0 = not said */
	char *name, *email; /* NULL = not said; the e-mail is only for a new team */
};

/* A service account, a token or a legacy key: by id or by exact name. */
struct request_named {
	int64_t id; /* 0 = not said */
	char *name; /* NULL = not said */
};

struct request_folder { /* both NULL = the general folder */
	char *uid, *title;
};

/* A folder, and the dashboards that go into it. */
struct bootstrap_folder {
	struct request_folder named;
	struct request_dashboard *dashboards;
	size_t dashboard_count;
};

/* What an org is to begin with. */
struct request_bootstrap {
	struct request_user admins[LIMIT_BOOTSTRAP_ADMINS];
	size_t admin_count;
	char *service_account; /* its name; NULL = none is asked for */
	enum role service_account_role;
	int64_t ttl_s; /* of its token; NUMBER_NOT_SAID */
	bool never_expires;
	struct bootstrap_folder folders[LIMIT_BOOTSTRAP_FOLDERS];
	size_t folder_count;
	size_t dashboard_count; /* in all folders */
};

/* A grant that was bound in time: the request that gave it. Said by who ends it. */
struct request_grant {
	char *id, *source; /* NULL = not said */
	int64_t user_id;   /* whom it was given to; 0 = not said */
	int64_t at_ms;	   /* when it was given, wall clock; 0 = not said */
};

/* One access request as values. Strings are owned, NULL = not said. */
struct request {
	char *id, *source, *subject, *traceparent;
	char *action;	/* as it was said; the table of actions is the worker's */
	char *instance; /* likewise */
	struct request_org org;
	struct request_user user;
	struct request_user set; /* account.update: the new values */
	enum role role, expected_role, to_role; /* ROLE_UNSET = not said */
	enum if_no_account if_no_account;
	enum on_existing on_existing;
	enum delivery delivery;
	enum mode mode;
	struct request_team team;
	struct request_named service_account, token, api_key;
	struct request_folder folder;
	struct request_dashboard dashboard;
	struct request_bootstrap *bootstrap; /* owned; NULL = not said */
	int64_t expected_version; /* of the dashboard; NUMBER_NOT_SAID */
	int64_t ttl_s;		  /* of a token or key; NUMBER_NOT_SAID */
	int64_t overlap_s;	  /* how long a rotated token lives on; NUMBER_NOT_SAID */
	bool never_expires, force, overwrite, allow_account_removal;
	int64_t duration_s;  /* how long it is to hold; NUMBER_NOT_SAID */
	int64_t expires_ms;  /* until when; wall clock, 0 = not said */
	struct request_grant grant; /* the time-bound grant that is to end */
	int64_t time_ms;     /* the event's; 0 = not said. What a duration counts from */
	int64_t deadline_ms; /* wall clock; 0 = none */
	char *requested_by;
	char *approved_by[LIMIT_APPROVERS];
	size_t approver_count;
	char *reason;
	char *ticket;
	char fingerprint[DIGEST_HEX_CAPACITY]; /* SHA-256 of type + canonical data */
};

/*
 * Read the data of a request event. Checks types, lengths, ranges, UTF-8 and
 * control bytes of every field it knows, not whether an action needs them.
 * 'now_ms' (wall clock) is what "too far in the future" is judged by. Fails with
 * ERROR_REFUSED, a text that begins with the JSON path ("data.user.email: ..."),
 * and *reason saying what kind of fault it is; id, source, subject, traceparent,
 * fingerprint and (if readable) action, instance, user, requested_by, ticket are
 * filled even then. request_clear() is due either way.
 */
MUST_CHECK int request_decode(const struct cloudevent *event, int64_t now_ms,
			      struct request *request, enum reason *reason, struct error *err);
/* Only the addressing of an event whose data could not be read; the fingerprint is
 * that of no data. */
void request_from_event(const struct cloudevent *event, struct request *request);
void request_clear(struct request *request);

#endif
