/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SIMULATOR_SERVER_H
#define TESTS_SIMULATOR_SERVER_H

#include <stdint.h>

struct server;
struct sim;

/* Listens on 127.0.0.1; port 0 takes a free one. NULL if it can't. 'sim' outlives it. */
struct server *server_start(struct sim *sim, uint16_t port, unsigned threads);
uint16_t server_port(const struct server *server);
void server_stop(struct server *server);

#endif
