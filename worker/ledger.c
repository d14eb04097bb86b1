/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.c - what the holder of a request tells the ledger, from the first step to
 * the publication, and what grantctl may read.
 *
 * Called by workers (through ledger_combiner.c), the renewer and the publisher,
 * each with a struct ledger of its own. The judging is done by the scripts in
 * worker/ledger/; a batch is one round trip and fails as a whole with ERROR_RETRY.
 * Steps, intents, outcomes and credentials are bytes that nobody looks into here.
 */
#include "worker/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/limits.h"
#include "worker/ledger_batch.h"
#include "worker/ledger_scripts.h"

static const char ORIGIN[] = "ledger";

/* A command about one request, shown to be its holder's. */
static struct redis_command *add_held(struct ledger *ledger, const struct redis_script *script,
				      const struct ledger_hold *hold)
{
	struct redis_command *command = ledger_batch_add(ledger, script);

	ledger_argument_text(command, "1");
	ledger_argument_key(ledger, command, &hold->key);
	ledger_argument_number(ledger, command, hold->token);
	return command;
}

static size_t hold_bytes(const struct ledger *ledger, const struct ledger_hold *hold)
{
	return ledger_key_bytes(ledger, &hold->key) + LEDGER_NUMBER_BYTES;
}

/* ---- steps ---- */

static int check_intents(const struct ledger_step *steps, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (steps[i].intent.length <= LIMIT_INTENT_BYTES)
			continue;
		error_set(err, ERROR_FATAL, ORIGIN, 0, "step %s: an intent of %zu bytes",
			  steps[i].name, steps[i].intent.length);
		return -1;
	}
	return 0;
}

static void add_step(struct ledger *ledger, const struct ledger_step *step)
{
	static const char *const takings[] = {
		[TAKE_FIRST] = "first", [TAKE_LATE] = "late", [TAKE_KEPT] = "kept"};
	struct redis_command *command = ledger_batch_add(ledger, &ledger_script_step);

	ledger_argument_number(ledger, command,
			       1 + (step->subject != NULL ? 3 : 0) + (step->fuse != NULL ? 2 : 0));
	ledger_argument_key(ledger, command, &step->hold.key);
	if (step->subject != NULL) {
		ledger_argument_subject(ledger, command, step->subject);
		ledger_argument_text(command, ledger->epoch_key);
		ledger_argument_text(command, ledger->restored_key);
	}
	if (step->fuse != NULL)
		ledger_argument_fuse(ledger, command, step->fuse);
	ledger_argument_number(ledger, command, step->hold.token);
	ledger_argument_text(command, ledger->lease_text);
	ledger_argument_text(command, step->name);
	ledger_argument_slice(command, step->intent);
	if (step->fuse != NULL)
		ledger_argument_number(ledger, command, step->fuse_limit);
	else
		ledger_argument_text(command, "");
	ledger_argument_text(command, takings[step->taking]);
}

/* WAIT speaks for all that this connection wrote before it. */
static void add_wait(struct ledger *ledger)
{
	struct redis_command *command = ledger_batch_add(ledger, NULL);

	ledger_argument_text(command, "WAIT");
	ledger_argument_text(command, ledger->wait_text);
	ledger_argument_text(command, ledger->wait_ms_text);
}

static int check_wait(const struct ledger *ledger, const struct redis_reply *reply,
		      struct error *err)
{
	const struct redis_value acknowledged = redis_reply_at(reply, 0);

	if (acknowledged.type == REDIS_INTEGER && acknowledged.integer >= ledger->wait_replicas)
		return 0;
	error_set(err, ERROR_RETRY, ORIGIN, 0, "%lld of %lld replicas acknowledged",
		  (long long)acknowledged.integer, (long long)ledger->wait_replicas);
	return -1;
}

static bool is_same(struct slice one, struct slice other)
{
	return one.length == other.length && one.length > 0 &&
	       memcmp(one.data, other.data, one.length) == 0;
}

/* 1, grants, epoch, restored, was ours. What an epoch has lost is known again once it was restored. */
static int read_grants(const struct redis_reply *reply, struct ledger_grants *grants,
		       struct error *err)
{
	struct redis_value epoch = redis_reply_at(reply, 2), restored = redis_reply_at(reply, 3);

	*grants = (struct ledger_grants){0};
	if (epoch.type != REDIS_BYTES || restored.type != REDIS_BYTES)
		return ledger_answer_strange(err, "step");
	if (!is_same(epoch.bytes, restored.bytes) &&
	    !ledger_epoch_read(epoch.bytes, &grants->epoch_ms))
		return ledger_answer_strange(err, "step");
	grants->was_ours = redis_reply_at(reply, 4).integer == 1;
	ledger_copy_bytes(redis_reply_at(reply, 1), &grants->bytes, &grants->length);
	return 0;
}

static int read_step(const struct redis_reply *reply, struct ledger_step *step,
		     struct error *err)
{
	if (ledger_answer_held(reply, "step", &step->answer, err) < 0)
		return -1;
	if (step->subject == NULL || step->taking == TAKE_KEPT || step->answer != LEDGER_HELD)
		return 0;
	return read_grants(reply, &step->grants, err);
}

static int send_steps(struct ledger *ledger, struct ledger_step *steps, size_t count,
		      struct error *err)
{
	const int64_t asked_ms = clock_steady_ms(ledger->clock);

	if (ledger_batch_send(ledger, err) < 0)
		return -1;
	if (ledger->wait_replicas > 0 && check_wait(ledger, ledger->replies[count], err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (read_step(ledger->replies[i], &steps[i], err) < 0)
			return -1;
		if (steps[i].answer == LEDGER_HELD)
			steps[i].lease_until_ms = asked_ms + ledger->lease_ms;
	}
	return 0;
}

int ledger_step_many(struct ledger *ledger, struct ledger_step *steps, size_t count,
		     struct error *err)
{
	size_t text_bytes = 0;
	int rc;

	if (count == 0)
		return 0;
	if (check_intents(steps, count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		text_bytes += hold_bytes(ledger, &steps[i].hold) +
			      ledger_subject_bytes(ledger, steps[i].subject) +
			      ledger_fuse_bytes(ledger, steps[i].fuse) + 2 * LEDGER_NUMBER_BYTES;
	ledger_batch_begin(ledger, count + 1, text_bytes);
	for (size_t i = 0; i < count; i++)
		add_step(ledger, &steps[i]);
	if (ledger->wait_replicas > 0)
		add_wait(ledger);
	rc = send_steps(ledger, steps, count, err);
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "note a step");
	return rc;
}

/* ---- renewals and parking ---- */

static int send_renewals(struct ledger *ledger, struct ledger_renewal *renewals, size_t count,
			 struct error *err)
{
	const int64_t asked_ms = clock_steady_ms(ledger->clock);

	if (ledger_batch_send(ledger, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct ledger_renewal *renewal = &renewals[i];

		if (ledger_answer_held(ledger->replies[i], "renew", &renewal->answer, err) < 0)
			return -1;
		if (renewal->answer == LEDGER_HELD)
			renewal->lease_until_ms = asked_ms + ledger->lease_ms;
	}
	return 0;
}

int ledger_renew_many(struct ledger *ledger, struct ledger_renewal *renewals, size_t count,
		      struct error *err)
{
	size_t text_bytes = 0;
	int rc;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		text_bytes += hold_bytes(ledger, &renewals[i].hold);
	ledger_batch_begin(ledger, count, text_bytes);
	for (size_t i = 0; i < count; i++)
		ledger_argument_text(add_held(ledger, &ledger_script_renew, &renewals[i].hold),
				     ledger->lease_text);
	rc = send_renewals(ledger, renewals, count, err);
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "renew leases");
	return rc;
}

int ledger_park_many(struct ledger *ledger, const struct ledger_hold *holds, size_t count,
		     struct error *err)
{
	size_t text_bytes = 0;
	int rc;

	if (count == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		text_bytes += hold_bytes(ledger, &holds[i]);
	ledger_batch_begin(ledger, count, text_bytes);
	for (size_t i = 0; i < count; i++)
		add_held(ledger, &ledger_script_park, &holds[i]);
	rc = ledger_batch_send(ledger, err);
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "park");
	return rc;
}

int ledger_ping(struct ledger *ledger, struct error *err)
{
	int rc;

	ledger_batch_begin(ledger, 1, 0);
	ledger_argument_text(ledger_batch_add(ledger, NULL), "PING");
	rc = ledger_batch_send(ledger, err);
	ledger_batch_end(ledger);
	return rc;
}

/* ---- settling ---- */

static void add_completion(struct ledger *ledger, const struct ledger_completion *completion)
{
	struct redis_command *command = ledger_batch_add(ledger, &ledger_script_complete);
	const struct ledger_due *due = &completion->due;

	ledger_argument_text(command, completion->subject != NULL ? "4" : "3");
	ledger_argument_key(ledger, command, &completion->hold.key);
	ledger_argument_text(command, ledger->due_key);
	ledger_argument_text(command, ledger->due_records_key);
	if (completion->subject != NULL)
		ledger_argument_subject(ledger, command, completion->subject);
	ledger_argument_number(ledger, command, completion->hold.token);
	ledger_argument_slice(command, completion->outcome);
	ledger_argument_slice(command, completion->credential);
	ledger_argument_text(command, ledger->horizon_text);
	ledger_argument_text(command, due->id != NULL ? due->id : "");
	ledger_argument_number(ledger, command, due->at_ms);
	ledger_argument_slice(command, due->record);
	ledger_argument_slice(command, completion->grants);
	if (completion->grants_until_ms == 0)
		ledger_argument_text(command, "");
	else
		ledger_argument_number(ledger, command, completion->grants_until_ms);
}

static void add_drop(struct ledger *ledger, const char *id)
{
	struct redis_command *command = ledger_batch_add(ledger, &ledger_script_due_drop);

	ledger_argument_due(ledger, command);
	ledger_argument_text(command, id);
}

static void add_publication(struct ledger *ledger, const struct ledger_publication *publication)
{
	struct redis_command *command = ledger_batch_add(ledger, &ledger_script_published);

	ledger_argument_text(command, "1");
	ledger_argument_key(ledger, command, &publication->key);
	ledger_argument_place(ledger, command, &publication->place);
	ledger_argument_text(command, ledger->horizon_text);
}

static size_t settle_bytes(const struct ledger *ledger,
			   const struct ledger_settlements *settlements)
{
	size_t bytes = 0;

	for (size_t i = 0; i < settlements->completion_count; i++)
		bytes += hold_bytes(ledger, &settlements->completions[i].hold) +
			 2 * LEDGER_NUMBER_BYTES +
			 ledger_subject_bytes(ledger, settlements->completions[i].subject);
	for (size_t i = 0; i < settlements->publication_count; i++)
		bytes += ledger_key_bytes(ledger, &settlements->publications[i].key) +
			 ledger_place_bytes(&settlements->publications[i].place);
	return bytes;
}

/* What is to come due, and what a duplicate is told, must outlive the loss of a master:
 * nobody will ask again for what Kafka has committed. */
static bool must_wait(const struct ledger *ledger, const struct ledger_settlements *settlements)
{
	return ledger->wait_replicas > 0 && settlements->completion_count > 0;
}

static int send_settlements(struct ledger *ledger, const struct ledger_settlements *settlements,
			    struct error *err)
{
	if (ledger_batch_send(ledger, err) < 0)
		return -1;
	if (must_wait(ledger, settlements) &&
	    check_wait(ledger, ledger->replies[ledger->command_count - 1], err) < 0)
		return -1;
	for (size_t i = 0; i < settlements->completion_count; i++)
		if (ledger_answer_held(ledger->replies[i], "complete",
				       &settlements->completions[i].answer, err) < 0)
			return -1;
	return 0;
}

int ledger_settle_many(struct ledger *ledger, const struct ledger_settlements *settlements,
		       struct error *err)
{
	size_t count = settlements->completion_count + settlements->publication_count +
		       settlements->dropped_count;
	int rc;

	if (count == 0)
		return 0;
	ledger_batch_begin(ledger, count + 1, settle_bytes(ledger, settlements));
	for (size_t i = 0; i < settlements->completion_count; i++)
		add_completion(ledger, &settlements->completions[i]);
	for (size_t i = 0; i < settlements->publication_count; i++)
		add_publication(ledger, &settlements->publications[i]);
	for (size_t i = 0; i < settlements->dropped_count; i++)
		add_drop(ledger, settlements->dropped[i]);
	if (must_wait(ledger, settlements))
		add_wait(ledger);
	rc = send_settlements(ledger, settlements, err);
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "settle");
	return rc;
}

int ledger_take_over(struct ledger *ledger, struct ledger_take_over *take_over,
		     struct error *err)
{
	struct ledger_stored *stored = &take_over->stored;
	struct redis_command *command;
	int rc;

	ledger_stored_clear(stored);
	ledger_batch_begin(ledger, 1,
			   ledger_key_bytes(ledger, &take_over->key) +
				   ledger_place_bytes(&take_over->from) +
				   ledger_place_bytes(&take_over->to));
	command = ledger_batch_add(ledger, &ledger_script_take_over);
	ledger_argument_text(command, "1");
	ledger_argument_key(ledger, command, &take_over->key);
	ledger_argument_place(ledger, command, &take_over->from);
	ledger_argument_place(ledger, command, &take_over->to);
	rc = ledger_batch_send(ledger, err);
	if (rc == 0)
		rc = ledger_answer_held(ledger->replies[0], "take_over", &take_over->answer, err);
	if (rc == 0) {
		ledger_copy_bytes(redis_reply_at(ledger->replies[0], 1), &stored->outcome,
				  &stored->outcome_bytes);
		ledger_copy_bytes(redis_reply_at(ledger->replies[0], 2), &stored->credential,
				  &stored->credential_bytes);
	}
	ledger_batch_end(ledger);
	if (rc < 0)
		error_prefix(err, "take over");
	return rc;
}

/* ---- for people ---- */

static void copy_fields(const struct redis_reply *reply, struct ledger_field **fields,
			size_t *count)
{
	const size_t pairs = redis_reply_count(reply) / 2;

	*fields = mem_array(pairs, sizeof(**fields));
	*count = pairs;
	for (size_t i = 0; i < pairs; i++) {
		struct slice name = redis_reply_at(reply, 2 * i).bytes;
		struct slice value = redis_reply_at(reply, 2 * i + 1).bytes;

		(*fields)[i].name = mem_strndup(name.data, name.length);
		(*fields)[i].value = mem_strndup(value.data, value.length);
		(*fields)[i].value_bytes = value.length;
	}
}

int ledger_read(struct ledger *ledger, const struct ledger_key *key,
		struct ledger_field **fields, size_t *count, struct error *err)
{
	struct redis_command *command;

	ledger_batch_begin(ledger, 1, ledger_key_bytes(ledger, key));
	command = ledger_batch_add(ledger, NULL);
	ledger_argument_text(command, "HGETALL");
	ledger_argument_key(ledger, command, key);
	if (ledger_batch_send(ledger, err) < 0) {
		error_prefix(err, "read the ledger");
		return -1;
	}
	copy_fields(ledger->replies[0], fields, count);
	ledger_batch_end(ledger);
	return 0;
}

void ledger_fields_free(struct ledger_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(fields[i].name);
		free(fields[i].value);
	}
	free(fields);
}

int ledger_inspect(struct ledger *ledger, struct buffer *warnings, struct error *err)
{
	return redis_inspect(ledger->redis, warnings, err);
}
