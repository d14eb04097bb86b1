/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_CALL_H
#define GRAFANA_CALL_H

#include "base/buffer.h"
#include "grafana/http.h"

/* The shape that calls of the resource files share. 'reply' must be cleared by the
 * caller whatever is returned. */

enum { CALL_PATH_BYTES = 1024 };

/* 0 with *answer, -1 RETRY. */
MUST_CHECK int call_read(struct grafana_session *session, const char *path,
			 struct reply *reply, struct answer *answer, struct error *err);

/* 0 with *answer, which is DOUBT when it may or may not have happened; -1 RETRY when
 * it surely has not. */
MUST_CHECK int call_write(struct grafana_session *session, const char *method,
			  const char *path, const struct slice *body, struct reply *reply,
			  struct answer *answer, struct error *err);

/* The same; 'body' is made into text and released. NULL, which jansson gives for
 * text that is not UTF-8, is REJECTED. */
MUST_CHECK int call_write_json(struct grafana_session *session, const char *method,
			       const char *path, struct json_t *body, struct reply *reply,
			       struct answer *answer, struct error *err);

/* The same in an org, whichever the caller's current one is; org_id 0 = that one. */
MUST_CHECK int call_read_in_org(struct grafana_session *session, int64_t org_id,
				const char *path, struct reply *reply, struct answer *answer,
				struct error *err);
MUST_CHECK int call_write_in_org(struct grafana_session *session, int64_t org_id,
				 const char *method, const char *path,
				 const struct slice *body, struct reply *reply,
				 struct answer *answer, struct error *err);
MUST_CHECK int call_write_json_in_org(struct grafana_session *session, int64_t org_id,
				      const char *method, const char *path,
				      struct json_t *body, struct reply *reply,
				      struct answer *answer, struct error *err);

/* Grafana said yes, but its answer is not what it should be: always -1, RETRY. */
int call_unusable(const char *path, const char *what, struct error *err);

#endif
