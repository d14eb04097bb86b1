/* SPDX-License-Identifier: Apache-2.0 */
/*
 * set_cookie.c - which of an answer's cookies is the session.
 *
 * Called by http_connection.c for each Set-Cookie line. Pure. The name is a setting of
 * Grafana (login_cookie_name), so any that scripts can't read may be the session; but a
 * proxy has such cookies too, and then the usual name is the one to go by. The others
 * that Grafana sets are no sessions, and one without a value takes a session away.
 */
#include "grafana/set_cookie.h"

#include <string.h>

#include "base/text.h"

static const char usual_name[] = "grafana_session";

static bool is(struct slice text, const char *wanted)
{
	return text.length == strlen(wanted) && memcmp(text.data, wanted, text.length) == 0;
}

static bool ends_with(struct slice text, const char *end)
{
	size_t length = strlen(end);

	return text.length >= length &&
	       memcmp(text.data + text.length - length, end, length) == 0;
}

/* It becomes part of a header line (RFC 6265 allows little more than this anyway). */
static bool is_sendable(struct slice text)
{
	for (size_t i = 0; i < text.length; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return true;
}

static bool is_secluded(struct slice attributes)
{
	static const char attribute[] = "httponly";

	for (size_t i = 0; i + sizeof(attribute) - 1 <= attributes.length; i++) {
		char word[sizeof(attribute)];

		text_copy_bytes(word, sizeof(word), attributes.data + i, sizeof(attribute) - 1);
		if (text_equal_nocase(word, attribute))
			return true;
	}
	return false;
}

enum set_cookie set_cookie_read(struct slice line, struct slice *pair)
{
	const char *stop = line.length > 0 ? memchr(line.data, ';', line.length) : NULL;
	size_t length = stop != NULL ? (size_t)(stop - line.data) : line.length;
	const char *equals = length > 0 ? memchr(line.data, '=', length) : NULL;
	struct slice name = {line.data, equals != NULL ? (size_t)(equals - line.data) : 0};

	*pair = (struct slice){line.data, length};
	if (name.length == 0 || name.length + 1 >= length || !is_sendable(*pair) ||
	    ends_with(name, "_expiry") || ends_with(name, "redirect_to") ||
	    ends_with(name, "oauth_state"))
		return SET_COOKIE_OTHER;
	if (is(name, usual_name))
		return SET_COOKIE_USUAL;
	return is_secluded((struct slice){line.data + length, line.length - length})
		       ? SET_COOKIE_POSSIBLE
		       : SET_COOKIE_OTHER;
}
