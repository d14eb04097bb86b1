/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_DAEMON_H
#define WORKER_DAEMON_H

#include <stdatomic.h>

#include "base/error.h"
#include "base/log.h"
#include "config/settings.h"

/*
 * One worker process: everything wired together, run until told to stop.
 * '*signals' counts the signals that asked for it: at the first the worker drains
 * and answers 0; at the second it returns at once, with -1 (nothing is lost: what
 * was not committed is taken up by another). -1 with ERROR_FATAL when it cannot
 * start or go on. 'settings' must outlive the call.
 */
MUST_CHECK int daemon_run(const struct settings *settings, struct log *log,
			  const atomic_int *signals, struct error *err);

#endif
