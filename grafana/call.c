/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - one request and what its answer means, the part that all routes share.
 *
 * Called by the resource files. Owns nothing. Here a lost answer becomes
 * ANSWER_DOUBT, so that an operation meets it where it meets all other answers.
 */
#include "grafana/call.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int call_read(struct grafana_session *session, const char *path, struct reply *reply,
	      struct answer *answer, struct error *err)
{
	return call_read_in_org(session, 0, path, reply, answer, err);
}

int call_read_in_org(struct grafana_session *session, int64_t org_id, const char *path,
		     struct reply *reply, struct answer *answer, struct error *err)
{
	if (grafana_request_in_org(session, org_id, GRAFANA_READ, "GET", path, NULL, reply,
				   err) < 0)
		return -1;
	answer_from_reply(answer, reply);
	return 0;
}

static int answer_doubt(struct answer *answer, const struct reply *reply, struct error *err)
{
	memset(answer, 0, sizeof(*answer));
	answer->code = ANSWER_DOUBT;
	answer->status = reply->status;
	text_copy(answer->message, sizeof(answer->message), err->text);
	error_clear(err);
	return 0;
}

int call_write(struct grafana_session *session, const char *method, const char *path,
	       const struct slice *body, struct reply *reply, struct answer *answer,
	       struct error *err)
{
	return call_write_in_org(session, 0, method, path, body, reply, answer, err);
}

int call_write_in_org(struct grafana_session *session, int64_t org_id, const char *method,
		      const char *path, const struct slice *body, struct reply *reply,
		      struct answer *answer, struct error *err)
{
	struct error own = {0}; /* the caller's may be NULL */

	if (grafana_request_in_org(session, org_id, GRAFANA_WRITE, method, path, body, reply,
				   &own) == 0) {
		answer_from_reply(answer, reply);
		return 0;
	}
	if (reply->doubt)
		return answer_doubt(answer, reply, &own);
	if (err != NULL)
		*err = own;
	return -1;
}

int call_write_json(struct grafana_session *session, const char *method, const char *path,
		    json_t *body, struct reply *reply, struct answer *answer, struct error *err)
{
	return call_write_json_in_org(session, 0, method, path, body, reply, answer, err);
}

int call_write_json_in_org(struct grafana_session *session, int64_t org_id,
			   const char *method, const char *path, json_t *body,
			   struct reply *reply, struct answer *answer, struct error *err)
{
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	struct slice slice = {text, text != NULL ? strlen(text) : 0};
	int rc = 0;

	json_decref(body);
	memset(reply, 0, sizeof(*reply));
	if (text == NULL)
		answer_reject(answer, 0, "a text of the request is not UTF-8");
	else
		rc = call_write_in_org(session, org_id, method, path, &slice, reply, answer,
				       err);
	free(text);
	return rc;
}

int call_unusable(const char *path, const char *what, struct error *err)
{
	error_set(err, ERROR_RETRY, "grafana", 200, "GET %.*s: the answer %s",
		  (int)strcspn(path, "?"), path, what);
	return -1;
}
