/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_FOLLOW_UP_H
#define CODEC_FOLLOW_UP_H

#include "codec/json_write.h"
#include "codec/outcome.h"

/*
 * The request event that grantd will write to itself. Its data is what 'asked' says
 * of action, org, team, service account, token, user, roles, grant and deadline. Instance,
 * who asked and approved, ticket and reason are those of the request that caused it, and
 * so are key and subject, so that it waits behind what was asked of the same meanwhile.
 * '*record' is initialised here; the caller clears it.
 */
void follow_up_encode(const struct follow_up *follow_up, const struct outcome_frame *frame,
		      struct record *record);

/* Only its data, as a member of an outcome: enough to make the event once more. */
void follow_up_write_data(struct json_writer *writer, const char *key,
			  const struct follow_up *follow_up, const struct request *cause);
/* Nothing if there is none. */
void follow_up_write_grant(struct json_writer *writer, const struct request_grant *grant);

/* Its id: "<id>/<kind>/<part of a digest over source and id>", or a digest alone
 * where that would be too long. The same for the same request and kind. */
void follow_up_id(const struct follow_up *follow_up, const struct request *cause,
		  char out[LIMIT_EVENT_ID_BYTES + 1]);

void follow_up_clear(struct follow_up *follow_up);

#endif
