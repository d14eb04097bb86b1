/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timetable.c - snapshots by the clock.
 *
 * Called by the dispatcher. Time is cut into slots of [inventory] every, from the epoch on.
 * Every worker puts the request for the next slot among what comes due, under an id that
 * follows from instance and slot, so that it is there once; whoever takes it when it is time
 * writes it to the topic of requests, and from there it is a request like any other. It is
 * put there anew each minute, for a Redis that has lost it meanwhile. A snapshot that could
 * not be begun by the time of the next one (but at least for a minute) is given up.
 */
#include "worker/timetable.h"

#include "base/memory.h"
#include "base/text.h"
#include "codec/follow_up.h"

enum { AGAIN_MS = 60 * 1000, GRACE_MS = 60 * 1000 };

static void describe(struct follow_up *follow_up, int64_t at_ms, int64_t until_ms)
{
	*follow_up = (struct follow_up){.kind = "scheduled", .at_ms = at_ms};
	follow_up->asked.action = mem_strdup("inventory.snapshot");
	follow_up->asked.deadline_ms = until_ms;
}

static int add(const struct pipeline *pipeline, struct ledger *ledger,
	       const struct follow_up *follow_up, struct request *cause, struct error *err)
{
	const struct settings *settings = pipeline->settings;
	const struct outcome_frame frame = {
		.request = cause,
		.finished_ms = follow_up->at_ms,
		.event_source = settings->publish.source,
		.mode = settings->publish.mode == EVENT_STRUCTURED ? CLOUDEVENT_STRUCTURED
								   : CLOUDEVENT_BINARY,
	};
	char id[LIMIT_EVENT_ID_BYTES + 1];
	struct ledger_due due = {.id = id, .at_ms = follow_up->at_ms};
	struct buffer packed;
	struct record record;
	int rc;

	buffer_init(&packed, 2 * LIMIT_OUTCOME_BYTES);
	follow_up_encode(follow_up, &frame, &record);
	record_pack(&record, &packed);
	record_clear(&record);
	follow_up_id(follow_up, cause, id);
	due.record = (struct slice){packed.bytes, packed.length};
	rc = ledger_due_add(ledger, &due, err);
	buffer_clear(&packed);
	return rc;
}

static int plan_instance(const struct pipeline *pipeline, struct ledger *ledger,
			 const char *instance, int64_t at_ms, struct error *err)
{
	static const char reason[] = "on schedule";
	char time[TEXT_TIME_CAPACITY], id[LIMIT_INSTANCE_BYTES + TEXT_TIME_CAPACITY + 16];
	const struct settings *settings = pipeline->settings;
	struct request cause = {0};
	struct follow_up follow_up;
	int64_t every_ms = settings->inventory.every * 1000;
	int rc;

	text_from_time_ms(at_ms, time);
	text_format(id, sizeof(id), "inventory/%s/%s", instance, time);
	cause.id = mem_strdup(id);
	cause.source = mem_strdup(settings->publish.source);
	cause.instance = mem_strdup(instance);
	cause.reason = mem_strdup(reason);
	describe(&follow_up, at_ms, at_ms + (every_ms > GRACE_MS ? every_ms : GRACE_MS));
	rc = add(pipeline, ledger, &follow_up, &cause, err);
	follow_up_clear(&follow_up);
	request_clear(&cause);
	return rc;
}

int timetable_plan(struct timetable *timetable, const struct pipeline *pipeline,
		   struct ledger *ledger, struct error *err)
{
	const struct settings *settings = pipeline->settings;
	int64_t every_ms = settings->inventory.every * 1000;
	int64_t steady_ms = clock_steady_ms(pipeline->clock), wall_ms, at_ms;

	if (every_ms == 0 || steady_ms < timetable->again_ms)
		return 0;
	wall_ms = clock_wall_ms(pipeline->clock);
	at_ms = (wall_ms / every_ms + 1) * every_ms;
	for (size_t i = 0; i < settings->instance_count; i++)
		if (plan_instance(pipeline, ledger, settings->instances[i].name, at_ms, err) < 0)
			return -1;
	timetable->again_ms =
		steady_ms + (at_ms - wall_ms < AGAIN_MS ? at_ms - wall_ms + 1 : AGAIN_MS);
	return 0;
}
