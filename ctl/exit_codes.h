/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CTL_EXIT_CODES_H
#define CTL_EXIT_CODES_H

/* A contract with scripts; every --help says them. */
enum exit_code {
	CODE_GO_ON = -1,     /* never leaves the process: no reason to end yet */
	CODE_OK = 0,
	CODE_NO = 1,	      /* no, or not yet: refused, failed, needs_action; check failed */
	CODE_USAGE = 2,	      /* wrong options, or a request that can't be right */
	CODE_CONFIG = 3,      /* faults in the configuration */
	CODE_UNREACHABLE = 4, /* Kafka, Redis or Grafana could not be asked */
	CODE_NOT_FOUND = 5,   /* no such record, or nothing came in time */
};

#define EXIT_CODES_HELP                                                                       \
	"Exit codes: 0 ok, 1 the answer is no, 2 usage, 3 configuration, 4 not reachable,\n"  \
	"            5 not found (or not within the time).\n"

#endif
