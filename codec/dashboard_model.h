/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_DASHBOARD_MODEL_H
#define CODEC_DASHBOARD_MODEL_H

#include "codec/json_field.h"

/* A dashboard as a request brings it. Strings are owned. */
struct request_dashboard {
	char *model; /* canonical JSON of an object without id, uid and version; NULL = not said */
	char *uid;   /* NULL = not said */
	char *title;
};

/* The dashboard that 'place' is. Faults: no title, a uid that Grafana would not take,
 * too long, too deep; then nothing is said. */
void dashboard_model_read(struct json_reader *reader, const struct json_place *place,
			  struct request_dashboard *dashboard);
void dashboard_model_clear(struct request_dashboard *dashboard);

/* The "uid" of a folder or dashboard: letters, digits, '-' and '_'. Owned, or NULL. */
char *dashboard_model_uid(struct json_reader *reader, const struct json_place *place);

#endif
