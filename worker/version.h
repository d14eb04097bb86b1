/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_VERSION_H
#define WORKER_VERSION_H

#define GRANTD_VERSION "0.1.0"

#endif
