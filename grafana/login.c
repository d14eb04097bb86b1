/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.c - one session for all connections of a Grafana, and what to do without.
 *
 * Called by http.c around each call. Owns the cookie, in wiped memory; each
 * connection holds a copy, which is compared by its generation. User and password cost
 * Grafana 7 to 9 ms of CPU on each request (PBKDF2), a session 1 to 2 ms (measured on
 * 9.4 and 10.1).
 *
 *  - No cookie: the first to come logs in, the others wait for what comes of it.
 *  - Grafana up to 9 hands out a new cookie with any answer now and then; newer ones
 *    refuse with 401 session.token.rotate until they are asked for one. The old one is
 *    good for a while longer, so calls under way come to no harm.
 *  - A refused session is given up, and one login made. If that one's session is
 *    refused as well, or if Grafana offers no login, calls carry user and password
 *    instead, until after a while a login is tried again. So they do when sessions keep
 *    dying young: workers that push each other out of a limit of concurrent sessions
 *    would log in for ever.
 *  - A refused login is final: five of them inside five minutes lock the login, for
 *    humans too. None is made again before the instance's breaker closes.
 *
 * Fails: RETRY, with nothing of the caller's request sent.
 */
#include "grafana/login.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/condition.h"
#include "base/text.h"
#include "grafana/judge.h"
#include "grafana/secret_json.h"

enum {
	WITHOUT_SESSION_MS = 10 * 60 * 1000,
	LOGOUT_TIMEOUT_MS = 2000,
	MOST_TRIES = 2,
	YOUNG_MS = 60 * 1000,
	YOUNG_DEATHS = 3, /* in a row, that are put up with */
};

static const char origin[] = "grafana";
static const char login_path[] = "/login";
static const char cookie_prefix[] = "Cookie: ";

struct login {
	const struct instance_settings *settings;
	const struct clock *clock;
	bool wants_session;
	struct secret fixed;   /* the line of a token, or of user and password */
	atomic_int refusals;   /* doubtful 401s to a login, in a row */
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool busy;	       /* a thread logs in or has the cookie changed */
	struct secret line;    /* "Cookie: name=value"; no bytes = no session */
	uint64_t generation;   /* of the line */
	int64_t opened_ms;     /* by the last login; steady clock, like all here */
	int young_deaths;      /* of sessions, in a row */
	uint64_t failures;     /* logins that came to nothing */
	struct error failure;  /* of the last one */
	bool is_refused;       /* and it was a definite no */
	int64_t held_until_ms; /* no login before */
	int64_t without_until_ms;
};

/* ---- lines ---- */

static void make_line(struct secret *line, const char *prefix, const char *value)
{
	size_t prefix_bytes = strlen(prefix), value_bytes = strlen(value);

	secret_init(line, prefix_bytes + value_bytes);
	memcpy(line->bytes, prefix, prefix_bytes);
	memcpy(line->bytes + prefix_bytes, value, value_bytes);
}

static void make_basic_line(struct secret *line, const struct instance_settings *settings)
{
	static const char prefix[] = "Authorization: Basic ";
	size_t user_bytes = strlen(settings->user), password_bytes = strlen(settings->password);
	struct secret pair;

	secret_init(&pair, user_bytes + 1 + password_bytes);
	memcpy(pair.bytes, settings->user, user_bytes);
	pair.bytes[user_bytes] = ':';
	memcpy(pair.bytes + user_bytes + 1, settings->password, password_bytes);
	secret_init(line, sizeof(prefix) + TEXT_BASE64_CAPACITY(pair.length));
	memcpy(line->bytes, prefix, sizeof(prefix));
	text_base64((const uint8_t *)pair.bytes, pair.length, line->bytes + sizeof(prefix) - 1);
	secret_clear(&pair);
}

struct login *login_new(const struct instance_settings *settings, const struct clock *clock)
{
	struct login *login = mem_zalloc(sizeof(*login));

	login->settings = settings;
	login->clock = clock;
	login->wants_session = settings->token[0] == '\0' && settings->auth == AUTH_SESSION;
	if (settings->token[0] != '\0')
		make_line(&login->fixed, "Authorization: Bearer ", settings->token);
	else
		make_basic_line(&login->fixed, settings);
	pthread_mutex_init(&login->mutex, NULL);
	condition_init(&login->changed);
	return login;
}

void login_free(struct login *login)
{
	if (login == NULL)
		return;
	secret_clear(&login->fixed);
	secret_clear(&login->line);
	pthread_cond_destroy(&login->changed);
	pthread_mutex_destroy(&login->mutex);
	free(login);
}

void login_pass_clear(struct login_pass *pass)
{
	secret_clear(&pass->line);
	*pass = (struct login_pass){0};
}

const char *login_pass_line(const struct login *login, const struct login_pass *pass)
{
	return pass->way == LOGIN_SESSION ? pass->line.bytes : login->fixed.bytes;
}

const char *login_way_name(struct login *login)
{
	bool has_session;

	if (login->settings->token[0] != '\0')
		return "token";
	pthread_mutex_lock(&login->mutex);
	has_session = login->line.bytes != NULL;
	pthread_mutex_unlock(&login->mutex);
	return has_session ? "session" : "basic";
}

/* ---- the cookie; all with the mutex held ---- */

static void set_cookie(struct login *login, const char *cookie)
{
	secret_clear(&login->line);
	make_line(&login->line, cookie_prefix, cookie);
	login->generation++;
}

static void drop_cookie(struct login *login, uint64_t generation)
{
	if (login->generation == generation)
		secret_clear(&login->line);
}

/* The session was refused; 'at_once': as soon as it was opened, good for nothing. */
static void bury_session(struct login *login, uint64_t generation, bool at_once)
{
	int64_t now_ms = clock_steady_ms(login->clock);

	if (login->generation != generation || login->line.bytes == NULL)
		return;
	drop_cookie(login, generation);
	login->young_deaths = now_ms - login->opened_ms < YOUNG_MS ? login->young_deaths + 1 : 0;
	if (!at_once && login->young_deaths <= YOUNG_DEATHS)
		return;
	login->young_deaths = 0;
	login->without_until_ms = now_ms + WITHOUT_SESSION_MS;
}

static void copy_line(struct login *login, struct login_pass *pass)
{
	if (pass->way == LOGIN_SESSION && pass->generation == login->generation)
		return;
	login_pass_clear(pass);
	pass->way = LOGIN_SESSION;
	pass->generation = login->generation;
	secret_copy(&pass->line, login->line.bytes, login->line.length);
}

/* ---- logging in ---- */

static size_t make_body(const struct instance_settings *settings, struct secret *body)
{
	static const char user[] = "{\"user\":\"", password[] = "\",\"password\":\"", end[] = "\"}";
	size_t user_bytes = strlen(settings->user), password_bytes = strlen(settings->password);
	size_t used = sizeof(user) - 1;

	secret_init(body, sizeof(user) + sizeof(password) + sizeof(end) +
				  SECRET_JSON_ESCAPED_BYTES * (user_bytes + password_bytes));
	memcpy(body->bytes, user, used);
	used += secret_json_escape(body->bytes + used, settings->user, user_bytes);
	memcpy(body->bytes + used, password, sizeof(password) - 1);
	used += sizeof(password) - 1;
	used += secret_json_escape(body->bytes + used, settings->password, password_bytes);
	memcpy(body->bytes + used, end, sizeof(end) - 1);
	return used + sizeof(end) - 1;
}

static int post_login(struct login *login, struct http_connection *connection,
		      struct reply *reply)
{
	struct secret body;
	size_t length = make_body(login->settings, &body);
	struct slice slice = {body.bytes, length};
	const struct http_call call = {.effect = GRAFANA_READ,
				       .once = true,
				       .method = "POST",
				       .path = login_path,
				       .body = &slice,
				       .trace = ""};
	int code = http_connection_send(connection, &call, reply);

	secret_clear(&body);
	return code;
}

/* Trouble may pass, and a password may be wrong; any other no means that this Grafana,
 * or what stands before it, has no login for us. Up to 10.0 it says so with a 401. */
static bool offers_no_login(const struct reply *reply)
{
	if (reply_message_is(reply, "Login is disabled"))
		return true;
	if (reply->status == 401 || reply_id_is(reply, "password-auth.failed"))
		return false;
	return reply->status < 500 && reply->status != 429 && reply->status != 408;
}

/* Without the mutex, but alone (busy). 0: there is a session, or none is to be had. */
static int log_in(struct login *login, struct http_connection *connection,
		  struct grafana_tally *tally, struct error *err)
{
	struct exchange exchange = {.instance = login->settings->name,
				    .method = "POST",
				    .path = login_path,
				    .effect = GRAFANA_READ};
	struct reply reply;
	int rc = 0;

	tally->calls++;
	exchange.transport_code = post_login(login, connection, &reply);
	pthread_mutex_lock(&login->mutex);
	if (exchange.transport_code != 0) {
		exchange.transport_text =
			http_connection_fault(connection, exchange.transport_code);
		rc = judge_failure(&exchange, &reply, tally, err);
	} else if (reply.status == 200 && http_connection_cookie(connection)[0] != '\0') {
		set_cookie(login, http_connection_cookie(connection));
		login->opened_ms = clock_steady_ms(login->clock);
		atomic_store(&login->refusals, 0);
	} else if (offers_no_login(&reply)) {
		login->without_until_ms = clock_steady_ms(login->clock) + WITHOUT_SESSION_MS;
	} else {
		rc = judge_reply(&exchange, &reply, &login->refusals, tally, err);
	}
	pthread_mutex_unlock(&login->mutex);
	reply_clear(&reply);
	return rc;
}

/* Until then none tries again: the breaker would not either, or Grafana has said when. */
static void remember_failure(struct login *login, const struct error *err, bool is_refused)
{
	int64_t hold_ms =
		is_refused ? login->settings->unauthorized_wait_ms : err->retry_after_ms;

	login->failures++;
	login->failure = *err;
	login->is_refused = is_refused;
	login->held_until_ms = clock_steady_ms(login->clock) + hold_ms;
}

/* With the mutex held, which is let go meanwhile. */
static int log_in_alone(struct login *login, struct http_connection *connection,
			struct grafana_tally *tally, struct error *err)
{
	struct grafana_tally now = {0};
	struct error own = {0};
	int rc;

	login->busy = true;
	pthread_mutex_unlock(&login->mutex);
	rc = log_in(login, connection, &now, &own);
	pthread_mutex_lock(&login->mutex);
	login->busy = false;
	pthread_cond_broadcast(&login->changed);
	tally->calls += now.calls;
	tally->unavailable += now.unavailable;
	tally->unauthorized |= now.unauthorized;
	if (rc == 0)
		return 0;
	remember_failure(login, &own, now.unauthorized);
	if (err != NULL)
		*err = own;
	return -1;
}

/* A 401 that may be the server's trouble is no more than that for those who waited. */
static int pass_failure_on(const struct login *login, struct grafana_tally *tally,
			   struct error *err)
{
	int64_t left_ms = login->held_until_ms - clock_steady_ms(login->clock);

	if (login->is_refused)
		tally->unauthorized = true;
	if (err == NULL)
		return -1;
	*err = login->failure;
	if (!login->is_refused && left_ms > 0)
		err->retry_after_ms = left_ms;
	return -1;
}

/* With the mutex held. 0: look again; -1: it took too long, or came to nothing. */
static int wait_for_other(struct login *login, int64_t until_ms, struct grafana_tally *tally,
			  struct error *err)
{
	uint64_t failures = login->failures;
	int64_t left_ms = until_ms - clock_steady_ms(login->clock);

	if (left_ms > 0)
		condition_wait_ms(&login->changed, &login->mutex, left_ms);
	if (login->failures != failures)
		return pass_failure_on(login, tally, err);
	if (left_ms > 0)
		return 0;
	tally->unavailable++;
	error_set(err, ERROR_RETRY, origin, 0, "POST %s: another thread's took too long",
		  login_path);
	return -1;
}

static int enter(struct login *login, struct http_connection *connection,
		 struct login_pass *pass, struct grafana_tally *tally, struct error *err)
{
	int64_t until_ms =
		clock_steady_ms(login->clock) + login->settings->request_timeout_ms;

	for (;;) {
		int64_t now_ms = clock_steady_ms(login->clock);

		if (login->line.bytes != NULL) {
			copy_line(login, pass);
			return 0;
		}
		if (now_ms < login->without_until_ms) {
			pass->way = LOGIN_FIXED;
			return 0;
		}
		if (now_ms < login->held_until_ms)
			return pass_failure_on(login, tally, err);
		if (login->busy ? wait_for_other(login, until_ms, tally, err) < 0
				: log_in_alone(login, connection, tally, err) < 0)
			return -1;
	}
}

int login_enter(struct login *login, struct http_connection *connection,
		struct login_pass *pass, struct grafana_tally *tally, struct error *err)
{
	int rc;

	if (!login->wants_session)
		return 0; /* a zeroed pass is LOGIN_FIXED */
	pthread_mutex_lock(&login->mutex);
	rc = enter(login, connection, pass, tally, err);
	pthread_mutex_unlock(&login->mutex);
	return rc;
}

/* ---- after a call ---- */

/* Other cookies than the session's are a proxy's, for browsers. */
static bool has_same_name(const struct login *login, const char *cookie)
{
	const char *shown = login->line.bytes + sizeof(cookie_prefix) - 1;
	size_t name_bytes = strcspn(cookie, "=") + 1;

	return strncmp(shown, cookie, name_bytes) == 0;
}

static void learn(struct login *login, const struct http_connection *connection,
		  const struct login_pass *pass)
{
	const char *cookie = http_connection_cookie(connection);

	if (cookie[0] == '\0')
		return;
	pthread_mutex_lock(&login->mutex);
	if (login->generation == pass->generation && login->line.bytes != NULL &&
	    has_same_name(login, cookie))
		set_cookie(login, cookie);
	pthread_mutex_unlock(&login->mutex);
}

static int ask(struct http_connection *connection, const struct login_pass *pass,
	       const char *method, const char *path, int64_t timeout_ms)
{
	const struct http_call call = {.effect = GRAFANA_READ,
				       .method = method,
				       .path = path,
				       .credential = pass->line.bytes,
				       .trace = "",
				       .timeout_ms = timeout_ms};
	struct reply reply;
	int status = http_connection_send(connection, &call, &reply) == 0 ? reply.status : 0;

	reply_clear(&reply);
	return status;
}

/* With the mutex held: is it for this thread to have the cookie changed? If not,
 * another has done so by now, or has had its time. */
static bool take_rotation(struct login *login, const struct login_pass *pass)
{
	int64_t until_ms =
		clock_steady_ms(login->clock) + login->settings->request_timeout_ms;

	while (login->busy && login->generation == pass->generation) {
		int64_t left_ms = until_ms - clock_steady_ms(login->clock);

		if (left_ms <= 0)
			return false;
		condition_wait_ms(&login->changed, &login->mutex, left_ms);
	}
	if (login->generation != pass->generation || login->line.bytes == NULL)
		return false;
	login->busy = true;
	return true;
}

static void rotate(struct login *login, struct http_connection *connection,
		   const struct login_pass *pass)
{
	bool mine;

	pthread_mutex_lock(&login->mutex);
	mine = take_rotation(login, pass);
	pthread_mutex_unlock(&login->mutex);
	if (!mine)
		return;
	if (ask(connection, pass, "POST", "/api/user/auth-tokens/rotate", 0) == 200)
		learn(login, connection, pass);
	pthread_mutex_lock(&login->mutex);
	drop_cookie(login, pass->generation); /* if there is no new one */
	login->busy = false;
	pthread_cond_broadcast(&login->changed);
	pthread_mutex_unlock(&login->mutex);
}

/* Up to 9, /api/admin/ and some others answer who has no session as they answer who has
 * no right: 403. When it cannot be told which, a new session will: to take it for a missing
 * right would end the request for good. */
static bool is_session_dead(struct http_connection *connection, const struct login_pass *pass,
			    const struct reply *reply)
{
	int status;

	if (reply->status != 403 || !reply->access_error)
		return reply->status == 401;
	status = ask(connection, pass, "GET", "/api/user", 0);
	return status == 401 || status == 429 || status < 200 || status >= 500;
}

bool login_was_refused(struct login *login, struct http_connection *connection,
		       struct login_pass *pass, const struct reply *reply, int tries)
{
	if (pass->way != LOGIN_SESSION)
		return false;
	learn(login, connection, pass);
	if (tries >= MOST_TRIES || !is_session_dead(connection, pass, reply))
		return false;
	if (reply_id_is(reply, "session.token.rotate")) {
		rotate(login, connection, pass);
		return true;
	}
	pthread_mutex_lock(&login->mutex);
	bury_session(login, pass->generation, tries > 0);
	pthread_mutex_unlock(&login->mutex);
	return true;
}

void login_end(struct login *login, struct http_connection *connection)
{
	struct login_pass pass = {0};

	if (login->line.bytes == NULL)
		return;
	copy_line(login, &pass);
	ask(connection, &pass, "GET", "/logout", LOGOUT_TIMEOUT_MS);
	secret_clear(&login->line);
	login_pass_clear(&pass);
}
