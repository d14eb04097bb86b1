/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effect.c - what an injected fault makes of an answer.
 */
#include "tests/simulator/effect.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/exchange.h"

typedef void spoil_fn(struct exchange *exchange);

static void nothing(struct exchange *exchange)
{
	(void)exchange;
}

static const char *status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {{400, "bad request"},	     {401, "Unauthorized"},
		     {403, "Permission denied"},     {404, "Not found"},
		     {409, "Conflict"},		     {429, "Too many requests"},
		     {502, "Bad gateway"},	     {503, "Service unavailable"},
		     {504, "Gateway timeout"}};

	for (size_t i = 0; i < ARRAY_COUNT(texts); i++)
		if (texts[i].status == status)
			return texts[i].text;
	return "Internal server error";
}

static void spoil_status(struct exchange *exchange)
{
	const struct fault_plan *fault = &exchange->fault;

	answer_status(exchange, fault->status,
		      fault->message[0] != '\0' ? fault->message : status_text(fault->status));
	(void)text_copy(exchange->reply.retry_after, sizeof exchange->reply.retry_after,
			fault->retry_after);
}

static void spoil_untyped_401(struct exchange *exchange)
{
	answer(exchange, ANSWER_UNTYPED_401);
}

static void spoil_bad_password(struct exchange *exchange)
{
	answer(exchange, ANSWER_BAD_PASSWORD);
}

static void spoil_html(struct exchange *exchange)
{
	struct reply *reply = &exchange->reply;

	reply->status = exchange->fault.status;
	reply->content = CONTENT_HTML;
	buffer_reset(&reply->body);
	(void)buffer_append_text(
		&reply->body,
		"<!DOCTYPE html>\n<html><head><title>Grafana is loading</title>"
		"<meta http-equiv=\"refresh\" content=\"5\"></head>"
		"<body><h1>Your Grafana instance is loading</h1></body></html>\n");
	(void)text_copy(reply->retry_after, sizeof reply->retry_after,
			exchange->fault.retry_after);
}

static void spoil_bad_json(struct exchange *exchange)
{
	struct buffer *body = &exchange->reply.body;
	size_t keep = body->length > 2 ? body->length / 2 : 0;

	body->length = keep;
	(void)buffer_append_text(body, keep == 0 ? "{" : "");
}

/* Valid JSON, with one member of the asked size in front. */
static void spoil_huge_body(struct exchange *exchange)
{
	struct buffer *body = &exchange->reply.body;
	int64_t left = exchange->fault.body_bytes;
	char block[4096];

	memset(block, 'x', sizeof block);
	buffer_reset(body);
	(void)buffer_append_text(body, "{\"padding\":\"");
	while (left > 0) {
		size_t length = left < (int64_t)sizeof block ? (size_t)left : sizeof block;

		(void)buffer_append(body, block, length);
		left -= (int64_t)length;
	}
	(void)buffer_append_text(body, "\",\"message\":\"ok\"}");
}

static json_t *other_type(const json_t *value)
{
	json_t *result;
	const char *name;
	json_t *member;

	if (json_is_string(value))
		return json_integer(5);
	if (json_is_number(value))
		return json_string("five");
	if (json_is_boolean(value))
		return json_array();
	if (!json_is_object(value))
		return json_pack("{s:s}", "unexpected", "object");
	result = json_object();
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
		json_object_set_new(result, name, other_type(member));
	return result;
}

static void spoil_types(struct exchange *exchange)
{
	struct buffer *body = &exchange->reply.body;
	json_t *value = json_loadb(body->length > 0 ? body->bytes : "", body->length,
				   JSON_DECODE_ANY, NULL);
	json_t *other = other_type(value);
	char *text = json_dumps(other, JSON_COMPACT | JSON_ENCODE_ANY);

	buffer_reset(body);
	(void)buffer_append_text(body, text != NULL ? text : "5");
	free(text);
	json_decref(other);
	json_decref(value);
}

static spoil_fn *const spoilers[] = {
	[FAULT_NONE] = nothing,
	[FAULT_STATUS] = spoil_status,
	[FAULT_UNTYPED_401] = spoil_untyped_401,
	[FAULT_BAD_PASSWORD] = spoil_bad_password,
	[FAULT_HTML] = spoil_html,
	[FAULT_HANG] = nothing,
	[FAULT_RESET] = nothing,
	[FAULT_TRUNCATE] = nothing,
	[FAULT_BAD_JSON] = spoil_bad_json,
	[FAULT_HUGE_BODY] = spoil_huge_body,
	[FAULT_SLOW_DRIP] = nothing,
	[FAULT_WRONG_TYPE] = spoil_types,
	[FAULT_DELAY] = nothing,
};

void effect_spoil(struct exchange *exchange)
{
	/* A fault made not to apply (apply: false) leaves effects without an answer to spoil. */
	if (!exchange->ran) {
		exchange->reply.status = 200;
		(void)buffer_append_text(&exchange->reply.body, "{\"message\":\"ok\"}");
	}
	spoilers[exchange->fault.kind->effect](exchange);
}
