/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_reply.c - any bytes as an answer of Grafana, and as a Retry-After. Three digits
 * at the beginning are the status.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "grafana/json_get.h"
#include "grafana/reply.h"
#include "grafana/user_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fields(const struct reply *reply)
{
	static const char *const names[] = {"id",    "userId", "orgId",	     "name",
					    "login", "role",   "lastSeenAt", "isDisabled"};
	char text[64];
	int64_t number = 1;

	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		json_get_id(reply->json, names[i], &number);
		assert(number > 0);
		json_get_text(reply->json, names[i], text, sizeof(text));
		assert(strlen(text) < sizeof(text));
		json_get_true(reply->json, names[i]);
		json_get_time(reply->json, names[i], &number);
		number = 1;
	}
}

static void check_user(const struct reply *reply, struct answer *answer)
{
	struct grafana_user user;
	struct error err = {0};

	answer->code = ANSWER_OK;
	if (user_from_json(reply->json, "/api/user?x=y", &user, answer, &err) < 0)
		assert(err.kind == ERROR_RETRY);
	else
		assert(answer->code == ANSWER_REJECTED ||
		       (user.id > 0 && user.login[0] != '\0'));
}

/* "nnn": a status; anything else: 200. */
static int take_status(const uint8_t **data, size_t *size)
{
	int64_t status;
	char text[4];

	if (*size < 3 || !text_copy_bytes(text, sizeof(text), (const char *)*data, 3) ||
	    !text_to_int64(text, 100, 599, &status))
		return 200;
	*data += 3;
	*size -= 3;
	return (int)status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply reply;
	struct answer answer;
	char value[64];
	int64_t wait_ms;
	int status;

	text_copy_bytes(value, sizeof(value), (const char *)data, size);
	wait_ms = reply_parse_retry_after(value, INT64_C(1795341600000));
	assert(wait_ms >= 0 && wait_ms <= 24 * 3600 * 1000);
	status = take_status(&data, &size);
	reply_decode(&reply, status, NULL, (const char *)data, size);
	assert(!text_has_control(reply.message, strlen(reply.message)));
	assert(text_is_utf8(reply.message, strlen(reply.message)));
	answer_from_reply(&answer, &reply);
	assert((answer.code == ANSWER_OK) == (status >= 200 && status < 300));
	assert(answer.message[0] != '\0' && answer_name(answer.code) != NULL);
	check_fields(&reply);
	check_user(&reply, &answer);
	reply_clear(&reply);
	return 0;
}
