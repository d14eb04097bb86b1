/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_batch.c - the ledger's memory, and how it puts a batch together.
 *
 * Called by the ledger's other files. A batch is a list of commands that point
 * into the caller's bytes, into the settings' texts and into one arena, all of
 * which stay where they are until the batch ends; nothing is allocated once the
 * arrays have grown to the usual batch.
 *
 * Keys: all of a group carry one hash tag, because the claim script touches the
 * request and the epoch together. On Redis Cluster a group's ledger is thus
 * wholly on one node.
 */
#include "worker/ledger_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "worker/ledger_scripts.h"

static const char ORIGIN[] = "ledger";

enum { KEY_FRAME_BYTES = 64, PLACE_NUMBERS_BYTES = 48 };

static const struct redis_script *const scripts[] = {
	&ledger_script_claim,	  &ledger_script_complete, &ledger_script_park,
	&ledger_script_published, &ledger_script_renew,	   &ledger_script_step,
	&ledger_script_take_over, &ledger_script_due_take, &ledger_script_due_drop,
	&ledger_script_fuse_read, &ledger_script_fuse_reset,
	&ledger_script_due_restore, &ledger_script_grants_restore, &ledger_script_epoch,
	&ledger_script_restored,
	&ledger_script_due_add,
};

static void number_text(char out[LEDGER_NUMBER_BYTES], int64_t number)
{
	text_format(out, LEDGER_NUMBER_BYTES, "%lld", (long long)number);
}

static char *join(const char *first, const char *second, const char *third)
{
	struct buffer text;

	buffer_init(&text, SIZE_MAX / 2);
	buffer_append_text(&text, first);
	buffer_append_text(&text, second);
	buffer_append_text(&text, third);
	return buffer_take(&text, NULL);
}

static void take_settings(struct ledger *ledger, const struct settings *settings)
{
	char *tag = join(settings->redis.key_prefix, ":", settings->kafka.group);

	ledger->prefix = join("{", tag, "}:");
	ledger->prefix_bytes = strlen(ledger->prefix);
	ledger->epoch_key = join(ledger->prefix, "epoch", "");
	ledger->restored_key = join(ledger->prefix, "restored", "");
	ledger->due_key = join(ledger->prefix, "due", "");
	ledger->due_records_key = join(ledger->prefix, "due:records", "");
	free(tag);
	ledger->lease_ms = settings->worker.lease_ms;
	ledger->wait_replicas = settings->redis.wait_replicas;
	number_text(ledger->lease_text, settings->worker.lease_ms);
	number_text(ledger->horizon_text, settings->redis.horizon_s * 1000);
	number_text(ledger->skew_text, settings->redis.epoch_skew_ms);
	number_text(ledger->wait_text, settings->redis.wait_replicas);
	number_text(ledger->wait_ms_text, settings->redis.wait_replicas_ms);
}

int ledger_new(const struct ledger_options *options, struct ledger **ledger, struct error *err)
{
	const struct settings *settings = options->settings;
	const bool waits = settings->redis.wait_replicas > 0;
	const struct redis_options redis_options = {
		.url = settings->redis.url,
		.ca_file = settings->redis.ca_file,
		/* WAIT may take its own time before it answers. */
		.timeout_ms = settings->redis.timeout_ms +
			      (waits ? settings->redis.wait_replicas_ms : 0),
		.scripts = scripts,
		.script_count = ARRAY_COUNT(scripts),
	};
	struct redis *redis = NULL;

	if (redis_new(&redis_options, &redis, err) < 0)
		return -1;
	*ledger = mem_zalloc(sizeof(**ledger));
	(*ledger)->redis = redis;
	(*ledger)->clock = options->clock;
	(*ledger)->owner = mem_strdup(options->owner);
	take_settings(*ledger, settings);
	return 0;
}

void ledger_free(struct ledger *ledger)
{
	if (ledger == NULL)
		return;
	redis_free(ledger->redis);
	free(ledger->prefix);
	free(ledger->epoch_key);
	free(ledger->restored_key);
	free(ledger->due_key);
	free(ledger->due_records_key);
	free(ledger->owner);
	free(ledger->commands);
	free(ledger->replies);
	free(ledger->arena);
	free(ledger);
}

void ledger_batch_begin(struct ledger *ledger, size_t count, size_t text_bytes)
{
	if (count > ledger->command_capacity) {
		ledger->commands =
			mem_grow_array(ledger->commands, count, sizeof(*ledger->commands));
		ledger->replies = mem_grow_array(ledger->replies, count, sizeof(*ledger->replies));
		ledger->command_capacity = count;
	}
	if (text_bytes > ledger->arena_capacity) {
		ledger->arena = mem_grow_array(ledger->arena, text_bytes, 1);
		ledger->arena_capacity = text_bytes;
	}
	ledger->command_count = 0;
	ledger->arena_used = 0;
}

size_t ledger_key_bytes(const struct ledger *ledger, const struct ledger_key *key)
{
	return ledger->prefix_bytes + strlen(key->source) + strlen(key->id) +
	       KEY_FRAME_BYTES;
}

size_t ledger_place_bytes(const struct ledger_place *place)
{
	return strlen(place->topic) + PLACE_NUMBERS_BYTES;
}

struct redis_command *ledger_batch_add(struct ledger *ledger, const struct redis_script *script)
{
	struct redis_command *command = &ledger->commands[ledger->command_count++];

	command->script = script;
	command->argument_count = 0;
	return command;
}

void ledger_argument_slice(struct redis_command *command, struct slice bytes)
{
	command->arguments[command->argument_count++] = bytes;
}

void ledger_argument_text(struct redis_command *command, const char *text)
{
	ledger_argument_slice(command, (struct slice){text, strlen(text)});
}

/* What was just formatted at the arena's end becomes an argument. */
static void arena_keep(struct ledger *ledger, struct redis_command *command, int length)
{
	ledger_argument_slice(command, (struct slice){ledger->arena + ledger->arena_used,
						      (size_t)length});
	ledger->arena_used += (size_t)length + 1;
}

void ledger_argument_key(struct ledger *ledger, struct redis_command *command,
			 const struct ledger_key *key)
{
	arena_keep(ledger, command,
		   snprintf(ledger->arena + ledger->arena_used,
			    ledger->arena_capacity - ledger->arena_used, "%srequest:%zu:%s:%s",
			    ledger->prefix, strlen(key->source), key->source, key->id));
}

size_t ledger_subject_bytes(const struct ledger *ledger, const char *subject)
{
	return subject == NULL ? 0 : ledger->prefix_bytes + strlen(subject) + KEY_FRAME_BYTES;
}

void ledger_argument_subject(struct ledger *ledger, struct redis_command *command,
			     const char *subject)
{
	arena_keep(ledger, command,
		   snprintf(ledger->arena + ledger->arena_used,
			    ledger->arena_capacity - ledger->arena_used, "%sgrants:%s",
			    ledger->prefix, subject));
}

size_t ledger_fuse_bytes(const struct ledger *ledger, const char *instance)
{
	return instance == NULL
		       ? 0
		       : 2 * (ledger->prefix_bytes + strlen(instance) + KEY_FRAME_BYTES);
}

void ledger_argument_fuse(struct ledger *ledger, struct redis_command *command,
			  const char *instance)
{
	static const char *const kinds[] = {"removals", "fuse"};

	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		arena_keep(ledger, command,
			   snprintf(ledger->arena + ledger->arena_used,
				    ledger->arena_capacity - ledger->arena_used, "%s%s:%s",
				    ledger->prefix, kinds[i], instance));
}

void ledger_argument_place(struct ledger *ledger, struct redis_command *command,
			   const struct ledger_place *place)
{
	arena_keep(ledger, command,
		   snprintf(ledger->arena + ledger->arena_used,
			    ledger->arena_capacity - ledger->arena_used, "%s/%ld/%lld",
			    place->topic, (long)place->partition, (long long)place->offset));
}

void ledger_argument_due(struct ledger *ledger, struct redis_command *command)
{
	ledger_argument_text(command, "2");
	ledger_argument_text(command, ledger->due_key);
	ledger_argument_text(command, ledger->due_records_key);
}

void ledger_argument_number(struct ledger *ledger, struct redis_command *command,
			    int64_t number)
{
	arena_keep(ledger, command,
		   snprintf(ledger->arena + ledger->arena_used,
			    ledger->arena_capacity - ledger->arena_used, "%lld",
			    (long long)number));
}

int ledger_batch_send(struct ledger *ledger, struct error *err)
{
	if (redis_pipeline(ledger->redis, ledger->commands, ledger->command_count,
			   ledger->replies, err) == 0)
		return 0;
	ledger->command_count = 0;
	return -1;
}

void ledger_batch_end(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->command_count; i++)
		redis_reply_free(ledger->replies[i]);
	ledger->command_count = 0;
}

int ledger_answer_strange(struct error *err, const char *script)
{
	error_set(err, ERROR_RETRY, ORIGIN, 0, "ledger: script %s gave an answer not understood",
		  script);
	return -1;
}

int ledger_answer_held(const struct redis_reply *reply, const char *script,
		       enum ledger_answer *answer, struct error *err)
{
	static const enum ledger_answer answers[] = {LEDGER_LOST, LEDGER_HELD, LEDGER_BUSY,
						     LEDGER_FUSE_OPEN, LEDGER_FUSE_TRIPPED};
	struct redis_value value = redis_reply_at(reply, 0);

	if (value.type != REDIS_INTEGER || value.integer < 0 ||
	    value.integer >= (int64_t)ARRAY_COUNT(answers))
		return ledger_answer_strange(err, script);
	*answer = answers[value.integer];
	return 0;
}

void ledger_copy_bytes(struct redis_value value, char **bytes, size_t *length)
{
	if (value.type != REDIS_BYTES || value.bytes.length == 0)
		return;
	*bytes = mem_strndup(value.bytes.data, value.bytes.length);
	*length = value.bytes.length;
}
