/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason.c - names of the closed list of reasons; see reason.h.
 */
#include "codec/reason.h"

static const struct {
	const char *code, *prose;
} reasons[REASON_COUNT] = {
#define X(name, text, what) [REASON_##name] = {text, what},
	REASON_TABLE(X)
#undef X
};

const char *reason_code(enum reason reason)
{
	return reasons[reason].code;
}

const char *reason_prose(enum reason reason)
{
	return reasons[reason].prose;
}
