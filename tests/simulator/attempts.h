/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_ATTEMPTS_H
#define TESTS_SIMULATOR_ATTEMPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/simulator/table.h"

/* Brute-force protection: five failures of one login string inside five
 * minutes block it until the first of the last five is five minutes old. */
struct attempts {
	struct table by_login;
};

bool attempts_blocked(const struct attempts *attempts, const char *login, int64_t now_ms);
void attempts_add(struct attempts *attempts, const char *login, int64_t now_ms);
/* The account's failures are forgotten (newer servers, on a password reset). */
void attempts_forget(struct attempts *attempts, const char *login);
void attempts_clear(struct attempts *attempts);

#endif
