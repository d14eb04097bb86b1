/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind.c - request bodies, read as Grafana's JSON binding reads them.
 */
#include "tests/simulator/bind.h"

#include <ctype.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/exchange.h"
#include "tests/simulator/json_out.h"

enum { MESSAGE_BYTES = 256 };

enum binding_fault { BAD_CONTENT_TYPE, BAD_JSON, MISSING };

/* Up to 8 the binder said what was wrong, in a list. */
static bool refuse_in_list(struct exchange *exchange, enum binding_fault fault, const char *key,
			   const char *message)
{
	static const struct {
		int status;
		const char *classification;
	} faults[] = {
		[BAD_CONTENT_TYPE] = {415, "ContentTypeError"},
		[BAD_JSON] = {400, "DeserializationError"},
		[MISSING] = {422, "RequiredError"},
	};
	struct reply *reply = &exchange->reply;

	reply->status = faults[fault].status;
	reply->content = CONTENT_CONTEXT;
	buffer_reset(&reply->body);
	json_out_text(&reply->body, "[{");
	if (fault == MISSING) /* the field's name in Go: a capital in front */
		buffer_append_format(&reply->body, "\"fieldNames\":[\"%c%s\"],",
				     toupper((unsigned char)key[0]), key + 1);
	buffer_append_format(&reply->body, "\"classification\":\"%s\",\"message\":",
			     faults[fault].classification);
	json_out_string(&reply->body, message);
	json_out_text(&reply->body, "}]");
	return false;
}

static bool refuse(struct exchange *exchange, enum binding_fault fault, const char *key)
{
	static const char *const messages[] = {
		[BAD_CONTENT_TYPE] = "Unsupported Content-Type",
		[BAD_JSON] = "invalid JSON",
		[MISSING] = "Required",
	};

	if (exchange->version->binding_arrays)
		return refuse_in_list(exchange, fault, key, messages[fault]);
	answer(exchange, ANSWER_BAD_REQUEST);
	return false;
}

static bool refuse_role(struct exchange *exchange, const char *role)
{
	char message[MESSAGE_BYTES];

	if (!exchange->version->binding_arrays)
		return refuse(exchange, BAD_JSON, "role");
	(void)text_format(message, sizeof message, "JSON validation error: invalid role value: %s",
			  role);
	return refuse_in_list(exchange, BAD_JSON, "role", message);
}

static bool is_json(const char *content_type)
{
	static const char name[] = "application/json";

	return content_type != NULL && strncasecmp(content_type, name, sizeof name - 1) == 0;
}

bool bind_body(struct exchange *exchange)
{
	if (!is_json(exchange->content_type))
		return refuse(exchange, BAD_CONTENT_TYPE, "");
	if (exchange->body.length == 0 && exchange->version->binding_arrays)
		exchange->json = json_object(); /* and then something is missing */
	else if (exchange->body.length > 0)
		/* A decoder of a stream stops after the first value; so what follows is
		 * ignored. */
		exchange->json = json_loadb(exchange->body.bytes, exchange->body.length,
					    JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
	return json_is_object(exchange->json) || refuse(exchange, BAD_JSON, "");
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
		return refuse(exchange, BAD_JSON, key);
	*value = json_string_value(found);
	return true;
}

bool bind_required_text(struct exchange *exchange, const char *key, const char **value)
{
	if (!bind_text(exchange, key, value))
		return false;
	return **value != '\0' || refuse(exchange, MISSING, key);
}

bool bind_int(struct exchange *exchange, const char *key, int64_t *value)
{
	json_t *found = find(exchange, key);

	*value = 0;
	if (found == NULL)
		return true;
	if (!json_is_integer(found))
		return refuse(exchange, BAD_JSON, key);
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
		return refuse(exchange, BAD_JSON, key);
	*value = json_is_true(found);
	return true;
}

bool bind_has(struct exchange *exchange, const char *key)
{
	return find(exchange, key) != NULL;
}

/* 7.5 takes "" for Viewer, and only names in their right case. */
bool bind_role(struct exchange *exchange, enum role *role)
{
	const struct version *version = exchange->version;
	const char *text;

	if (version->exact_roles && json_is_string(find(exchange, "role")) &&
	    json_string_length(find(exchange, "role")) == 0) {
		*role = ROLE_VIEWER;
		return true;
	}
	if (!bind_required_text(exchange, "role", &text))
		return false;
	*role = role_parse(text, version->role_none);
	if (version->exact_roles && strcmp(text, role_name(*role)) != 0)
		*role = ROLE_INVALID;
	return *role != ROLE_INVALID || refuse_role(exchange, text);
}
