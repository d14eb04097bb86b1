/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limiter.c - how many turns at once get the most out of one Grafana.
 *
 * Grafana 9.4 waits 10 ms before each database session, so that 16 at once do eight
 * times what 2 do; 10.1 keeps two cores busy with 2, and gets slower and answers 5xx
 * beyond 4. Nothing but trying tells the two apart.
 *
 * Possible limits are a ladder of rungs, each about 1.4 times the one below. What a rung
 * yields is measured in windows of turns that ran entirely under it, by Little's law:
 * calls a second = turns at once x calls of a turn / length of a turn. That takes in all
 * that makes a turn long, needs no undisturbed latency to compare with (which a busy
 * server never shows, and which differs from call to call), and an idle worker between
 * two turns does not falsify it. Home is the lowest rung that comes close to the best
 * one known. After each window: try a rung above or below home of which nothing is
 * known or only something old, else stay. The climb is fast where the yield grows with
 * the limit, and what was skipped is halved afterwards.
 *
 * Trouble (timeouts, resets, 5xx, 429) takes the limit down at once, and keeps it down
 * for a while that doubles when trouble comes back. When home yields much more or less
 * than it did, the server has changed and all else that was known is forgotten.
 *
 * Limits: turns of very different actions make windows noisy. A limit that is never
 * reached is never changed, but by trouble.
 */
#include "worker/limiter.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
	MAX_RUNGS = 24,
	START = 2,
	WINDOW_MIN = 10,
	TRIAL_MAX = 64,
	WINDOW_US = 5000,  /* sum of the turns' lengths; shorter is no better than the clock */
	LOOK_UP_EVERY = 8, /* windows */
	LOOK_DOWN_EVERY = 24,
	FORGET_AFTER = 64,
	WAIT_MIN_US = 2 * 1000 * 1000,
	WAIT_MAX_US = 120 * 1000 * 1000,
};

/* A rung is worth climbing to for that much of the growth of the limit, but for a tenth in any
 * case; it is less than that which one is ready to lose. */
static const double worth_share = 0.12, worth_most = 0.06;
static const double linear = 0.8, half_linear = 0.5; /* yield over limit, both as growth */
static const double strange_low = 0.7, strange_high = 1.4;
static const double weight_of_new = 0.4;

struct rung {
	int64_t limit;
	double yield;	     /* calls a microsecond; 0 = not known */
	int64_t measured_at; /* number of the window */
};

struct limiter {
	struct rung rungs[MAX_RUNGS];
	int top, at, home;
	int jump;     /* how many rungs up, where nothing is known */
	bool falling; /* the server has become slower: look down first */
	int strange;  /* windows in a row that home was not as known */

	/* the present window */
	bool settling;	  /* turns of another limit still run; the first to end that began
			   * under this one ends that */
	int64_t since_us; /* earlier turns do not count */
	int64_t turns, calls, length_us;
	int64_t windows; /* that were completed */

	/* trouble */
	int64_t cut_us; /* turns that began earlier are no news */
	int ceiling;	/* no rung above it until then */
	int64_t ceiling_until_us, ceiling_wait_us;
};

static void build_ladder(struct limiter *limiter, int64_t max)
{
	int64_t limit = 1;
	int count = 0;

	/* 1 2 3 4 6 8 12 16 24 ... max */
	while (limit < max && count < MAX_RUNGS - 1) {
		bool is_power = (limit & (limit - 1)) == 0;

		limiter->rungs[count++].limit = limit;
		limit = limit == 1 ? 2 : is_power ? limit + limit / 2 : limit / 3 * 4;
	}
	limiter->rungs[count].limit = max;
	limiter->top = count;
}

struct limiter *limiter_new(int64_t max)
{
	struct limiter *limiter = mem_zalloc(sizeof(*limiter));

	build_ladder(limiter, max);
	limiter->at = max >= START ? START - 1 : 0;
	limiter->home = limiter->at;
	limiter->jump = 2;
	limiter->ceiling = limiter->top;
	limiter->since_us = limiter->cut_us = INT64_MIN;
	return limiter;
}

void limiter_free(struct limiter *limiter)
{
	free(limiter);
}

int64_t limiter_limit(const struct limiter *limiter)
{
	return limiter->rungs[limiter->at].limit;
}

/* ---- what is known ---- */

static bool is_known(const struct limiter *limiter, int rung)
{
	return limiter->rungs[rung].yield > 0;
}

/* By what factor the limit, and the yield, of one is above the other's. */
static double limit_ratio(const struct limiter *limiter, int low, int high)
{
	return (double)limiter->rungs[high].limit / (double)limiter->rungs[low].limit;
}

static double yield_ratio(const struct limiter *limiter, int low, int high)
{
	return limiter->rungs[high].yield / limiter->rungs[low].yield;
}

/* 1: the yield grows as the limit does; 0: not at all. */
static double growth(const struct limiter *limiter, int low, int high)
{
	return (yield_ratio(limiter, low, high) - 1) / (limit_ratio(limiter, low, high) - 1);
}

static bool is_worth(const struct limiter *limiter, int low, int high)
{
	double wanted = worth_share * (limit_ratio(limiter, low, high) - 1);

	return yield_ratio(limiter, low, high) >=
	       1 + (wanted < worth_most ? wanted : worth_most);
}

static int find_home(const struct limiter *limiter, int highest)
{
	int home = -1;

	for (int rung = 0; rung <= highest; rung++)
		if (is_known(limiter, rung) && (home < 0 || is_worth(limiter, home, rung)))
			home = rung;
	return home;
}

static int known_above(const struct limiter *limiter, int rung)
{
	while (++rung <= limiter->top && !is_known(limiter, rung))
		;
	return rung <= limiter->top ? rung : -1;
}

static int known_below(const struct limiter *limiter, int rung)
{
	while (--rung >= 0 && !is_known(limiter, rung))
		;
	return rung;
}

static bool is_older_than(const struct limiter *limiter, int rung, int64_t windows)
{
	return limiter->windows - limiter->rungs[rung].measured_at > windows;
}

static void forget_others(struct limiter *limiter, int kept)
{
	for (int rung = 0; rung <= limiter->top; rung++)
		if (rung != kept)
			limiter->rungs[rung].yield = 0;
}

static void forget_old(struct limiter *limiter)
{
	for (int rung = 0; rung <= limiter->top; rung++)
		if (is_older_than(limiter, rung, FORGET_AFTER))
			limiter->rungs[rung].yield = 0;
}

/* ---- where next ---- */

/* The rung above home that is to be tried, or home. */
static int look_up(const struct limiter *limiter, int64_t now_us)
{
	int highest = now_us < limiter->ceiling_until_us ? limiter->ceiling : limiter->top;
	int home = limiter->home, above = known_above(limiter, home);
	int aim = home + limiter->jump;

	if (above > home + 1)
		aim = (home + above) / 2;
	else if (above > 0)
		aim = is_older_than(limiter, above, LOOK_UP_EVERY) ? above : home;
	if (aim > highest)
		aim = highest;
	return aim > home ? aim : home;
}

/* The one below. Where the yield has grown with the limit there is nothing in between. */
static int look_down(const struct limiter *limiter)
{
	int home = limiter->home, below = known_below(limiter, home);

	if (below < 0)
		return home >= 2 ? home - 2 : 0;
	if (below < home - 1)
		return growth(limiter, below, home) < linear ? (home + below + 1) / 2 : home;
	return is_older_than(limiter, below, LOOK_DOWN_EVERY) ? below : home;
}

static int choose(const struct limiter *limiter, int64_t now_us)
{
	int up = look_up(limiter, now_us), down = look_down(limiter);

	if (limiter->falling && down != limiter->home)
		return down;
	return up != limiter->home ? up : down;
}

static void begin_window(struct limiter *limiter, int64_t now_us)
{
	limiter->turns = limiter->calls = limiter->length_us = 0;
	limiter->since_us = now_us;
}

/* Upwards, the first turns run beside fewer than later ones do; downwards, none begins
 * before there are as few as there should be. */
static bool move_to(struct limiter *limiter, int rung, int64_t now_us)
{
	bool moves = rung != limiter->at;

	limiter->settling = rung > limiter->at;
	limiter->at = rung;
	if (moves)
		begin_window(limiter, now_us);
	return moves;
}

/* ---- windows ---- */

static bool is_strange(double ratio)
{
	return ratio < strange_low || ratio > strange_high;
}

/* Answers whether it is to be believed: at home, a surprise must be seen twice. */
static bool note_yield(struct limiter *limiter, double yield)
{
	struct rung *rung = &limiter->rungs[limiter->at];
	double ratio = rung->yield > 0 ? yield / rung->yield : 1;

	rung->measured_at = limiter->windows;
	if (limiter->at == limiter->home && is_strange(ratio)) {
		if (++limiter->strange < 2)
			return false;
		forget_others(limiter, limiter->at);
		limiter->falling = ratio < 1;
		limiter->jump = 2;
		limiter->ceiling_until_us = 0;
		rung->yield = yield;
	} else if (rung->yield > 0 && !is_strange(ratio)) {
		rung->yield += weight_of_new * (yield - rung->yield);
	} else {
		rung->yield = yield;
	}
	if (limiter->at == limiter->home)
		limiter->strange = 0;
	return true;
}

static void settle_home(struct limiter *limiter)
{
	int before = limiter->home, home = find_home(limiter, limiter->top);
	double rise;

	limiter->home = home;
	if (home == before || !is_known(limiter, before))
		return;
	rise = home > before ? growth(limiter, before, home) : 0;
	limiter->jump = rise >= linear ? 4 : rise >= half_linear ? 2 : 1;
	limiter->falling = home < before;
}

static bool end_window(struct limiter *limiter, int64_t now_us)
{
	double yield = (double)limiter_limit(limiter) * (double)limiter->calls /
		       (double)limiter->length_us;

	limiter->windows++;
	begin_window(limiter, now_us);
	if (!note_yield(limiter, yield))
		return false;
	forget_old(limiter);
	settle_home(limiter);
	return move_to(limiter, choose(limiter, now_us), now_us);
}

/* Trials are kept short; at home there is time. */
static bool is_complete(const struct limiter *limiter)
{
	int64_t wanted = limiter_limit(limiter) * 3 / 2;

	if (wanted < WINDOW_MIN)
		wanted = WINDOW_MIN;
	if (wanted > TRIAL_MAX && limiter->at != limiter->home)
		wanted = TRIAL_MAX;
	return limiter->turns >= wanted && limiter->length_us >= WINDOW_US;
}

/* ---- trouble ---- */

/* Trouble soon after the last wait was over: the next one is longer. */
static void lower_ceiling(struct limiter *limiter, int64_t now_us)
{
	int64_t wait_us = limiter->ceiling_wait_us * 2;

	if (limiter->ceiling_wait_us == 0 || now_us - limiter->ceiling_until_us > wait_us)
		wait_us = WAIT_MIN_US;
	limiter->ceiling_wait_us = wait_us < WAIT_MAX_US ? wait_us : WAIT_MAX_US;
	limiter->ceiling_until_us = now_us + limiter->ceiling_wait_us;
	limiter->ceiling = limiter->at > 0 ? limiter->at - 1 : 0;
}

/* Back to where it was good, or down to half. */
static bool cut(struct limiter *limiter, int64_t now_us)
{
	int at = limiter->at, below = at > limiter->home ? limiter->home : at - 2;

	limiter->cut_us = now_us;
	lower_ceiling(limiter, now_us);
	for (int rung = at; rung <= limiter->top; rung++)
		limiter->rungs[rung].yield = 0;
	if (below < 0)
		below = 0;
	limiter->home = below;
	limiter->jump = 1;
	limiter->strange = 0;
	return move_to(limiter, below, now_us);
}

bool limiter_take(struct limiter *limiter, const struct limiter_sample *sample)
{
	int64_t length_us = sample->ended_us - sample->began_us;

	if (sample->unavailable > 0)
		return sample->began_us > limiter->cut_us && cut(limiter, sample->ended_us);
	if (sample->calls <= 0 || !sample->was_saturated ||
	    sample->began_us < limiter->since_us)
		return false;
	if (limiter->settling) {
		limiter->settling = false;
		begin_window(limiter, sample->ended_us);
		return false;
	}
	limiter->turns++;
	limiter->calls += sample->calls;
	limiter->length_us += length_us > 0 ? length_us : 1;
	return is_complete(limiter) && end_window(limiter, sample->ended_us);
}
