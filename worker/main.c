/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - grantd: options, settings, signals, exit code.
 *
 * Exit codes: 0 drained after a signal; 1 could not go on, or a second signal;
 * 2 wrong usage; 3 faults in the configuration.
 */
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/settings.h"
#include "worker/daemon.h"
#include "worker/permit.h"
#include "worker/version.h"

enum { EXIT_DRAINED = 0, EXIT_STOPPED = 1, EXIT_USAGE = 2, EXIT_CONFIG = 3 };

extern char **environ;

/* A signal may come to any thread, and two at once to two of them. */
static atomic_int signals;
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "an atomic int must do in a signal handler");

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL); /* a closed connection is an error code here */
}

static void print_usage(FILE *out)
{
	fputs("usage: grantd [--config FILE] [--check] [--help-settings] [--version] [--help]\n"
	      "\n"
	      "Consumes access requests from Kafka, makes the change in Grafana, publishes the outcome.\n"
	      "\n"
	      "  -c, --config FILE     settings as INI, else $GRANTD_CONFIG, else none;\n"
	      "                        GRANTD_SECTION_KEY variables win over it\n"
	      "      --check           say what is wrong with the settings, or what is in effect,\n"
	      "                        and end; grantctl config check looks further\n"
	      "      --help-settings   every setting, with type, bounds and default\n"
	      "      --version\n"
	      "  -h, --help\n"
	      "\n"
	      "SIGTERM and SIGINT drain and end with 0; a second one ends at once, losing nothing.\n"
	      "Exit codes: 0 drained, 1 stopped, 2 usage, 3 configuration.\n",
	      out);
}

/* A heap for each thread, as glibc has it by itself, would keep many times what is in use;
 * these threads wait more than they allocate. What librdkafka fetches comes in pieces of
 * 128 KB: among small ones in a heap they leave holes that nothing else fills. */
static void share_heap(void)
{
	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MMAP_THRESHOLD, 65536);
}

struct options {
	const char *config;
	bool check;
};

/* -1: go on; otherwise the exit code. */
static int read_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},
		{"help-settings", no_argument, NULL, 's'}, {"version", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},	   {NULL, 0, NULL, 0},
	};
	int option;

	options->config = getenv("GRANTD_CONFIG");
	while ((option = getopt_long(argc, argv, "c:h", names, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'k':
			options->check = true;
			break;
		case 's':
			settings_print_help(stdout);
			return EXIT_DRAINED;
		case 'v':
			puts("grantd " GRANTD_VERSION);
			return EXIT_DRAINED;
		case 'h':
			print_usage(stdout);
			return EXIT_DRAINED;
		default:
			print_usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "grantd: what is '%s'?\n", argv[optind]);
	return EXIT_USAGE;
}

static int run(const struct settings *settings)
{
	struct log *log = log_new(STDERR_FILENO, (enum log_level)settings->log.level);
	struct error err = {0};
	int rc = daemon_run(settings, log, &signals, &err);

	if (rc < 0)
		log_write(log, LOG_ERROR, "grantd stops", LOG_FIELDS(LOG_FAULT(&err)));
	else
		log_write(log, LOG_INFO, "drained", NULL);
	log_free(log);
	return rc < 0 ? EXIT_STOPPED : EXIT_DRAINED;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct settings settings;
	struct faults faults;
	struct error err = {0};
	int code = read_options(argc, argv, &options);

	if (code >= 0)
		return code;
	mem_harden_process();
	share_heap();
	catch_signals();
	faults_init(&faults);
	if (settings_load(options.config, environ, &settings, &faults) < 0) {
		fputs(faults.text.bytes, stderr);
		faults_clear(&faults);
		return EXIT_CONFIG;
	}
	faults_clear(&faults);
	if (permit_check_settings(&settings, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		code = EXIT_CONFIG;
	} else if (options.check) {
		settings_print(&settings, stdout);
		code = EXIT_DRAINED;
	} else {
		code = run(&settings);
	}
	settings_clear(&settings);
	return code;
}
