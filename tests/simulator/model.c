/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c - where a request spends its time inside a Grafana.
 *
 * A request waits before its database sessions, whatever the load; uses one of two
 * cores; and, if it writes, holds the one lock. Cores and lock are taken in the order
 * of arrival, so that each place needs to know only when it is free again.
 *
 * The two profiles are fitted to what running servers did (SQLite, 2 cores):
 *
 *   9.4.0-pre   GET 43 ms, PATCH 34 ms, nearly no CPU; password 8 ms of CPU. Requests a second
 * by connections 1, 4, 16, 64: GET 22, 92, 359, 935, with a password 17, 61, 178; PATCH 29,
 * 113, 304, 272 10.1.0-pre  GET 0.6 ms, PATCH 2.7 ms, password 8 ms. By connections 1, 2, 4, 8,
 * 16, 32: GET 1639, 1734, 878, 677, 585, 312; PATCH 369, 387, 358, 330, 327, 263, with some 5xx
 *
 * Limits: the clients of those measurements shared the cores with the server, here
 * they do not. PATCH of 9.4 does not get slower again beyond 16.
 */
#include "tests/simulator/model.h"

#include <string.h>

#include "base/attributes.h"

const struct model_profile model_9_4 = {
	.name = "9.4",
	.wait_us = 10300,
	.read_sessions = 4,
	.write_sessions = 3,
	.password_us = 8000,
	.read_us = 1800,
	.write_us = 500,
	.lock_us = 3200,
};

const struct model_profile model_10_1 = {
	.name = "10.1",
	.password_us = 8000,
	.read_us = 600,
	.write_us = 100,
	.lock_us = 2600,
	.slower = {{4, 108}, {8, 117}, {32, 147}},
	.sound_inside = 4,
	.spoilt_permille = 4,
};

const struct model_profile *model_find(const char *name)
{
	static const struct model_profile *const profiles[] = {&model_9_4, &model_10_1};

	for (size_t i = 0; i < ARRAY_COUNT(profiles); i++)
		if (strcmp(profiles[i]->name, name) == 0)
			return profiles[i];
	return NULL;
}

static void add_step(struct model_visit *visit, enum model_place place, int64_t us)
{
	if (us == 0)
		return;
	visit->steps[visit->count].place = place;
	visit->steps[visit->count++].us = us;
}

/* Not by chance, so that a run can be repeated: when a whole one has come together. */
static bool spoil(struct model *model)
{
	const struct model_profile *profile = model->profile;
	int beyond = model->inside - profile->sound_inside, permille;

	if (profile->sound_inside == 0 || beyond <= 0)
		return false;
	permille = beyond * profile->spoilt_permille;
	model->spoilt += permille < 1000 ? permille : 1000;
	if (model->spoilt < 1000)
		return false;
	model->spoilt -= 1000;
	return true;
}

void model_enter(struct model *model, struct model_visit *visit, bool is_write,
		 bool brings_password)
{
	const struct model_profile *profile = model->profile;

	memset(visit, 0, sizeof(*visit));
	model->inside++;
	if (profile == NULL)
		return;
	visit->is_spoilt = spoil(model);
	if (brings_password)
		add_step(visit, MODEL_CORE, profile->password_us);
	visit->steps[0].is_password = visit->count > 0;
	add_step(visit, MODEL_WAIT,
		 profile->wait_us *
			 (is_write ? profile->write_sessions : profile->read_sessions));
	add_step(visit, MODEL_CORE, is_write ? profile->write_us : profile->read_us);
	add_step(visit, MODEL_LOCK, is_write ? profile->lock_us : 0);
}

void model_leave(struct model *model)
{
	model->inside--;
}

const char *model_name(const struct model *model)
{
	return model->profile != NULL ? model->profile->name : "";
}

/* The profile may have been taken away since it came in. */
static int64_t slowed_us(const struct model *model, int64_t us)
{
	int percent = 100;

	if (model->profile == NULL)
		return us;
	for (size_t i = 0; i < MODEL_SLOWER_MAX; i++)
		if (model->profile->slower[i].inside > 0 &&
		    model->inside >= model->profile->slower[i].inside)
			percent = model->profile->slower[i].percent;
	return us * percent / 100;
}

static int64_t occupy(int64_t *free_us, int64_t now_us, int64_t us)
{
	*free_us = (*free_us > now_us ? *free_us : now_us) + us;
	return *free_us;
}

static int64_t *first_free_core(struct model *model)
{
	int64_t *first = &model->core_free_us[0];

	for (size_t i = 1; i < MODEL_CORES; i++)
		if (model->core_free_us[i] < *first)
			first = &model->core_free_us[i];
	return first;
}

int64_t model_advance(struct model *model, struct model_visit *visit, int64_t now_us)
{
	size_t at = visit->next++;
	int64_t us = at < visit->count ? visit->steps[at].us : 0;

	if (at >= visit->count) {
		model_leave(model);
		return -1;
	}
	switch (visit->steps[at].place) {
	case MODEL_WAIT:
		break;
	case MODEL_CORE:
		if (!visit->steps[at].is_password)
			us = slowed_us(model, us);
		return occupy(first_free_core(model), now_us, us);
	case MODEL_LOCK:
		return occupy(&model->lock_free_us, now_us, slowed_us(model, us));
	}
	return now_us + us;
}
