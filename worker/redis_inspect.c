/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_inspect.c - is this Redis fit to keep what must not be lost?
 *
 * Called at start and by grantctl ping. What a managed Redis forbids to ask
 * becomes a warning that it could not be checked; only a Redis that does not
 * answer is an error.
 */
#include "worker/redis.h"

#include <string.h>

#include "base/text.h"

enum { OLDEST_VERSION = 6 };

/* The value of "name:value\r\n" in the text of INFO. */
static bool info_value(struct slice info, const char *name, char *value, size_t capacity)
{
	size_t name_bytes = strlen(name);
	const char *line = info.data;
	const char *end = info.data + info.length;

	while (line < end) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline == NULL ? end : newline) - line);

		if (length > name_bytes && memcmp(line, name, name_bytes) == 0 &&
		    line[name_bytes] == ':') {
			text_copy_bytes(value, capacity, line + name_bytes + 1,
					length - name_bytes - 1);
			value[strcspn(value, "\r")] = '\0';
			return true;
		}
		line += length + 1;
	}
	return false;
}

static void warn(struct buffer *warnings, const char *line)
{
	buffer_append_text(warnings, line);
	buffer_append_text(warnings, "\n");
}

/* 0 with the answer; or with none, where asking is not allowed, which is a warning. */
static int ask(struct redis *redis, const struct redis_command *command, const char *forbidden,
	       struct buffer *warnings, struct redis_reply **reply, struct error *err)
{
	struct error fault = {0}; /* the caller's may be NULL */

	*reply = NULL;
	if (redis_pipeline(redis, command, 1, reply, &fault) == 0)
		return 0;
	if (fault.code == REDIS_FORBIDDEN) {
		warn(warnings, forbidden);
		return 0;
	}
	if (err != NULL)
		*err = fault;
	return -1;
}

static void judge_version(struct slice info, struct buffer *warnings)
{
	char value[32];
	int64_t major;

	if (!info_value(info, "redis_version", value, sizeof(value))) {
		warn(warnings, "redis_version could not be checked");
		return;
	}
	value[strcspn(value, ".")] = '\0';
	if (text_to_int64(value, 0, INT32_MAX, &major) && major < OLDEST_VERSION)
		warn(warnings, "Redis is older than version 6, the oldest that is supported");
}

static void judge_info(struct slice info, struct buffer *warnings)
{
	static const struct {
		const char *name;
		const char *wanted;
		const char *warning;
		const char *unknown;
	} rules[] = {
		{"maxmemory_policy", "noeviction",
		 "maxmemory-policy is not noeviction: the ledger may be evicted, and requests "
		 "done again",
		 "maxmemory-policy could not be checked"},
		{"aof_enabled", "1",
		 "appendonly is off: what Redis was told since its last snapshot is lost when it "
		 "stops",
		 "appendonly could not be checked"},
		{"role", "master", "this Redis is a replica and takes no writes",
		 "the role (master or replica) could not be checked"},
	};
	char value[64];

	judge_version(info, warnings);
	for (size_t i = 0; i < ARRAY_COUNT(rules); i++) {
		if (!info_value(info, rules[i].name, value, sizeof(value)))
			warn(warnings, rules[i].unknown);
		else if (strcmp(value, rules[i].wanted) != 0)
			warn(warnings, rules[i].warning);
	}
}

static int inspect_info(struct redis *redis, struct buffer *warnings, struct error *err)
{
	const struct redis_command info = {.arguments = {{"INFO", 4}}, .argument_count = 1};
	static const char forbidden[] = "INFO is not allowed: maxmemory-policy, appendonly, role "
					"and version could not be checked";
	struct redis_reply *reply;

	if (ask(redis, &info, forbidden, warnings, &reply, err) < 0)
		return -1;
	if (reply != NULL)
		judge_info(redis_reply_at(reply, 0).bytes, warnings);
	redis_reply_free(reply);
	return 0;
}

static int inspect_fsync(struct redis *redis, struct buffer *warnings, struct error *err)
{
	const struct redis_command get = {
		.arguments = {{"CONFIG", 6}, {"GET", 3}, {"appendfsync", 11}},
		.argument_count = 3,
	};
	static const char forbidden[] = "CONFIG GET is not allowed: appendfsync could not be checked";
	struct redis_reply *reply;
	struct slice value = {0};

	if (ask(redis, &get, forbidden, warnings, &reply, err) < 0)
		return -1;
	if (reply != NULL)
		value = redis_reply_at(reply, 1).bytes;
	if (value.length == 2 && memcmp(value.data, "no", 2) == 0)
		warn(warnings,
		     "appendfsync is no: a power cut loses what the system had not written yet");
	redis_reply_free(reply);
	return 0;
}

int redis_inspect(struct redis *redis, struct buffer *warnings, struct error *err)
{
	if (inspect_info(redis, warnings, err) < 0)
		return -1;
	return inspect_fsync(redis, warnings, err);
}
