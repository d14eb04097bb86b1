/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_check.c - what a single value must look like.
 *
 * Called through the rows of settings_table.c and for librdkafka properties.
 * Pure; nothing of a value ever gets into an answer, since any of them may turn
 * out to be a password in the wrong place. Whether hosts exist and files can be
 * read is found out by those who use them.
 */
#include "config/settings_check.h"

#include <stdbool.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static bool consists_of(const char *value, const char *accepted)
{
	return value[strspn(value, accepted)] == '\0';
}

static bool has_blank(const char *value)
{
	return strpbrk(value, " \t\r\n") != NULL;
}

const char *check_word(const char *value)
{
	return has_blank(value) ? "must not contain blanks" : NULL;
}

const char *check_user(const char *value)
{
	if (strchr(value, ':') != NULL)
		return "must not contain ':', which ends the user in HTTP basic authentication";
	return NULL;
}

const char *check_token(const char *value)
{
	if (!consists_of(value, LETTERS_DIGITS "-._~+/="))
		return "is not a token: letters, digits and - . _ ~ + / =";
	return NULL;
}

const char *check_worker_id(const char *value)
{
	if (!consists_of(value, LETTERS_DIGITS "._-"))
		return "must consist of letters, digits, '.', '_' and '-'";
	return NULL;
}

const char *check_topic(const char *value)
{
	if (!consists_of(value, LETTERS_DIGITS "._-") || strcmp(value, ".") == 0 ||
	    strcmp(value, "..") == 0)
		return "is not a Kafka topic: letters, digits, '.', '_' and '-'";
	return NULL;
}

static bool is_port(const char *text)
{
	int64_t port;

	return strlen(text) <= 5 && text_to_int64(text, 1, 65535, &port);
}

/* [host]:port, host:port; the port may be left out unless 'port_needed'. */
static bool is_address(const char *text, bool port_needed)
{
	const char *host_end = text[0] == '[' ? strchr(text, ']') : strchr(text, ':');

	if (text[0] == '[') {
		if (host_end == NULL || host_end == text + 1)
			return false;
		host_end++;
	}
	if (host_end == NULL)
		return *text != '\0' && !port_needed;
	if (host_end == text)
		return false;
	if (*host_end == '\0')
		return !port_needed;
	return *host_end == ':' && is_port(host_end + 1);
}

const char *check_listen(const char *value)
{
	if (has_blank(value) || !is_address(value, true))
		return "is not host:port";
	return NULL;
}

static bool is_broker(const char *start, size_t length)
{
	char broker[512];
	const char *scheme_end;

	while (length > 0 && *start == ' ')
		start++, length--;
	while (length > 0 && start[length - 1] == ' ')
		length--;
	if (!text_copy_bytes(broker, sizeof(broker), start, length) || has_blank(broker))
		return false;
	scheme_end = strstr(broker, "://"); /* librdkafka takes SASL_SSL://host:port */
	return is_address(scheme_end != NULL ? scheme_end + 3 : broker, false);
}

const char *check_brokers(const char *value)
{
	for (;;) {
		size_t length = strcspn(value, ",");

		if (!is_broker(value, length))
			return "is not a list of host:port, separated by commas";
		if (value[length] == '\0')
			return NULL;
		value += length + 1;
	}
}

/* What follows the first of the schemes that fits; NULL if none does. */
static const char *after_scheme(const char *url, const char *const *schemes)
{
	for (; *schemes != NULL; schemes++)
		if (text_starts_with_nocase(url, *schemes))
			return url + strlen(*schemes);
	return NULL;
}

static bool authority_is_address(const char *authority, const char *ends)
{
	char address[512];

	return text_copy_bytes(address, sizeof(address), authority, strcspn(authority, ends)) &&
	       is_address(address, false);
}

const char *check_grafana_url(const char *value)
{
	static const char *const schemes[] = {"http://", "https://", NULL};
	const char *authority = after_scheme(value, schemes);

	if (authority == NULL)
		return "must begin with http:// or https://";
	if (has_blank(value) || strchr(value, '\\') != NULL)
		return "must not contain blanks or backslashes";
	if (strpbrk(value, "?#") != NULL)
		return "must not have a query or a fragment";
	if (memchr(authority, '@', strcspn(authority, "/")) != NULL)
		return "must not carry a user or a password; there are settings for them";
	if (!authority_is_address(authority, "/"))
		return "must have a host, and a port of 1 to 65535 if any";
	return NULL;
}

const char *check_proxy_url(const char *value)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://",
					      NULL};
	const char *authority = after_scheme(value, schemes);
	const char *user_end;

	if (authority == NULL)
		return "must begin with http://, https://, socks5:// or socks5h://";
	if (has_blank(value))
		return "must not contain blanks";
	user_end = strrchr(authority, '@');
	if (!authority_is_address(user_end != NULL ? user_end + 1 : authority, "/"))
		return "must have a host, and a port of 1 to 65535 if any";
	return NULL;
}

const char *check_redis_url(const char *value)
{
	static const char *const schemes[] = {"redis://", "rediss://", "unix://", NULL};
	const char *rest = after_scheme(value, schemes);

	if (rest == NULL)
		return "must begin with redis://, rediss:// or unix://";
	if (has_blank(value))
		return "must not contain blanks";
	if (*rest == '\0')
		return "must name a host or the path of a socket";
	return NULL;
}

/* Properties that grantd sets itself: exactly-once rests on some of them, the
 * others have a setting of their own. */
static const struct {
	const char *name;
	const char *why;
} owned_properties[] = {
	{"enable.auto.commit", "is set by grantd, which commits offsets in its transactions"},
	{"auto.commit.enable", "is set by grantd, which commits offsets in its transactions"},
	{"enable.auto.offset.store", "is set by grantd, which commits offsets in its transactions"},
	{"isolation.level", "is set by grantd"},
	{"enable.idempotence", "is set by grantd"},
	{"acks", "is set by grantd"},
	{"request.required.acks", "is set by grantd"},
	{"max.in.flight", "is set by grantd"},
	{"max.in.flight.requests.per.connection", "is set by grantd"},
	{"linger.ms", "is set by grantd; see [publish] max_delay_ms"},
	{"queue.buffering.max.ms", "is set by grantd; see [publish] max_delay_ms"},
	{"retry.backoff.ms", "is set by grantd"},
	{"message.timeout.ms", "is set by grantd; see [kafka] transaction_timeout_ms"},
	{"delivery.timeout.ms", "is set by grantd; see [kafka] transaction_timeout_ms"},
	{"message.max.bytes", "is set by grantd"},
	{"auto.offset.reset", "is set by grantd"},
	{"queued.max.messages.kbytes", "is set by grantd"},
	{"fetch.max.bytes", "is set by grantd"},
	{"fetch.message.max.bytes", "is set by grantd"},
	{"max.partition.fetch.bytes", "is set by grantd"},
	{"enable.partition.eof", "is set by grantd"},
	{"transactional.id", "is made by grantd of the group and [worker] id"},
	{"group.id", "has a setting of its own: [kafka] group"},
	{"bootstrap.servers", "has a setting of its own: [kafka] brokers"},
	{"metadata.broker.list", "has a setting of its own: [kafka] brokers"},
	{"transaction.timeout.ms", "has a setting of its own: [kafka] transaction_timeout_ms"},
};

const char *check_property_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(owned_properties); i++)
		if (strcmp(name, owned_properties[i].name) == 0)
			return owned_properties[i].why;
	if (*name == '\0' || strlen(name) > 128 ||
	    !consists_of(name, "abcdefghijklmnopqrstuvwxyz0123456789._"))
		return "is not a librdkafka property: lower-case letters, digits, '.' and '_'";
	return NULL;
}

const char *check_property_value(const char *name, const char *value)
{
	if (strcmp(name, "partition.assignment.strategy") == 0 && strcmp(value, "range") != 0 &&
	    strcmp(value, "roundrobin") != 0 && strcmp(value, "range,roundrobin") != 0 &&
	    strcmp(value, "roundrobin,range") != 0)
		return "must be range or roundrobin: partitions are assigned eagerly";
	return NULL;
}
