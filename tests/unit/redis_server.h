/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_REDIS_SERVER_H
#define TESTS_UNIT_REDIS_SERVER_H

#include <sys/types.h>

/*
 * A real redis-server for one test program: own directory, free port, unix
 * socket, append-only file on. Ends the program with a message when there is no
 * redis-server or it does not come up: a test must not pass without it.
 */
struct redis_server {
	pid_t pid; /* 0: not running */
	int port;
	int port_keeper;
	char directory[64];
	char url[64];	   /* redis://127.0.0.1:port */
	char unix_url[96]; /* unix:///.../redis.sock */
};

void redis_server_init(struct redis_server *server);
void redis_server_start(struct redis_server *server); /* again after a kill: the same data */
void redis_server_kill(struct redis_server *server);  /* SIGKILL, and waited for */
void redis_server_clear(struct redis_server *server); /* kills and removes the directory */

/* One command by a connection of its own, words parted by blanks. Answers the
 * integer, or 0; anything but an answer ends the program. */
long long redis_server_tell(const struct redis_server *server, const char *words);

#endif
