/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_ROUTE_H
#define TESTS_SIMULATOR_ROUTE_H

struct exchange;

/* Sets the reply of a request to the simulated API: match, authenticate, check
 * rights, read the path's parameters, run the handler. Lock held. */
void route_dispatch(struct exchange *exchange);

#endif
