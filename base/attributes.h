/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ATTRIBUTES_H
#define BASE_ATTRIBUTES_H

/* Compiler attributes, and the length of an array. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first) __attribute__((format(printf, format_index, first)))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
