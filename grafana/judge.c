/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge.c - what the end of an exchange says about whether the thing was done.
 *
 * Called by http.c once per call. Owns nothing. The rule is to be certain before
 * saying "surely not done": a write of which a byte may have left, and whose
 * answer is missing or unreadable, is in doubt. Error texts leave out the query,
 * which may hold an e-mail address.
 *
 * Limit: a 401 without messageId may be a server's trouble (Grafana answers so
 * when its database is busy) or refused credentials, so only the second in a row
 * counts as the latter.
 */
#include "grafana/judge.h"

#include <string.h>

#include "base/text.h"

enum { DOUBTFUL_REFUSAL_WAIT_MS = 1000 };

static const char origin[] = "grafana";

/* The path for people: without the query, and without the code of an invite, which lets
 * whoever has it in. */
static void show_path(const char *path, char *out, size_t capacity)
{
	static const char invites[] = "/api/org/invites/";

	if (strncmp(path, invites, sizeof(invites) - 1) == 0)
		text_format(out, capacity, "%s***", invites);
	else
		text_copy_bytes(out, capacity, path, strcspn(path, "?"));
}

static int fail(const struct exchange *exchange, int code, struct error *err, const char *what)
{
	char path[200];

	show_path(exchange->path, path, sizeof(path));
	error_set(err, ERROR_RETRY, origin, code, "%s %s: %s", exchange->method, path, what);
	return -1;
}

/* "503: Grafana's words" */
static int fail_status(const struct exchange *exchange, const struct reply *reply, int code,
		       struct error *err)
{
	char what[LIMIT_REPLY_MESSAGE_BYTES + 64];

	text_format(what, sizeof(what), "%d%s%s", reply->status,
		    reply->message[0] != '\0' ? ": " : "",
		    reply->message[0] != '\0' ? reply->message : " without a message");
	fail(exchange, code, err, what);
	if (err != NULL)
		err->retry_after_ms = reply->retry_after_ms;
	return -1;
}

int judge_failure(const struct exchange *exchange, struct reply *reply,
		  struct grafana_tally *tally, struct error *err)
{
	tally->unavailable++;
	reply->doubt = exchange->effect == GRAFANA_WRITE && exchange->sent;
	return fail(exchange, exchange->transport_code, err, exchange->transport_text);
}

static bool is_refusal(const struct reply *reply)
{
	return reply->status == 401 ||
	       (reply->status == 400 && reply_id_is(reply, "password-auth.failed")) ||
	       /* 9.0 to 9.3.5, and 9.4.0-pre: a token that was deleted */
	       (reply->status == 500 && reply_message_is(reply, "invalid API key"));
}

static bool is_doubtful_refusal(const struct reply *reply)
{
	return reply->status == 401 && reply->message_id[0] == '\0' &&
	       (reply->json == NULL || reply_message_is(reply, "Unauthorized"));
}

static int judge_refusal(const struct exchange *exchange, struct reply *reply,
			 atomic_int *refusals, struct grafana_tally *tally, struct error *err)
{
	bool definite = !is_doubtful_refusal(reply) || atomic_fetch_add(refusals, 1) > 0;

	if (definite)
		tally->unauthorized = true;
	else if (reply->retry_after_ms < DOUBTFUL_REFUSAL_WAIT_MS)
		reply->retry_after_ms = DOUBTFUL_REFUSAL_WAIT_MS;
	return fail_status(exchange, reply, 401, err);
}

/* 501 is an answer: there is no such thing. 408 and 499 are a request given up midway. */
static bool is_trouble(int status)
{
	return (status >= 500 && status != 501) || status == 408 || status == 499 ||
	       status < 200;
}

static int judge_trouble(const struct exchange *exchange, struct reply *reply,
			 struct grafana_tally *tally, struct error *err)
{
	if (!reply_is_known_no(reply))
		tally->unavailable++;
	if (exchange->effect == GRAFANA_READ)
		return fail_status(exchange, reply, reply->status, err);
	if (reply->json != NULL && reply->message[0] != '\0')
		return 0;
	reply->doubt = true;
	return fail_status(exchange, reply, reply->status, err);
}

static int judge_success(const struct exchange *exchange, struct reply *reply,
			 struct error *err)
{
	if (reply->json != NULL || (exchange->is_streamed && reply->status == 200))
		return 0;
	reply->doubt = exchange->effect == GRAFANA_WRITE;
	return fail(exchange, reply->status, err, "the answer is no JSON");
}

int judge_reply(const struct exchange *exchange, struct reply *reply, atomic_int *refusals,
		struct grafana_tally *tally, struct error *err)
{
	if (is_refusal(reply))
		return judge_refusal(exchange, reply, refusals, tally, err);
	/* Reading first keeps the cache line shared: nearly always there is nothing to do.
	 * The health of a server is told to anybody. */
	if (atomic_load(refusals) != 0 && strcmp(exchange->path, "/api/health") != 0)
		atomic_store(refusals, 0);
	if (reply->status == 429) {
		tally->unavailable++;
		return fail_status(exchange, reply, 429, err);
	}
	if (is_trouble(reply->status))
		return judge_trouble(exchange, reply, tally, err);
	if (reply->status < 300)
		return judge_success(exchange, reply, err);
	if (reply->status < 400)
		text_format(
			reply->message, sizeof(reply->message),
			"redirected to '%s', which is not followed; correct [grafana.%s] url",
			exchange->redirect != NULL ? exchange->redirect : "",
			exchange->instance);
	return 0;
}
