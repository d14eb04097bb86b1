/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include <stddef.h>

struct draft;
struct setting;

/*
 * Put the GRANTD_ variables of the draft's environment into the draft, over what
 * the file said. Empty variables count as not set, as in Grafana. Left alone:
 * GRANTD_CONFIG, GRANTD_DEBUG_*, and what Kubernetes sets for services whose
 * name begins with grantd (GRANTD_PORT, GRANTD_..._SERVICE_HOST, ...).
 */
void environment_apply(struct draft *draft);

/* The variable of a setting: GRANTD_KAFKA_BROKERS. 'member' is the NAME of its
 * section as written, "" where there is none. */
enum { ENVIRONMENT_NAME_CAPACITY = 160 };
void environment_name(const struct setting *setting, const char *member,
		      char out[ENVIRONMENT_NAME_CAPACITY]);

#endif
