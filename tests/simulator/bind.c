/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind.c - request bodies, read as Grafana's JSON binding reads them.
 */
#include "tests/simulator/bind.h"

#include <jansson.h>
#include <strings.h>

#include "tests/simulator/answer.h"
#include "tests/simulator/exchange.h"

static bool refuse(struct exchange *exchange)
{
	answer(exchange, ANSWER_BAD_REQUEST);
	return false;
}

static bool is_json(const char *content_type)
{
	static const char name[] = "application/json";

	return content_type != NULL && strncasecmp(content_type, name, sizeof name - 1) == 0;
}

bool bind_body(struct exchange *exchange)
{
	if (!is_json(exchange->content_type) || exchange->body.length == 0)
		return refuse(exchange);
	/* A decoder of a stream stops after the first value; so what follows is ignored. */
	exchange->json = json_loadb(exchange->body.bytes, exchange->body.length,
				    JSON_DISABLE_EOF_CHECK, NULL);
	return json_is_object(exchange->json) || refuse(exchange);
}

/* An exact match wins, as with Go's decoder; NULL for absent and for null. */
static json_t *find(struct exchange *exchange, const char *key)
{
	json_t *found = json_object_get(exchange->json, key);
	const char *name;
	json_t *value;

	if (found == NULL)
		json_object_foreach(exchange->json, name, value)
			if (strcasecmp(name, key) == 0)
				found = value;
	return json_is_null(found) ? NULL : found;
}

bool bind_text(struct exchange *exchange, const char *key, const char **value)
{
	json_t *found = find(exchange, key);

	*value = "";
	if (found == NULL)
		return true;
	if (!json_is_string(found))
		return refuse(exchange);
	*value = json_string_value(found);
	return true;
}

bool bind_required_text(struct exchange *exchange, const char *key, const char **value)
{
	if (!bind_text(exchange, key, value))
		return false;
	return **value != '\0' || refuse(exchange);
}

bool bind_int(struct exchange *exchange, const char *key, int64_t *value)
{
	json_t *found = find(exchange, key);

	*value = 0;
	if (found == NULL)
		return true;
	if (!json_is_integer(found))
		return refuse(exchange);
	*value = json_integer_value(found);
	return true;
}

bool bind_bool(struct exchange *exchange, const char *key, bool *value)
{
	json_t *found = find(exchange, key);

	*value = false;
	if (found == NULL)
		return true;
	if (!json_is_boolean(found))
		return refuse(exchange);
	*value = json_is_true(found);
	return true;
}

bool bind_role(struct exchange *exchange, enum role *role)
{
	const char *text;

	if (!bind_required_text(exchange, "role", &text))
		return false;
	*role = role_parse(text, exchange->version->role_none);
	return *role != ROLE_INVALID || refuse(exchange);
}
