/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.c - the list of everything that is wrong with a configuration.
 *
 * Filled through draft.c, printed by main and grantctl. Text quotes bytes from
 * outside, so control bytes never survive in it.
 */
#include "config/faults.h"

#include <stdio.h>

#include "base/text.h"
#include "config/settings.h"

enum { FAULTS_BYTES = 64 * 1024, FAULT_CAPACITY = 512 };

void faults_init(struct faults *faults)
{
	buffer_init(&faults->text, FAULTS_BYTES);
	faults->count = 0;
}

void faults_clear(struct faults *faults)
{
	buffer_clear(&faults->text);
	faults->count = 0;
}

void faults_add(struct faults *faults, const char *place, const char *format, va_list args)
{
	char text[FAULT_CAPACITY], where[FAULT_CAPACITY];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text_copy(text, sizeof(text), "(unprintable)");
	text_replace_control(text);
	text_copy(where, sizeof(where), place);
	text_replace_control(where);
	faults->count++;
	buffer_append_format(&faults->text, "%s: %s\n", where, text);
}
