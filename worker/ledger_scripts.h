/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_LEDGER_SCRIPTS_H
#define WORKER_LEDGER_SCRIPTS_H

#include "worker/redis.h"

/* worker/ledger/NAME.lua, made into C by scripts/embed-lua. */
extern const struct redis_script ledger_script_claim;
extern const struct redis_script ledger_script_complete;
extern const struct redis_script ledger_script_due_add;
extern const struct redis_script ledger_script_due_drop;
extern const struct redis_script ledger_script_fuse_read;
extern const struct redis_script ledger_script_fuse_reset;
extern const struct redis_script ledger_script_due_restore;
extern const struct redis_script ledger_script_due_take;
extern const struct redis_script ledger_script_epoch;
extern const struct redis_script ledger_script_grants_restore;
extern const struct redis_script ledger_script_park;
extern const struct redis_script ledger_script_published;
extern const struct redis_script ledger_script_renew;
extern const struct redis_script ledger_script_restored;
extern const struct redis_script ledger_script_step;
extern const struct redis_script ledger_script_take_over;

#endif
