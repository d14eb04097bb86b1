/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_connection.c - one HTTP exchange. The only file that knows libcurl.
 *
 * Called by http.c and login.c. Owns an easy handle, whose constant options are
 * set once, and buffers of its own: a call allocates next to nothing of ours.
 *
 * libcurl sends a request again, whatever its method, when a kept connection
 * breaks before the first byte of an answer. For a write that may be once too
 * often, so on_send() sees each sending and stops the second. The same callback
 * tells whether anything can have been sent at all.
 *
 * Cookies are not libcurl's here: a session is shared by all connections of an
 * instance, and its cookie engine is one per handle.
 */
#include "grafana/http_connection.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash_point.h"
#include "base/memory.h"
#include "base/text.h"
#include "grafana/set_cookie.h"

enum {
	URL_BYTES = 16 * 1024,
	KEPT_BODY_BYTES = 256 * 1024, /* a connection that read more gives it back */
	RETRY_AFTER_BYTES = 63,
	REDIRECT_BYTES = 120,
	COOKIE_BYTES = 4096,
	TIMEOUT_STALLED = -1, /* in place of a time: as long as it goes on */
};

/* curl reads the list at each call and keeps no copy, so its nodes live here. The first
 * one is always sent. */
enum { LINE_ACCEPT, LINE_CREDENTIAL, LINE_CONTENT_TYPE, LINE_ORG, LINE_TRACE, LINE_AGENT,
       LINE_COUNT };

struct http_connection {
	const struct instance_settings *settings;
	const struct clock *clock;
	CURL *curl;
	struct curl_slist lines[LINE_COUNT];
	char org_line[48];
	struct buffer url;
	struct buffer body;
	int64_t timeout_ms; /* what the handle is set to */
	/* of the last call */
	bool once;
	const struct grafana_sink *sink; /* or NULL */
	int sendings;
	char retry_after[RETRY_AFTER_BYTES + 1];
	char redirect[REDIRECT_BYTES + 1];
	char fault[CURL_ERROR_SIZE];
	struct secret cookie; /* room for COOKIE_BYTES, made when first needed */
};

/* ---- what curl calls ---- */

static int on_send(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct http_connection *connection = context;

	(void)peer, (void)local, (void)peer_port, (void)local_port;
	connection->sendings++;
	return connection->once && connection->sendings > 1 ? CURL_PREREQFUNC_ABORT
									 : CURL_PREREQFUNC_OK;
}

/* The value of a header line of that name (in lower case, with its colon), or false. */
static bool take_header(const char *line, size_t length, const char *name, struct slice *value)
{
	size_t start = strlen(name), end = length;

	if (length <= start || (line[0] | 0x20) != name[0] ||
	    !text_starts_with_nocase(line, name))
		return false;
	while (start < length && (line[start] == ' ' || line[start] == '\t'))
		start++;
	while (end > start && strchr(" \t\r\n", line[end - 1]) != NULL)
		end--;
	*value = (struct slice){line + start, end - start};
	return true;
}

static void keep_cookie(struct http_connection *connection, struct slice line)
{
	struct slice pair;
	enum set_cookie kind = set_cookie_read(line, &pair);
	bool has_one = connection->cookie.bytes != NULL && connection->cookie.bytes[0] != '\0';

	if (kind == SET_COOKIE_OTHER || (kind == SET_COOKIE_POSSIBLE && has_one) ||
	    pair.length > COOKIE_BYTES)
		return;
	if (connection->cookie.bytes == NULL)
		secret_init(&connection->cookie, COOKIE_BYTES);
	memcpy(connection->cookie.bytes, pair.data, pair.length);
	connection->cookie.bytes[pair.length] = '\0';
}

static size_t on_header(char *line, size_t size, size_t length, void *context)
{
	struct http_connection *connection = context;
	struct slice value;

	(void)size; /* always 1 */
	if (take_header(line, length, "retry-after:", &value))
		text_copy_bytes(connection->retry_after, sizeof(connection->retry_after),
				value.data, value.length);
	else if (take_header(line, length, "set-cookie:", &value))
		keep_cookie(connection, value);
	return length;
}

static bool is_streamed(const struct http_connection *connection)
{
	long status = 0;

	if (connection->sink == NULL)
		return false;
	curl_easy_getinfo(connection->curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200;
}

static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
	struct http_connection *connection = context;
	bool is_taken;

	(void)size; /* always 1 */
	is_taken = is_streamed(connection)
			   ? connection->sink->take(connection->sink->context, bytes, length)
			   : buffer_append(&connection->body, bytes, length);
	return is_taken ? length : 0;
}

/* ---- a connection ---- */

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
static CURLcode set_protocol(struct http_connection *connection)
{
	CURL *curl = connection->curl;
	CURLcode rc = CURLE_OK;

	rc |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	rc |= curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	rc |= curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	rc |= curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	rc |= curl_easy_setopt(curl, CURLOPT_USERAGENT, "grantd");
	rc |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, connection->fault);
	rc |= curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, on_send);
	rc |= curl_easy_setopt(curl, CURLOPT_PREREQDATA, connection);
	rc |= curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	rc |= curl_easy_setopt(curl, CURLOPT_HEADERDATA, connection);
	rc |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	rc |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, connection);
	return rc;
}

static void fill_lines(struct http_connection *connection)
{
	static char accept[] = "Accept: application/json";
	static char content_type[] = "Content-Type: application/json";

	connection->lines[LINE_ACCEPT].data = accept;
	connection->lines[LINE_CONTENT_TYPE].data = content_type;
	connection->lines[LINE_ORG].data = connection->org_line;
}

struct http_connection *http_connection_new(const struct instance_settings *settings,
					    const struct clock *clock)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_connection *connection = mem_zalloc(sizeof(*connection));

	pthread_once(&once, init_once);
	connection->settings = settings;
	connection->clock = clock;
	connection->timeout_ms = settings->request_timeout_ms;
	buffer_init(&connection->url, URL_BYTES);
	buffer_init(&connection->body, LIMIT_REPLY_BYTES);
	fill_lines(connection);
	connection->curl = curl_easy_init();
	if (connection->curl == NULL || set_protocol(connection) != CURLE_OK ||
	    set_connection(connection->curl, settings) != CURLE_OK) {
		http_connection_free(connection);
		return NULL;
	}
	return connection;
}

void http_connection_free(struct http_connection *connection)
{
	if (connection == NULL)
		return;
	curl_easy_cleanup(connection->curl);
	buffer_clear(&connection->url);
	buffer_clear(&connection->body);
	secret_clear(&connection->cookie);
	free(connection);
}

void http_connection_rest(struct http_connection *connection)
{
	if (connection->body.capacity > KEPT_BODY_BYTES)
		buffer_clear(&connection->body);
}

void http_connection_forget(struct http_connection *connection)
{
	if (connection->body.bytes != NULL)
		mem_wipe(connection->body.bytes, connection->body.capacity);
	buffer_reset(&connection->body);
}

/* ---- one call ---- */

/* curl takes lines as char *, and only reads them. */
static void set_line(struct http_connection *connection, int line, const char *text)
{
	memcpy(&connection->lines[line].data, &text, sizeof(text));
}

static void link_lines(struct http_connection *connection, const struct http_call *call)
{
	const bool wanted[LINE_COUNT] = {
		[LINE_CREDENTIAL] = call->credential != NULL,
		[LINE_ACCEPT] = true,
		[LINE_CONTENT_TYPE] = call->body != NULL || strcmp(call->method, "POST") == 0,
		[LINE_ORG] = call->org_id != 0,
		[LINE_TRACE] = call->trace[0] != '\0',
		[LINE_AGENT] = call->agent != NULL,
	};
	struct curl_slist *last = NULL;

	set_line(connection, LINE_CREDENTIAL, call->credential);
	set_line(connection, LINE_TRACE, call->trace);
	set_line(connection, LINE_AGENT, call->agent);
	if (call->org_id != 0)
		text_format(connection->org_line, sizeof(connection->org_line),
			    "X-Grafana-Org-Id: %" PRId64, call->org_id);
	for (int i = 0; i < LINE_COUNT; i++) {
		if (!wanted[i])
			continue;
		if (last != NULL)
			last->next = &connection->lines[i];
		last = &connection->lines[i];
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

/* An answer of any length may take its time, as long as something of it comes. */
static CURLcode set_timeout(struct http_connection *connection, const struct http_call *call)
{
	int64_t preset_ms = connection->settings->request_timeout_ms;
	int64_t timeout_ms = call->timeout_ms != 0 ? call->timeout_ms : preset_ms;
	CURLcode rc = CURLE_OK;

	if (call->sink != NULL)
		timeout_ms = TIMEOUT_STALLED;
	if (timeout_ms == connection->timeout_ms)
		return CURLE_OK;
	connection->timeout_ms = timeout_ms;
	rc |= curl_easy_setopt(connection->curl, CURLOPT_LOW_SPEED_LIMIT,
			       call->sink != NULL ? 1L : 0L);
	rc |= curl_easy_setopt(connection->curl, CURLOPT_LOW_SPEED_TIME,
			       call->sink != NULL ? (long)((preset_ms + 999) / 1000) : 0L);
	rc |= curl_easy_setopt(connection->curl, CURLOPT_TIMEOUT_MS,
			       call->sink != NULL ? 0L : (long)timeout_ms);
	return rc;
}

static void forget_last(struct http_connection *connection)
{
	connection->sendings = 0;
	connection->retry_after[0] = connection->fault[0] = connection->redirect[0] = '\0';
	if (connection->cookie.bytes != NULL)
		mem_wipe(connection->cookie.bytes, connection->cookie.length);
	buffer_reset(&connection->body);
	buffer_reset(&connection->url);
}

static CURLcode perform(struct http_connection *connection, const struct http_call *call)
{
	CURL *curl = connection->curl;
	CURLcode rc;

	forget_last(connection);
	connection->once = call->once;
	connection->sink = call->sink;
	buffer_append_text(&connection->url, connection->settings->url);
	if (!buffer_append_text(&connection->url, call->path))
		return CURLE_URL_MALFORMAT;
	link_lines(connection, call);
	rc = curl_easy_setopt(curl, CURLOPT_URL, connection->url.bytes);
	rc |= curl_easy_setopt(curl, CURLOPT_HTTPHEADER, connection->lines);
	rc |= set_method(curl, call->method, call->body);
	rc |= set_timeout(connection, call);
	if (rc == CURLE_OK)
		rc = curl_easy_perform(curl);
	if (call->effect == GRAFANA_WRITE)
		crash_point("after_write");
	/* The body is the caller's, and may hold a password: forget it. */
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
	return rc;
}

static void find_redirect(struct http_connection *connection, long status)
{
	char *url = NULL;

	if (status < 300 || status > 399)
		return;
	curl_easy_getinfo(connection->curl, CURLINFO_REDIRECT_URL, &url);
	if (url == NULL)
		return;
	text_copy_bytes(connection->redirect, sizeof(connection->redirect), url,
			strcspn(url, "?#"));
	text_replace_control(connection->redirect);
}

static void decode(struct http_connection *connection, struct reply *reply)
{
	const char *content_type = NULL;
	long status = 0;

	curl_easy_getinfo(connection->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(connection->curl, CURLINFO_CONTENT_TYPE, &content_type);
	reply_decode(reply, (int)status, content_type,
		     connection->body.bytes != NULL ? connection->body.bytes : "",
		     connection->body.length);
	find_redirect(connection, status);
	if (connection->retry_after[0] != '\0')
		reply->retry_after_ms = reply_parse_retry_after(
			connection->retry_after, clock_wall_ms(connection->clock));
}

int http_connection_send(struct http_connection *connection, const struct http_call *call,
			 struct reply *reply)
{
	CURLcode rc;

	memset(reply, 0, sizeof(*reply));
	rc = perform(connection, call);
	if (rc == CURLE_OK)
		decode(connection, reply);
	return (int)rc;
}

/* ---- of the last call ---- */

bool http_connection_has_sent(const struct http_connection *connection)
{
	return connection->sendings > 0;
}

const char *http_connection_fault(const struct http_connection *connection, int code)
{
	if (connection->body.overflowed)
		return "the answer is too long";
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return "the connection broke before an answer came";
	return connection->fault[0] != '\0' ? connection->fault
					    : curl_easy_strerror((CURLcode)code);
}

const char *http_connection_redirect(const struct http_connection *connection)
{
	return connection->redirect;
}

const char *http_connection_cookie(const struct http_connection *connection)
{
	return connection->cookie.bytes != NULL ? connection->cookie.bytes : "";
}
