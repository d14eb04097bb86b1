/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_GRAFANA_SUPPORT_H
#define TESTS_UNIT_GRAFANA_SUPPORT_H

/* What the tests of grafana/ share. Include first: cmocka wants these in this order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "grafana/http.h"
#include "tests/unit/http_script.h"

/* One scripted Grafana, our instance of it and a session. */
struct support {
	struct http_script *script;
	struct instance_settings settings;
	struct grafana *grafana;
	struct grafana_session *session;
};

/* Settings that point at nothing yet; strings are literals but for 'url'. */
static inline struct instance_settings support_settings(char *url)
{
	static char name[] = "main", user[] = "admin", password[] = "pass\"word", none[] = "";

	return (struct instance_settings){.name = name,
					  .url = url,
					  .user = user,
					  .password = password,
					  .token = none,
					  .service_account = none,
					  .auth = AUTH_BASIC,
					  .ca_file = none,
					  .client_cert_file = none,
					  .client_key_file = none,
					  .proxy = none,
					  .connect_timeout_ms = 5000,
					  .request_timeout_ms = 10000,
					  .max_concurrency = 4,
					  .unauthorized_wait_ms = 1000,
					  .org_cache_ms = 60000};
}

static inline void support_open(struct support *support)
{
	struct error err = {0};

	if (grafana_new(&support->settings, clock_system(), &support->grafana, &err) < 0)
		fail_msg("%s", err.text);
	support->session = grafana_session_begin(support->grafana, NULL, NULL);
}

static inline void support_begin(struct support *support, const struct http_step *steps,
				 size_t count)
{
	support->script = http_script_start(steps, count);
	support->settings = support_settings(http_script_url(support->script));
	support_open(support);
}

/* Closes our side and waits until the server has seen everything we sent. */
static inline void support_close(struct support *support)
{
	grafana_session_end(support->session);
	grafana_free(support->grafana);
	http_script_drain(support->script);
}

static inline void support_end(struct support *support)
{
	http_script_stop(support->script);
	free(support->settings.url);
}

/* The request's first line begins so, and its body is exactly that. */
static inline void support_assert_request(struct support *support, size_t index,
					  const char *line, const char *body)
{
	const char *request = http_script_request(support->script, index);
	const char *end = strstr(request, "\r\n\r\n");

	if (strncmp(request, line, strlen(line)) != 0)
		fail_msg("expected '%s', got '%.80s'", line, request);
	assert_non_null(end);
	assert_string_equal(end + 4, body);
}

#endif
