/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.c - one Grafana and its connections. The only file that knows libcurl.
 *
 * Called by the resource files of grafana/ (requests) and by the worker
 * (instances, sessions). Owns the credentials and a stack of idle sessions; the
 * one used last is used next, so that few connections stay warm. A session has
 * one easy handle, whose constant options are set once, and its own buffers: a
 * call allocates next to nothing of ours.
 *
 * Fails: see grafana_request(). What an outcome means is judge.c's business.
 *
 * libcurl sends a request again, whatever its method, when a kept connection
 * breaks before the first byte of an answer. For a write that may be once too
 * often, so on_send() sees each sending and stops the second. The same callback
 * tells whether anything can have been sent at all.
 */
#include "grafana/http.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/crash_point.h"
#include "base/memory.h"
#include "base/text.h"
#include "grafana/judge.h"
#include "grafana/org_cache.h"

enum {
	URL_BYTES = 16 * 1024,
	KEPT_BODY_BYTES = 256 * 1024, /* a session that read more gives it back */
	RETRY_AFTER_BYTES = 63,
	REDIRECT_BYTES = 120,
};

static const char origin[] = "grafana";

struct grafana {
	const struct instance_settings *settings;
	const struct clock *clock;
	struct secret authorization; /* the header line */
	struct org_cache *orgs;
	atomic_int refusals;   /* doubtful 401s in a row */
	pthread_mutex_t mutex; /* guards 'idle' */
	struct grafana_session *idle;
};

/* curl reads the list at each call and keeps no copy, so its nodes live here. */
enum { LINE_AUTHORIZATION, LINE_ACCEPT, LINE_CONTENT_TYPE, LINE_ORG, LINE_TRACE, LINE_COUNT };

struct grafana_session {
	struct grafana *grafana;
	struct grafana_session *next; /* while idle */
	const struct grafana_guard *guard;
	struct grafana_tally tally;
	CURL *curl;
	struct curl_slist lines[LINE_COUNT];
	char org_line[48];
	char trace_line[LIMIT_TRACEPARENT_BYTES + 16];
	struct buffer url;
	struct buffer body;
	/* of the call that runs */
	enum grafana_effect effect;
	int sendings;
	char retry_after[RETRY_AFTER_BYTES + 1];
	char fault[CURL_ERROR_SIZE];
};

/* ---- what curl calls ---- */

static int on_send(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct grafana_session *session = context;

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	session->sendings++;
	return session->effect == GRAFANA_WRITE && session->sendings > 1 ? CURL_PREREQFUNC_ABORT
									 : CURL_PREREQFUNC_OK;
}

static size_t on_header(char *line, size_t size, size_t length, void *context)
{
	static const char name[] = "retry-after:";
	struct grafana_session *session = context;
	size_t start = sizeof(name) - 1, end = length;

	(void)size; /* always 1 */
	if (length <= start || (line[0] != 'R' && line[0] != 'r') ||
	    !text_starts_with_nocase(line, name))
		return length;
	while (start < length && (line[start] == ' ' || line[start] == '\t'))
		start++;
	while (end > start && strchr(" \t\r\n", line[end - 1]) != NULL)
		end--;
	text_copy_bytes(session->retry_after, sizeof(session->retry_after), line + start,
			end - start);
	return length;
}

static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
	struct grafana_session *session = context;

	(void)size; /* always 1 */
	return buffer_append(&session->body, bytes, length) ? length : 0;
}

/* ---- sessions ---- */

static void init_once(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		fprintf(stderr, "level=error msg=\"libcurl cannot start\"\n");
		abort();
	}
}

static CURLcode set_text(CURL *curl, CURLoption option, const char *value)
{
	return value[0] == '\0' ? CURLE_OK : curl_easy_setopt(curl, option, value);
}

/* Whatever the environment says about proxies is not meant for us: "" is "none". */
static CURLcode set_connection(CURL *curl, const struct instance_settings *settings)
{
	CURLcode rc = CURLE_OK;

	rc |= curl_easy_setopt(curl, CURLOPT_PROXY, settings->proxy);
	rc |= curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
	rc |= set_text(curl, CURLOPT_CAINFO, settings->ca_file);
	rc |= set_text(curl, CURLOPT_SSLCERT, settings->client_cert_file);
	rc |= set_text(curl, CURLOPT_SSLKEY, settings->client_key_file);
	rc |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	rc |= curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	rc |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
			       (long)settings->connect_timeout_ms);
	rc |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)settings->request_timeout_ms);
	rc |= curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
	rc |= curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	rc |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	return rc;
}

/* PATH_AS_IS: a name of two dots is a name, not a way up. */
static CURLcode set_protocol(struct grafana_session *session)
{
	CURL *curl = session->curl;
	CURLcode rc = CURLE_OK;

	rc |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	rc |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	rc |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	rc |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "grantd");
	rc |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, session->fault);
	rc |= curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_send);
	rc |= curl_easy_setopt(curl, CURLOPT_PREREQDATA, session);
	rc |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	rc |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, session);
	rc |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	rc |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, session);
	return rc;
}

static void session_free(struct grafana_session *session)
{
	if (session == NULL)
		return;
	curl_easy_cleanup(session->curl);
	buffer_clear(&session->url);
	buffer_clear(&session->body);
	free(session);
}

static void fill_lines(struct grafana_session *session)
{
	static char accept[] = "Accept: application/json";
	static char content_type[] = "Content-Type: application/json";

	session->lines[LINE_AUTHORIZATION].data = session->grafana->authorization.bytes;
	session->lines[LINE_ACCEPT].data = accept;
	session->lines[LINE_CONTENT_TYPE].data = content_type;
	session->lines[LINE_ORG].data = session->org_line;
	session->lines[LINE_TRACE].data = session->trace_line;
}

/* NULL if this libcurl can't do what is set. */
static struct grafana_session *session_new(struct grafana *grafana)
{
	struct grafana_session *session = mem_zalloc(sizeof(*session));

	session->grafana = grafana;
	buffer_init(&session->url, URL_BYTES);
	buffer_init(&session->body, LIMIT_REPLY_BYTES);
	fill_lines(session);
	session->curl = curl_easy_init();
	if (session->curl == NULL || set_protocol(session) != CURLE_OK ||
	    set_connection(session->curl, grafana->settings) != CURLE_OK) {
		session_free(session);
		return NULL;
	}
	return session;
}

static struct grafana_session *pop_idle(struct grafana *grafana)
{
	struct grafana_session *session;

	pthread_mutex_lock(&grafana->mutex);
	session = grafana->idle;
	if (session != NULL)
		grafana->idle = session->next;
	pthread_mutex_unlock(&grafana->mutex);
	return session;
}

static void push_idle(struct grafana *grafana, struct grafana_session *session)
{
	pthread_mutex_lock(&grafana->mutex);
	session->next = grafana->idle;
	grafana->idle = session;
	pthread_mutex_unlock(&grafana->mutex);
}

/* grafana_new() has made one already, so what is left to fail here is memory. */
static struct grafana_session *session_must(struct grafana *grafana)
{
	struct grafana_session *session = session_new(grafana);

	if (session != NULL)
		return session;
	fprintf(stderr, "level=error msg=\"out of memory\" what=\"libcurl handle\"\n");
	abort();
}

/* Only printable ASCII may get into a header. */
static bool is_header_value(const char *value)
{
	for (; *value != '\0'; value++)
		if (*value < 0x20 || *value == 0x7f)
			return false;
	return true;
}

struct grafana_session *grafana_session_begin(struct grafana *grafana,
					      const struct grafana_guard *guard,
					      const char *traceparent)
{
	struct grafana_session *session = pop_idle(grafana);

	if (session == NULL)
		session = session_must(grafana);
	session->guard = guard;
	session->trace_line[0] = '\0';
	session->tally = (struct grafana_tally){0};
	if (traceparent == NULL || traceparent[0] == '\0' || !is_header_value(traceparent))
		return session;
	if (!text_format(session->trace_line, sizeof(session->trace_line), "traceparent: %s",
			 traceparent))
		session->trace_line[0] = '\0';
	return session;
}

void grafana_session_end(struct grafana_session *session)
{
	if (session == NULL)
		return;
	if (session->body.capacity > KEPT_BODY_BYTES)
		buffer_clear(&session->body);
	session->guard = NULL;
	push_idle(session->grafana, session);
}

struct grafana *grafana_session_instance(struct grafana_session *session)
{
	return session->grafana;
}

struct grafana_tally grafana_session_tally(const struct grafana_session *session)
{
	return session->tally;
}

/* ---- instances ---- */

static void make_bearer(struct secret *line, const char *token)
{
	static const char prefix[] = "Authorization: Bearer ";
	size_t token_bytes = strlen(token);

	secret_init(line, sizeof(prefix) - 1 + token_bytes);
	memcpy(line->bytes, prefix, sizeof(prefix) - 1);
	memcpy(line->bytes + sizeof(prefix) - 1, token, token_bytes);
}

static void make_authorization(struct secret *line, const struct instance_settings *settings)
{
	static const char prefix[] = "Authorization: Basic ";
	size_t user_bytes = strlen(settings->user), password_bytes = strlen(settings->password);
	struct secret pair;

	if (settings->token[0] != '\0') {
		make_bearer(line, settings->token);
		return;
	}
	secret_init(&pair, user_bytes + 1 + password_bytes);
	memcpy(pair.bytes, settings->user, user_bytes);
	pair.bytes[user_bytes] = ':';
	memcpy(pair.bytes + user_bytes + 1, settings->password, password_bytes);
	secret_init(line, sizeof(prefix) + TEXT_BASE64_CAPACITY(pair.length));
	memcpy(line->bytes, prefix, sizeof(prefix));
	text_base64((const uint8_t *)pair.bytes, pair.length, line->bytes + sizeof(prefix) - 1);
	secret_clear(&pair);
}

int grafana_new(const struct instance_settings *settings, const struct clock *clock,
		struct grafana **out, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct grafana *grafana = mem_zalloc(sizeof(*grafana));

	pthread_once(&once, init_once);
	grafana->settings = settings;
	grafana->clock = clock;
	pthread_mutex_init(&grafana->mutex, NULL);
	make_authorization(&grafana->authorization, settings);
	grafana->orgs = org_cache_new(clock, settings->org_cache_ms);
	grafana->idle = session_new(grafana);
	if (grafana->idle == NULL) {
		error_set(err, ERROR_FATAL, origin, 0,
			  "[grafana.%s]: libcurl refuses a setting", settings->name);
		grafana_free(grafana);
		return -1;
	}
	*out = grafana;
	return 0;
}

void grafana_free(struct grafana *grafana)
{
	struct grafana_session *session;

	if (grafana == NULL)
		return;
	while ((session = pop_idle(grafana)) != NULL)
		session_free(session);
	org_cache_free(grafana->orgs);
	secret_clear(&grafana->authorization);
	pthread_mutex_destroy(&grafana->mutex);
	free(grafana);
}

const struct instance_settings *grafana_settings(const struct grafana *grafana)
{
	return grafana->settings;
}

struct org_cache *grafana_org_cache(struct grafana *grafana)
{
	return grafana->orgs;
}

/* ---- one call ---- */

static void link_lines(struct grafana_session *session, bool has_body, int64_t org_id)
{
	const bool wanted[LINE_COUNT] = {
		[LINE_AUTHORIZATION] = true,
		[LINE_ACCEPT] = true,
		[LINE_CONTENT_TYPE] = has_body,
		[LINE_ORG] = org_id != 0,
		[LINE_TRACE] = session->trace_line[0] != '\0',
	};
	struct curl_slist *last = NULL;

	if (org_id != 0)
		text_format(session->org_line, sizeof(session->org_line),
			    "X-Grafana-Org-Id: %" PRId64, org_id);
	for (int i = 0; i < LINE_COUNT; i++) {
		if (!wanted[i])
			continue;
		if (last != NULL)
			last->next = &session->lines[i];
		last = &session->lines[i];
	}
	last->next = NULL;
}

/* POST always has a body, if an empty one: it must announce its length. */
static CURLcode set_method(CURL *curl, const char *method, const struct slice *body)
{
	bool is_get = strcmp(method, "GET") == 0, is_post = strcmp(method, "POST") == 0;
	CURLcode rc = CURLE_OK;

	if (body != NULL || is_post) {
		rc |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
				       (curl_off_t)(body != NULL ? body->length : 0));
		rc |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				       body != NULL ? body->data : "");
	} else {
		rc |= curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
	}
	rc |= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, is_get || is_post ? NULL : method);
	return rc;
}

static CURLcode perform(struct grafana_session *session, int64_t org_id, const char *method,
			const char *path, const struct slice *body)
{
	CURLcode rc;

	session->sendings = 0;
	session->retry_after[0] = session->fault[0] = '\0';
	buffer_reset(&session->body);
	buffer_reset(&session->url);
	buffer_append_text(&session->url, session->grafana->settings->url);
	if (!buffer_append_text(&session->url, path))
		return CURLE_URL_MALFORMAT;
	link_lines(session, body != NULL || strcmp(method, "POST") == 0, org_id);
	rc = curl_easy_setopt(session->curl, CURLOPT_URL, session->url.bytes);
	rc |= curl_easy_setopt(session->curl, CURLOPT_HTTPHEADER, session->lines);
	rc |= set_method(session->curl, method, body);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(session->curl);
	if (session->effect == GRAFANA_WRITE)
		crash_point("after_write");
	/* The body is the caller's, and may hold a password: forget it. */
	curl_easy_setopt(session->curl, CURLOPT_POSTFIELDS, NULL);
	return rc;
}

static const char *fault_text(const struct grafana_session *session, CURLcode rc)
{
	if (session->body.overflowed)
		return "the answer is too long";
	if (rc == CURLE_ABORTED_BY_CALLBACK)
		return "the connection broke before an answer came";
	return session->fault[0] != '\0' ? session->fault : curl_easy_strerror(rc);
}

static void decode(struct grafana_session *session, struct reply *reply)
{
	const char *content_type = NULL;
	long status = 0;

	curl_easy_getinfo(session->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(session->curl, CURLINFO_CONTENT_TYPE, &content_type);
	reply_decode(reply, (int)status, content_type,
		     session->body.bytes != NULL ? session->body.bytes : "",
		     session->body.length);
	if (session->retry_after[0] != '\0')
		reply->retry_after_ms = reply_parse_retry_after(
			session->retry_after, clock_wall_ms(session->grafana->clock));
}

/* Where a redirect points, without its query. */
static void find_redirect(CURL *curl, int status, char out[REDIRECT_BYTES + 1])
{
	char *url = NULL;

	out[0] = '\0';
	if (status < 300 || status > 399)
		return;
	curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &url);
	if (url == NULL)
		return;
	text_copy_bytes(out, REDIRECT_BYTES + 1, url, strcspn(url, "?#"));
	text_replace_control(out);
}

static int ask_guard(const struct grafana_session *session, struct error *err)
{
	const struct grafana_guard *guard = session->guard;

	if (session->effect == GRAFANA_READ || guard == NULL || guard->may_write == NULL)
		return 0;
	return guard->may_write(guard->context, session->grafana->settings->request_timeout_ms,
				err);
}

int grafana_request_in_org(struct grafana_session *session, int64_t org_id,
			   enum grafana_effect effect, const char *method, const char *path,
			   const struct slice *body, struct reply *reply, struct error *err)
{
	struct grafana *grafana = session->grafana;
	struct exchange exchange = {.instance = grafana->settings->name,
				    .method = method,
				    .path = path,
				    .effect = effect};
	char redirect[REDIRECT_BYTES + 1];
	CURLcode rc;

	memset(reply, 0, sizeof(*reply));
	session->effect = effect;
	if (ask_guard(session, err) < 0)
		return -1;
	session->tally.calls++;
	rc = perform(session, org_id, method, path, body);
	if (rc != CURLE_OK) {
		exchange.sent = session->sendings > 0;
		exchange.transport_code = (int)rc;
		exchange.transport_text = fault_text(session, rc);
		return judge_failure(&exchange, reply, &session->tally, err);
	}
	decode(session, reply);
	find_redirect(session->curl, reply->status, redirect);
	exchange.redirect = redirect;
	return judge_reply(&exchange, reply, &grafana->refusals, &session->tally, err);
}

int grafana_request(struct grafana_session *session, enum grafana_effect effect,
		    const char *method, const char *path, const struct slice *body,
		    struct reply *reply, struct error *err)
{
	return grafana_request_in_org(session, 0, effect, method, path, body, reply, err);
}
