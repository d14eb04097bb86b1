/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/*
 * Force-included into every file: functions that write without a bound, or turn
 * junk into zero, do not compile. Their headers come first, so that the names are
 * only banned in our own code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define strcpy banned_use_text_copy
#define strcat banned_use_text_copy
#define strncpy banned_use_text_copy_bytes
#define strncat banned_use_text_copy
#define sprintf banned_use_text_format
#define vsprintf banned_use_text_format
#define strtok banned_use_strchr
#define atoi banned_use_text_to_int64
#define atol banned_use_text_to_int64
#define atof banned_use_text_to_int64
#define gets banned_use_fgets

#endif
