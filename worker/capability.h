/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_CAPABILITY_H
#define WORKER_CAPABILITY_H

#include "worker/turn.h"

/* Can this Grafana, with our credentials, do the turn's action at all? GO_ON when it can
 * or nobody knows; ENDED with grafana.unsupported and the way out; FAILED when the version
 * decides and could not be asked for. */
MUST_CHECK int capability_check(struct turn *turn, struct error *err);

#endif
