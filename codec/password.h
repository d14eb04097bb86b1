/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_PASSWORD_H
#define CODEC_PASSWORD_H

#include <stddef.h>

#include "base/memory.h"

/* A random password of 'length' characters without look-alikes (no 0 O 1 l I |),
 * with at least one upper-case, lower-case, digit and symbol, which Grafana's
 * strong policy asks for. Symbols need no escaping in JSON or in a shell's quotes. */
void password_generate(struct secret *password, size_t length);

#endif
