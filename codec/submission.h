/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_SUBMISSION_H
#define CODEC_SUBMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"

#define SUBMISSION_CONTENT_TYPE "application/cloudevents+json; charset=UTF-8"

/* A request on its way to the topic: an event in structured mode. */
struct submission {
	char *id;
	char *source;
	char *key; /* the record's: the event's subject, or whom it is about */
	char *value;
	size_t value_bytes;
};

/* What is said beside the JSON; NULL = not said. The defaults hold where neither
 * this nor the JSON says anything. */
struct submission_terms {
	const char *id, *source, *instance;
	const char *default_id, *default_source, *default_instance;
	bool plan; /* ask what would happen; the id gets "/plan" behind it if it is said */
	int64_t now_ms;
};

/*
 * From JSON text that is either a whole CloudEvent (it has "specversion"; taken as it
 * is, and the terms may then say nothing but "plan") or the data of one. Checked as the worker
 * checks it: a located error (ERROR_REFUSED or ERROR_POISON) here is one less there. What
 * an action needs is not checked.
 */
MUST_CHECK int submission_make(struct slice text, const struct submission_terms *terms,
			       struct submission *submission, struct error *err);
void submission_clear(struct submission *submission);

#endif
