/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_FAULTS_H
#define CONFIG_FAULTS_H

#include <stdarg.h>

#include "base/attributes.h"

struct faults;

/* Add one line, "place: what". Beyond the room for text only the count grows. */
void faults_add(struct faults *faults, const char *place, const char *format, va_list args)
	PRINTF_LIKE(3, 0);

#endif
