/* SPDX-License-Identifier: Apache-2.0 */
/* test_worker_redis.c - the connection, against a real redis-server. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above. */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tests/unit/redis_server.h"
#include "worker/ledger_scripts.h"
#include "worker/redis.h"
#include "worker/redis_url.h"

static struct redis_server server;

static struct redis *connect_to(const char *url)
{
	static const struct redis_script *const scripts[] = {&ledger_script_renew};
	const struct redis_options options = {
		.url = url, .timeout_ms = 5000, .scripts = scripts, .script_count = 1};
	struct redis *redis = NULL;

	assert_int_equal(redis_new(&options, &redis, NULL), 0);
	return redis;
}

static struct redis_command command_of(const char *const *words)
{
	struct redis_command command = {0};

	for (; *words != NULL; words++)
		command.arguments[command.argument_count++] =
			(struct slice){*words, strlen(*words)};
	return command;
}
#define COMMAND(...) command_of((const char *const[]){__VA_ARGS__, NULL})

static int ask(struct redis *redis, struct redis_command command, struct redis_reply **reply,
	       struct error *err)
{
	return redis_pipeline(redis, &command, 1, reply, err);
}

static void assert_answer(struct redis *redis, struct redis_command command, const char *text)
{
	struct redis_reply *reply = NULL;
	struct error err = {0};
	struct redis_value value;

	if (ask(redis, command, &reply, &err) < 0)
		fail_msg("%s", err.text);
	value = redis_reply_at(reply, 0);
	assert_int_equal(value.type, REDIS_BYTES);
	assert_int_equal(value.bytes.length, strlen(text));
	assert_memory_equal(value.bytes.data, text, value.bytes.length);
	redis_reply_free(reply);
}

static void assert_refused(const char *url, const char *text)
{
	struct redis *redis = connect_to(url);
	struct redis_reply *reply = NULL;
	struct error err = {0};

	assert_int_equal(ask(redis, COMMAND("PING"), &reply, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_non_null(strstr(err.text, text));
	assert_null(strstr(err.text, "s3cret"));
	assert_null(reply);
	redis_free(redis);
}

static void keeps_every_byte(void **state)
{
	static const char bytes[] = "a\0b\r\n\xff";
	struct redis *redis = connect_to(server.unix_url);
	struct redis_command commands[2] = {COMMAND("SET", "bytes"), COMMAND("GET", "bytes")};
	struct redis_reply *replies[2] = {NULL};
	struct redis_value value;

	(void)state;
	commands[0].arguments[commands[0].argument_count++] =
		(struct slice){bytes, sizeof(bytes) - 1};
	assert_int_equal(redis_pipeline(redis, commands, 2, replies, NULL), 0);
	value = redis_reply_at(replies[1], 0);
	assert_int_equal(value.bytes.length, 6);
	assert_memory_equal(value.bytes.data, bytes, 6);
	redis_reply_free(replies[0]);
	redis_reply_free(replies[1]);
	redis_free(redis);
}

static void gives_lists_numbers_and_nil(void **state)
{
	struct redis *redis = connect_to(server.url);
	struct redis_command commands[2] = {COMMAND("INCR", "counter"),
					    COMMAND("MGET", "counter", "missing")};
	struct redis_reply *replies[2] = {NULL};

	(void)state;
	assert_int_equal(redis_pipeline(redis, commands, 2, replies, NULL), 0);
	assert_int_equal(redis_reply_at(replies[0], 0).type, REDIS_INTEGER);
	assert_int_equal(redis_reply_at(replies[0], 0).integer, 1);
	assert_int_equal(redis_reply_count(replies[1]), 2);
	assert_int_equal(redis_reply_at(replies[1], 0).bytes.data[0], '1');
	assert_int_equal(redis_reply_at(replies[1], 1).type, REDIS_NIL);
	assert_int_equal(redis_reply_at(replies[1], 9).type, REDIS_NIL);
	redis_reply_free(replies[0]);
	redis_reply_free(replies[1]);
	redis_free(redis);
}

static void is_all_or_nothing(void **state)
{
	struct redis *redis = connect_to(server.url);
	struct redis_command commands[3] = {COMMAND("SET", "text", "x"), COMMAND("INCR", "text"),
					    COMMAND("GET", "text")};
	struct redis_reply *replies[3] = {NULL};
	struct error err = {0};

	(void)state;
	assert_int_equal(redis_pipeline(redis, commands, 3, replies, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	for (size_t i = 0; i < 3; i++)
		assert_null(replies[i]);
	/* the answer to the third is not taken for this one's */
	assert_answer(redis, COMMAND("ECHO", "hello"), "hello");
	redis_free(redis);
}

static void error_quotes_no_argument(void **state)
{
	struct redis *redis = connect_to(server.url);
	struct redis_reply *reply = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(ask(redis, COMMAND("NOSUCH", "s3cret"), &reply, &err), -1);
	assert_int_equal(err.code, REDIS_FORBIDDEN);
	assert_null(strstr(err.text, "s3cret"));
	redis_free(redis);
}

static void uses_the_database_of_the_url(void **state)
{
	char url[160];
	struct redis *redis;

	(void)state;
	text_format(url, sizeof(url), "%s/3", server.url);
	redis = connect_to(url);
	assert_answer(redis, COMMAND("SET", "where", "three"), "OK");
	redis_free(redis);
	text_format(url, sizeof(url), "%s?db=3", server.unix_url);
	redis = connect_to(url);
	assert_answer(redis, COMMAND("GET", "where"), "three");
	redis_free(redis);
	assert_int_equal(redis_server_tell(&server, "EXISTS where"), 0);
	text_format(url, sizeof(url), "%s/9999", server.url);
	assert_refused(url, "ERR DB index is out of range");
}

static void logs_in_as_user(void **state)
{
	char url[160];
	struct redis *redis;

	(void)state;
	redis_server_tell(&server, "ACL SETUSER ada on >s3cret:@/ ~* +@all");
	text_format(url, sizeof(url), "redis://ada:s3cret%%3A%%40%%2f@127.0.0.1:%d", server.port);
	redis = connect_to(url);
	assert_answer(redis, COMMAND("ACL", "WHOAMI"), "ada");
	redis_free(redis);
	text_format(url, sizeof(url), "redis://ada:s3cret@127.0.0.1:%d", server.port);
	assert_refused(url, "WRONGPASS");
}

static void logs_in_with_password_alone(void **state)
{
	char url[160];
	struct redis *admin = connect_to(server.url);
	struct redis *redis;

	(void)state;
	assert_answer(admin, COMMAND("CONFIG", "SET", "requirepass", "s3cret"), "OK");
	assert_refused(server.url, "NOAUTH");
	text_format(url, sizeof(url), "redis://:s3cret@127.0.0.1:%d", server.port);
	redis = connect_to(url);
	assert_answer(redis, COMMAND("PING"), "PONG");
	redis_free(redis);
	assert_answer(admin, COMMAND("CONFIG", "SET", "requirepass", ""), "OK");
	redis_free(admin);
}

static void comes_back_after_a_kill(void **state)
{
	struct redis *redis = connect_to(server.url);
	struct redis_reply *reply = NULL;
	struct error err = {0};

	(void)state;
	assert_answer(redis, COMMAND("SET", "kept", "yes"), "OK");
	redis_server_kill(&server);
	assert_int_equal(ask(redis, COMMAND("PING"), &reply, &err), -1);
	assert_int_equal(err.kind, ERROR_RETRY);
	assert_int_equal(ask(redis, COMMAND("PING"), &reply, &err), -1);
	assert_non_null(strstr(err.text, "refused"));
	redis_server_start(&server);
	assert_answer(redis, COMMAND("GET", "kept"), "yes");
	redis_free(redis);
}

static void gives_up_on_a_silent_server(void **state)
{
	const struct redis_options options = {.url = server.url, .timeout_ms = 50};
	struct redis_reply *reply = NULL;
	struct redis *redis = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(redis_new(&options, &redis, NULL), 0);
	/* blocks until something is pushed, which nobody does */
	assert_int_equal(ask(redis, COMMAND("BLPOP", "empty", "30"), &reply, &err), -1);
	assert_non_null(strstr(err.text, "timed out"));
	redis_free(redis);
}

static void inspects(void **state)
{
	struct redis *redis = connect_to(server.url);
	struct buffer warnings;
	char url[160];

	(void)state;
	buffer_init(&warnings, 4096);
	redis_server_tell(&server, "CONFIG SET appendfsync everysec");
	assert_int_equal(redis_inspect(redis, &warnings, NULL), 0);
	assert_int_equal(warnings.length, 0);

	redis_server_tell(&server, "CONFIG SET appendonly no");
	redis_server_tell(&server, "CONFIG SET appendfsync no");
	redis_server_tell(&server, "CONFIG SET maxmemory-policy allkeys-lru");
	redis_server_tell(&server, "REPLICAOF 127.0.0.1 1");
	assert_int_equal(redis_inspect(redis, &warnings, NULL), 0);
	redis_server_tell(&server, "REPLICAOF NO ONE");
	redis_server_tell(&server, "CONFIG SET maxmemory-policy noeviction");
	redis_server_tell(&server, "CONFIG SET appendfsync always");
	redis_server_tell(&server, "CONFIG SET appendonly yes");
	assert_non_null(strstr(warnings.bytes, "maxmemory-policy is not noeviction"));
	assert_non_null(strstr(warnings.bytes, "appendonly is off"));
	assert_non_null(strstr(warnings.bytes, "appendfsync is no"));
	assert_non_null(strstr(warnings.bytes, "is a replica"));
	assert_null(strstr(warnings.bytes, "could not be checked"));
	redis_free(redis);

	buffer_reset(&warnings);
	redis_server_tell(&server, "ACL SETUSER bob on >pw ~* +@all -info -config");
	text_format(url, sizeof(url), "redis://bob:pw@127.0.0.1:%d", server.port);
	redis = connect_to(url);
	assert_int_equal(redis_inspect(redis, &warnings, NULL), 0);
	assert_non_null(strstr(warnings.bytes, "INFO is not allowed"));
	assert_non_null(strstr(warnings.bytes, "CONFIG GET is not allowed"));
	redis_free(redis);
	buffer_clear(&warnings);
}

static void takes_urls_apart(void **state)
{
	static const struct {
		const char *text;
		bool tls;
		const char *host, *path, *user, *password;
		int port;
		int64_t database;
	} rows[] = {
		{"redis://h", false, "h", NULL, NULL, NULL, 6379, 0},
		{"rediss://h:1/2", true, "h", NULL, NULL, NULL, 1, 2},
		{"redis://u:p%40@[::1]:7/", false, "::1", NULL, "u", "p@", 7, 0},
		{"redis://:p@q@h/4", false, "h", NULL, NULL, "p@q", 6379, 4},
		{"unix:///run/r.sock?db=5", false, NULL, "/run/r.sock", NULL, NULL, 0, 5},
		{"unix://u:p@/r", false, NULL, "/r", "u", "p", 0, 0},
	};
	struct redis_url url;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *wanted[] = {rows[i].host, rows[i].path, rows[i].user,
					rows[i].password};
		const char *got[4];

		assert_int_equal(redis_url_parse(rows[i].text, &url, NULL), 0);
		got[0] = url.host, got[1] = url.path, got[2] = url.user, got[3] = url.password;
		for (size_t j = 0; j < 4; j++) {
			assert_int_equal(wanted[j] == NULL, got[j] == NULL);
			if (got[j] != NULL)
				assert_string_equal(got[j], wanted[j]);
		}
		assert_int_equal(url.tls, rows[i].tls);
		assert_int_equal(url.port, rows[i].port);
		assert_int_equal(url.database, rows[i].database);
		redis_url_clear(&url);
	}
}

static void refuses_bad_urls(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"http://h", "must begin with"},       {"redis://", "no host"},
		{"redis://:6379", "no host"},	       {"redis://h:0", "port"},
		{"redis://h:65536", "port"},	       {"redis://h:123456789", "port"},
		{"redis://[::1", "brackets"},	       {"redis://[::1]x", "brackets"},
		{"redis://h/x", "database"},	       {"redis://h/-1", "database"},
		{"redis://h/1?x=1", "nothing after"},  {"redis://s3cret@h", "no password"},
		{"redis://u:@h", "no password"},       {"redis://:s3cret%@h", "escape"},
		{"redis://:s3cret%00@h", "escape"},    {"redis://%zz:s3cret@h", "escape"},
		{"unix://r.sock", "must begin with '/'"}, {"unix:///r?x=1", "?db="},
	};
	struct redis_url url;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct error err = {0};

		assert_int_equal(redis_url_parse(rows[i].text, &url, &err), -1);
		assert_int_equal(err.kind, ERROR_FATAL);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_null(strstr(err.text, "s3cret"));
	}
}

static void knows_its_scripts_by_hash(void **state)
{
	static const struct redis_script wrong = {
		"wrong", "return 1", "0000000000000000000000000000000000000000"};
	static const struct redis_script *const scripts[] = {&wrong};
	const struct redis_options options = {
		.url = server.url, .timeout_ms = 5000, .scripts = scripts, .script_count = 1};
	struct redis *redis = NULL;
	struct redis_reply *reply = NULL;
	struct error err = {0};

	(void)state;
	assert_int_equal(redis_new(&options, &redis, NULL), 0);
	assert_int_equal(ask(redis, COMMAND("PING"), &reply, &err), -1);
	assert_int_equal(err.kind, ERROR_FATAL);
	redis_free(redis);
}

/* Either way it is decided at the start, not when the ledger is first needed. */
static void tls_works_or_says_what_it_needs(void **state)
{
	const struct redis_options options = {.url = "rediss://:s3cret@h", .timeout_ms = 50};
	struct redis *redis = NULL;
	struct error err = {0};

	(void)state;
	if (redis_new(&options, &redis, &err) == 0) {
		redis_free(redis);
		return;
	}
	assert_int_equal(err.kind, ERROR_FATAL);
	assert_non_null(strstr(err.text, "hiredis 1.0 or newer"));
	assert_null(strstr(err.text, "s3cret"));
}

static int start(void **state)
{
	(void)state;
	redis_server_init(&server);
	redis_server_start(&server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_server_clear(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_urls_apart),
		cmocka_unit_test(refuses_bad_urls),
		cmocka_unit_test(tls_works_or_says_what_it_needs),
		cmocka_unit_test(keeps_every_byte),
		cmocka_unit_test(gives_lists_numbers_and_nil),
		cmocka_unit_test(is_all_or_nothing),
		cmocka_unit_test(error_quotes_no_argument),
		cmocka_unit_test(uses_the_database_of_the_url),
		cmocka_unit_test(logs_in_as_user),
		cmocka_unit_test(logs_in_with_password_alone),
		cmocka_unit_test(comes_back_after_a_kill),
		cmocka_unit_test(gives_up_on_a_silent_server),
		cmocka_unit_test(inspects),
		cmocka_unit_test(knows_its_scripts_by_hash),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
