/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CODEC_REQUEST_BOOTSTRAP_H
#define CODEC_REQUEST_BOOTSTRAP_H

#include "codec/json_field.h"
#include "codec/request.h"

/* data.bootstrap, or NULL when it is not said. What is readable is filled even after a
 * fault. The caller frees it with request_bootstrap_free(). */
struct request_bootstrap *request_bootstrap_read(struct json_reader *reader,
						 const struct json_place *data);
void request_bootstrap_free(struct request_bootstrap *bootstrap);

#endif
