/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_MODEL_H
#define TESTS_SIMULATOR_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How long a Grafana takes, and what its requests wait for: each other, mostly.
 * A pure value in virtual time; exchange.c plays it in real time, and the tests of
 * grantd's limiter in theirs.
 */
enum { MODEL_CORES = 2, MODEL_SLOWER_MAX = 6, MODEL_STEPS_MAX = 4 };

struct model_profile {
	const char *name;
	int64_t wait_us;   /* before each database session, whatever the load */
	int read_sessions; /* database sessions of a read and of a write */
	int write_sessions;
	int64_t password_us;	   /* of a core, for a request that brings a password */
	int64_t read_us, write_us; /* of a core */
	int64_t lock_us;	   /* under the one write lock */
	/* With so many requests inside, cores and lock take so many percent of their time;
	 * in between the next lower line counts. */
	struct {
		int inside, percent;
	} slower[MODEL_SLOWER_MAX];
	int sound_inside;    /* beyond it some requests are answered with 500; 0 = never */
	int spoilt_permille; /* for each one beyond it */
};

extern const struct model_profile model_9_4, model_10_1;
/* NULL: there is none of that name. */
const struct model_profile *model_find(const char *name);

struct model {
	const struct model_profile *profile; /* NULL: nothing takes any time */
	int inside;
	int64_t core_free_us[MODEL_CORES], lock_free_us;
	int64_t spoilt; /* thousandths of a spoilt request that are owed */
};

enum model_place { MODEL_WAIT, MODEL_CORE, MODEL_LOCK };

/* One request on its way through. */
struct model_visit {
	struct {
		enum model_place place;
		bool is_password;
		int64_t us;
	} steps[MODEL_STEPS_MAX];
	size_t count, next;
	bool is_spoilt; /* to be answered with 500 */
};

void model_enter(struct model *model, struct model_visit *visit, bool is_write,
		 bool brings_password);
/* Its next step: until when that takes. Called again then; -1: it has left. */
int64_t model_advance(struct model *model, struct model_visit *visit, int64_t now_us);

/* It goes before its time. */
void model_leave(struct model *model);
/* Of the profile; "" without one. */
const char *model_name(const struct model *model);

#endif
