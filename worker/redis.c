/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis.c - one connection to Redis, and the only file that knows hiredis.
 *
 * Called by ledger_batch.c and redis_inspect.c, each struct redis from one thread.
 * Every fault closes the connection: what else is on its way on it must not be
 * taken for the answer to a later question, and the next call resolves the name
 * anew (failover) and loads the scripts again (a server that forgot them).
 *
 * Fails with ERROR_RETRY. Texts carry Redis's own words, less what it quotes of a
 * command's arguments, which may be anybody's data.
 * Limits: a name is resolved without a timeout; the timeout is for each wait, so a
 * server that trickles bytes can hold a call for longer; hiredis keeps the
 * password in freed memory after AUTH. TLS needs hiredis 1.0.
 */
#include "worker/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#if HIREDIS_MAJOR >= 1
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif

#include "base/memory.h"
#include "base/text.h"
#include "worker/redis_url.h"

static const char ORIGIN[] = "redis";

enum { DATABASE_TEXT_BYTES = 24, SCRIPT_ARGUMENTS = 2 };

struct redis {
	struct redis_url url;
	int64_t timeout_ms;
	const struct redis_script *const *scripts;
	size_t script_count;
	redisContext *context; /* NULL: not connected */
#if HIREDIS_MAJOR >= 1
	SSL_CTX *tls;
#endif
};

static void disconnect(struct redis *redis)
{
	if (redis->context != NULL)
		redisFree(redis->context);
	redis->context = NULL;
}

/* The connection is of no use any more. */
static int fail_connection(struct redis *redis, const char *what, struct error *err)
{
	const redisContext *context = redis->context;
	const char *why = "out of memory";
	int code = errno;

	if (context != NULL)
		why = context->errstr;
	if (context != NULL && context->err == REDIS_ERR_IO && code == EAGAIN)
		why = "timed out";
	if (redis->url.host != NULL)
		error_set(err, ERROR_RETRY, ORIGIN, code, "redis %s:%d: %s: %s", redis->url.host,
			  redis->url.port, what, why);
	else
		error_set(err, ERROR_RETRY, ORIGIN, code, "redis %s: %s: %s", redis->url.path,
			  what, why);
	disconnect(redis);
	return -1;
}

/* Redis answered with an error. */
static int fail_answer(struct redis *redis, const char *text, struct error *err)
{
	static const char *const forbidden[] = {"NOPERM", "ERR unknown command",
						"ERR unknown subcommand"};
	const char *quoted = strstr(text, "with args");
	size_t length = quoted != NULL ? (size_t)(quoted - text) : strlen(text);
	char words[200];
	int code = 0;

	for (size_t i = 0; i < ARRAY_COUNT(forbidden); i++)
		if (text_starts_with(text, forbidden[i]))
			code = REDIS_FORBIDDEN;
	text_copy_bytes(words, sizeof(words), text, length);
	error_set(err, ERROR_RETRY, ORIGIN, code, "redis answered: %s", words);
	disconnect(redis);
	return -1;
}

/* ---- TLS ---- */

#if HIREDIS_MAJOR >= 1

static int tls_init(struct redis *redis, const char *ca_file, struct error *err)
{
	int trusted;

	redis->tls = SSL_CTX_new(TLS_client_method());
	if (redis->tls == NULL) {
		error_set(err, ERROR_FATAL, ORIGIN, 0, "redis: TLS cannot be set up");
		return -1;
	}
	SSL_CTX_set_verify(redis->tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_min_proto_version(redis->tls, TLS1_2_VERSION);
	if (ca_file != NULL && ca_file[0] != '\0')
		trusted = SSL_CTX_load_verify_locations(redis->tls, ca_file, NULL);
	else
		trusted = SSL_CTX_set_default_verify_paths(redis->tls);
	if (trusted == 1)
		return 0;
	error_set(err, ERROR_FATAL, ORIGIN, 0, "redis: the CA file cannot be read");
	return -1;
}

static void tls_clear(struct redis *redis)
{
	SSL_CTX_free(redis->tls);
}

/* hiredis's own set-up checks the chain but not whose certificate it is, so the
 * SSL object is made here. */
static int tls_start(struct redis *redis, struct error *err)
{
	SSL *ssl = SSL_new(redis->tls);
	char *host = redis->url.host;
	X509_VERIFY_PARAM *rules;
	bool is_address;

	if (ssl == NULL)
		return fail_connection(redis, "TLS", err);
	rules = SSL_get0_param(ssl);
	is_address = X509_VERIFY_PARAM_set1_ip_asc(rules, host) == 1;
	if (!is_address &&
	    (SSL_set1_host(ssl, host) != 1 || SSL_set_tlsext_host_name(ssl, host) != 1)) {
		SSL_free(ssl);
		return fail_connection(redis, "TLS", err);
	}
	/* Takes the SSL object over only when it succeeds. */
	if (redisInitiateSSL(redis->context, ssl) == REDIS_OK)
		return 0;
	SSL_free(ssl);
	return fail_connection(redis, "TLS", err);
}

#else

static int tls_init(struct redis *redis, const char *ca_file, struct error *err)
{
	(void)redis;
	(void)ca_file;
	error_set(err, ERROR_FATAL, ORIGIN, 0,
		  "redis url: rediss:// needs hiredis 1.0 or newer; this was built with %d.%d.%d",
		  HIREDIS_MAJOR, HIREDIS_MINOR, HIREDIS_PATCH);
	return -1;
}

static void tls_clear(struct redis *redis)
{
	(void)redis;
}

static int tls_start(struct redis *redis, struct error *err)
{
	return fail_connection(redis, "TLS", err);
}

#endif

/* ---- commands and replies ---- */

static int append(struct redis *redis, const struct redis_command *command, struct error *err)
{
	const char *arguments[REDIS_ARGUMENTS_MAX + SCRIPT_ARGUMENTS];
	size_t lengths[REDIS_ARGUMENTS_MAX + SCRIPT_ARGUMENTS];
	size_t count = 0;

	if (command->script != NULL) {
		arguments[count] = "EVALSHA";
		lengths[count++] = 7;
		arguments[count] = command->script->sha1;
		lengths[count++] = strlen(command->script->sha1);
	}
	for (size_t i = 0; i < command->argument_count; i++) {
		const struct slice *argument = &command->arguments[i];

		arguments[count] = argument->data != NULL ? argument->data : "";
		lengths[count++] = argument->length;
	}
	if (redisAppendCommandArgv(redis->context, (int)count, arguments, lengths) == REDIS_OK)
		return 0;
	return fail_connection(redis, "send", err);
}

static int receive(struct redis *redis, struct redis_reply **reply, struct error *err)
{
	void *answer = NULL;
	const redisReply *value;
	int rc;

	if (redisGetReply(redis->context, &answer) != REDIS_OK)
		return fail_connection(redis, "ask", err);
	value = answer;
	if (value->type != REDIS_REPLY_ERROR) {
		*reply = answer;
		return 0;
	}
	rc = fail_answer(redis, value->str, err);
	freeReplyObject(answer);
	return rc;
}

static void free_replies(struct redis_reply **replies, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		redis_reply_free(replies[i]);
		replies[i] = NULL;
	}
}

/* On a connection that is there. */
static int exchange(struct redis *redis, const struct redis_command *commands, size_t count,
		    struct redis_reply **replies, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (append(redis, &commands[i], err) < 0)
			return -1;
	for (size_t i = 0; i < count; i++) {
		if (receive(redis, &replies[i], err) == 0)
			continue;
		free_replies(replies, i);
		return -1;
	}
	return 0;
}

static int tell(struct redis *redis, const struct redis_command *command, struct error *err)
{
	struct redis_reply *reply = NULL;

	if (exchange(redis, command, 1, &reply, err) < 0)
		return -1;
	redis_reply_free(reply);
	return 0;
}

/* ---- connecting ---- */

static struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

static int log_in(struct redis *redis, struct error *err)
{
	struct redis_command auth = {.arguments = {{"AUTH", 4}}, .argument_count = 1};

	if (redis->url.password == NULL)
		return 0;
	if (redis->url.user != NULL)
		auth.arguments[auth.argument_count++] = slice_of(redis->url.user);
	auth.arguments[auth.argument_count++] = slice_of(redis->url.password);
	return tell(redis, &auth, err);
}

static int select_database(struct redis *redis, struct error *err)
{
	struct redis_command select = {.arguments = {{"SELECT", 6}}, .argument_count = 2};
	char text[DATABASE_TEXT_BYTES];

	if (redis->url.database == 0)
		return 0;
	text_format(text, sizeof(text), "%lld", (long long)redis->url.database);
	select.arguments[1] = slice_of(text);
	return tell(redis, &select, err);
}

static int load_script(struct redis *redis, const struct redis_script *script,
		       struct error *err)
{
	const struct redis_command load = {
		.arguments = {{"SCRIPT", 6}, {"LOAD", 4}, slice_of(script->source)},
		.argument_count = 3,
	};
	struct redis_reply *reply = NULL;
	struct slice sha1;
	int rc = 0;

	if (exchange(redis, &load, 1, &reply, err) < 0)
		return -1;
	sha1 = redis_reply_at(reply, 0).bytes;
	if (sha1.length != strlen(script->sha1) ||
	    memcmp(sha1.data, script->sha1, sha1.length) != 0) {
		error_set(err, ERROR_FATAL, ORIGIN, 0,
			  "redis: script %s was built with a wrong SHA-1", script->name);
		disconnect(redis);
		rc = -1;
	}
	redis_reply_free(reply);
	return rc;
}

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){.tv_sec = (time_t)(ms / 1000),
				.tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

static int open_socket(struct redis *redis, struct error *err)
{
	struct timeval timeout = timeval_of(redis->timeout_ms);

	if (redis->url.host != NULL)
		redis->context =
			redisConnectWithTimeout(redis->url.host, redis->url.port, timeout);
	else
		redis->context = redisConnectUnixWithTimeout(redis->url.path, timeout);
	if (redis->context == NULL || redis->context->err != 0)
		return fail_connection(redis, "connect", err);
	if (redisSetTimeout(redis->context, timeout) != REDIS_OK)
		return fail_connection(redis, "connect", err);
	if (redis->url.host != NULL && redisEnableKeepAlive(redis->context) != REDIS_OK)
		return fail_connection(redis, "connect", err);
	return redis->url.tls ? tls_start(redis, err) : 0;
}

static int connect_now(struct redis *redis, struct error *err)
{
	if (open_socket(redis, err) < 0)
		return -1;
	if (log_in(redis, err) < 0 || select_database(redis, err) < 0)
		return -1;
	for (size_t i = 0; i < redis->script_count; i++)
		if (load_script(redis, redis->scripts[i], err) < 0)
			return -1;
	return 0;
}

/* ---- what others call ---- */

int redis_new(const struct redis_options *options, struct redis **redis, struct error *err)
{
	struct redis *made = mem_zalloc(sizeof(*made));

	if (redis_url_parse(options->url, &made->url, err) < 0)
		goto fail;
	if (made->url.tls && tls_init(made, options->ca_file, err) < 0)
		goto fail;
	made->timeout_ms = options->timeout_ms;
	made->scripts = options->scripts;
	made->script_count = options->script_count;
	*redis = made;
	return 0;
fail:
	redis_free(made);
	return -1;
}

void redis_free(struct redis *redis)
{
	if (redis == NULL)
		return;
	disconnect(redis);
	tls_clear(redis);
	redis_url_clear(&redis->url);
	free(redis);
}

int redis_pipeline(struct redis *redis, const struct redis_command *commands, size_t count,
		   struct redis_reply **replies, struct error *err)
{
	if (redis->context == NULL && connect_now(redis, err) < 0)
		return -1;
	return exchange(redis, commands, count, replies, err);
}

static const redisReply *reply_of(const struct redis_reply *reply)
{
	return (const void *)reply;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
	const redisReply *value = reply_of(reply);

	return value->type == REDIS_REPLY_ARRAY ? value->elements : 1;
}

struct redis_value redis_reply_at(const struct redis_reply *reply, size_t index)
{
	const redisReply *value = reply_of(reply);

	if (index >= redis_reply_count(reply))
		return (struct redis_value){.type = REDIS_NIL};
	if (value->type == REDIS_REPLY_ARRAY)
		value = value->element[index];
	if (value->type == REDIS_REPLY_INTEGER)
		return (struct redis_value){.type = REDIS_INTEGER, .integer = value->integer};
	if (value->type == REDIS_REPLY_STRING || value->type == REDIS_REPLY_STATUS)
		return (struct redis_value){.type = REDIS_BYTES,
					    .bytes = {value->str, value->len}};
	return (struct redis_value){.type = REDIS_NIL};
}

void redis_reply_free(struct redis_reply *reply)
{
	if (reply != NULL)
		freeReplyObject(reply);
}
