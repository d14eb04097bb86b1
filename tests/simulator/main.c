/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - grafana-sim: a Grafana for tests, demo and benchmarks.
 *
 * Prints "listening on 127.0.0.1:PORT" when it is ready; ends on SIGTERM or SIGINT.
 */
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "tests/simulator/server.h"
#include "tests/simulator/sim.h"

enum { EXIT_USAGE = 2, MAX_THREADS = 64, MAX_LATENCY_MS = 3600000 };

struct options {
	int64_t port, threads, latency_ms;
	const char *version, *admin_user, *admin_password, *log_path;
	const struct model_profile *model;
	bool auto_assign_org, request_log;
};

static const char usage_text[] =
	"usage: grafana-sim [--port N] [--version 7.5|9.4|10.1|10.4|11.6|12] [--admin-user NAME]\n"
	"                   [--admin-password TEXT] [--auto-assign-org true|false]\n"
	"                   [--log FILE] [--no-request-log] [--latency-ms N] [--threads N]\n"
	"                   [--model 9.4|10.1]\n";

int64_t sim_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t sim_monotonic_ms(void)
{
	return sim_monotonic_us() / 1000;
}

int64_t sim_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void sim_set_version(struct sim *sim, const struct version *version)
{
	sim->settings.version = version;
	sim->store.ignore_case = version->ignore_case;
	sim->store.login_first = version->login_first;
}

const char *sim_version_number(const struct sim *sim)
{
	return sim->settings.number[0] != '\0' ? sim->settings.number
						: sim->settings.version->number;
}

void sim_reset(struct sim *sim)
{
	store_clear(&sim->store);
	store_init(&sim->store, sim->admin_login, sim->admin_password);
	sim_set_version(sim, sim->settings.version);
	attempts_clear(&sim->attempts);
	logins_clear(&sim->logins);
	fault_list_clear(&sim->faults);
}

static int parse_number(const char *text, int64_t max, int64_t *value)
{
	if (text_to_int64(text, 0, max, value))
		return 0;
	fprintf(stderr, "grafana-sim: '%s' is not a number from 0 to %lld\n", text,
		(long long)max);
	return -1;
}

static int parse_flag(const char *text, bool *flag)
{
	*flag = strcmp(text, "true") == 0;
	if (*flag || strcmp(text, "false") == 0)
		return 0;
	fprintf(stderr, "grafana-sim: '%s' is neither true nor false\n", text);
	return -1;
}

static int parse_model(const char *name, const struct model_profile **model)
{
	*model = model_find(name);
	if (*model != NULL)
		return 0;
	fprintf(stderr, "grafana-sim: there is no model '%s'\n", name);
	return -1;
}

static int set_option(struct options *options, int which, const char *value)
{
	switch (which) {
	case 'p':
		return parse_number(value, UINT16_MAX, &options->port);
	case 't':
		return parse_number(value, MAX_THREADS, &options->threads);
	case 'm':
		return parse_number(value, MAX_LATENCY_MS, &options->latency_ms);
	case 'a':
		return parse_flag(value, &options->auto_assign_org);
	case 'o':
		return parse_model(value, &options->model);
	case 'v':
		options->version = value;
		return 0;
	case 'u':
		options->admin_user = value;
		return 0;
	case 'w':
		options->admin_password = value;
		return 0;
	case 'l':
		options->log_path = value;
		return 0;
	case 'n':
		options->request_log = false;
		return 0;
	default:
		return -1;
	}
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option known[] = {
		{"port", required_argument, NULL, 'p'},
		{"version", required_argument, NULL, 'v'},
		{"admin-user", required_argument, NULL, 'u'},
		{"admin-password", required_argument, NULL, 'w'},
		{"auto-assign-org", required_argument, NULL, 'a'},
		{"log", required_argument, NULL, 'l'},
		{"no-request-log", no_argument, NULL, 'n'},
		{"latency-ms", required_argument, NULL, 'm'},
		{"threads", required_argument, NULL, 't'},
		{"model", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	int which;

	while ((which = getopt_long(argc, argv, "", known, NULL)) != -1)
		if (set_option(options, which, optarg) < 0)
			return -1;
	return optind == argc ? 0 : -1;
}

static int sim_init(struct sim *sim, const struct options *options)
{
	const struct version *version = version_find(options->version);

	memset(sim, 0, sizeof *sim);
	if (version == NULL) {
		fprintf(stderr, "grafana-sim: unknown version '%s'\n", options->version);
		return -1;
	}
	if (journal_open(&sim->journal, options->log_path) < 0) {
		fprintf(stderr, "grafana-sim: cannot open '%s'\n", options->log_path);
		return -1;
	}
	sim->journal.enabled = options->request_log;
	sim->admin_login = options->admin_user;
	sim->admin_password = options->admin_password;
	sim->settings.auto_assign_org = options->auto_assign_org;
	sim->settings.auto_assign_role = ROLE_VIEWER;
	sim->settings.login_form = true;
	sim->settings.brute_force = true;
	sim->settings.latency_ms = options->latency_ms;
	sim->model.profile = options->model;
	pthread_mutex_init(&sim->lock, NULL);
	store_init(&sim->store, options->admin_user, options->admin_password);
	sim_set_version(sim, version);
	return 0;
}

static void sim_clear(struct sim *sim)
{
	store_clear(&sim->store);
	attempts_clear(&sim->attempts);
	fault_list_clear(&sim->faults);
	journal_close(&sim->journal);
	json_decref(sim->settings.ini);
	pthread_mutex_destroy(&sim->lock);
}

int main(int argc, char **argv)
{
	struct options options = {.threads = 1,
				  .version = "12",
				  .admin_user = "admin",
				  .admin_password = "admin",
				  .auto_assign_org = true,
				  .request_log = true};
	struct sim sim;
	struct server *server;
	sigset_t ends;
	int signal_number;

	if (parse_options(&options, argc, argv) < 0) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	if (sim_init(&sim, &options) < 0)
		return EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN);
	/* Blocked before any thread exists, so that all of them inherit it. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	server = server_start(&sim, (uint16_t)options.port, (unsigned)options.threads);
	if (server == NULL) {
		fprintf(stderr, "grafana-sim: cannot listen on 127.0.0.1:%lld\n",
			(long long)options.port);
		return EXIT_FAILURE;
	}
	printf("listening on 127.0.0.1:%u\n", (unsigned)server_port(server));
	fflush(stdout);
	sigwait(&ends, &signal_number);
	server_stop(server);
	sim_clear(&sim);
	return EXIT_SUCCESS;
}
