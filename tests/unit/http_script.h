/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_HTTP_SCRIPT_H
#define TESTS_UNIT_HTTP_SCRIPT_H

#include <stddef.h>

/*
 * An HTTP/1.1 server for tests that answers what it is told, request by request in
 * the order they come, and keeps what it got. One thread, any number of
 * connections. A request beyond the script gets 599.
 */
enum http_end {
	HTTP_KEEP,  /* the connection stays open */
	HTTP_CLOSE, /* closed without warning */
	HTTP_RESET, /* with a TCP reset */
	HTTP_LAST,  /* this step goes on answering for ever */
};

struct http_step {
	int status;	     /* 0 = not a byte of an answer */
	const char *body;    /* NULL = "" */
	const char *headers; /* more of them, each ended by \r\n; or NULL */
	size_t blanks;	     /* so many blanks before the body */
	size_t withheld;     /* so many bytes of the body are announced but not sent */
	enum http_end end;
};

struct http_script;

struct http_script *http_script_start(const struct http_step *steps, size_t count);

/* "http://127.0.0.1:PORT"; the caller frees it. */
char *http_script_url(const struct http_script *script);

/* Waits until every client has closed its connections, so that nothing that was
 * sent is missed; gives up the test after 10 s. Call it before counting. */
void http_script_drain(struct http_script *script);

size_t http_script_count(struct http_script *script); /* requests got whole */
size_t http_script_connections(struct http_script *script);
/* The nth request (from 0), head and body as they came; "" if there is none. */
const char *http_script_request(struct http_script *script, size_t index);

void http_script_stop(struct http_script *script);

#endif
