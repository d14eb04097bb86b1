/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WORKER_INTENT_H
#define WORKER_INTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "codec/outcome.h"

/*
 * What a step says it is about to do, as "name=value" lines: enough for another
 * worker to go on from there. Values hold no line breaks (requests and answers
 * with control bytes are refused long before). Secrets only in sealed form.
 */
void intent_put(struct buffer *intent, const char *name, const char *value);
void intent_put_number(struct buffer *intent, const char *name, int64_t value);

/* False: not there (then *out is ""), or it does not fit. */
bool intent_get(struct slice intent, const char *name, char *out, size_t capacity);
int64_t intent_get_number(struct slice intent, const char *name, int64_t otherwise);

/* What was so before the first write, kept so that a later attempt can still tell it. */
void intent_put_evidence(struct buffer *intent, const struct evidence *before);
void intent_get_evidence(struct slice intent, struct evidence *before);

#endif
