/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the kernel's CSPRNG. Cannot fail on a system that has booted; ends
 * the process if it does, since nothing here can go on without it. */
void random_bytes(void *out, size_t length);

/* Uniform in [0, bound), without modulo bias; bound > 0. */
uint32_t random_below(uint32_t bound);

#endif
