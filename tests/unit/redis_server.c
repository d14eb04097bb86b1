/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redis_server.c - starts and stops a redis-server for a test program.
 *
 * Owns a directory under /tmp and one child, which it ends by its pid.
 */
#include "tests/unit/redis_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "worker/redis.h"

enum { START_TRIES = 1000, TRY_EVERY_MS = 10, EXEC_FAILED = 127, WORDS_MAX = 12 };

static void die(const char *what)
{
	fprintf(stderr, "redis_server: %s\n", what);
	exit(1);
}

/* The socket stays bound, so that nobody else gets the port while the server is down; it
 * does not listen, so that the server may. */
static int keep_port(int *port_keeper)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t length = sizeof(address);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		die("no free port");
	*port_keeper = fd;
	return ntohs(address.sin_port);
}

void redis_server_init(struct redis_server *server)
{
	memset(server, 0, sizeof(*server));
	signal(SIGPIPE, SIG_IGN);
	text_copy(server->directory, sizeof(server->directory), "/tmp/test-redis-XXXXXX");
	if (mkdtemp(server->directory) == NULL)
		die("no directory");
	server->port = keep_port(&server->port_keeper);
	text_format(server->url, sizeof(server->url), "redis://127.0.0.1:%d", server->port);
	text_format(server->unix_url, sizeof(server->unix_url), "unix://%s/redis.sock",
		    server->directory);
}

static void run_server(const struct redis_server *server)
{
	char port[16];

	text_format(port, sizeof(port), "%d", server->port);
	/* A test program that crashes must not leave its server behind. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir(server->directory) < 0)
		_exit(EXEC_FAILED);
	execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", port,
	       "--unixsocket", "redis.sock", "--dir", server->directory, "--appendonly", "yes",
	       "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction",
	       "--logfile", "redis.log", (char *)NULL);
	_exit(EXEC_FAILED);
}

static int try_ping(const struct redis_server *server)
{
	const struct redis_options options = {.url = server->url, .timeout_ms = 5000};
	const struct redis_command ping = {.arguments = {{"PING", 4}}, .argument_count = 1};
	struct redis_reply *reply = NULL;
	struct redis *redis = NULL;
	int rc;

	if (redis_new(&options, &redis, NULL) < 0)
		die("bad url");
	rc = redis_pipeline(redis, &ping, 1, &reply, NULL);
	redis_reply_free(reply);
	redis_free(redis);
	return rc;
}

void redis_server_start(struct redis_server *server)
{
	const struct timespec pause = {.tv_nsec = TRY_EVERY_MS * 1000000L};

	server->pid = fork();
	if (server->pid < 0)
		die("fork failed");
	if (server->pid == 0)
		run_server(server);
	for (int i = 0; i < START_TRIES; i++) {
		if (try_ping(server) == 0)
			return;
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
			server->pid = 0;
			redis_server_clear(server);
			die("redis-server is missing or ended at once");
		}
		nanosleep(&pause, NULL);
	}
	die("redis-server does not answer");
}

void redis_server_kill(struct redis_server *server)
{
	if (server->pid == 0)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

void redis_server_clear(struct redis_server *server)
{
	pid_t pid;

	redis_server_kill(server);
	close(server->port_keeper);
	pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", server->directory, (char *)NULL);
		_exit(EXEC_FAILED);
	}
	waitpid(pid, NULL, 0);
}

long long redis_server_tell(const struct redis_server *server, const char *words)
{
	const struct redis_options options = {.url = server->url, .timeout_ms = 5000};
	struct redis_command command = {0};
	struct redis_reply *reply = NULL;
	struct redis *redis = NULL;
	struct error err = {0};
	long long integer;

	while (*words != '\0' && command.argument_count < WORDS_MAX) {
		size_t length = strcspn(words, " ");

		command.arguments[command.argument_count++] = (struct slice){words, length};
		words += length + strspn(words + length, " ");
	}
	if (redis_new(&options, &redis, &err) < 0 ||
	    redis_pipeline(redis, &command, 1, &reply, &err) < 0)
		die(err.text);
	integer = redis_reply_at(reply, 0).integer;
	redis_reply_free(reply);
	redis_free(redis);
	return integer;
}
