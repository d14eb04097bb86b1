/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - turns on a modelled Grafana, event by event, in virtual time.
 *
 * Called by the tests of the limiter. The same seed gives the same run, everywhere.
 * A turn that is answered with 500 ends there, as an attempt of an operation does.
 */
#include "load.h"

#include <assert.h>

#include <stdlib.h>

#include "base/memory.h"
#include "worker/limiter.h"

enum { MAX_TURNS = 64, CALLS = 3 };

struct running {
	bool is_used, is_idle;
	int64_t due_us, began_us;
	int calls;
	struct model_visit visit;
};

struct load {
	struct load_options options;
	struct model model;
	struct prng prng;
	struct running running[MAX_TURNS];
	int64_t in_use, now_us, ended, good, spoilt;
};

struct load *load_new(const struct load_options *options)
{
	struct load *load = mem_zalloc(sizeof(*load));

	load->options = *options;
	load->model.profile = options->profile;
	load->prng.state = options->seed;
	return load;
}

void load_free(struct load *load)
{
	free(load);
}

void load_change(struct load *load, const struct model_profile *profile)
{
	load->model.profile = profile;
}

int64_t load_spoilt(const struct load *load)
{
	return load->spoilt;
}

static int64_t limit_of(const struct load *load)
{
	return load->options.limiter != NULL ? limiter_limit(load->options.limiter)
					     : load->options.constant;
}

static void jitter(struct load *load, struct model_visit *visit)
{
	int64_t most = load->options.jitter_percent;

	for (size_t i = 0; i < visit->count && most > 0; i++)
		visit->steps[i].us = visit->steps[i].us *
				     (100 - most + prng_below(&load->prng, 2 * most + 1)) / 100;
}

static void step(struct load *load, struct running *turn)
{
	turn->due_us = model_advance(&load->model, &turn->visit, load->now_us);
}

static void call(struct load *load, struct running *turn)
{
	bool is_write = turn->calls++ == CALLS - 1;

	model_enter(&load->model, &turn->visit, is_write, load->options.brings_password);
	jitter(load, &turn->visit);
	step(load, turn);
}

static void begin_turn(struct load *load, struct running *turn)
{
	*turn = (struct running){.is_used = true, .is_idle = true, .began_us = load->now_us};
	turn->due_us = load->now_us + load->options.idle_us;
	load->in_use++;
}

static void fill(struct load *load)
{
	for (size_t i = 0; i < MAX_TURNS && load->in_use < limit_of(load); i++)
		if (!load->running[i].is_used)
			begin_turn(load, &load->running[i]);
}

static struct running *first_due(struct load *load)
{
	struct running *first = NULL;

	for (size_t i = 0; i < MAX_TURNS; i++)
		if (load->running[i].is_used &&
		    (first == NULL || load->running[i].due_us < first->due_us))
			first = &load->running[i];
	assert(first != NULL);
	return first;
}

static void end_turn(struct load *load, struct running *turn, bool is_spoilt)
{
	const struct limiter_sample sample = {
		.began_us = turn->began_us,
		.ended_us = load->now_us,
		.calls = turn->calls,
		.unavailable = is_spoilt,
		.was_saturated = load->in_use >= limit_of(load),
	};

	if (load->options.limiter != NULL)
		limiter_take(load->options.limiter, &sample);
	turn->is_used = false;
	load->in_use--;
}

static void advance(struct load *load)
{
	struct running *turn = first_due(load);
	bool is_spoilt;

	load->now_us = turn->due_us;
	if (turn->is_idle) {
		turn->is_idle = false;
		call(load, turn);
		return;
	}
	step(load, turn);
	if (turn->due_us >= 0)
		return;
	is_spoilt = turn->visit.is_spoilt;
	load->spoilt += is_spoilt;
	if (!is_spoilt && turn->calls < CALLS) {
		call(load, turn);
		return;
	}
	load->ended++;
	load->good += !is_spoilt;
	end_turn(load, turn, is_spoilt);
}

double load_run(struct load *load, int64_t turns)
{
	int64_t began_us = load->now_us, good = load->good, until = load->ended + turns;

	while (load->ended < until) {
		fill(load);
		advance(load);
	}
	return (double)(load->good - good) * 1e6 / (double)(load->now_us - began_us);
}
