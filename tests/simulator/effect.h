/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_EFFECT_H
#define TESTS_SIMULATOR_EFFECT_H

struct exchange;

/* Turns the reply (the handler's, or none yet) into what the exchange's fault
 * makes of it. What only the connection can do wrong is left to server.c. */
void effect_spoil(struct exchange *exchange);

#endif
