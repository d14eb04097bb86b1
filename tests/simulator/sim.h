/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_SIM_H
#define TESTS_SIMULATOR_SIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/attempts.h"
#include "tests/simulator/fault.h"
#include "tests/simulator/journal.h"
#include "tests/simulator/logins.h"
#include "tests/simulator/model.h"
#include "tests/simulator/store.h"
#include "tests/simulator/version.h"

struct timer;

/* What /sim/settings can change while running. */
struct sim_settings {
	const struct version *version;
	bool auto_assign_org;
	enum role auto_assign_role;
	bool password_policy; /* the strong one: 12 characters of four classes */
	bool login_form;
	bool smtp;
	bool brute_force; /* whether failed logins block */
	int64_t latency_ms;
	int64_t key_max_ttl_s;	   /* api_key_max_seconds_to_live; 0: no limit */
	int64_t token_limit_days; /* token_expiration_day_limit; 0: no limit */
	char number[32]; /* what it says its version is; "": that of 'version' */
	struct json_t *ini; /* see ini.h; NULL: none */
};

/* The whole server. One lock guards everything below it: handlers take a few
 * microseconds, so finer locks would buy nothing. */
struct sim {
	const char *admin_login;    /* borrowed from the command line */
	const char *admin_password; /* likewise */
	pthread_mutex_t lock;
	struct sim_settings settings;
	struct store store;
	struct attempts attempts;
	struct logins logins;
	struct fault_list faults;
	struct journal journal;
	struct model model;
	struct timer *timer; /* borrowed from the server */
};

/* Back to a fresh server: store, attempts and faults; the journal and settings stay. */
void sim_reset(struct sim *sim);
/* What the server says it is. */
const char *sim_version_number(const struct sim *sim);
void sim_set_version(struct sim *sim, const struct version *version);

int64_t sim_monotonic_us(void);
int64_t sim_monotonic_ms(void);
int64_t sim_wall_ms(void);

#endif
