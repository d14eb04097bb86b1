/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_LOAD_H
#define TESTS_UNIT_LOAD_H

#include "prng.h"
#include "tests/simulator/model.h"

struct limiter;

/*
 * Turns without end on a modelled Grafana, in virtual time: as many at once as a
 * limiter, or a constant, allows. A turn is two reads and a write, one after the other.
 */
struct load;

struct load_options {
	const struct model_profile *profile;
	struct limiter *limiter; /* NULL: 'constant' turns at once */
	int64_t constant;
	bool brings_password;
	int64_t idle_us;    /* of a worker, within each turn */
	int jitter_percent; /* by how much a request may be longer or shorter */
	uint64_t seed;
};

struct load *load_new(const struct load_options *options);
void load_free(struct load *load);

/* From now on the server is another one. */
void load_change(struct load *load, const struct model_profile *profile);

/* Run until so many more turns have ended; answers good turns a second. */
double load_run(struct load *load, int64_t turns);
/* Requests that were answered with 500, so far. */
int64_t load_spoilt(const struct load *load);

#endif
