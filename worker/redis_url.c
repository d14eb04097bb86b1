/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_url.c - the address of a Redis, taken apart.
 *
 * Called by redis_new(). Owns the strings it hands out; the password is wiped
 * when they are cleared. Fails with ERROR_FATAL: a wrong address does not get
 * better by waiting. Nothing of the text is quoted, since it may carry a password.
 */
#include "worker/redis_url.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

static const char ORIGIN[] = "redis";

enum { DEFAULT_PORT = 6379, DATABASE_MAX = 1024 * 1024 };

static int refuse(struct error *err, const char *what)
{
	error_set(err, ERROR_FATAL, ORIGIN, 0, "redis url: %s", what);
	return -1;
}

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = digit == '\0' ? NULL : strchr(digits, digit);

	return at == NULL ? -1 : (int)((at - digits) % 16);
}

/* A copy with %XX replaced, or NULL when an escape is broken or stands for NUL. */
static char *unescape(const char *bytes, size_t length)
{
	char *text = mem_strndup(bytes, length);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int high, low;

		if (bytes[i] != '%') {
			text[used++] = bytes[i];
			continue;
		}
		high = i + 1 < length ? hex_value(bytes[i + 1]) : -1;
		low = i + 2 < length ? hex_value(bytes[i + 2]) : -1;
		if (high < 0 || low < 0 || high + low == 0) {
			mem_wipe(text, length);
			free(text);
			return NULL;
		}
		text[used++] = (char)(high * 16 + low);
		i += 2;
	}
	text[used] = '\0';
	return text;
}

/* "user:password" or ":password" */
static int parse_login(const char *login, size_t length, struct redis_url *url,
		       struct error *err)
{
	const char *colon = memchr(login, ':', length);
	size_t user_bytes = colon == NULL ? length : (size_t)(colon - login);

	if (colon == NULL || user_bytes + 1 == length)
		return refuse(err, "there is a user but no password (user:password@)");
	if (user_bytes > 0) {
		url->user = unescape(login, user_bytes);
		if (url->user == NULL)
			return refuse(err, "the user has a broken %XX escape");
	}
	url->password = unescape(colon + 1, length - user_bytes - 1);
	if (url->password == NULL)
		return refuse(err, "the password has a broken %XX escape");
	return 0;
}

static int parse_database(const char *text, struct redis_url *url, struct error *err)
{
	if (*text == '\0')
		return 0;
	if (!text_to_int64(text, 0, DATABASE_MAX, &url->database))
		return refuse(err, "the database is not a number");
	return 0;
}

static int parse_port(const char *text, size_t length, struct redis_url *url,
		      struct error *err)
{
	char port_text[8];
	int64_t port;

	if (!text_copy_bytes(port_text, sizeof(port_text), text, length) ||
	    !text_to_int64(port_text, 1, 65535, &port))
		return refuse(err, "the port is not a number of 1 to 65535");
	url->port = (int)port;
	return 0;
}

/* "host", "host:port", "[ipv6]", "[ipv6]:port" */
static int parse_host(const char *text, size_t length, struct redis_url *url,
		      struct error *err)
{
	const char *end = text + length;
	const char *host = text;
	const char *host_end;
	const char *rest;

	if (length > 0 && text[0] == '[') {
		host++;
		host_end = memchr(text, ']', length);
		rest = host_end == NULL ? NULL : host_end + 1;
	} else {
		host_end = memchr(text, ':', length);
		if (host_end == NULL)
			host_end = end;
		rest = host_end;
	}
	if (host_end == NULL || (rest != end && *rest != ':'))
		return refuse(err, "the host in brackets is not closed");
	url->port = DEFAULT_PORT;
	if (rest != end && parse_port(rest + 1, (size_t)(end - rest) - 1, url, err) < 0)
		return -1;
	if (host == host_end)
		return refuse(err, "there is no host");
	url->host = mem_strndup(host, (size_t)(host_end - host));
	return 0;
}

static int parse_tcp(const char *rest, struct redis_url *url, struct error *err)
{
	const char *slash = strchr(rest, '/');
	size_t length = slash == NULL ? strlen(rest) : (size_t)(slash - rest);

	if (strpbrk(rest, "?#") != NULL)
		return refuse(err, "there may be nothing after the database");
	if (parse_host(rest, length, url, err) < 0)
		return -1;
	return slash == NULL ? 0 : parse_database(slash + 1, url, err);
}

static int parse_unix(const char *rest, struct redis_url *url, struct error *err)
{
	const char *query = strchr(rest, '?');
	size_t length = query == NULL ? strlen(rest) : (size_t)(query - rest);

	if (rest[0] != '/')
		return refuse(err, "the path of the socket must begin with '/'");
	if (query != NULL && strncmp(query, "?db=", 4) != 0)
		return refuse(err, "only ?db= may follow the path of the socket");
	url->path = mem_strndup(rest, length);
	return query == NULL ? 0 : parse_database(query + 4, url, err);
}

static int parse_rest(const char *rest, bool is_unix, struct redis_url *url, struct error *err)
{
	/* The last one: a password may hold one that somebody forgot to escape. */
	const char *at = strrchr(rest, '@');

	if (at != NULL) {
		if (parse_login(rest, (size_t)(at - rest), url, err) < 0)
			return -1;
		rest = at + 1;
	}
	return is_unix ? parse_unix(rest, url, err) : parse_tcp(rest, url, err);
}

int redis_url_parse(const char *text, struct redis_url *url, struct error *err)
{
	static const struct {
		const char *prefix;
		bool tls;
		bool is_unix;
	} schemes[] = {
		{"redis://", false, false}, {"rediss://", true, false}, {"unix://", false, true},
	};

	memset(url, 0, sizeof(*url));
	for (size_t i = 0; i < ARRAY_COUNT(schemes); i++) {
		if (!text_starts_with_nocase(text, schemes[i].prefix))
			continue;
		url->tls = schemes[i].tls;
		if (parse_rest(text + strlen(schemes[i].prefix), schemes[i].is_unix, url, err) == 0)
			return 0;
		redis_url_clear(url);
		return -1;
	}
	return refuse(err, "must begin with redis://, rediss:// or unix://");
}

void redis_url_clear(struct redis_url *url)
{
	mem_free_wiped(url->password);
	free(url->user);
	free(url->path);
	free(url->host);
	memset(url, 0, sizeof(*url));
}
