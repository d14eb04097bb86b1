/* SPDX-License-Identifier: Apache-2.0 */
#ifndef GRAFANA_JUDGE_H
#define GRAFANA_JUDGE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/error.h"
#include "grafana/http.h"
#include "grafana/reply.h"

/* What is known of one exchange once it is over. */
struct exchange {
	const char *instance;
	const char *method;
	const char *path;
	enum grafana_effect effect;
	bool is_streamed; /* the body of a 200 went to a sink */
	bool sent; /* at least a byte of the request may have left */
	int transport_code; /* 0 = a whole answer came */
	const char *transport_text;
	const char *redirect; /* where a 3xx points, or NULL */
};

/* No whole answer came: fills err and reply->doubt; always -1. */
MUST_CHECK int judge_failure(const struct exchange *exchange, struct reply *reply,
			     struct grafana_tally *tally, struct error *err);

/* An answer came: 0 or -1 as grafana_request_in_org() says. 'refusals' counts the
 * doubtful 401s in a row of this instance. */
MUST_CHECK int judge_reply(const struct exchange *exchange, struct reply *reply,
			   atomic_int *refusals, struct grafana_tally *tally,
			   struct error *err);

#endif
