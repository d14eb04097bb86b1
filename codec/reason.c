/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason.c - names of the closed list of reasons, and the list as a document; see
 * reason.h.
 */
#include "codec/reason.h"

#include "base/buffer.h"

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

void reason_write_list(struct buffer *out)
{
	buffer_append_text(out,
			   "# Reason codes\n"
			   "\n"
			   "`reason.code` of an outcome. Codes are a contract: they are never "
			   "reworded, only added to.\n"
			   "This file is what `grantctl reasons` prints, made from the table in "
			   "codec/reason.h.\n"
			   "\n"
			   "| code | what it means, and what to change |\n"
			   "|---|---|\n");
	for (int i = 0; i < REASON_COUNT; i++)
		buffer_append_format(out, "| `%s` | %s |\n", reasons[i].code, reasons[i].prose);
}
