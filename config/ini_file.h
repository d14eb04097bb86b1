/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONFIG_INI_FILE_H
#define CONFIG_INI_FILE_H

#include <stddef.h>

struct draft;

/* Put the lines of an INI file into the draft; all that is wrong with them
 * becomes its faults. */
void ini_file_read(struct draft *draft, const char *text, size_t length);

#endif
