/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scheduler.c - lanes, who may go next, and who sleeps until when.
 *
 * One lock guards everything, gates included. A lane is in exactly one place: in
 * the ready queue of its head's gate, in the heap of sleepers, or taken. A gate
 * that lets nobody in is itself put to sleep with all its ready lanes, so that it
 * costs the others nothing.
 *
 * Entries belong to the caller; lanes exist as long as they hold an entry.
 */
#include "worker/scheduler.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/condition.h"
#include "base/memory.h"
#include "worker/lanes.h"
#include "worker/sleepers.h"

enum { WAIT_STEP_MS = 1000 };

/* The ready lanes of one gate (NULL: those that need none). */
struct turnstile {
	struct gate *gate;
	struct lane *first, **last;
	int64_t wait_until_ms; /* the gate said: not before; 0 = ask it */
	struct turnstile *next;
};

struct scheduler {
	const struct clock *clock;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool woken;
	struct lanes lanes;
	struct sleepers sleepers;
	struct turnstile *turnstiles;
	size_t turnstile_count;
	struct turnstile *turn; /* whose turn it is; NULL = the first's */
	size_t entries, taken, asleep, settled;
};

static int64_t now_of(const struct scheduler *scheduler)
{
	return clock_steady_ms(scheduler->clock);
}

/* ---- where a lane is ---- */

static struct turnstile *turnstile_of(struct scheduler *scheduler, struct gate *gate)
{
	struct turnstile **link = &scheduler->turnstiles;

	for (; *link != NULL; link = &(*link)->next)
		if ((*link)->gate == gate)
			return *link;
	*link = mem_zalloc(sizeof(**link));
	(*link)->gate = gate;
	(*link)->last = &(*link)->first;
	scheduler->turnstile_count++;
	return *link;
}

static void make_ready(struct scheduler *scheduler, struct lane *lane)
{
	struct turnstile *turnstile = turnstile_of(scheduler, lane->first->gate);

	lane->place = LANE_READY;
	lane->turnstile = turnstile;
	lane->next_ready = NULL;
	lane->ready_link = turnstile->last;
	*turnstile->last = lane;
	turnstile->last = &lane->next_ready;
	/* Its deadline must be noticed even while the gate lets nobody in. */
	if (lane->first->gate != NULL && lane->first->give_up_ms != 0) {
		lane->wake_ms = lane->first->give_up_ms;
		sleepers_insert(&scheduler->sleepers, lane);
	}
}

static void leave_ready(struct scheduler *scheduler, struct lane *lane)
{
	*lane->ready_link = lane->next_ready;
	if (lane->next_ready != NULL)
		lane->next_ready->ready_link = lane->ready_link;
	else
		lane->turnstile->last = lane->ready_link;
	if (lane->first->gate != NULL && lane->first->give_up_ms != 0)
		sleepers_remove(&scheduler->sleepers, lane);
	lane->place = LANE_NOWHERE;
}

static void put_to_sleep(struct scheduler *scheduler, struct lane *lane, int64_t until_ms)
{
	int64_t give_up_ms = lane->first->give_up_ms;

	lane->place = LANE_ASLEEP;
	lane->wake_ms = until_ms;
	/* A deadline that is over has been told already: it must not wake the lane
	 * again and again. */
	if (give_up_ms > now_of(scheduler) && give_up_ms < until_ms)
		lane->wake_ms = give_up_ms;
	sleepers_insert(&scheduler->sleepers, lane);
	scheduler->asleep++;
}

static void leave_place(struct scheduler *scheduler, struct lane *lane)
{
	if (lane->place == LANE_READY) {
		leave_ready(scheduler, lane);
	} else if (lane->place == LANE_ASLEEP) {
		sleepers_remove(&scheduler->sleepers, lane);
		scheduler->asleep--;
	}
	lane->place = LANE_NOWHERE;
}

/* Whoever waits must look again, unless the lane only joins others before a gate
 * that lets nobody in for now: until when, the waiter knows. */
static void announce(struct scheduler *scheduler, const struct lane *lane)
{
	const struct turnstile *turnstile = lane->turnstile;
	bool gate_refuses = turnstile->wait_until_ms == INT64_MAX ||
			    (turnstile->wait_until_ms != 0 && turnstile->first != lane);
	bool is_first_due = sleepers_first(&scheduler->sleepers) == lane;

	if (!gate_refuses || is_first_due)
		pthread_cond_signal(&scheduler->changed);
}

/* The lane's head is new: its turn, or the lane ends. */
static void go_on(struct scheduler *scheduler, struct lane *lane)
{
	if (lane->first == NULL) {
		lanes_close(&scheduler->lanes, lane);
		return;
	}
	make_ready(scheduler, lane);
	announce(scheduler, lane);
}

/* ---- pushing and taking ---- */

void scheduler_push(struct scheduler *scheduler, struct scheduled *entry)
{
	struct lane *lane;

	pthread_mutex_lock(&scheduler->mutex);
	lane = lanes_open(&scheduler->lanes, &entry->lane_key);
	entry->lane = lane;
	entry->next = NULL;
	entry->has_slot = false;
	entry->settled = false;
	*lane->last = entry;
	lane->last = &entry->next;
	scheduler->entries++;
	if (lane->place == LANE_NOWHERE)
		go_on(scheduler, lane);
	pthread_mutex_unlock(&scheduler->mutex);
}

static struct scheduled *take_head(struct scheduler *scheduler, struct lane *lane,
				   bool has_slot)
{
	leave_place(scheduler, lane);
	lane->place = LANE_TAKEN;
	lane->first->has_slot = has_slot;
	scheduler->taken++;
	return lane->first;
}

/* Sleepers whose time has come are ready; those past their deadline are given out
 * as they are, since they need no Grafana to be told off. */
static size_t wake_sleepers(struct scheduler *scheduler, struct scheduled **entries,
			    size_t max, int64_t now_ms)
{
	size_t count = 0;
	struct lane *lane;

	while (count < max && (lane = sleepers_first(&scheduler->sleepers)) != NULL &&
	       lane->wake_ms <= now_ms) {
		int64_t give_up_ms = lane->first->give_up_ms;

		if (give_up_ms != 0 && give_up_ms <= now_ms) {
			entries[count++] = take_head(scheduler, lane, false);
			continue;
		}
		leave_place(scheduler, lane);
		make_ready(scheduler, lane);
	}
	return count;
}

static bool may_enter(struct turnstile *turnstile, int64_t now_ms)
{
	if (turnstile->gate == NULL)
		return true;
	if (turnstile->wait_until_ms > now_ms)
		return false;
	if (!gate_enter(turnstile->gate, now_ms, &turnstile->wait_until_ms))
		return false;
	turnstile->wait_until_ms = 0;
	return true;
}

static struct turnstile *next_turn(struct scheduler *scheduler)
{
	struct turnstile *turnstile =
		scheduler->turn != NULL ? scheduler->turn : scheduler->turnstiles;

	scheduler->turn = turnstile->next;
	return turnstile;
}

/* One of each turnstile in turn, until all places are filled or all turnstiles in a
 * row had nobody who may go. The next call goes on where this one stopped. */
static size_t take_ready(struct scheduler *scheduler, struct scheduled **entries, size_t max,
			 int64_t now_ms)
{
	size_t count = 0, refused = 0;

	while (count < max && refused < scheduler->turnstile_count) {
		struct turnstile *turnstile = next_turn(scheduler);

		if (turnstile->first == NULL || !may_enter(turnstile, now_ms)) {
			refused++;
			continue;
		}
		entries[count++] = take_head(scheduler, turnstile->first, turnstile->gate != NULL);
		refused = 0;
	}
	return count;
}

static int64_t next_event_ms(const struct scheduler *scheduler)
{
	const struct lane *first = sleepers_first(&scheduler->sleepers);
	int64_t next_ms = first != NULL ? first->wake_ms : INT64_MAX;

	for (const struct turnstile *turnstile = scheduler->turnstiles; turnstile != NULL;
	     turnstile = turnstile->next)
		if (turnstile->first != NULL && turnstile->wait_until_ms != 0 &&
		    turnstile->wait_until_ms < next_ms)
			next_ms = turnstile->wait_until_ms;
	return next_ms;
}

static size_t take_now(struct scheduler *scheduler, struct scheduled **entries, size_t max)
{
	int64_t now_ms = now_of(scheduler);
	size_t count = wake_sleepers(scheduler, entries, max, now_ms);

	return count + take_ready(scheduler, entries + count, max - count, now_ms);
}

size_t scheduler_take(struct scheduler *scheduler, struct scheduled **entries, size_t max,
		      int64_t timeout_ms)
{
	int64_t give_up_ms = now_of(scheduler) + timeout_ms;
	size_t count;

	pthread_mutex_lock(&scheduler->mutex);
	while ((count = take_now(scheduler, entries, max)) == 0 && !scheduler->woken) {
		int64_t until_ms = next_event_ms(scheduler), left_ms;

		left_ms = (until_ms < give_up_ms ? until_ms : give_up_ms) - now_of(scheduler);
		if (now_of(scheduler) >= give_up_ms)
			break;
		condition_wait_ms(&scheduler->changed, &scheduler->mutex,
				  left_ms < 1 ? 1 : left_ms < WAIT_STEP_MS ? left_ms : WAIT_STEP_MS);
	}
	scheduler->woken = false;
	pthread_mutex_unlock(&scheduler->mutex);
	return count;
}

void scheduler_wake(struct scheduler *scheduler)
{
	pthread_mutex_lock(&scheduler->mutex);
	scheduler->woken = true;
	pthread_cond_signal(&scheduler->changed);
	pthread_mutex_unlock(&scheduler->mutex);
}

/* ---- giving back ---- */

static void return_slot(struct scheduler *scheduler, struct scheduled *entry,
			const struct gate_report *report)
{
	static const struct gate_report nothing = {0};
	struct turnstile *turnstile;

	if (!entry->has_slot)
		return;
	entry->has_slot = false;
	gate_leave(entry->gate, now_of(scheduler), report != NULL ? report : &nothing);
	turnstile = turnstile_of(scheduler, entry->gate);
	if (!gate_has_room(entry->gate))
		return;
	turnstile->wait_until_ms = 0;
	if (turnstile->first != NULL)
		pthread_cond_signal(&scheduler->changed);
}

static void unlink_head(struct scheduler *scheduler, struct lane *lane)
{
	struct scheduled *head = lane->first;

	lane->first = head->next;
	if (lane->first == NULL)
		lane->last = &lane->first;
	head->next = NULL;
	head->lane = NULL;
	scheduler->entries--;
}

void scheduler_settle(struct scheduler *scheduler, struct scheduled *entry,
		      const struct gate_report *report)
{
	pthread_mutex_lock(&scheduler->mutex);
	assert(entry->lane != NULL && entry->lane->first == entry && !entry->settled);
	return_slot(scheduler, entry, report);
	entry->settled = true;
	scheduler->settled++;
	pthread_mutex_unlock(&scheduler->mutex);
}

static void unsettle(struct scheduler *scheduler, struct scheduled *entry)
{
	if (entry->settled)
		scheduler->settled--;
	entry->settled = false;
}

void scheduler_finish(struct scheduler *scheduler, struct scheduled *entry,
		      const struct gate_report *report)
{
	struct lane *lane;

	pthread_mutex_lock(&scheduler->mutex);
	lane = entry->lane;
	assert(lane != NULL && lane->place == LANE_TAKEN && lane->first == entry);
	return_slot(scheduler, entry, report);
	unsettle(scheduler, entry);
	unlink_head(scheduler, lane);
	scheduler->taken--;
	lane->place = LANE_NOWHERE;
	go_on(scheduler, lane);
	/* 'lane' may be gone by now. */
	pthread_mutex_unlock(&scheduler->mutex);
}

void scheduler_postpone(struct scheduler *scheduler, struct scheduled *entry, int64_t until_ms,
			const struct gate_report *report)
{
	struct lane *lane;

	pthread_mutex_lock(&scheduler->mutex);
	lane = entry->lane;
	assert(lane != NULL && lane->place == LANE_TAKEN && lane->first == entry);
	return_slot(scheduler, entry, report);
	unsettle(scheduler, entry);
	scheduler->taken--;
	put_to_sleep(scheduler, lane, until_ms);
	if (sleepers_first(&scheduler->sleepers) == lane)
		pthread_cond_signal(&scheduler->changed);
	pthread_mutex_unlock(&scheduler->mutex);
}

/* ---- dropping ---- */

static bool is_of(const struct scheduled *entry, int64_t group)
{
	return group == SCHEDULER_ALL_GROUPS || entry->group == group;
}

/* Take all entries of the group out of the lane but a taken head. Answers the
 * chain of them; the lane may be gone then. */
static struct scheduled *drop_from_lane(struct scheduler *scheduler, struct lane *lane,
					int64_t group, struct scheduled *dropped)
{
	bool was_taken = lane->place == LANE_TAKEN;
	bool head_goes = !was_taken && is_of(lane->first, group);
	struct scheduled **link = was_taken ? &lane->first->next : &lane->first;

	if (head_goes)
		leave_place(scheduler, lane);
	while (*link != NULL) {
		struct scheduled *entry = *link;

		if (!is_of(entry, group)) {
			link = &entry->next;
			continue;
		}
		*link = entry->next;
		entry->lane = NULL;
		entry->next = dropped;
		dropped = entry;
		scheduler->entries--;
	}
	lane->last = link;
	if (head_goes)
		go_on(scheduler, lane);
	return dropped;
}

void scheduler_drop(struct scheduler *scheduler, int64_t group,
		    void (*dropped)(struct scheduled *entry, void *context), void *context)
{
	struct scheduled *chain = NULL;

	pthread_mutex_lock(&scheduler->mutex);
	for (size_t i = 0; i < scheduler->lanes.bucket_count; i++)
		for (struct lane *lane = scheduler->lanes.buckets[i], *next; lane != NULL; lane = next) {
			next = lane->same_bucket;
			chain = drop_from_lane(scheduler, lane, group, chain);
		}
	pthread_mutex_unlock(&scheduler->mutex);
	while (chain != NULL) {
		struct scheduled *entry = chain;

		chain = entry->next;
		entry->next = NULL;
		dropped(entry, context);
	}
}

/* ---- looking, starting, ending ---- */

struct scheduler_counts scheduler_counts(struct scheduler *scheduler)
{
	struct scheduler_counts counts;

	pthread_mutex_lock(&scheduler->mutex);
	counts = (struct scheduler_counts){scheduler->entries, scheduler->taken,
					   scheduler->lanes.count, scheduler->asleep,
					   scheduler->settled};
	pthread_mutex_unlock(&scheduler->mutex);
	return counts;
}

enum gate_state scheduler_gate_state(struct scheduler *scheduler, const struct gate *gate)
{
	enum gate_state state;

	pthread_mutex_lock(&scheduler->mutex);
	state = gate_state(gate, now_of(scheduler));
	pthread_mutex_unlock(&scheduler->mutex);
	return state;
}

void scheduler_gate_refused(struct scheduler *scheduler, struct gate *gate)
{
	pthread_mutex_lock(&scheduler->mutex);
	gate_refused(gate, now_of(scheduler));
	pthread_mutex_unlock(&scheduler->mutex);
}

int64_t scheduler_gate_in_use(struct scheduler *scheduler, const struct gate *gate)
{
	int64_t in_use;

	pthread_mutex_lock(&scheduler->mutex);
	in_use = gate_in_use(gate);
	pthread_mutex_unlock(&scheduler->mutex);
	return in_use;
}

struct scheduler *scheduler_new(const struct clock *clock)
{
	struct scheduler *scheduler = mem_zalloc(sizeof(*scheduler));

	scheduler->clock = clock;
	lanes_init(&scheduler->lanes);
	pthread_mutex_init(&scheduler->mutex, NULL);
	condition_init(&scheduler->changed);
	return scheduler;
}

void scheduler_free(struct scheduler *scheduler)
{
	if (scheduler == NULL)
		return;
	lanes_clear(&scheduler->lanes);
	sleepers_clear(&scheduler->sleepers);
	while (scheduler->turnstiles != NULL) {
		struct turnstile *turnstile = scheduler->turnstiles;

		scheduler->turnstiles = turnstile->next;
		free(turnstile);
	}
	pthread_cond_destroy(&scheduler->changed);
	pthread_mutex_destroy(&scheduler->mutex);
	free(scheduler);
}
