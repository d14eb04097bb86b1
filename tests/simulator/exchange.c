/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.c - one request from arrival to answer: latency, faults, journal.
 *
 * server.c calls exchange_advance when a request is complete and again after each
 * wait it asked for. Nothing here blocks but the simulator's lock, so a few threads
 * carry any number of slow answers.
 */
#include "tests/simulator/exchange.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tests/simulator/answer.h"
#include "tests/simulator/auth.h"
#include "tests/simulator/control.h"
#include "tests/simulator/effect.h"
#include "tests/simulator/route.h"
#include "tests/simulator/sim.h"

enum { DEFAULT_DELAY_MS = 1000, FOR_EVER = -1, US_PER_MS = 1000 };

/* ---- texts ---- */

static int hex_value(char digit)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = digit != '\0' ? strchr(digits, digit) : NULL;

	return found != NULL ? (int)((found - digits) % 16) : -1;
}

void exchange_unescape(char *text, bool plus_is_space)
{
	char *out = text;

	while (*text != '\0') {
		int high = *text == '%' ? hex_value(text[1]) : -1;
		int low = high >= 0 ? hex_value(text[2]) : -1;

		if (low >= 0 && (high | low) != 0) {
			*out++ = (char)(high * 16 + low);
			text += 3;
			continue;
		}
		*out++ = *text == '+' && plus_is_space ? ' ' : *text;
		text++;
	}
	*out = '\0';
}

static void parse_query(struct exchange *exchange)
{
	char *rest = exchange->query_memory;

	while (rest != NULL && exchange->query_count < EXCHANGE_MAX_QUERY) {
		char *item = rest;
		char *ampersand = strchr(item, '&');
		char *equals;

		rest = ampersand != NULL ? ampersand + 1 : NULL;
		if (ampersand != NULL)
			*ampersand = '\0';
		equals = strchr(item, '=');
		if (equals != NULL)
			*equals++ = '\0';
		else
			equals = item + strlen(item);
		exchange_unescape(item, true);
		exchange_unescape(equals, true);
		exchange->query[exchange->query_count++] = (struct query_item){item, equals};
	}
}

const char *exchange_query(const struct exchange *exchange, const char *name)
{
	for (size_t i = 0; i < exchange->query_count; i++)
		if (strcmp(exchange->query[i].name, name) == 0)
			return exchange->query[i].value;
	return "";
}

int64_t exchange_query_int(const struct exchange *exchange, const char *name, int64_t fallback)
{
	int64_t value;

	if (!text_to_int64(exchange_query(exchange, name), INT64_MIN, INT64_MAX, &value))
		return fallback;
	return value;
}

/* ---- life ---- */

struct exchange *exchange_new(struct sim *sim, const char *uri)
{
	struct exchange *exchange = mem_zalloc(sizeof *exchange);
	size_t path_length = strcspn(uri, "?");

	exchange->sim = sim;
	exchange->path = mem_strndup(uri, path_length);
	if (uri[path_length] == '?') {
		exchange->query_text = mem_strdup(uri + path_length + 1);
		exchange->query_memory = mem_strdup(uri + path_length + 1);
		parse_query(exchange);
	}
	buffer_init(&exchange->body, EXCHANGE_MAX_BODY_BYTES);
	buffer_init(&exchange->reply.body, EXCHANGE_MAX_REPLY_BYTES);
	return exchange;
}

/* Its connection ended before its time. */
static void leave_model(struct exchange *exchange)
{
	pthread_mutex_lock(&exchange->sim->lock);
	model_leave(&exchange->sim->model);
	pthread_mutex_unlock(&exchange->sim->lock);
}

void exchange_free(struct exchange *exchange)
{
	if (exchange == NULL)
		return;
	if (exchange->is_inside)
		leave_model(exchange);
	free(exchange->path);
	free(exchange->query_text);
	free(exchange->query_memory);
	free(exchange->login);
	free(exchange->cookie);
	if (exchange->password != NULL)
		mem_wipe(exchange->password, strlen(exchange->password));
	free(exchange->password);
	for (size_t i = 0; i < EXCHANGE_MAX_PARAMS; i++)
		free(exchange->param_text[i]);
	json_decref(exchange->json);
	buffer_clear(&exchange->body);
	buffer_clear(&exchange->reply.body);
	free(exchange);
}

void exchange_set_method(struct exchange *exchange, const char *method)
{
	static const struct {
		const char *name;
		enum method method;
	} methods[] = {{"GET", METHOD_GET},	{"HEAD", METHOD_GET},	{"POST", METHOD_POST},
		       {"PUT", METHOD_PUT},	{"PATCH", METHOD_PATCH}, {"DELETE", METHOD_DELETE}};

	exchange->method = METHOD_OTHER;
	exchange->method_name = method;
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (strcmp(methods[i].name, method) == 0)
			exchange->method = methods[i].method;
}

/* ---- the steps ---- */

/* Of what Grafana manages; a session is only how one gets at it. */
static bool is_write(const struct exchange *exchange)
{
	return exchange->method != METHOD_GET && strcmp(exchange->path, "/login") != 0 &&
	       strcmp(exchange->path, "/api/user/auth-tokens/rotate") != 0;
}

static enum fault_effect effect_of(const struct exchange *exchange)
{
	return exchange->fault.kind != NULL ? exchange->fault.kind->effect : FAULT_NONE;
}

static void record_arrival(struct exchange *exchange)
{
	struct journal_request request = {
		.method = exchange->method_name,
		.path = exchange->path,
		.query = exchange->query_text,
		.login = auth_claimed_login(exchange),
		.credential = auth_credential_name(exchange),
		.user_agent = exchange->user_agent,
		.traceparent = exchange->traceparent,
		.org_header = exchange->org_header,
		.body = exchange->body.bytes,
		.body_bytes = exchange->body.length,
		.fault = exchange->fault.kind != NULL ? exchange->fault.kind->name : NULL,
		.is_write = is_write(exchange),
		.at_ms = sim_wall_ms(),
	};

	exchange->journal_n = journal_begin(&exchange->sim->journal, &request);
}

static bool has_applied(const struct exchange *exchange, int real_status)
{
	return is_write(exchange) && real_status >= 200 && real_status < 300;
}

static void record_end(struct exchange *exchange, int status, int real_status)
{
	journal_finish(&exchange->sim->journal, exchange->journal_n, status, real_status,
		       has_applied(exchange, real_status), sim_wall_ms());
}

static int64_t held_us(const struct exchange *exchange)
{
	return exchange->fault.delay_ms >= 0 ? exchange->fault.delay_ms * US_PER_MS : FOR_EVER;
}

/* An overloaded server answers some with 500; an injected fault goes first. */
static void enter_model(struct exchange *exchange)
{
	static const struct fault_kind overload = {"overload", FAULT_STATUS, false, 500};
	const char *header = exchange->authorization;
	bool brings_password = header != NULL && strncmp(header, "Basic ", 6) == 0;

	if (exchange->sim->model.profile == NULL)
		return;
	if (strcmp(exchange->path, "/login") == 0)
		brings_password = true;
	model_enter(&exchange->sim->model, &exchange->visit, is_write(exchange), brings_password);
	exchange->is_inside = true;
	if (exchange->visit.is_spoilt && exchange->fault.kind == NULL)
		exchange->fault = (struct fault_plan){
			.kind = &overload, .status = overload.status, .delay_ms = -1};
}

/* Arrival: what will happen, and how long it takes before it does. */
static int64_t arrive(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	int64_t wait_us;

	auth_read_header(exchange);
	pthread_mutex_lock(&sim->lock);
	fault_list_match(&sim->faults, exchange->method_name, exchange->path, &exchange->fault);
	enter_model(exchange);
	record_arrival(exchange);
	wait_us = sim->settings.latency_ms * US_PER_MS;
	pthread_mutex_unlock(&sim->lock);
	exchange->stage = STAGE_QUEUED;
	if (effect_of(exchange) == FAULT_DELAY)
		wait_us += US_PER_MS * (exchange->fault.delay_ms >= 0 ? exchange->fault.delay_ms
								      : DEFAULT_DELAY_MS);
	if (effect_of(exchange) == FAULT_HANG && !exchange->fault.applies) {
		exchange->stage = STAGE_HELD;
		wait_us = held_us(exchange);
	}
	return wait_us;
}

/* The next thing to wait for inside the modelled server; 0: it has left. */
static int64_t pass_model(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	int64_t now_us, until_us;

	if (!exchange->is_inside) {
		exchange->stage = STAGE_RUN;
		return 0;
	}
	now_us = sim_monotonic_us();
	pthread_mutex_lock(&sim->lock);
	until_us = model_advance(&sim->model, &exchange->visit, now_us);
	pthread_mutex_unlock(&sim->lock);
	if (until_us > now_us)
		return until_us - now_us;
	if (until_us >= 0)
		return 1;
	exchange->is_inside = false;
	exchange->stage = STAGE_RUN;
	return 0;
}

/* The request takes effect (or not), and its answer is made and spoilt. */
static void run(struct exchange *exchange)
{
	struct sim *sim = exchange->sim;
	enum fault_effect effect = effect_of(exchange);
	int real_status = 0;

	pthread_mutex_lock(&sim->lock);
	exchange->version = sim->settings.version;
	if (effect == FAULT_NONE || exchange->fault.applies) {
		route_dispatch(exchange);
		exchange->ran = true;
		real_status = exchange->reply.status;
	}
	if (effect != FAULT_NONE)
		effect_spoil(exchange);
	if (effect == FAULT_HANG)
		journal_progress(&sim->journal, exchange->journal_n, real_status,
				 has_applied(exchange, real_status));
	else
		record_end(exchange,
			   effect == FAULT_RESET ? JOURNAL_NO_STATUS : exchange->reply.status,
			   real_status);
	pthread_mutex_unlock(&sim->lock);
}

static enum exchange_step after_run(struct exchange *exchange, int64_t *wait_us)
{
	exchange->stage = STAGE_OVER;
	if (effect_of(exchange) == FAULT_RESET)
		return STEP_RESET;
	if (effect_of(exchange) != FAULT_HANG)
		return STEP_SEND;
	exchange->stage = STAGE_HELD;
	*wait_us = held_us(exchange);
	return STEP_WAIT;
}

/* A held request ends: late answer if it had taken effect, none if not. */
static enum exchange_step release(struct exchange *exchange)
{
	bool answers = exchange->ran && !exchange->client_gone;

	exchange->stage = STAGE_OVER;
	pthread_mutex_lock(&exchange->sim->lock);
	record_end(exchange, answers ? exchange->reply.status : JOURNAL_NO_STATUS,
		   exchange->ran ? exchange->reply.status : 0);
	pthread_mutex_unlock(&exchange->sim->lock);
	return answers ? STEP_SEND : STEP_CLOSE;
}

static bool is_control(const struct exchange *exchange)
{
	return strncmp(exchange->path, "/sim/", 5) == 0;
}

enum exchange_step exchange_advance(struct exchange *exchange, int64_t *wait_us)
{
	if (exchange->stage == STAGE_ARRIVED && exchange->body.overflowed) {
		exchange->stage = STAGE_OVER;
		exchange->reply.status = 413;
		exchange->reply.content = CONTENT_TEXT;
		return STEP_SEND;
	}
	if (exchange->stage == STAGE_ARRIVED && is_control(exchange)) {
		exchange->stage = STAGE_OVER;
		control_dispatch(exchange);
		return STEP_SEND;
	}
	if (exchange->stage == STAGE_ARRIVED) {
		*wait_us = arrive(exchange);
		if (*wait_us != 0)
			return STEP_WAIT;
	}
	if (exchange->stage == STAGE_QUEUED) {
		*wait_us = pass_model(exchange);
		if (*wait_us != 0)
			return STEP_WAIT;
	}
	if (exchange->stage == STAGE_RUN) {
		run(exchange);
		return after_run(exchange, wait_us);
	}
	if (exchange->stage == STAGE_HELD)
		return release(exchange);
	return STEP_SEND;
}

/* The server saw the client go before the exchange was resumed. */
void exchange_abandon(struct exchange *exchange)
{
	if (exchange->stage != STAGE_HELD && exchange->stage != STAGE_RUN &&
	    exchange->stage != STAGE_QUEUED)
		return;
	exchange->client_gone = true;
	(void)release(exchange);
}

bool exchange_watches_client(const struct exchange *exchange)
{
	return exchange->stage == STAGE_HELD;
}
